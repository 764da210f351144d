// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/CpuKernels.h"
#include "kernels/point/blend.h"

#include <cmath>
#include <cstring>
#include <limits>

namespace gnr
{
namespace GNR_CPU_NAMESPACE
{

Statistics
CpuKernels::statistics(const Real * x, const Extents & e, const Region & region)
{
  double             smallest = std::numeric_limits<double>::infinity(), largest = -smallest;
  unsigned long long notPositive = 0, notFinite = 0;
  const int          planes = region.end[2] - region.begin[2];
  double * const     sums = partials(planes > 0 ? planes : 1);
#pragma omp parallel for schedule(static) num_threads(threadsFor(e.points(), sharedElements))                          \
  reduction(min : smallest) reduction(max : largest) reduction(+ : notPositive, notFinite)
  for (int plane = 0; plane < planes; ++plane)
  {
    double planeSum = 0.0;
    for (int j = region.begin[1]; j < region.end[1]; ++j)
    {
      const Real * row = x + (static_cast<std::size_t>(region.begin[2] + plane) * e.ny + j) * e.nx;
      for (int i = region.begin[0]; i < region.end[0]; ++i)
      {
        const double value = row[i];
        if (!std::isfinite(value))
        {
          ++notFinite;
          continue;
        }
        smallest = value < smallest ? value : smallest;
        largest = value > largest ? value : largest;
        planeSum += value;
        notPositive += value <= 0.0 ? 1 : 0;
      }
    }
    sums[plane] = planeSum;
  }
  Statistics result;
  result.minimum = smallest;
  result.maximum = largest;
  for (int plane = 0; plane < planes; ++plane)
  {
    result.sum += sums[plane];
  }
  result.notPositive = notPositive;
  result.notFinite = notFinite;
  result.count = planes <= 0 ? 0
                             : static_cast<std::size_t>(region.end[0] - region.begin[0]) *
                                 (region.end[1] - region.begin[1]) * planes;
  return result;
}

void
CpuKernels::histogram(const Real * x, std::size_t n, double lower, double upper, std::uint64_t * counts, int bins)
{
  // Serial: done once per image, and integer counts by thread would cost more memory than time is won.
  std::memset(counts, 0, sizeof(*counts) * bins);
  const double scale = bins / (upper - lower);
  for (std::size_t i = 0; i < n; ++i)
  {
    const double position = (double(x[i]) - lower) * scale;
    const int    bin = position < 0.0 ? 0 : (position >= bins ? bins - 1 : static_cast<int>(position));
    ++counts[bin];
  }
}

void
CpuKernels::extendPeriodically(const Real * image, const Extents & imageExtents, const Extents & box, Real * out)
{
  const std::size_t rowIn = imageExtents.nx, planeIn = rowIn * imageExtents.ny;
#pragma omp parallel for collapse(2) schedule(static) num_threads(threadsFor(box.points(), sharedElements))
  for (int k = 0; k < box.nz; ++k)
  {
    for (int j = 0; j < box.ny; ++j)
    {
      int  y0, y1, z0, z1;
      Real ty, tz;
      point::blendWeights(j, imageExtents.ny, box.ny, y0, y1, ty);
      point::blendWeights(k, imageExtents.nz, box.nz, z0, z1, tz);
      const Real * r00 = image + z0 * planeIn + y0 * rowIn;
      const Real * r10 = image + z0 * planeIn + y1 * rowIn;
      const Real * r01 = image + z1 * planeIn + y0 * rowIn;
      const Real * r11 = image + z1 * planeIn + y1 * rowIn;
      const Real   w00 = (1 - ty) * (1 - tz), w10 = ty * (1 - tz), w01 = (1 - ty) * tz, w11 = ty * tz;
      Real *       row = out + (static_cast<std::size_t>(k) * box.ny + j) * box.nx;
      if (j < imageExtents.ny && k < imageExtents.nz)
      {
        std::memcpy(row, r00, sizeof(Real) * imageExtents.nx);
      }
      else
      {
        for (int i = 0; i < imageExtents.nx; ++i)
        {
          row[i] = w00 * r00[i] + w10 * r10[i] + w01 * r01[i] + w11 * r11[i];
        }
      }
      for (int i = imageExtents.nx; i < box.nx; ++i)
      {
        int  x0, x1;
        Real tx;
        point::blendWeights(i, imageExtents.nx, box.nx, x0, x1, tx);
        row[i] = (1 - tx) * row[x0] + tx * row[x1];
      }
    }
  }
}

void
CpuKernels::extendByConstant(const Real *    image,
                             const Extents & imageExtents,
                             const Extents & box,
                             Real            value,
                             Real *          out)
{
#pragma omp parallel for collapse(2) schedule(static) num_threads(threadsFor(box.points(), sharedElements))
  for (int k = 0; k < box.nz; ++k)
  {
    for (int j = 0; j < box.ny; ++j)
    {
      Real * row = out + (static_cast<std::size_t>(k) * box.ny + j) * box.nx;
      int    i = 0;
      if (j < imageExtents.ny && k < imageExtents.nz)
      {
        std::memcpy(row,
                    image + (static_cast<std::size_t>(k) * imageExtents.ny + j) * imageExtents.nx,
                    sizeof(Real) * imageExtents.nx);
        i = imageExtents.nx;
      }
      for (; i < box.nx; ++i)
      {
        row[i] = value;
      }
    }
  }
}

void
CpuKernels::crop(const Real * box, const Extents & boxExtents, const Extents & imageExtents, Real * out)
{
#pragma omp parallel for collapse(2) schedule(static) num_threads(threadsFor(imageExtents.points(), sharedElements))
  for (int k = 0; k < imageExtents.nz; ++k)
  {
    for (int j = 0; j < imageExtents.ny; ++j)
    {
      std::memcpy(out + (static_cast<std::size_t>(k) * imageExtents.ny + j) * imageExtents.nx,
                  box + (static_cast<std::size_t>(k) * boxExtents.ny + j) * boxExtents.nx,
                  sizeof(Real) * imageExtents.nx);
    }
  }
}

} // namespace GNR_CPU_NAMESPACE
} // namespace gnr
