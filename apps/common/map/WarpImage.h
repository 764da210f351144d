// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_WarpImage_h
#define gnrapp_WarpImage_h

#include "PointMap.h"

#include <cstddef>
#include <string>

namespace gnrapp
{

/** How gnr-apply finds a value between voxels. */
enum class WarpInterpolation
{
  Linear,
  Cubic,  ///< B-spline of order 3, interpolating
  Label,  ///< the label with the largest sum of trilinear weights among the 8 voxels around
  Nearest ///< the nearest voxel
};

/** How many voxels of the output have no value of the input. */
struct WarpCounts
{
  std::size_t voxels = 0;
  std::size_t outsideField = 0;
  std::size_t notInverted = 0;
  std::size_t outsideInput = 0;
};

/** out(x) = image(map(x)) on the grid of `reference`, `background` where there is no value. The pixel type is kept:
 * linear and cubic results are rounded and clamped for integer types; label and nearest never compute with values.
 * Instantiated for all scalar pixel types of ITK.
 * \param threads CPU threads; 0: as many as ITK would take */
template <typename TImage>
typename TImage::Pointer
WarpImage(const TImage *            image,
          const PointMap &          map,
          const itk::ImageBase<3> * reference,
          WarpInterpolation         interpolation,
          double                    background,
          unsigned int              threads,
          WarpCounts &              counts);

} // namespace gnrapp

#endif
