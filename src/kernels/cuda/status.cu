// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/status.h"

#include "gnr/Error.h"

#include <atomic>
#include <string>

namespace gnr
{
namespace cuda
{
namespace
{

/** The path inside the source tree. */
std::string
shortened(const std::string & file)
{
  const auto at = file.rfind("kernels/cuda/");
  return at == std::string::npos ? file : file.substr(at);
}

std::atomic<std::size_t> failures{ 0 };

[[noreturn]] void
fail(const std::string & call, Place place, const std::string & reason, const std::string & remedy)
{
  noteFailedCall();
  throw Error(ErrorKind::OutOfResources,
              "device cuda: " + call.substr(0, call.find('(')) + " (" + shortened(place.file) + ":" +
                std::to_string(place.line) + ") failed: " + reason + "; " + remedy);
}

std::string
remedyOf(cudaError_t status)
{
  switch (status)
  {
    case cudaErrorMemoryAllocation:
      return "end other programs that use the GPU, take smaller images or --device cpu";
    case cudaErrorNoKernelImageForDevice:
      return "this build has no code for this GPU: build it with its architecture in "
             "GaussNewtonRegistration_CUDA_ARCHITECTURES, or take --device cpu";
    case cudaErrorNoDevice:
    case cudaErrorInsufficientDriver:
    case cudaErrorInitializationError:
      return "install or update the NVIDIA driver, or take --device cpu";
    default:
      return "run it again; if that does not help, look at nvidia-smi and the system's log, or take --device cpu";
  }
}

const char *
nameOf(cufftResult status)
{
  switch (status)
  {
    case CUFFT_SUCCESS:
      return "CUFFT_SUCCESS";
    case CUFFT_INVALID_PLAN:
      return "CUFFT_INVALID_PLAN";
    case CUFFT_ALLOC_FAILED:
      return "CUFFT_ALLOC_FAILED";
    case CUFFT_INVALID_VALUE:
      return "CUFFT_INVALID_VALUE";
    case CUFFT_INTERNAL_ERROR:
      return "CUFFT_INTERNAL_ERROR";
    case CUFFT_EXEC_FAILED:
      return "CUFFT_EXEC_FAILED";
    case CUFFT_SETUP_FAILED:
      return "CUFFT_SETUP_FAILED";
    case CUFFT_INVALID_SIZE:
      return "CUFFT_INVALID_SIZE";
    default:
      return "an error of cuFFT";
  }
}

} // namespace

std::size_t
failedCalls()
{
  return failures;
}

void
noteFailedCall()
{
  ++failures;
}

void
check(cudaError_t status, const char * call, Place place)
{
  if (status != cudaSuccess)
  {
    cudaGetLastError(); // an error that is not sticky must not show up in the next call
    fail(
      call, place, std::string(cudaGetErrorString(status)) + " (" + cudaGetErrorName(status) + ")", remedyOf(status));
  }
}

void
check(cufftResult status, const char * call, Place place)
{
  if (status != CUFFT_SUCCESS)
  {
    fail(call,
         place,
         std::string(nameOf(status)) + " (" + std::to_string(static_cast<int>(status)) + ")",
         status == CUFFT_ALLOC_FAILED || status == CUFFT_SETUP_FAILED ? remedyOf(cudaErrorMemoryAllocation)
                                                                      : remedyOf(cudaErrorLaunchFailure));
  }
}

} // namespace cuda
} // namespace gnr
