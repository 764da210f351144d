// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_kernels_point_bytes_h
#define gnr_kernels_point_bytes_h

#include "kernels/point/decorations.h"

#include <cstdint>

namespace gnr
{
namespace point
{

/** A number from 0 to 1, to which others are clamped, in 256 steps. */
template <typename T>
GNR_POINT std::uint8_t
          byteOf(T x)
{
  const T bounded = x < T(0) ? T(0) : (x > T(1) ? T(1) : x);
  return static_cast<std::uint8_t>(static_cast<int>(bounded * T(255) + T(0.5)));
}

/** And back. */
template <typename T>
GNR_POINT T
shareOf(std::uint8_t byte)
{
  return static_cast<T>(byte) * (T(1) / T(255));
}

} // namespace point
} // namespace gnr

#endif
