// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_PlaneView_h
#define gnrapp_PlaneView_h

#include "view/RegistrationResult.h"

#include <array>
#include <string>

namespace gnrapp
{

/** How a plane of voxels lies on the page. Oblique images are shown along their own axes, each named by the direction
 * of the patient that it is closest to, and by a second letter where it lies more than 20 degrees away from it. */
struct PlaneView
{
  std::string  name;       ///< axial, coronal or sagittal
  unsigned int normal = 0; ///< axes of the image
  unsigned int horizontal = 0;
  unsigned int vertical = 0;
  bool         flipHorizontal = false; ///< the index falls to the right
  bool         flipVertical = false;   ///< the index falls downwards
  std::string  left, right, top, bottom;

  long
  Columns(const VoxelRegion & region) const
  {
    return region.size[horizontal];
  }
  long
  Rows(const VoxelRegion & region) const
  {
    return region.size[vertical];
  }

  /** The voxel at a column and row (from the top) of the plane of `region` through `point`. */
  VoxelIndex
  IndexAt(const VoxelRegion & region, const VoxelIndex & point, long column, long row) const
  {
    VoxelIndex index = point;
    index[horizontal] = region.begin[horizontal] + (flipHorizontal ? Columns(region) - 1 - column : column);
    index[vertical] = region.begin[vertical] + (flipVertical ? Rows(region) - 1 - row : row);
    return index;
  }

  /** Column and row of a voxel. */
  std::array<long, 2>
  PositionOf(const VoxelRegion & region, const VoxelIndex & index) const
  {
    const long across = index[horizontal] - region.begin[horizontal];
    const long down = index[vertical] - region.begin[vertical];
    return { flipHorizontal ? Columns(region) - 1 - across : across, flipVertical ? Rows(region) - 1 - down : down };
  }
};

/** Axial, coronal and sagittal. Radiological: the right side of the patient is on the left; neurological: on the right.
 */
std::array<PlaneView, 3>
MakePlaneViews(const itk::ImageBase<3> * image, bool neurological);

} // namespace gnrapp

#endif
