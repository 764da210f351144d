// SPDX-License-Identifier: Apache-2.0
#include "kernels/reference/ReferenceKernels.h"

#include <algorithm>
#include <cmath>

namespace gnr
{

void
ReferenceKernels::shiftedSquaredDifference(const Padded & f, const int a[3], const int b[3], Real * out)
{
  const Extents & e = f.interior;
  const auto      at = [&](int i, int j, int k) { return double(f.origin[i + j * f.rowStride + k * f.planeStride]); };
  std::size_t     n = 0;
  for (int k = 0; k < e.nz; ++k)
  {
    for (int j = 0; j < e.ny; ++j)
    {
      for (int i = 0; i < e.nx; ++i, ++n)
      {
        const double difference = at(i + a[0], j + a[1], k + a[2]) - at(i + b[0], j + b[1], k + b[2]);
        out[n] = static_cast<Real>(difference * difference);
      }
    }
  }
}

void
ReferenceKernels::selfSimilarity(Real *       fields,
                                 std::size_t  stride,
                                 int          channels,
                                 const Real * variance,
                                 Real         least,
                                 Real         most,
                                 std::size_t  n)
{
  for (std::size_t i = 0; i < n; ++i)
  {
    double smallest = fields[i];
    for (int c = 1; c < channels; ++c)
    {
      smallest = std::min(smallest, double(fields[c * stride + i]));
    }
    const double v = std::min(std::max(double(variance[i]), double(least)), double(most));
    for (int c = 0; c < channels; ++c)
    {
      fields[c * stride + i] = static_cast<Real>(std::exp(-(double(fields[c * stride + i]) - smallest) / v));
    }
  }
}

void
ReferenceKernels::toBytes(const Real * x, std::uint8_t * bytes, std::size_t n)
{
  for (std::size_t i = 0; i < n; ++i)
  {
    bytes[i] = static_cast<std::uint8_t>(std::lround(255.0 * std::min(std::max(double(x[i]), 0.0), 1.0)));
  }
}

void
ReferenceKernels::fromBytes(const std::uint8_t * bytes, Real * x, std::size_t n)
{
  for (std::size_t i = 0; i < n; ++i)
  {
    x[i] = static_cast<Real>(bytes[i] / 255.0);
  }
}

} // namespace gnr
