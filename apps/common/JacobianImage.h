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
#ifndef gnrapp_JacobianImage_h
#define gnrapp_JacobianImage_h

#include "PointMap.h"

#include <cstddef>

namespace gnrapp
{

/** What was found beside the values. */
struct JacobianCounts
{
  std::size_t voxels = 0;
  std::size_t unmapped = 0; ///< voxels, or all neighbours along an axis, where the map is not defined
  std::size_t folded = 0;   ///< determinant <= 0
  double      minimum = 0.0;
  double      maximum = 0.0;
};

/** Determinant of the derivative of a map, physical by physical, on the grid of `reference`: how much larger a small
 * volume around a voxel is after the map. Central differences of the mapped voxel centres, one-sided at the border;
 * `background` where the map is not defined.
 * \param logarithm natural logarithm of it; of no meaning where folded
 * \param threads CPU threads; 0: as many as ITK would take */
RealImageType::Pointer
MakeJacobianImage(const PointMap &          map,
                  const itk::ImageBase<3> * reference,
                  bool                      logarithm,
                  double                    background,
                  unsigned int              threads,
                  JacobianCounts &          counts);

} // namespace gnrapp

#endif
