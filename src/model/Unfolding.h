// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_model_Unfolding_h
#define gnr_model_Unfolding_h

#include "parallel/FourierTransform.h"

namespace gnr
{

/** Smooths v along the trajectories that end in marked points, and nowhere else [S2]:
 *
 *   v <- v + w (G v - v),  w(p) = min(1, sum over the times s of b(X_s(p)))
 *
 * G is a Gaussian of `width` voxels, X_s the flow of +v, b is 1 within 4 widths of a mark and 0 beyond 9. `marks` (1 or
 * 0) is overwritten by w, `scratch` by other things. Memory: 1 scalar and 1 vector field. Collective. */
void
smoothAlongTrajectories(Domain &           domain,
                        FourierTransform & transform,
                        const VectorView & v,
                        double             width,
                        Real *             marks,
                        const VectorView & scratch);

} // namespace gnr

#endif
