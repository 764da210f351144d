// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_PlaneSlices_h
#define gnrapp_PlaneSlices_h

#include "view/IntensityMap.h"
#include "view/PlaneView.h"

#include <vector>

namespace gnrapp
{

/** Values of the voxels of a plane, row by row from the top of the page. */
struct Slice
{
  int                width = 0;
  int                height = 0;
  std::vector<float> values;

  float &
  At(int column, int row)
  {
    return values[static_cast<std::size_t>(row) * width + column];
  }
  float
  At(int column, int row) const
  {
    return values[static_cast<std::size_t>(row) * width + column];
  }
};

/** Everything that is shown of one plane. Grey values 0 and 1 are the black and white of each image. */
struct PlaneSlices
{
  PlaneSlices(const RegistrationResult & result,
              const VoxelRegion &        region,
              const PlaneView &          plane,
              const VoxelIndex &         point);

  Slice fixed;
  Slice moving; ///< before registration
  Slice warped;
  Slice determinant;
  Slice across; ///< where x + u(x) lies along the horizontal axis of the plane, in voxels from the left
  Slice down;   ///< the same from the top

  /** warped - fixed, or moving - fixed `before` registration, by what a map makes of the grey values of the first. */
  Slice
  Difference(bool before, const IntensityMap & map) const;
};

/** The slice on `width` x `height` pixels: linear between voxels; averaged where the pixels are larger than voxels. */
Slice
Resize(const Slice & slice, int width, int height);

/** Segments, in columns and rows of the slice, along which it takes the values offset + k step. The voxel (0, 0) has
 * its centre at 0.5, 0.5. */
std::vector<std::array<double, 4>>
ContourLines(const Slice & slice, double offset, double step);

} // namespace gnrapp

#endif
