// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_IntensityMap_h
#define gnrapp_IntensityMap_h

#include "view/RegistrationResult.h"

#include <array>
#include <vector>

namespace gnrapp
{

/** What the fixed image shows, on average, where the warped moving image has some grey value: by it, images of
 * different contrast can be subtracted from one another. Grey values 0 and 1 are the black and white of each image. */
class IntensityMap
{
public:
  /** Leaves grey values as they are. */
  IntensityMap() = default;
  /** The means over the voxels of a region. */
  IntensityMap(const RegistrationResult & result, const VoxelRegion & region);

  bool
  IsIdentity() const
  {
    return m_Points.empty();
  }
  float
  operator()(float grey) const;

private:
  std::vector<std::array<double, 2>> m_Points; // mean grey values of both images, class by class
};

} // namespace gnrapp

#endif
