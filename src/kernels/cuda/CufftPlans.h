// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_kernels_cuda_CufftPlans_h
#define gnr_kernels_cuda_CufftPlans_h

#include "kernels/cuda/Memory.h"
#include "kernels/cuda/status.h"

#include <map>
#include <tuple>

namespace gnr
{
namespace cuda
{

/** cuFFT plans of one backend, made once per layout; one work area serves them all, since one stream runs them. */
class CufftPlans
{
public:
  explicit CufftPlans(cudaStream_t stream)
    : stream_(stream)
  {}
  ~CufftPlans();
  CufftPlans(const CufftPlans &) = delete;
  CufftPlans &
  operator=(const CufftPlans &) = delete;

  /** Two-dimensional transforms of `planes` planes of ny rows of nx values, one behind the other. */
  cufftHandle
  forwardPlanes(int nx, int ny, int planes);
  cufftHandle
  backwardPlanes(int nx, int ny, int planes);
  /** `columns` complex transforms of length n: element i of column j at j + i * stride. */
  cufftHandle
  columns(int n, std::ptrdiff_t inStride, std::ptrdiff_t outStride, int columns);

private:
  using Key = std::tuple<int, int, int, long long, long long, int>;
  struct Plan
  {
    cufftHandle handle;
    std::size_t workBytes;
  };

  /** The plan with the work area set. */
  cufftHandle
  ready(const Plan & plan);
  template <typename Make>
  cufftHandle
  find(const Key & key, Make make);

  cudaStream_t        stream_;
  std::map<Key, Plan> plans_;
  DeviceScratch       workArea_;
};

} // namespace cuda
} // namespace gnr

#endif
