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
#ifndef itkGaussNewtonRegistrationSampling_h
#define itkGaussNewtonRegistrationSampling_h

// One image at the points of a region of another grid, where the image need not be in memory as a whole; private to
// src/itk.

#include "itkGaussNewtonRegistrationBridge.h"

#include "itkContinuousIndex.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <vector>

namespace itk
{
namespace GaussNewtonRegistrationSampling
{
using Bridge = GaussNewtonRegistrationBridge;
using ImageBaseType = Bridge::ImageBaseType;
using RegionType = ImageBaseType::RegionType;
using IndexType = ImageBaseType::IndexType;
using PointType = ImageBaseType::PointType;
using CoordinateType = ContinuousIndex<double, 3>;

/** From the voxels of a grid to points of the other image: x, x + u(x), T(x) or T(x + u(x)). */
class PointMap
{
public:
  /** `displacement` (buffered where it is asked for) and `transform` may be null. */
  PointMap(const ImageBaseType *           grid,
           const Bridge::VectorImageType * displacement,
           const Bridge::TransformType *   transform)
    : m_Grid(grid)
    , m_Displacement(displacement)
    , m_Transform(transform)
  {}

  PointType
  operator()(const IndexType & index) const
  {
    PointType point;
    m_Grid->TransformIndexToPhysicalPoint(index, point);
    if (m_Displacement)
    {
      point += Vector<double, 3>(m_Displacement->GetBufferPointer()[m_Displacement->ComputeOffset(index)]);
    }
    return m_Transform ? m_Transform->TransformPoint(point) : point;
  }

private:
  const ImageBaseType *           m_Grid;
  const Bridge::VectorImageType * m_Displacement;
  const Bridge::TransformType *   m_Transform;
};

/** Within half a voxel of the grid, as itk::ImageFunction has it. */
inline bool
IsInside(const CoordinateType & c, const RegionType & whole)
{
  for (unsigned int d = 0; d < 3; ++d)
  {
    const double low = static_cast<double>(whole.GetIndex(d)) - 0.5;
    const double high = static_cast<double>(whole.GetIndex(d)) + static_cast<double>(whole.GetSize(d)) - 0.5;
    if (!(c[d] >= low && c[d] < high)) // written so that NaN is outside
    {
      return false;
    }
  }
  return true;
}

/** The nearest point of the grid; written so that NaN, too, ends inside. */
inline CoordinateType
ClampToGrid(CoordinateType c, const RegionType & whole)
{
  for (unsigned int d = 0; d < 3; ++d)
  {
    const double low = static_cast<double>(whole.GetIndex(d));
    const double high = low + static_cast<double>(whole.GetSize(d)) - 1.0;
    if (!(c[d] >= low))
    {
      c[d] = low;
    }
    if (c[d] > high)
    {
      c[d] = high;
    }
  }
  return c;
}

/** For every voxel of `region`: f(index, map(index) in continuous indices of `other`, whether that is inside). Returns
 * the number of voxels inside. */
template <typename TFunction>
SizeValueType
ForEachPoint(const RegionType &    region,
             const PointMap &      map,
             const ImageBaseType * other,
             MultiThreaderBase *   threader,
             TFunction             f)
{
  const RegionType &         whole = other->GetLargestPossibleRegion();
  std::atomic<SizeValueType> insideCount{ 0 };
  threader->template ParallelizeImageRegion<3>(
    region,
    [&](const RegionType & part) {
      SizeValueType inside = 0;
      const auto    end = part.GetUpperIndex();
      auto          index = part.GetIndex();
      for (index[2] = part.GetIndex(2); index[2] <= end[2]; ++index[2])
      {
        for (index[1] = part.GetIndex(1); index[1] <= end[1]; ++index[1])
        {
          for (index[0] = part.GetIndex(0); index[0] <= end[0]; ++index[0])
          {
            const CoordinateType c = other->template TransformPhysicalPointToContinuousIndex<double>(map(index));
            const bool           isInside = IsInside(c, whole);
            inside += isInside ? 1 : 0;
            f(index, c, isInside);
          }
        }
      }
      insideCount += inside;
    },
    nullptr);
  return insideCount;
}

/** What linear interpolation needs for points outside the other image: nothing, or the nearest voxels. */
enum class Outside
{
  Ignored,
  Nearest
};

/** A part of a grid, and the part of the other image that interpolation needs there (perhaps nothing). */
struct Piece
{
  RegionType region;
  RegionType reach;
};

/** Cuts a region into pieces whose reach is not much larger than they are, however the map turns. One piece, where that
 * will do.
 * \param largestReach voxels that may be in memory at once */
std::vector<Piece>
CutByReach(const RegionType &    region,
           const PointMap &      map,
           const ImageBaseType * other,
           Outside               outside,
           SizeValueType         largestReach,
           MultiThreaderBase *   threader);

/** Calls body(piece of the region, part of the other image that it reaches, image that is buffered there) for pieces
 * that make up `region`; one, if the other image is in memory as a whole. The image is null where nothing is needed. */
template <typename TImage, typename TFunction>
void
ForEachPiece(const RegionType &             region,
             const PointMap &               map,
             const Bridge::Source<TImage> & source,
             Outside                        outside,
             MultiThreaderBase *            threader,
             TFunction                      body)
{
  if (region.GetNumberOfPixels() == 0)
  {
    return;
  }
  if (source.whole)
  {
    body(region, source.grid->GetLargestPossibleRegion(), source.whole.GetPointer());
    return;
  }
  constexpr SizeValueType largestReach = SizeValueType(1) << 24;
  for (const Piece & piece : CutByReach(region, map, source.grid, outside, largestReach, threader))
  {
    typename TImage::ConstPointer image;
    if (piece.reach.GetNumberOfPixels() > 0)
    {
      image = source.read(piece.reach);
    }
    body(piece.region, piece.reach, image.GetPointer());
  }
}

} // namespace GaussNewtonRegistrationSampling
} // namespace itk

#endif
