// SPDX-License-Identifier: Apache-2.0
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
