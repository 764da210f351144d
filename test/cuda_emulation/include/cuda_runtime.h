// SPDX-License-Identifier: Apache-2.0
// Stands in for CUDA's header of the same name: what the project's .cu files use of it, so that a host compiler builds
// them and this machine runs them. For tests only; ../emulation.h tells what is checked.
#ifndef cuda_emulation_cuda_runtime_h
#define cuda_emulation_cuda_runtime_h

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <tuple>
#include <type_traits>

//---- language -------------------------------------------------------------------------------------------------------
#define __global__
#define __device__
#define __host__
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(...)
#define __grid_constant__
// Filled with NaN before every block. AddressSanitizer watches only over variables that lie in no section of their own.
#ifdef __SANITIZE_ADDRESS__
#  define __shared__ static
#else
#  define __shared__ static __attribute__((section("cuda_shared")))
#endif

struct uint3
{
  unsigned x, y, z;
};
struct dim3
{
  unsigned x, y, z;
  constexpr dim3(unsigned a = 1, unsigned b = 1, unsigned c = 1)
    : x(a)
    , y(b)
    , z(c)
  {}
};
struct alignas(8) float2
{
  float x, y;
};

extern uint3 threadIdx;
extern uint3 blockIdx;
extern dim3  blockDim;
extern dim3  gridDim;

//---- runtime --------------------------------------------------------------------------------------------------------
enum cudaError_t
{
  cudaSuccess = 0,
  cudaErrorInvalidValue = 1,
  cudaErrorMemoryAllocation = 2,
  cudaErrorInitializationError = 3,
  cudaErrorInvalidConfiguration = 9,
  cudaErrorInsufficientDriver = 35,
  cudaErrorNoDevice = 100,
  cudaErrorInvalidDevice = 101,
  cudaErrorNoKernelImageForDevice = 209,
  cudaErrorInvalidResourceHandle = 400,
  cudaErrorIllegalAddress = 700,
  cudaErrorLaunchOutOfResources = 701,
  cudaErrorLaunchFailure = 719
};
enum cudaMemcpyKind
{
  cudaMemcpyHostToHost = 0,
  cudaMemcpyHostToDevice = 1,
  cudaMemcpyDeviceToHost = 2,
  cudaMemcpyDeviceToDevice = 3
};
struct CUstream_st;
struct CUevent_st;
using cudaStream_t = CUstream_st *;
using cudaEvent_t = CUevent_st *;

constexpr unsigned cudaEventDisableTiming = 2;

struct cudaUUID_t
{
  char bytes[16];
};
struct cudaDeviceProp
{
  char        name[256];
  cudaUUID_t  uuid;
  std::size_t totalGlobalMem;
  int         multiProcessorCount;
  int         major;
  int         minor;
};
struct cudaLaunchAttribute;
struct cudaLaunchConfig_t
{
  dim3                  gridDim;
  dim3                  blockDim;
  std::size_t           dynamicSmemBytes;
  cudaStream_t          stream;
  cudaLaunchAttribute * attrs;
  unsigned              numAttrs;
};

const char *
cudaGetErrorName(cudaError_t error);
const char *
cudaGetErrorString(cudaError_t error);
cudaError_t
cudaGetLastError();
cudaError_t
cudaDriverGetVersion(int * version);
cudaError_t
cudaRuntimeGetVersion(int * version);
cudaError_t
cudaGetDeviceCount(int * count);
cudaError_t
cudaSetDevice(int device);
cudaError_t
cudaGetDevice(int * device);
#define CUDART_VERSION 13000
enum cudaDriverEntryPointQueryResult
{
  cudaDriverEntryPointSuccess = 0,
  cudaDriverEntryPointSymbolNotFound = 1
};
constexpr unsigned long long cudaEnableDefault = 0;
/** Of the driver, cuCtxGetCurrent and cuCtxSetCurrent. */
cudaError_t
cudaGetDriverEntryPointByVersion(const char *                      symbol,
                                 void **                           function,
                                 unsigned                          version,
                                 unsigned long long                flags,
                                 cudaDriverEntryPointQueryResult * result);
cudaError_t
cudaGetDeviceProperties(cudaDeviceProp * properties, int device);
cudaError_t
cudaDeviceSynchronize();

