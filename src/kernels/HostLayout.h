// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_kernels_HostLayout_h
#define gnr_kernels_HostLayout_h

#include "kernels/types.h"

#include <cstddef>

namespace gnr
{

/** Host memory to host memory: single-precision values of the caller to Reals, and back. */
void
fromHostScalars(const float * in, std::size_t n, Real * out);
void
toHostScalars(const Real * in, std::size_t n, float * out);

/** Interleaved vectors (x0 y0 z0 x1 ...) to three arrays one behind the other, times `scale`; and back. */
void
fromHostVectors(const float * interleaved, std::size_t n, double scale, Real * planar);
void
toHostVectors(const Real * planar, std::size_t stride, std::size_t n, double scale, float * interleaved);

} // namespace gnr

#endif
