// SPDX-License-Identifier: Apache-2.0
#include "JacobianImage.h"

#include "itkMultiThreaderBase.h"

#include <vnl/vnl_det.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <optional>
#include <vector>

namespace gnrapp
{
namespace
{

/** The mapped voxel centres of one plane of a grid; nothing where the map is not defined. */
using Plane = std::vector<std::optional<PointType>>;

/** Derivative of the map by an index, from the neighbours that have a value. */
bool
Difference(const std::optional<PointType> * before,
           const std::optional<PointType> & here,
           const std::optional<PointType> * after,
           VectorType &                     out)
{
  const bool hasBefore = before && *before;
  const bool hasAfter = after && *after;
  if (!here || (!hasBefore && !hasAfter))
  {
    return false;
  }
  const VectorType difference = (hasAfter ? **after : *here) - (hasBefore ? **before : *here);
  out = hasBefore && hasAfter ? difference * 0.5 : difference;
  return true;
}

} // namespace

RealImageType::Pointer
MakeJacobianImage(const PointMap &          map,
                  const itk::ImageBase<3> * reference,
                  bool                      logarithm,
                  double                    background,
                  unsigned int              threads,
                  JacobianCounts &          counts)
{
  const GridGeometry grid(reference);
  const long         nx = grid.size[0];
  const long         ny = grid.size[1];
  const long         nz = grid.size[2];
  const double       perVolume = vnl_determinant(grid.toIndex.GetVnlMatrix());

  const auto image = RealImageType::New();
  image->CopyInformation(reference);
  image->SetRegions(reference->GetLargestPossibleRegion().GetSize());
  image->Allocate();

  const auto threader = itk::MultiThreaderBase::New();
  if (threads > 0)
  {
    threader->SetMaximumNumberOfThreads(threads);
    threader->SetNumberOfWorkUnits(threads);
  }
  const auto forEachRow = [&](const std::function<void(long)> & f) {
    threader->ParallelizeArray(
      0, static_cast<itk::SizeValueType>(ny), [&](itk::SizeValueType y) { f(static_cast<long>(y)); }, nullptr);
  };
  const auto mapPlane = [&](long z, Plane & plane) {
    plane.assign(static_cast<std::size_t>(nx * ny), std::nullopt);
    if (z < 0 || z >= nz)
    {
      return; // beyond the grid
    }
    forEachRow([&](long y) {
      for (long x = 0; x < nx; ++x)
      {
        VectorType index;
        index[0] = static_cast<double>(x);
        index[1] = static_cast<double>(y);
        index[2] = static_cast<double>(z);
        PointType mapped;
        if (map.Map(grid.PointOf(index), mapped) == MapStatus::Mapped)
        {
          plane[static_cast<std::size_t>(y * nx + x)] = mapped;
        }
      }
    });
  };

  // Three planes at a time: the mapped points of a whole grid would take more memory than the result.
  counts = JacobianCounts();
  counts.voxels = static_cast<std::size_t>(nx * ny) * static_cast<std::size_t>(nz);
  counts.minimum = std::numeric_limits<double>::infinity();
  counts.maximum = -std::numeric_limits<double>::infinity();
  std::vector<JacobianCounts> rows(static_cast<std::size_t>(ny));
  Plane                       below;
  Plane                       here;
  Plane                       above;
  mapPlane(-1, below);
  mapPlane(0, here);
  for (long z = 0; z < nz; ++z)
  {
    mapPlane(z + 1, above);
    forEachRow([&](long y) {
      JacobianCounts & row = rows[static_cast<std::size_t>(y)];
      row = JacobianCounts();
      row.minimum = std::numeric_limits<double>::infinity();
      row.maximum = -std::numeric_limits<double>::infinity();
      for (long x = 0; x < nx; ++x)
      {
        const auto at = static_cast<std::size_t>(y * nx + x);
        const auto width = static_cast<std::size_t>(nx);
        float &    out = image->GetBufferPointer()[static_cast<std::size_t>(z * nx * ny) + at];
        VectorType columns[3];
        const bool isMapped =
          Difference(x > 0 ? &here[at - 1] : nullptr, here[at], x + 1 < nx ? &here[at + 1] : nullptr, columns[0]) &&
          Difference(
            y > 0 ? &here[at - width] : nullptr, here[at], y + 1 < ny ? &here[at + width] : nullptr, columns[1]) &&
          Difference(&below[at], here[at], &above[at], columns[2]);
        if (!isMapped)
        {
          ++row.unmapped;
          out = static_cast<float>(background);
          continue;
        }
        MatrixType byIndex;
        for (unsigned int r = 0; r < 3; ++r)
        {
          for (unsigned int c = 0; c < 3; ++c)
          {
            byIndex(r, c) = columns[c][r];
          }
        }
        const double determinant = vnl_determinant(byIndex.GetVnlMatrix()) * perVolume;
        row.folded += determinant > 0 ? 0 : 1;
        row.minimum = std::min(row.minimum, determinant);
        row.maximum = std::max(row.maximum, determinant);
        out = static_cast<float>(logarithm ? std::log(determinant) : determinant);
      }
    });
    for (const JacobianCounts & row : rows)
    {
      counts.unmapped += row.unmapped;
      counts.folded += row.folded;
      counts.minimum = std::min(counts.minimum, row.minimum);
      counts.maximum = std::max(counts.maximum, row.maximum);
    }
    std::swap(below, here);
    std::swap(here, above);
  }
  return image;
}

} // namespace gnrapp
