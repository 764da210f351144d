// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_model_FlowMap_h
#define gnr_model_FlowMap_h

#include "parallel/Domain.h"

namespace gnr
{

/** u (mm) with y(x) = x + u(x) the flow of -v (of +v for `inverse`) over unit time: the pullback map [M1].
 *
 * Every point is traced along its trajectory by classical Runge-Kutta, so that only the velocity is ever interpolated.
 * (To compose the map from small steps interpolates the map itself again and again; the error of that grows with the
 * number of steps and folds the grid where the flow shears: doc/mathematics.md.) The steps are as long as an embedded
 * estimate of the error [M2] allows.
 *
 * Returns the number of steps, none for a velocity of zero. `u` is overwritten. Memory: 3 vector fields. 12
 * interpolations a step. Collective. */
int
integrateFlow(Domain & domain, const ConstVectorView & v, bool inverse, const VectorView & u);

} // namespace gnr

#endif
