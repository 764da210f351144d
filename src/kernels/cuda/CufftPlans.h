// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_kernels_cuda_CufftPlans_h
#define gnr_kernels_cuda_CufftPlans_h

#include "kernels/cuda/KernelTimer.h"

#include "kernels/types.h"

#include <cstddef>
#include <map>
#include <tuple>

namespace gnr
{
namespace cuda
{

/** cuFFT plans of one backend, made once per layout. None has a work area: one serves them all, since one stream runs
 * them. */
class CufftPlans
{
public:
  struct Plan
  {
    cufftHandle handle;
    std::size_t workBytes; ///< at least leastWorkBytes
  };
  /** Also for plans that need none: one whose area was never set may refuse. */
  static constexpr std::size_t leastWorkBytes = 256;

  explicit CufftPlans(cudaStream_t stream)
    : queue_{ stream, nullptr }
  {}
  ~CufftPlans();
  CufftPlans(const CufftPlans &) = delete;
  CufftPlans &
  operator=(const CufftPlans &) = delete;

  /** To measure them by; null: they are not. */
  void
  setTimer(KernelTimer * timer)
  {
    queue_.timer = timer;
  }

  /** Two-dimensional transforms of `count` planes of ny rows of nx values, one behind the other; rows of their spectra
   * lie rowStride apart. */
  Plan
  forwardPlanes(int nx, int ny, std::ptrdiff_t rowStride, int count);
  Plan
  backwardPlanes(int nx, int ny, std::ptrdiff_t rowStride, int count);
  /** `columns` complex transforms of length n: element i of column j at j + i * stride. */
  Plan
  columns(int n, std::ptrdiff_t inStride, std::ptrdiff_t outStride, int columns);

  /** Runs a plan with plan.workBytes of memory. */
  void
  run(const Plan & plan, void * workArea, const Real * in, Complex * out);
  void
  run(const Plan & plan, void * workArea, Complex * in, Real * out);
  /** \param direction CUFFT_FORWARD or CUFFT_INVERSE. `in` is left as it is, unless it is `out`. */
  void
  run(const Plan & plan, void * workArea, const Complex * in, Complex * out, int direction);

private:
  using Key = std::tuple<int, int, int, long long, long long, int>;

  Plan
  planes(cufftType type, int nx, int ny, std::ptrdiff_t rowStride, int count);
  template <typename Make>
  Plan
  find(const Key & key, Make make);

  Queue               queue_;
  std::map<Key, Plan> plans_;
};

} // namespace cuda
} // namespace gnr

#endif
