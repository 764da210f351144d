// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_registration_Inpainting_h
#define gnr_registration_Inpainting_h

#include "parallel/FourierTransform.h"

namespace gnr
{

/** Replaces what lies under a zero weight by a smooth continuation of its surroundings [W1], in place.
 *
 * A weight of zero takes a voxel out of the mismatch, but interpolation, differences and coarser grids would still mix
 * its value into neighbours that count. Weights between 0 and 1 blend. Normalised convolution with Gaussians from wide
 * to narrow (Knutsson & Westin, CVPR 1993); 3 x 4 FFTs. Memory: 3 scalar fields. Collective. */
void
fillUnweighted(Domain & domain, FourierTransform & transform, const Real * weight, Real * image);

} // namespace gnr

#endif
