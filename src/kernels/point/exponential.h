// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_kernels_point_exponential_h
#define gnr_kernels_point_exponential_h

#include "kernels/point/decorations.h"

#include <cmath>
#include <cstdint>
#include <cstring>

namespace gnr
{
namespace point
{

/** exp(-x) for x >= 0, up to two roundings; at least exp(-87). Without table, branch or call, so that loops over it
 * become vector instructions: 2^n exp(r) with a whole n and |r| <= log(2)/2, where the Taylor polynomial of degree 7 is
 * good to 10^-8. */
GNR_POINT float
decay(float x)
{
  const float bounded = x > 87.0F ? 87.0F : x;
  const float rounder = 12582912.0F; // 1.5 * 2^23: what is added to it loses its fraction
  const float n = (bounded * -1.44269504F + rounder) - rounder;
  // log(2) in two parts, of which the first has few digits: its product with n is exact.
  const float r = (-bounded - n * 0.693359375F) + n * 2.12194440e-4F;
  float       polynomial = 1.0F / 5040.0F;
  polynomial = polynomial * r + 1.0F / 720.0F;
  polynomial = polynomial * r + 1.0F / 120.0F;
  polynomial = polynomial * r + 1.0F / 24.0F;
  polynomial = polynomial * r + 1.0F / 6.0F;
  polynomial = polynomial * r + 0.5F;
  polynomial = polynomial * r + 1.0F;
  polynomial = polynomial * r + 1.0F;
  const std::uint32_t bits = static_cast<std::uint32_t>(static_cast<std::int32_t>(n) + 127) << 23;
  float               power;
  std::memcpy(&power, &bits, sizeof(power));
  return power * polynomial;
}

GNR_POINT double
decay(double x)
{
  return std::exp(-x);
}

} // namespace point
} // namespace gnr

#endif
