// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_registration_DetailAgreement_h
#define gnr_registration_DetailAgreement_h

#include "model/similarity/Measure.h"
#include "parallel/FourierTransform.h"
#include "registration/Pyramid.h"

#include "gnr/Report.h"

#include <optional>
#include <string>

namespace gnr
{

/** The grid on which details are compared: at least half as fine as the finest, and of at most 80^3 points. */
PyramidGrid
detailGrid(const Grid & finest, const Grid & image);

/** The correlation of the details of the fixed image with those of the moving image, and with those of the warped one
 * [D2]: what a Gaussian of 1.5 voxels of detailGrid() takes away. Unset where an image has no details.
 *
 * A sum of squares brings the outlines of any two heads together, and what lies in them agrees in part afterwards. But
 * images of one contrast agree in their details before a deformation, or else nearly in full after it.
 *
 * \param weight null for one.
 * Three or four forward transforms of the finest grid and small ones. Collective. */
std::optional<DetailCorrelation>
compareDetails(Domain &           finest,
               FourierTransform & transform,
               const Grid &       image,
               const Real *       fixed,
               const Real *       moving,
               const Real *       warped,
               const Real *       weight);

/** What to tell the user where the images do not look as a measure for these contrasts needs them; unset if they do. */
std::optional<std::string>
contrastWarning(const DetailCorrelation & correlation, Contrasts contrasts);

} // namespace gnr

#endif
