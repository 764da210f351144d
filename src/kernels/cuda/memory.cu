// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/CudaKernels.h"
#include "kernels/cuda/launch.h"

#include "gnr/Error.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

namespace gnr
{
namespace cuda
{
namespace
{

constexpr std::size_t stagingValues = DeviceSizes::stagingPiece / sizeof(float); // of one half

#ifdef GNR_CUDA_EMULATED
/** Every float and double in it is then a NaN. The default stream waits for all others, and they for it. */
void
fillWithNan(void * memory, std::size_t bytes)
{
  GNR_CUDA(cudaMemset(memory, 0xff, bytes));
}
#endif

} // namespace

MemorySource
deviceMemory()
{
#ifdef GNR_CUDA_EMULATED
  return { acquireForFields, releaseDevice, nullptr, fillWithNan, false, takeBlock, giveBlock };
#else
  return { acquireForFields, releaseDevice, nullptr, nullptr, false, takeBlock, giveBlock };
#endif
}

void *
acquireForFields(std::size_t bytes)
{
  // Also where a process has no part of a grid: what cudaMalloc gives for no bytes is its own business.
  void *      memory = nullptr;
  cudaError_t status = cudaMalloc(&memory, std::max<std::size_t>(bytes, 1));
  if (status == cudaErrorMemoryAllocation && releaseKept())
  {
    cudaGetLastError();
    status = cudaMalloc(&memory, std::max<std::size_t>(bytes, 1));
  }
  if (status == cudaErrorMemoryAllocation)
  {
    cudaGetLastError();
    noteFailedCall();
    std::size_t free = 0, total = 0;
    GNR_CUDA(cudaMemGetInfo(&free, &total));
    throw Error(
      ErrorKind::OutOfResources,
      "device cuda: cudaMalloc (kernels/cuda/memory.cu) failed: out of memory: " + std::to_string((bytes >> 20) + 1) +
        " MiB are needed at once, and of the " + std::to_string(total >> 20) + " MiB of the GPU " +
        std::to_string(free >> 20) + " are free; end other programs that use it, take smaller images or --device cpu");
  }
  check(status, "cudaMalloc", GNR_CUDA_HERE);
  return memory;
}

void *
acquireDevice(std::size_t bytes)
{
  void * memory = nullptr;
  GNR_CUDA(cudaMalloc(&memory, bytes));
  return memory;
}

void
releaseDevice(void * memory)
{
  cudaFree(memory); // there is nothing to do about an error, and another one may be under way
}

void *
acquirePinned(std::size_t bytes)
{
  void * memory = nullptr;
  GNR_CUDA(cudaMallocHost(&memory, bytes));
  return memory;
}

void
releasePinned(void * memory)
{
  cudaFreeHost(memory);
}

CudaKernels::CudaKernels(int device)
  : Kernels(deviceMemory())
  , equipment_(takeEquipment(device))
  , failures_(failedCalls())
{
  const char * const isTimed = std::getenv("GNR_CUDA_TIMING");
  if (isTimed != nullptr && std::string(isTimed) == "1")
  {
    timer_ = std::make_unique<KernelTimer>();
  }
  equipment_->plans.setTimer(timer_.get());
}

CudaKernels::~CudaKernels()
{
  const int  device = equipment_->stream.device;
  const bool isWell = cudaSetDevice(device) == cudaSuccess &&
                      cudaStreamSynchronize(equipment_->stream.handle) == cudaSuccess && failures_ == failedCalls();
  timer_.reset();
  if (isWell)
  {
    keepEquipment(std::move(equipment_));
  }
  else
  {
    releaseKept();
  }
}

Queue
CudaKernels::stream() const
{
  GNR_CUDA(cudaSetDevice(equipment_->stream.device));
  return { equipment_->stream.handle, timer_.get() };
}

std::vector<KernelTime>
CudaKernels::kernelTimes()
{
  stream();
  return timer_ ? timer_->take() : std::vector<KernelTime>();
}

std::string
CudaKernels::description() const
{
  cudaDeviceProp properties{};
  GNR_CUDA(cudaGetDeviceProperties(&properties, equipment_->stream.device));
  return std::string("CUDA (") + properties.name + ", compute capability " + std::to_string(properties.major) + "." +
         std::to_string(properties.minor) + ")";
}

std::optional<std::size_t>
CudaKernels::availableBytes() const
{
  std::size_t free = 0, total = 0;
  GNR_CUDA(cudaSetDevice(equipment_->stream.device));
  GNR_CUDA(cudaMemGetInfo(&free, &total));
  return free;
}

std::size_t
CudaKernels::keptBytes() const
{
  return keptBlockBytes(equipment_->stream.device) + equipment_->scratch.bytes();
}

std::optional<DeviceIdentity>
CudaKernels::device() const
{
  cudaDeviceProp properties{};
  GNR_CUDA(cudaGetDeviceProperties(&properties, equipment_->stream.device));
  DeviceIdentity identity{};
  static_assert(sizeof identity == sizeof properties.uuid, "16 bytes");
  std::memcpy(identity.data(), &properties.uuid, sizeof identity);
  return identity;
}

std::size_t
CudaKernels::hostBytes() const
{
  return 2 * stagingValues * sizeof(float) + DeviceSizes::sums;
}

namespace
{

/** Waits for a copy from or to memory of the caller, who lets go of it where an error is thrown: a copy that is still
 * on its way then must not find other data there. */
void
finishCopy(cudaStream_t s)
{
  try
  {
    GNR_CUDA(cudaStreamSynchronize(s));
  }
  catch (const Error &)
  {
    cudaStreamSynchronize(s); // fails at once where the device is lost, and nothing is copied any more
    throw;
  }
}

} // namespace

void
CudaKernels::fetchBytes(const void * device, void * host, std::size_t bytes)
{
  const cudaStream_t s = stream();
  GNR_CUDA(cudaMemcpyAsync(host, device, bytes, cudaMemcpyDeviceToHost, s));
  finishCopy(s);
}

void
CudaKernels::copyFromHost(const void * host, void * memory, std::size_t bytes)
{
  const cudaStream_t s = stream();
  GNR_CUDA(cudaMemcpyAsync(memory, host, bytes, cudaMemcpyHostToDevice, s));
  finishCopy(s); // the caller may do with its memory what it wants
}

void
CudaKernels::copyToHost(const void * memory, void * host, std::size_t bytes)
{
  fetchBytes(memory, host, bytes);
}

void *
CudaKernels::messageMemory(std::size_t bytes)
{
  if (bytes > equipment_->messages.bytes())
  {
    synchronize(); // copies from and to what goes
  }
  return equipment_->messages.atLeast(bytes);
}

void
CudaKernels::startCopyToHost(const void * memory, void * host, std::size_t bytes)
{
  GNR_CUDA(cudaMemcpyAsync(host, memory, bytes, cudaMemcpyDeviceToHost, stream()));
}

void
CudaKernels::startCopyFromHost(const void * host, void * memory, std::size_t bytes)
{
  GNR_CUDA(cudaMemcpyAsync(memory, host, bytes, cudaMemcpyHostToDevice, stream()));
}

void
CudaKernels::synchronize()
{
  GNR_CUDA(cudaStreamSynchronize(stream()));
}

// Images travel in pieces through two halves of pinned memory: while one is on its way the host works on the other.

void
CudaKernels::fromHost(const float * host, std::size_t stride, double scale, Real * x, std::size_t n)
{
  const cudaStream_t s = stream();
  float * const      staging = static_cast<float *>(equipment_->staging.atLeast(2 * stagingValues * sizeof(float)));
  int                half = 0;
  for (std::size_t begin = 0; begin < n; begin += stagingValues, half = 1 - half)
  {
    const std::size_t count = std::min(stagingValues, n - begin);
    float * const     piece = staging + half * stagingValues;
    GNR_CUDA(cudaEventSynchronize(equipment_->stream.copied[half]));
    for (std::size_t i = 0; i < count; ++i)
    {
      piece[i] = static_cast<float>(scale * host[stride * (begin + i)]);
    }
    GNR_CUDA(cudaMemcpyAsync(x + begin, piece, count * sizeof(float), cudaMemcpyHostToDevice, s));
    GNR_CUDA(cudaEventRecord(equipment_->stream.copied[half], s));
  }
}

void
CudaKernels::toHost(const Real * x, double scale, float * host, std::size_t stride, std::size_t n)
{
  const cudaStream_t s = stream();
  float * const      staging = static_cast<float *>(equipment_->staging.atLeast(2 * stagingValues * sizeof(float)));
  const std::size_t  pieces = (n + stagingValues - 1) / stagingValues;
  // One round more than there are pieces: each copies a piece and reads the one before.
  for (std::size_t round = 0; round <= pieces; ++round)
  {
    if (round < pieces)
    {
      const std::size_t begin = round * stagingValues, count = std::min(stagingValues, n - begin);
      GNR_CUDA(cudaMemcpyAsync(
        staging + round % 2 * stagingValues, x + begin, count * sizeof(float), cudaMemcpyDeviceToHost, s));
      GNR_CUDA(cudaEventRecord(equipment_->stream.copied[round % 2], s));
    }
    if (round > 0)
    {
      const std::size_t begin = (round - 1) * stagingValues, count = std::min(stagingValues, n - begin);
      const float *     piece = staging + (round - 1) % 2 * stagingValues;
      GNR_CUDA(cudaEventSynchronize(equipment_->stream.copied[(round - 1) % 2]));
      for (std::size_t i = 0; i < count; ++i)
      {
        host[stride * (begin + i)] = static_cast<float>(scale * piece[i]);
      }
    }
  }
}

} // namespace cuda
} // namespace gnr
