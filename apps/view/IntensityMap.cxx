// SPDX-License-Identifier: Apache-2.0
#include "view/IntensityMap.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace gnrapp
{
namespace
{

constexpr int    intervals = 64;
constexpr double mostVoxels = 5e5;  // that are looked at
constexpr double leastShare = 2e-4; // of them, for a class to tell something

} // namespace

IntensityMap::IntensityMap(const RegistrationResult & result, const VoxelRegion & region)
{
  double voxels = 1.0;
  for (int a = 0; a < 3; ++a)
  {
    voxels *= static_cast<double>(region.size[a]);
  }
  const long          step = std::max(1L, std::lround(std::ceil(std::cbrt(voxels / mostVoxels))));
  std::vector<double> counts(intervals + 1), greys(intervals + 1), sums(intervals + 1);
  double              all = 0.0;
  VoxelIndex          index;
  for (index[2] = region.begin[2]; index[2] < region.begin[2] + region.size[2]; index[2] += step)
  {
    for (index[1] = region.begin[1]; index[1] < region.begin[1] + region.size[1]; index[1] += step)
    {
      for (index[0] = region.begin[0]; index[0] < region.begin[0] + region.size[0]; index[0] += step)
      {
        const double grey = std::clamp(result.movingRange.Normalize(result.MovingAt(index, false)), 0.0, 1.0);
        const double fixed = result.fixedRange.Normalize(result.fixed->GetBufferPointer()[result.OffsetOf(index)]);
        const auto   node = static_cast<std::size_t>(std::lround(grey * intervals));
        counts[node] += 1.0;
        greys[node] += grey;
        sums[node] += std::clamp(fixed, 0.0, 1.0);
        all += 1.0;
      }
    }
  }
  for (std::size_t i = 0; i < counts.size(); ++i)
  {
    if (counts[i] >= std::max(1.0, leastShare * all))
    {
      m_Points.push_back({ { greys[i] / counts[i], sums[i] / counts[i] } });
    }
  }
}

float
IntensityMap::operator()(float grey) const
{
  if (m_Points.empty())
  {
    return grey;
  }
  // Linear between the classes, constant beyond them.
  const auto isBelow = [](const std::array<double, 2> & point, double value) { return point[0] < value; };
  const auto right = std::lower_bound(m_Points.begin(), m_Points.end(), static_cast<double>(grey), isBelow);
  if (right == m_Points.begin() || right == m_Points.end())
  {
    return static_cast<float>(right == m_Points.end() ? m_Points.back()[1] : m_Points.front()[1]);
  }
  const auto & [x0, y0] = *(right - 1);
  const auto & [x1, y1] = *right;
  return static_cast<float>(y0 + (grey - x0) / (x1 - x0) * (y1 - y0));
}

} // namespace gnrapp
