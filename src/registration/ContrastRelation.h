// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_registration_ContrastRelation_h
#define gnr_registration_ContrastRelation_h

#include "parallel/FourierTransform.h"

#include <optional>

namespace gnr
{

/** What the classes of brightness of one image are in the other. */
enum class ContrastRelation
{
  Rising,  ///< what is brighter in one image is brighter in the other
  Falling, ///< what is brighter in one image is darker in the other: a negative
  Other
};

struct ContrastComparison
{
  ContrastRelation      relation;
  std::optional<double> exponent; ///< to raise the moving intensities to, before they are so related [D4]
};

/** How the contrasts of two normalised images are related before they are registered [D3], on the grid of detailGrid().
 * A rising relation is one of the foregrounds; a falling one holds for all voxels, since the background of two scans is
 * dark in both. Either must hold in both directions. Anatomies that do not lie upon one another yet blur a relation,
 * but do not turn it round.
 *
 * \param weight null for one. Two or three forward transforms of the finest grid and small ones. Collective. */
ContrastComparison
relateContrasts(Domain &           finest,
                FourierTransform & transform,
                const Grid &       image,
                const Real *       fixed,
                const Real *       moving,
                const Real *       weight);

/** x to that power, for intensities from 0 to 1.25, to which others are clamped: piecewise linear between 64 nodes. */
void
raise(Kernels & kernels, const Buffer & image, double exponent);

} // namespace gnr

#endif
