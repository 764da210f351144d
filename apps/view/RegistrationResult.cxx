// SPDX-License-Identifier: Apache-2.0
#include "view/RegistrationResult.h"

#include "common/cli/CommandLineError.h"
#include "common/run/BidsNames.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <vector>

namespace gnrapp
{
namespace
{

/** Share of the grey range above which a voxel belongs to the object and not to the background. */
constexpr double objectLevel = 0.1;

/** The file that was given, or else the one of the report. */
std::string
Locate(const std::optional<std::string> & given, const std::string & reported, const char * option)
{
  if (given)
  {
    return *given;
  }
  if (!std::filesystem::exists(reported))
  {
    throw CommandLineError(reported + ": the report names this file, but it is not here. Give its place with " +
                           option + ", or run gnr-view where gnr-register ran");
  }
  return reported;
}

void
CheckSameGrid(const RealImageType * fixed,
              const FieldType *     displacement,
              const std::string &   fixedName,
              const std::string &   fieldName)
{
  const double spacing = fixed->GetSpacing()[0];
  bool         same = fixed->GetLargestPossibleRegion().GetSize() == displacement->GetLargestPossibleRegion().GetSize();
  for (unsigned int row = 0; row < 3; ++row)
  {
    same = same && std::abs(fixed->GetOrigin()[row] - displacement->GetOrigin()[row]) < 1e-2 * spacing &&
           std::abs(fixed->GetSpacing()[row] - displacement->GetSpacing()[row]) < 1e-3 * spacing;
    for (unsigned int column = 0; column < 3; ++column)
    {
      same = same && std::abs(fixed->GetDirection()(row, column) - displacement->GetDirection()(row, column)) < 1e-3;
    }
  }
  if (!same)
  {
    throw CommandLineError(fieldName + ": does not lie on the grid of " + fixedName +
                           ". Give the fixed image of this registration with --fixed");
  }
}

} // namespace

IntensityRange
RobustRange(const RealImageType * image)
{
  constexpr std::size_t bins = 4096;
  const float * const   data = image->GetBufferPointer();
  const std::size_t     count = image->GetLargestPossibleRegion().GetNumberOfPixels();
  const auto            extremes = std::minmax_element(data, data + count);
  const double          minimum = *extremes.first;
  const double          maximum = *extremes.second;
  if (!(maximum > minimum))
  {
    return { minimum, minimum + 1 };
  }
  std::vector<std::size_t> counts(bins);
  const double             width = (maximum - minimum) / bins;
  for (std::size_t i = 0; i < count; ++i)
  {
    ++counts[std::min(bins - 1, static_cast<std::size_t>((data[i] - minimum) / width))];
  }
  const auto percentile = [&](double share) {
    std::size_t below = 0;
    std::size_t bin = 0;
    while (bin < bins - 1 && static_cast<double>(below + counts[bin]) < share * static_cast<double>(count))
    {
      below += counts[bin++];
    }
    return minimum + static_cast<double>(bin + (share < 0.5 ? 0 : 1)) * width;
  };
  const IntensityRange range{ percentile(0.005), percentile(0.995) };
  return range.white - range.black > 16 * width ? range : IntensityRange{ minimum, maximum };
}

std::string
NameOf(const ResultFiles & names, const std::string & end)
{
  return names.isBids ? BidsResultName(names.prefix, end) : names.prefix + "_" + end;
}

RegistrationResult::RegistrationResult(const ResultFiles & names)
{
  const auto read = [this](const std::string & path) {
    files.push_back(path);
    return path;
  };
  report = ReadReport(read(NameOf(names, "report.json")));
  const std::string fixedName = read(Locate(names.fixed, report.fixed, "--fixed"));
  const std::string movingName = read(Locate(names.moving, report.moving, "--moving"));
  const std::string fieldName = read(NameOf(names, "displacement.nii.gz"));
  fixed = ReadImage<RealImageType>(InspectImageFile(fixedName));
  moving = ReadImage<RealImageType>(InspectImageFile(movingName));
  if (names.initialTransform || report.initialTransform)
  {
    const std::string reported =
      report.hasInitialFile ? NameOf(names, "initial.tfm") : report.initialTransform.value_or("");
    initialTransform = ReadTransform(read(Locate(names.initialTransform, reported, "--initial-transform")));
  }
  displacement = ReadField(fieldName);
  CheckSameGrid(fixed, displacement, fixedName, fieldName);
  m_Grid.emplace(fixed);
  m_MovingGrid.emplace(moving);
  fixedRange = RobustRange(fixed);
  movingRange = RobustRange(moving);
  if (!report.normalized) // the solver compared the intensities as they are
  {
    fixedRange = { std::min(fixedRange.black, movingRange.black), std::max(fixedRange.white, movingRange.white) };
    movingRange = fixedRange;
  }
}

VectorType
RegistrationResult::DisplacementAt(const VoxelIndex & index) const
{
  const auto & u = displacement->GetBufferPointer()[OffsetOf(index)];
  VectorType   v;
  for (unsigned int c = 0; c < 3; ++c)
  {
    v[c] = u[c];
  }
  return v;
}

double
RegistrationResult::DeterminantAt(const VoxelIndex & index) const
{
  MatrixType byIndex;
  byIndex.Fill(0);
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    VoxelIndex low = index;
    VoxelIndex high = index;
    low[axis] = std::max(0L, index[axis] - 1);
    high[axis] = std::min(m_Grid->size[axis] - 1, index[axis] + 1);
    if (high[axis] > low[axis])
    {
      const VectorType slope =
        (DisplacementAt(high) - DisplacementAt(low)) / static_cast<double>(high[axis] - low[axis]);
      for (unsigned int row = 0; row < 3; ++row)
      {
        byIndex(row, axis) = slope[row];
      }
    }
  }
  MatrixType m = byIndex * m_Grid->toIndex; // by physical position
  for (unsigned int i = 0; i < 3; ++i)
  {
    m(i, i) += 1;
  }
  return m(0, 0) * (m(1, 1) * m(2, 2) - m(1, 2) * m(2, 1)) - m(0, 1) * (m(1, 0) * m(2, 2) - m(1, 2) * m(2, 0)) +
         m(0, 2) * (m(1, 0) * m(2, 1) - m(1, 1) * m(2, 0));
}

