// SPDX-License-Identifier: Apache-2.0
#include "kernels/reference/ReferenceKernels.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace gnr
{
namespace
{

std::size_t
indexOf(const Extents & e, int i, int j, int k)
{
  return i + std::size_t(e.nx) * (j + std::size_t(e.ny) * k);
}

/** One axis of [P1]: the value at index i of a box of n points is (1 - t) image[near] + t image[far]. */
struct Blend
{
  int    near;
  int    far;
  double t;
};

Blend
blendAt(int i, int image, int n)
{
  if (i < image)
  {
    return { i, i, 0.0 };
  }
  // n - image + 1 steps lead from the last image point to the first one of the next period
  const double way = double(i - (image - 1)) / double(n - (image - 1));
  const double s = way <= 0.25 ? 0.0 : (way >= 0.75 ? 1.0 : (way - 0.25) / 0.5);
  return { image - 1, 0, 3.0 * s * s - 2.0 * s * s * s };
}

} // namespace

Statistics
ReferenceKernels::statistics(const Real * x, const Extents & extents, const Region & region)
{
  // neutral elements, so that the results of several processes can be merged
  Statistics result;
  result.minimum = std::numeric_limits<double>::infinity();
  result.maximum = -std::numeric_limits<double>::infinity();
  for (int k = region.begin[2]; k < region.end[2]; ++k)
  {
    for (int j = region.begin[1]; j < region.end[1]; ++j)
    {
      for (int i = region.begin[0]; i < region.end[0]; ++i)
      {
        const double value = x[indexOf(extents, i, j, k)];
        ++result.count;
        if (!std::isfinite(value))
        {
          ++result.notFinite;
          continue;
        }
        if (value <= 0.0)
        {
          ++result.notPositive;
        }
        result.minimum = std::min(result.minimum, value);
        result.maximum = std::max(result.maximum, value);
        result.sum += value;
      }
    }
  }
  return result;
}

void
ReferenceKernels::histogram(const Real * x, std::size_t n, double lower, double upper, std::uint64_t * counts, int bins)
{
  for (int bin = 0; bin < bins; ++bin)
  {
    counts[bin] = 0;
  }
  for (std::size_t i = 0; i < n; ++i)
  {
    const double position = std::floor((double(x[i]) - lower) / (upper - lower) * bins);
    ++counts[static_cast<int>(std::min(std::max(position, 0.0), bins - 1.0))];
  }
}

void
ReferenceKernels::extendPeriodically(const Real * image, const Extents & imageExtents, const Extents & box, Real * out)
{
  for (int k = 0; k < box.nz; ++k)
  {
    const Blend z = blendAt(k, imageExtents.nz, box.nz);
    for (int j = 0; j < box.ny; ++j)
    {
      const Blend y = blendAt(j, imageExtents.ny, box.ny);
      for (int i = 0; i < box.nx; ++i)
      {
        const Blend x = blendAt(i, imageExtents.nx, box.nx);
        double      total = 0.0;
        for (int corner = 0; corner < 8; ++corner)
        {
          const bool   farX = corner & 1, farY = corner & 2, farZ = corner & 4;
          const double weight = (farX ? x.t : 1.0 - x.t) * (farY ? y.t : 1.0 - y.t) * (farZ ? z.t : 1.0 - z.t);
          const Real   value =
            image[indexOf(imageExtents, farX ? x.far : x.near, farY ? y.far : y.near, farZ ? z.far : z.near)];
          total += weight * double(value);
        }
        out[indexOf(box, i, j, k)] = static_cast<Real>(total);
      }
    }
  }
}

void
ReferenceKernels::extendByConstant(const Real *    image,
                                   const Extents & imageExtents,
                                   const Extents & box,
                                   Real            value,
                                   Real *          out)
{
  for (int k = 0; k < box.nz; ++k)
  {
    for (int j = 0; j < box.ny; ++j)
    {
      for (int i = 0; i < box.nx; ++i)
      {
        const bool inside = i < imageExtents.nx && j < imageExtents.ny && k < imageExtents.nz;
        out[indexOf(box, i, j, k)] = inside ? image[indexOf(imageExtents, i, j, k)] : value;
      }
    }
  }
}

void
ReferenceKernels::crop(const Real * box, const Extents & boxExtents, const Extents & imageExtents, Real * out)
{
  for (int k = 0; k < imageExtents.nz; ++k)
  {
    for (int j = 0; j < imageExtents.ny; ++j)
    {
      for (int i = 0; i < imageExtents.nx; ++i)
      {
        out[indexOf(imageExtents, i, j, k)] = box[indexOf(boxExtents, i, j, k)];
      }
    }
  }
}

} // namespace gnr