cudaError_t
cudaMalloc(void ** memory, std::size_t bytes);
cudaError_t
cudaFree(void * memory);
cudaError_t
cudaMallocHost(void ** memory, std::size_t bytes);
cudaError_t
cudaFreeHost(void * memory);
cudaError_t
cudaMemGetInfo(std::size_t * free, std::size_t * total);
cudaError_t
cudaMemcpy(void * to, const void * from, std::size_t bytes, cudaMemcpyKind kind);
cudaError_t
cudaMemcpyAsync(void * to, const void * from, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t stream = nullptr);
cudaError_t
cudaMemset(void * memory, int value, std::size_t bytes);
cudaError_t
cudaMemsetAsync(void * memory, int value, std::size_t bytes, cudaStream_t stream = nullptr);

cudaError_t
cudaStreamCreate(cudaStream_t * stream);
cudaError_t
cudaStreamDestroy(cudaStream_t stream);
cudaError_t
cudaStreamSynchronize(cudaStream_t stream);
cudaError_t
cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned flags = 0);
cudaError_t
cudaEventCreate(cudaEvent_t * event);
cudaError_t
cudaEventCreateWithFlags(cudaEvent_t * event, unsigned flags);
cudaError_t
cudaEventDestroy(cudaEvent_t event);
cudaError_t
cudaEventRecord(cudaEvent_t event, cudaStream_t stream = nullptr);
cudaError_t
cudaEventSynchronize(cudaEvent_t event);
cudaError_t
cudaEventElapsedTime(float * milliseconds, cudaEvent_t begin, cudaEvent_t end);

//---- kernels --------------------------------------------------------------------------------------------------------
// The shared memory of the library that includes this; null where it has none.
extern "C"
{
  extern char __start_cuda_shared[] __attribute__((weak, visibility("hidden")));
  extern char __stop_cuda_shared[] __attribute__((weak, visibility("hidden")));
}

namespace cuda_emulation
{
struct SharedMemory
{
  char * begin;
  char * end;
};

cudaError_t
enqueueKernel(const cudaLaunchConfig_t & configuration, SharedMemory shared, std::function<void()> thread);
void
requireDevicePointer(const void * pointer, int argument);
void
barrier(const char * file, int line);
std::uint64_t
exchangeInWarp(unsigned mask, std::uint64_t value, int source);
int
lane();

template <typename T>
inline void
checkArgument(const T & argument, int index)
{
  if constexpr (std::is_pointer_v<T>)
  {
    requireDevicePointer(static_cast<const void *>(argument), index);
  }
}

template <typename T>
inline T
shuffle(unsigned mask, T value, int source)
{
  static_assert(sizeof(T) <= sizeof(std::uint64_t));
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof(T));
  bits = exchangeInWarp(mask, bits, source);
  std::memcpy(&value, &bits, sizeof(T));
  return value;
}
} // namespace cuda_emulation

template <typename... Parameters, typename... Arguments>
inline cudaError_t
cudaLaunchKernelEx(const cudaLaunchConfig_t * configuration, void (*kernel)(Parameters...), Arguments &&... arguments)
{
  const std::tuple<std::decay_t<Parameters>...> values(arguments...);
  int                                           index = 0;
  std::apply([&index](const auto &... value) { (cuda_emulation::checkArgument(value, index++), ...); }, values);
  static_cast<void>(index);
  return cuda_emulation::enqueueKernel(
    *configuration, { __start_cuda_shared, __stop_cuda_shared }, [kernel, values] { std::apply(kernel, values); });
}

#define __syncthreads() ::cuda_emulation::barrier(__FILE__, __LINE__)

template <typename T>
inline T
__shfl_down_sync(unsigned mask, T value, unsigned distance)
{
  const int source = ::cuda_emulation::lane() + static_cast<int>(distance);
  return ::cuda_emulation::shuffle(mask, value, source < 32 ? source : ::cuda_emulation::lane());
}
template <typename T>
inline T
__shfl_xor_sync(unsigned mask, T value, int other)
{
  return ::cuda_emulation::shuffle(mask, value, ::cuda_emulation::lane() ^ other);
}

// Threads run one at a time.
template <typename T>
inline T
atomicAdd(T * address, T value)
{
  const T old = *address;
  *address = old + value;
  return old;
}

inline void
sincospi(double x, double * sine, double * cosine)
{
  constexpr double pi = 3.14159265358979323846;
  *sine = std::sin(pi * x);
  *cosine = std::cos(pi * x);
}

#endif