double
RegistrationResult::MovingAt(const VoxelIndex & index, bool before) const
{
  VectorType v;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    v[axis] = static_cast<double>(index[axis]);
  }
  PointType point = m_Grid->PointOf(v);
  if (!before)
  {
    point += DisplacementAt(index);
  }
  if (initialTransform)
  {
    point = initialTransform->TransformPoint(point);
  }
  const VectorType position = m_MovingGrid->IndexOf(point);
  if (!m_MovingGrid->Contains(position))
  {
    return 0;
  }
  const TrilinearCorners corners(*m_MovingGrid, position);
  double                 sum = 0;
  for (unsigned int corner = 0; corner < 8; ++corner)
  {
    sum += corners.weight[corner] * moving->GetBufferPointer()[corners.offset[corner]];
  }
  return sum;
}

VoxelIndex
RegistrationResult::PointOfLargestChange() const
{
  const auto & size = m_Grid->size;
  const long   block = std::max(1L, *std::max_element(size.begin(), size.end()) / 12);
  VoxelIndex   blocks;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    blocks[axis] = std::max(1L, size[axis] / block); // the last one takes what is left
  }
  const auto          total = static_cast<std::size_t>(blocks[0] * blocks[1] * blocks[2]);
  std::vector<double> inObject(total);
  std::vector<double> anywhere(total);
  std::vector<double> voxels(total);
  VoxelIndex          i;
  for (i[2] = 0; i[2] < size[2]; ++i[2])
  {
    for (i[1] = 0; i[1] < size[1]; ++i[1])
    {
      const long  row = std::min(i[1] / block, blocks[1] - 1) + blocks[1] * std::min(i[2] / block, blocks[2] - 1);
      std::size_t offset = OffsetOf({ 0, i[1], i[2] });
      for (i[0] = 0; i[0] < size[0]; ++i[0], ++offset)
      {
        const auto   b = static_cast<std::size_t>(std::min(i[0] / block, blocks[0] - 1) + blocks[0] * row);
        const double length = displacement->GetBufferPointer()[offset].GetNorm();
        voxels[b] += 1;
        anywhere[b] += length;
        if (fixedRange.Normalize(fixed->GetBufferPointer()[offset]) > objectLevel)
        {
          inObject[b] += length;
        }
      }
    }
  }
  const bool   hasObject = *std::max_element(inObject.begin(), inObject.end()) > 0;
  const auto & change = hasObject ? inObject : anywhere;
  std::size_t  best = 0;
  for (std::size_t b = 0; b < total; ++b)
  {
    if (change[b] / voxels[b] > change[best] / voxels[best])
    {
      best = b;
    }
  }
  if (!(change[best] > 0))
  {
    return { size[0] / 2, size[1] / 2, size[2] / 2 }; // nothing moves
  }
  VoxelIndex point;
  auto       rest = static_cast<long>(best);
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    const long b = rest % blocks[axis];
    rest /= blocks[axis];
    const long end = b == blocks[axis] - 1 ? size[axis] : (b + 1) * block;
    point[axis] = (b * block + end) / 2;
  }
  return point;
}

VoxelRegion
RegistrationResult::RegionOfInterest(const VoxelIndex & point) const
{
  // Voxels of the object in each plane, along each axis. A plane counts from a thousandth of its voxels on, so that
  // noise does not; every third voxel along an axis is enough.
  constexpr long                   stride = 3;
  constexpr double                 least = 1e-3;
  const auto &                     size = m_Grid->size;
  std::array<std::vector<long>, 3> counts;
  std::array<std::vector<long>, 3> visited;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    counts[axis].resize(static_cast<std::size_t>(size[axis]));
    visited[axis].resize(static_cast<std::size_t>(size[axis]));
  }
  VoxelIndex i;
  for (i[2] = 0; i[2] < size[2]; i[2] += stride)
  {
    for (i[1] = 0; i[1] < size[1]; i[1] += stride)
    {
      for (i[0] = 0; i[0] < size[0]; i[0] += stride)
      {
        const bool isObject = fixedRange.Normalize(fixed->GetBufferPointer()[OffsetOf(i)]) > objectLevel ||
                              movingRange.Normalize(MovingAt(i, true)) > objectLevel;
        for (unsigned int axis = 0; axis < 3; ++axis)
        {
          counts[axis][static_cast<std::size_t>(i[axis])] += isObject ? 1 : 0;
          visited[axis][static_cast<std::size_t>(i[axis])] += 1;
        }
      }
    }
  }
  VoxelRegion region;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    long first = point[axis];
    long last = point[axis];
    for (long k = 0; k < size[axis]; k += stride)
    {
      const auto at = static_cast<std::size_t>(k);
      if (static_cast<double>(counts[axis][at]) > least * static_cast<double>(visited[axis][at]))
      {
        first = std::min(first, k);
        last = std::max(last, k);
      }
    }
    const long margin = std::max(stride, (last - first) / 20);
    region.begin[axis] = std::max(0L, first - margin);
    region.size[axis] = std::min(size[axis], last + margin + 1) - region.begin[axis];
  }
  return region;
}

} // namespace gnrapp
