// SPDX-License-Identifier: Apache-2.0
#include "kernels/Threads.h"
#include "kernels/kernels.h"

#include "gnr/Error.h"

namespace gnr
{

// The CPU backend is compiled once per instruction set (src/CMakeLists.txt); each copy lives in a namespace of its own.
namespace cpu_baseline
{
std::unique_ptr<Kernels>
makeKernels(int threads);
}
#ifdef GNR_HAVE_AVX2_VARIANT
namespace cpu_avx2
{
std::unique_ptr<Kernels>
makeKernels(int threads);
}
#endif

std::unique_ptr<Kernels>
makeCpuKernels(int threads)
{
  if (threads < 1)
  {
    throw Error(ErrorKind::BadInput, "threads: " + std::to_string(threads) + " is not allowed; use at least 1");
  }
  startLoopThreads(threads);
#ifdef GNR_HAVE_AVX2_VARIANT
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2"))
  {
    return cpu_avx2::makeKernels(threads);
  }
#endif
  return cpu_baseline::makeKernels(threads);
}

} // namespace gnr
