// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_kernels_cuda_CudaKernels_h
#define gnr_kernels_cuda_CudaKernels_h

#include "kernels/DeviceSizes.h"
#include "kernels/cuda/Equipment.h"
#include "kernels/cuda/KernelTimer.h"
#include "kernels/kernels.h"

#include <cuda_runtime.h>

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

namespace gnr
{
namespace cuda
{

static_assert(sizeof(Real) == sizeof(float), "the CUDA kernels exist in single precision only");

/** What the blocks of a reduction give, on the device and, after CudaKernels::fetch(), on the host. */
template <typename T>
struct Partials
{
  T * device;
  T * host;
};

/** The kernels on one NVIDIA GPU: one stream, in which everything happens in the order of the calls.
 *
 * Calls return when the work is queued; those that give something to the host wait for it. */
class CudaKernels : public Kernels
{
public:
  /** \param device number of the GPU among those that this process sees. Throws Error(OutOfResources). */
  explicit CudaKernels(int device);
  ~CudaKernels() override;

  std::string
  description() const override;

#include "kernels/overrides.h" // every kernel

  bool
  hasHostMemory() const override
  {
    return false;
  }
  std::optional<std::size_t>
  availableBytes() const override;
  std::size_t
  keptBytes() const override;
  std::optional<DeviceIdentity>
  device() const override;
  std::size_t
  hostBytes() const override;
  void *
  messageMemory(std::size_t bytes) override;
  std::size_t
  messageBytes() const override
  {
    return equipment_->messages.bytes();
  }
  void
  startCopyToHost(const void * memory, void * host, std::size_t bytes) override;
  void
  startCopyFromHost(const void * host, void * memory, std::size_t bytes) override;
  void
  synchronize() override;
  std::size_t
  planesScratch(const Extents & extents, std::ptrdiff_t rowStride) override;
  std::size_t
  symbolScratch(int components, const SpectrumLayout & layout, const SpectrumBand * band) override;
  std::size_t
  resampleScratch(int components, const SpectrumLayout & inLayout, const SpectrumLayout & outLayout) override;
  void
  reserveScratch(std::size_t bytes) override;
  std::vector<KernelTime>
  kernelTimes() override;
  bool
  readsPeriodicFields() const override
  {
    return true;
  }
  bool
  joinsComponents() const override
  {
    return true;
  }
  std::array<double, 3>
  maximaAbsolute(const ConstVectorView & v, std::size_t n) override;
  std::unique_ptr<KrylovNumbers>
  makeKrylovNumbers(const SharedField & field) override;
  std::size_t
  scratchBytes() const override
  {
    return equipment_->scratch.bytes();
  }

  /** Whether kernels have run on this device before. */
  bool
  isTried() const
  {
    return equipment_->isTried;
  }
  void
  setTried()
  {
    equipment_->isTried = true;
  }

  //---- for the files of this folder ---------------------------------------------------------------------------------
  /** The stream, with its device made current in the calling thread. */
  Queue
  stream() const;

  static constexpr std::size_t partialBytes = 64;
  // Of the memory for sums, the end is for the numbers of conjugate gradients.
  static constexpr std::size_t krylovBytes = 256;
  static constexpr std::size_t mostKrylovNumbers = 16;
  static constexpr std::size_t mostPartials = (DeviceSizes::sums - mostKrylovNumbers * krylovBytes) / partialBytes;

  /** Room for mostPartials results of blocks. */
  template <typename T>
  Partials<T>
  partials()
  {
    static_assert(sizeof(T) <= partialBytes);
    return { static_cast<T *>(equipment_->partialsDevice.atLeast(DeviceSizes::sums)),
             static_cast<T *>(equipment_->partialsHost.atLeast(DeviceSizes::sums)) };
  }
  /** krylovBytes of device memory that belong to the owner of a slot. */
  void *
  krylovMemory(int slot)
  {
    return static_cast<char *>(equipment_->partialsDevice.atLeast(DeviceSizes::sums)) + mostPartials * partialBytes +
           slot * krylovBytes;
  }
  int
  takeKrylovSlot();
  void
  giveKrylovSlot(int slot)
  {
    krylovSlots_[slot] = false;
  }
  /** Copies the first `count` of them to the host and waits. */
  template <typename T>
  void
  fetch(const Partials<T> & partial, std::size_t count)
  {
    fetchBytes(partial.device, partial.host, count * sizeof(T));
  }

private:
  void
  fetchBytes(const void * device, void * host, std::size_t bytes);

  std::array<bool, mostKrylovNumbers> krylovSlots_{}; ///< taken
  std::unique_ptr<Equipment>          equipment_;
  std::unique_ptr<KernelTimer>        timer_;    ///< null: nobody wants to know
  std::size_t                         failures_; ///< failedCalls() at the begin
};

} // namespace cuda
} // namespace gnr

#endif
