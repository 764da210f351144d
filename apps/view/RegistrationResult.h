// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_RegistrationResult_h
#define gnrapp_RegistrationResult_h

#include "common/map/GridGeometry.h"
#include "common/io/ImageInput.h"
#include "common/map/TransformInput.h"
#include "view/ReportInput.h"

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace gnrapp
{

using VoxelIndex = std::array<long, 3>;

/** A box of voxels. */
struct VoxelRegion
{
  VoxelIndex begin{};
  VoxelIndex size{};

  bool
  Contains(const VoxelIndex & index) const
  {
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      if (index[axis] < begin[axis] || index[axis] >= begin[axis] + size[axis])
      {
        return false;
      }
    }
    return true;
  }
};

/** Intensities that are shown black and white. */
struct IntensityRange
{
  double black = 0;
  double white = 1;

  double
  Normalize(double value) const
  {
    return (value - black) / (white - black);
  }
};

/** The range of the robust percentiles (0.5 % and 99.5 %), as the solver normalises its images; the whole range where
 * nearly all voxels share one value. */
IntensityRange
RobustRange(const RealImageType * image);

/** Where a result and its images are. What is not given is taken from the report. */
struct ResultFiles
{
  std::string                prefix;
  bool                       isBids = false; ///< the results have the names of BIDS
  std::optional<std::string> fixed;
  std::optional<std::string> moving;
  std::optional<std::string> initialTransform;
};

/** The name of the result that is PREFIX_`end`, or what BIDS makes of it. */
std::string
NameOf(const ResultFiles & names, const std::string & end);

/** What gnr-register read and found. */
class RegistrationResult
{
public:
  /** Reads the files. Throws CommandLineError naming the file that is missing or does not belong to the others. */
  explicit RegistrationResult(const ResultFiles & names);

  std::vector<std::string> files; ///< that were read
  ReportInput              report;
  RealImageType::Pointer   fixed;
  RealImageType::Pointer   moving;
  FieldType::Pointer       displacement;
  TransformType::Pointer   initialTransform; ///< may be null
  IntensityRange           fixedRange;
  IntensityRange           movingRange;

  const GridGeometry &
  Grid() const
  {
    return *m_Grid;
  }

  std::size_t
  OffsetOf(const VoxelIndex & index) const
  {
    const auto & size = m_Grid->size;
    return static_cast<std::size_t>(index[0] + size[0] * (index[1] + size[1] * index[2]));
  }

  /** u at a voxel of the fixed image; mm, LPS. */
  VectorType
  DisplacementAt(const VoxelIndex & index) const;

  /** det(I + grad u) by central differences, one-sided at the faces (doc/mathematics.md [M3]). */
  double
  DeterminantAt(const VoxelIndex & index) const;

  /** MOVING at T(x + u(x)) or, `before` registration, at T(x): trilinear, 0 outside. */
  double
  MovingAt(const VoxelIndex & index, bool before) const;

  /** Middle of the block of voxels (about a twelfth of the longest axis) whose mean displacement is largest, of those
   * that lie in the object rather than in the background of FIXED. */
  VoxelIndex
  PointOfLargestChange() const;

  /** The box around the objects in both images, and around `point`, with a margin of 5 %. */
  VoxelRegion
  RegionOfInterest(const VoxelIndex & point) const;

private:
  std::optional<GridGeometry> m_Grid;
  std::optional<GridGeometry> m_MovingGrid;
};

} // namespace gnrapp

#endif
