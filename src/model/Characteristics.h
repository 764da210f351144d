// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_model_Characteristics_h
#define gnr_model_Characteristics_h

#include "parallel/Domain.h"

#include <array>

namespace gnr
{

/** Where the point that arrives at x came from, a time h ago, along dx/dt = v: X(x) = x + d(x) with d in voxels [T1].
 *
 * Second-order Runge-Kutta: x* = x - h v(x), X = x - h/2 (v(x) + v(x*)). A negative h follows -v. v is in mm per unit
 * time; `d` and `scratch` are vector fields of the domain, scratch is overwritten. 3 interpolations. Collective.
 * \param largest |v_c| of each component: Domain::maximaAbsolute(). */
void
departurePoints(Domain &                      domain,
                const ConstVectorView &       v,
                const std::array<double, 3> & largest,
                double                        h,
                const VectorView &            d,
                const VectorView &            scratch);

/** The same in less memory: `v` is overwritten. Collective. */
void
departurePoints(Domain &                      domain,
                const VectorView &            v,
                const std::array<double, 3> & largest,
                double                        h,
                const VectorView &            d);

/** The halo that interpolation at displacements d needs: ceil(max |d_a|) + 2 points. Collective. */
Halo
interpolationHalo(Domain & domain, const ConstVectorView & d);

/** Voxels per unit time, the largest |v_a|/h_a. \param voxels whose spacing is h. Collective. */
double
largestSpeed(const Domain & domain, const ConstVectorView & v, const Grid & voxels);
/** The same from the largest |v_c| of each component. */
double
largestSpeed(Kernels & kernels, const std::array<double, 3> & largest, const Grid & voxels);

/** Semi-Lagrangian steps that keep every departure point within `reach` voxels: max(minimum, ceil(max
 * |v_a|/h_a/reach)). Collective. */
int
requiredSteps(Domain & domain, const ConstVectorView & v, int minimum, double reach = 6.0);
int
requiredSteps(double speed, int minimum, double reach = 6.0);

} // namespace gnr

#endif
