// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_kernels_cuda_Equipment_h
#define gnr_kernels_cuda_Equipment_h

#include "kernels/cuda/CufftPlans.h"
#include "kernels/cuda/Memory.h"

#include <memory>

namespace gnr
{
namespace cuda
{

/** One stream of a device, its events, and what goes before it. */
struct Stream
{
  explicit Stream(int device);
  ~Stream();
  Stream(const Stream &) = delete;
  Stream &
  operator=(const Stream &) = delete;

  int          device;
  cudaStream_t handle = nullptr;
  cudaEvent_t  copied[2] = { nullptr, nullptr }; ///< both halves of Equipment::staging

private:
  void
  release();
};

/** What kernels have of a device beside the fields. Dear to make, it is kept for those that come after. */
struct Equipment
{
  explicit Equipment(int device)
    : stream(device)
    , plans(stream.handle)
  {}

  bool          isTried = false; ///< kernels have run on this device
  Stream        stream;
  DeviceScratch partialsDevice;
  PinnedScratch partialsHost;
  PinnedScratch staging;  ///< of images on their way to and from the host
  PinnedScratch messages; ///< likewise, to and from other processes
  DeviceScratch scratch;  ///< columns of resampleSpectrum(), and behind them cuFFT's work area
  CufftPlans    plans;
};

/** That which was kept of this device, else new. Throws Error(OutOfResources). The device is current then. */
std::unique_ptr<Equipment>
takeEquipment(int device);
/** Keeps it until the process ends or releaseKept(): one per device. */
void
keepEquipment(std::unique_ptr<Equipment> equipment);

/** The same for the block of all fields, of the current device: at least so many bytes. */
void *
takeBlock(std::size_t bytes);
/** Keeps it, unless a call has failed since it was taken. */
void
giveBlock(void * block);
/** Of the block that is kept of this device, which the next takeBlock() uses or releases. */
std::size_t
keptBlockBytes(int device);

/** Gives everything back that is kept. Returns whether there was something. */
bool
releaseKept();

} // namespace cuda
} // namespace gnr

#endif
