// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_kernels_DeviceSizes_h
#define gnr_kernels_DeviceSizes_h

#include <cstddef>

namespace gnr
{

/** Bytes that the kernels for GPUs take beside the fields; here and not with them, since memory is planned for GPUs
 * that are elsewhere, too. */
struct DeviceSizes
{
  /** What is transformed at once, all components together, and so the most that cuFFT works in: it stays in the
   * second-level cache (40 MB and more on the GPUs this is for). */
  static constexpr std::size_t spectralPiece = std::size_t(38) << 20;
  /** Pinned host memory that images go through: one half. */
  static constexpr std::size_t stagingPiece = std::size_t(4) << 20;
  /** For sums, on the device and in pinned host memory. */
  static constexpr std::size_t sums = std::size_t(64) << 10;
};

} // namespace gnr

#endif
