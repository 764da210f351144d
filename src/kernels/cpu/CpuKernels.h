// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_kernels_cpu_CpuKernels_h
#define gnr_kernels_cpu_CpuKernels_h

#include "kernels/cpu/Transforms.h"
#include "kernels/cpu/variant.h"
#include "kernels/kernels.h"

namespace gnr
{
namespace GNR_CPU_NAMESPACE
{

/** The kernels on the cores of this process: OpenMP over rows, SIMD along x. */
class CpuKernels : public Kernels
{
public:
  explicit CpuKernels(int threads);
  ~CpuKernels() override;

  std::string
  description() const override;

#include "kernels/overrides.h" // every kernel

private:
  /** Doubles for the partial results of a reduction, one per block. */
  double *
  partials(std::size_t count);

  /** Sum over blocks of fixed size, so that the result does not depend on the number of threads. */
  template <typename BlockSum>
  double
  reduceBlocks(std::size_t n, BlockSum blockSum);

  /** Threads for a loop over so many points, all or one: to wake threads that sleep takes up to 0.1 ms, as long as
   * these numbers of points take one thread. */
  int
  threadsFor(std::size_t points, std::size_t leastShared) const
  {
    return points < leastShared ? 1 : threads_;
  }
  static constexpr std::size_t sharedElements = std::size_t(1) << 18;
  static constexpr std::size_t sharedStencils = std::size_t(1) << 15;
  static constexpr std::size_t sharedInterpolations = std::size_t(1) << 13;
  static constexpr std::size_t sharedTransforms = std::size_t(1) << 13;

  int         threads_;
  double *    partials_ = nullptr;
  std::size_t partialsCapacity_ = 0;
  Transforms  transforms_;
};

// Every elementwise kernel is this loop over i = 0 ... n - 1.
#define GNR_PRAGMA(text) _Pragma(#text)
// clang-format off
#define GNR_FOR_EACH(i, n)                                                                        \
  GNR_PRAGMA(omp parallel for simd schedule(static) num_threads(threadsFor(n, sharedElements)))  \
  for (std::ptrdiff_t i = 0; i < static_cast<std::ptrdiff_t>(n); ++i)
// clang-format on

/** Runs row(j, k) for all rows of a slab. Blocks of rows walk through z, so that the planes that a stencil shares stay
 * in the second-level cache: nine planes of a block take a third of a megabyte. Threads fetch their next share when
 * they are done with one: what a row of an interpolation costs depends on how the points in it are scattered, and fixed
 * halves differed by a third in the registration of two brains. */
template <typename Row>
inline void
forRows(const Extents & e, int threads, Row row)
{
  const int block = e.nx <= 256 ? 32 : e.nx <= 512 ? 16 : 8;
  const int blocks = (e.ny + block - 1) / block;
  const int perThread = blocks * e.nz / (8 * threads);
  const int share = perThread < 1 ? 1 : perThread < 32 ? perThread : 32;
#pragma omp parallel for collapse(2) schedule(dynamic, share) num_threads(threads)
  for (int jb = 0; jb < blocks; ++jb)
  {
    for (int k = 0; k < e.nz; ++k)
    {
      const int end = (jb + 1) * block < e.ny ? (jb + 1) * block : e.ny;
      for (int j = jb * block; j < end; ++j)
      {
        row(j, k);
      }
    }
  }
}

} // namespace GNR_CPU_NAMESPACE
} // namespace gnr

#endif
