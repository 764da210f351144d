// SPDX-License-Identifier: Apache-2.0
// What the core library finds in the plugin gnr-cuda.
#include "kernels/Plugin.h"
#include "kernels/cuda/CudaKernels.h"

#include "gnr/Error.h"

#include <string>

namespace gnr
{
namespace cuda
{
namespace
{

std::string
version(int number)
{
  return std::to_string(number / 1000) + "." + std::to_string(number % 1000 / 10);
}

/** Throws Error(BadInput) unless there is a GPU and a driver that serves this build. */
int
devices()
{
  int driver = 0, runtime = 0, count = 0;
  cudaRuntimeGetVersion(&runtime);
  if (cudaDriverGetVersion(&driver) != cudaSuccess || driver == 0)
  {
    throw Error(ErrorKind::BadInput,
                "device cuda: no NVIDIA driver was found on this machine; install one for CUDA " + version(runtime) +
                  " or newer, or take --device cpu");
  }
  const cudaError_t status = cudaGetDeviceCount(&count);
  if (status == cudaErrorInsufficientDriver)
  {
    throw Error(ErrorKind::BadInput,
                "device cuda: the NVIDIA driver of this machine is for CUDA " + version(driver) +
                  " and this program needs CUDA " + version(runtime) + "; update the driver, or take --device cpu");
  }
  if (status == cudaErrorNoDevice || (status == cudaSuccess && count == 0))
  {
    throw Error(ErrorKind::BadInput,
                "device cuda: the NVIDIA driver sees no GPU; look at nvidia-smi and at CUDA_VISIBLE_DEVICES, or take "
                "--device cpu");
  }
  if (status != cudaSuccess)
  {
    throw Error(ErrorKind::BadInput,
                std::string("device cuda: cudaGetDeviceCount failed: ") + cudaGetErrorString(status) + " (" +
                  cudaGetErrorName(status) + "); update or reinstall the NVIDIA driver, or take --device cpu");
  }
  return count;
}

/** A GPU that is there may still not run this build: one kernel tells. */
void
tryOut(CudaKernels & kernels)
{
  constexpr std::size_t n = 1000;
  DeviceScratch         memory; // no field: those are counted
  Real * const          x = static_cast<Real *>(memory.atLeast(n * sizeof(Real)));
  kernels.fill(x, n, Real(0.5));
  if (kernels.sum(x, n) != 0.5 * n)
  {
    throw Error(ErrorKind::BadInput,
                "device cuda: the GPU adds wrongly; look for faults of its memory, or take --device cpu");
  }
}

// The driver tells which context is current, and whether any is: what the runtime says, and sets, could make a new one
// on a GPU that nobody uses. Its functions come from the runtime, so that the driver need not be linked; what they take
// and return is a pointer and a number.
template <typename Function>
Function
driverFunction(const char * name)
{
  void *                          function = nullptr;
  cudaDriverEntryPointQueryResult result = cudaDriverEntryPointSymbolNotFound;
#if CUDART_VERSION >= 12050
  const cudaError_t status = cudaGetDriverEntryPointByVersion(name, &function, 12000, cudaEnableDefault, &result);
#else
  const cudaError_t status = cudaGetDriverEntryPoint(name, &function, cudaEnableDefault, &result);
#endif
  cudaGetLastError();
  return status == cudaSuccess && result == cudaDriverEntryPointSuccess ? reinterpret_cast<Function>(function)
                                                                        : nullptr;
}

} // namespace
} // namespace cuda
} // namespace gnr

extern "C" GNR_PLUGIN_FUNCTION const char *
gnrPluginVersion()
{
  return gnr::pluginVersion();
}

extern "C" GNR_PLUGIN_FUNCTION gnr::Kernels *
                               gnrMakeCudaKernels(int processOnMachine)
{
  auto kernels = std::make_unique<gnr::cuda::CudaKernels>(processOnMachine % gnr::cuda::devices());
  if (!kernels->isTried())
  {
    gnr::cuda::tryOut(*kernels);
    kernels->setTried();
  }
  return kernels.release();
}

extern "C" GNR_PLUGIN_FUNCTION void
gnrReleaseCuda()
{
  gnr::cuda::releaseKept();
}

extern "C" GNR_PLUGIN_FUNCTION void *
gnrCudaContext()
{
  static const auto get = gnr::cuda::driverFunction<int (*)(void **)>("cuCtxGetCurrent");
  void *            context = nullptr;
  return get != nullptr && get(&context) == 0 ? context : nullptr;
}

extern "C" GNR_PLUGIN_FUNCTION void
gnrSetCudaContext(void * context)
{
  static const auto set = gnr::cuda::driverFunction<int (*)(void *)>("cuCtxSetCurrent");
  if (set != nullptr)
  {
    set(context);
  }
}
