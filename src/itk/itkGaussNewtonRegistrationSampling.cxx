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
#include "itkGaussNewtonRegistrationSampling.h"

#include <functional>

namespace itk
{
namespace GaussNewtonRegistrationSampling
{
namespace
{

constexpr SizeValueType cellSize = 32;        // voxels along each axis of the smallest pieces
constexpr SizeValueType smallReach = 1 << 18; // a megabyte: not worth a cut

/** Bounds of indices; empty as long as nothing was added. */
struct Box
{
  std::array<IndexValueType, 3> low{
    { NumericTraits<IndexValueType>::max(), NumericTraits<IndexValueType>::max(), NumericTraits<IndexValueType>::max() }
  };
  std::array<IndexValueType, 3> high{ { NumericTraits<IndexValueType>::NonpositiveMin(),
                                        NumericTraits<IndexValueType>::NonpositiveMin(),
                                        NumericTraits<IndexValueType>::NonpositiveMin() } };

  void
  Add(const Box & other)
  {
    for (unsigned int d = 0; d < 3; ++d)
    {
      low[d] = std::min(low[d], other.low[d]);
      high[d] = std::max(high[d], other.high[d]);
    }
  }

  RegionType
  Region() const
  {
    RegionType region;
    if (low[0] <= high[0])
    {
      for (unsigned int d = 0; d < 3; ++d)
      {
        region.SetIndex(d, low[d]);
        region.SetSize(d, static_cast<SizeValueType>(high[d] - low[d] + 1));
      }
    }
    return region;
  }
};

/** The voxels that linear interpolation at a point inside the grid looks at. */
void
AddNeighbours(const CoordinateType & c, const RegionType & whole, Box & box)
{
  const auto last = whole.GetUpperIndex();
  for (unsigned int d = 0; d < 3; ++d)
  {
    const auto below = static_cast<IndexValueType>(std::floor(c[d]));
    box.low[d] = std::min(box.low[d], below);
    box.high[d] = std::max(box.high[d], std::min(below + 1, last[d]));
  }
}

/** The cells of a region, at most cellSize voxels along each axis, x fastest. */
class Lattice
{
public:
  using Cell = std::array<SizeValueType, 3>;

  explicit Lattice(const RegionType & region)
    : m_Region(region)
  {
    for (unsigned int d = 0; d < 3; ++d)
    {
      m_Count[d] = (region.GetSize(d) + cellSize - 1) / cellSize;
    }
  }

  const Cell &
  Count() const
  {
    return m_Count;
  }

  SizeValueType
  Number(const Cell & cell) const
  {
    return (cell[2] * m_Count[1] + cell[1]) * m_Count[0] + cell[0];
  }

  /** The voxels of the cells [begin, end). */
  RegionType
  Voxels(const Cell & begin, const Cell & end) const
  {
    RegionType region;
    for (unsigned int d = 0; d < 3; ++d)
    {
      const SizeValueType stop = std::min(end[d] * cellSize, m_Region.GetSize(d));
      region.SetIndex(d, m_Region.GetIndex(d) + static_cast<IndexValueType>(begin[d] * cellSize));
      region.SetSize(d, stop - begin[d] * cellSize);
    }
    return region;
  }

private:
  RegionType m_Region;
  Cell       m_Count{};
};

} // namespace

std::vector<Piece>
CutByReach(const RegionType &    region,
           const PointMap &      map,
           const ImageBaseType * other,
           Outside               outside,
           SizeValueType         largestReach,
           MultiThreaderBase *   threader)
{
  const Lattice       lattice(region);
  const Lattice::Cell count = lattice.Count();
  const RegionType &  whole = other->GetLargestPossibleRegion();
  std::vector<Box>    boxes(count[0] * count[1] * count[2]);

  threader->ParallelizeArray(
    0,
    boxes.size(),
    [&](SizeValueType number) {
      const Lattice::Cell begin{ { number % count[0], number / count[0] % count[1], number / (count[0] * count[1]) } };
      const Lattice::Cell end{ { begin[0] + 1, begin[1] + 1, begin[2] + 1 } };
      const RegionType    cell = lattice.Voxels(begin, end);
      const auto          last = cell.GetUpperIndex();
      auto                index = cell.GetIndex();
      for (index[2] = cell.GetIndex(2); index[2] <= last[2]; ++index[2])
      {
        for (index[1] = cell.GetIndex(1); index[1] <= last[1]; ++index[1])
        {
          for (index[0] = cell.GetIndex(0); index[0] <= last[0]; ++index[0])
          {
            const CoordinateType c = other->TransformPhysicalPointToContinuousIndex<double>(map(index));
            if (outside == Outside::Nearest || IsInside(c, whole))
            {
              AddNeighbours(ClampToGrid(c, whole), whole, boxes[number]);
            }
          }
        }
      }
    },
    nullptr);

  std::vector<Piece>                                                      pieces;
  const std::function<void(const Lattice::Cell &, const Lattice::Cell &)> cut = [&](const Lattice::Cell & begin,
                                                                                    const Lattice::Cell & end) {
    Box  box;
    auto cell = begin;
    for (cell[2] = begin[2]; cell[2] < end[2]; ++cell[2])
    {
      for (cell[1] = begin[1]; cell[1] < end[1]; ++cell[1])
      {
        for (cell[0] = begin[0]; cell[0] < end[0]; ++cell[0])
        {
          box.Add(boxes[lattice.Number(cell)]);
        }
      }
    }
    const Piece         piece{ lattice.Voxels(begin, end), box.Region() };
    const SizeValueType reach = piece.reach.GetNumberOfPixels();
    const bool          isSmall = reach <= smallReach || reach <= 2 * piece.region.GetNumberOfPixels();
    unsigned int        longest = 2; // where axes are alike, planes stay together in files
    for (unsigned int d = 0; d < 2; ++d)
    {
      longest = end[d] - begin[d] > end[longest] - begin[longest] ? d : longest;
    }
    const SizeValueType length = end[longest] - begin[longest];
    if ((isSmall && reach <= largestReach) || length == 1)
    {
      pieces.push_back(piece);
      return;
    }
    auto middle = begin;
    middle[longest] = begin[longest] + length / 2;
    auto firstEnd = end;
    firstEnd[longest] = middle[longest];
    cut(begin, firstEnd);
    cut(middle, end);
  };
  cut({ { 0, 0, 0 } }, count);
  return pieces;
}

} // namespace GaussNewtonRegistrationSampling
} // namespace itk
