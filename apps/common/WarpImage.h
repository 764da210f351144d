/*=========================================================================
 *
 *  Copyright NumFOCUS
 *
 *  Licensed under the Apache License, Version 2.0 (the "License");
 *  you may not use this file except in compliance with the License.
 *  You may obtain a copy of the License at
 *
 *         https://www.apache.org/licenses/LICENSE-2.0.txt
 *
 *  Unless required by applicable law or agreed to in writing, software
 *  distributed under the License is distributed on an "AS IS" BASIS,
 *  WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 *  See the License for the specific language governing permissions and
 *  limitations under the License.
 *
 *=========================================================================*/
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
