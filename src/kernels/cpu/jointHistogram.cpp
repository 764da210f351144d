// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/simd.h"
#include "kernels/point/jointHistogram.h"

#include <algorithm>
#include <vector>

namespace gnr
{
namespace GNR_CPU_NAMESPACE
{

void
CpuKernels::jointHistogram(const Real *    m,
                           const Real *    f,
                           const Real *    weight,
                           std::size_t     n,
                           double          lower,
                           double          upper,
                           std::uint64_t * counts,
                           int             bins)
{
  const point::IntensityNodes<Real> nodes(lower, upper, bins);
  const std::ptrdiff_t              length = static_cast<std::ptrdiff_t>(n);
  const std::size_t                 cells = static_cast<std::size_t>(bins) * bins;
  std::fill_n(counts, cells, std::uint64_t(0));
#pragma omp parallel num_threads(threadsFor(n, sharedInterpolations))
  {
    std::vector<std::uint64_t> own(cells);
#pragma omp for schedule(static)
    for (std::ptrdiff_t i = 0; i < length; ++i)
    {
      const auto      u = nodes.splines(m[i]);
      const auto      v = nodes.linear(f[i]);
      const Real      w = weight == nullptr ? Real(1) : weight[i];
      std::uint64_t * row = own.data() + u.first * bins + v.first;
      for (int a = 0; a < 4; ++a, row += bins)
      {
        const Real part = w * u.values[a];
        row[0] += point::quantaOf(part * v.values[0]);
        row[1] += point::quantaOf(part * v.values[1]);
      }
    }
#pragma omp critical(gnrJointHistogram)
    {
      std::transform(own.begin(), own.end(), counts, counts, [](std::uint64_t a, std::uint64_t b) { return a + b; });
    }
  }
}

void
CpuKernels::lookUp(const Real * m,
                   const Real * f,
                   const Real * table,
                   double       lower,
                   double       upper,
                   int          bins,
                   bool         isDerivative,
                   Real *       out,
                   std::size_t  n)
{
  const point::IntensityNodes<Real> nodes(lower, upper, bins);
  const std::ptrdiff_t              length = static_cast<std::ptrdiff_t>(n);
#pragma omp parallel for schedule(static) num_threads(threadsFor(n, sharedInterpolations))
  for (std::ptrdiff_t i = 0; i < length; ++i)
  {
    const auto v = nodes.linear(f[i]);
    const auto u = isDerivative ? nodes.splineSlopes(m[i]) : nodes.splines(m[i]);
    out[i] = point::lookUp(table, bins, u, v);
  }
}

} // namespace GNR_CPU_NAMESPACE
} // namespace gnr
