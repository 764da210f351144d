// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/Equipment.h"

#include <map>
#include <mutex>
#include <utility>

namespace gnr
{
namespace cuda
{
namespace
{

struct Block
{
  void *      memory = nullptr;
  std::size_t bytes = 0;
  int         device = 0;
  std::size_t failures = 0; ///< failedCalls() when it was taken
};

class Store
{
public:
  std::mutex                                mutex;
  std::map<int, std::unique_ptr<Equipment>> equipment; ///< by device
  std::map<int, Block>                      blocks;    ///< likewise
  std::map<void *, Block>                   lent;

  void
  release()
  {
    equipment.clear();
    for (const auto & entry : blocks)
    {
      releaseDevice(entry.second.memory);
    }
    blocks.clear();
  }
};

/** Never destroyed: when the process ends the driver takes everything back, and the runtime may be gone before static
 * objects are. */
Store &
store()
{
  static Store & instance = *new Store;
  return instance;
}

int
currentDevice()
{
  int device = 0;
  GNR_CUDA(cudaGetDevice(&device));
  return device;
}

} // namespace

Stream::Stream(int d)
  : device(d)
{
  GNR_CUDA(cudaSetDevice(device));
  try
  {
    // Ordered with the default stream, which libraries may use.
    GNR_CUDA(cudaStreamCreate(&handle));
    for (cudaEvent_t & event : copied)
    {
      GNR_CUDA(cudaEventCreateWithFlags(&event, cudaEventDisableTiming));
    }
  }
  catch (...)
  {
    release();
    throw;
  }
}

Stream::~Stream()
{
  release();
}

void
Stream::release()
{
  for (const cudaEvent_t event : copied)
  {
    if (event != nullptr)
    {
      cudaEventDestroy(event);
    }
  }
  if (handle != nullptr)
  {
    cudaStreamDestroy(handle);
  }
}

std::unique_ptr<Equipment>
takeEquipment(int device)
{
  GNR_CUDA(cudaSetDevice(device));
  {
    Store &                           kept = store();
    const std::lock_guard<std::mutex> lock(kept.mutex);
    const auto                        found = kept.equipment.find(device);
    if (found != kept.equipment.end())
    {
      auto result = std::move(found->second);
      kept.equipment.erase(found);
      return result;
    }
  }
  return std::make_unique<Equipment>(device);
}

void
keepEquipment(std::unique_ptr<Equipment> equipment)
{
  Store &                           kept = store();
  const std::lock_guard<std::mutex> lock(kept.mutex);
  kept.equipment.emplace(equipment->stream.device, std::move(equipment)); // a second one goes with its owner
}

void *
takeBlock(std::size_t bytes)
{
  Store &                      kept = store();
  const int                    device = currentDevice();
  Block                        block{ nullptr, bytes, device, 0 };
  std::unique_lock<std::mutex> lock(kept.mutex);
  const auto                   found = kept.blocks.find(device);
  if (found != kept.blocks.end())
  {
    if (found->second.bytes >= bytes)
    {
      block = found->second;
    }
    else
    {
      releaseDevice(found->second.memory); // before the larger one, so that both never exist at once
    }
    kept.blocks.erase(found);
  }
  if (block.memory == nullptr)
  {
    lock.unlock(); // more may have to be released
    block.memory = acquireForFields(bytes);
    lock.lock();
  }
  block.failures = failedCalls();
  kept.lent.emplace(block.memory, block);
  return block.memory;
}

void
giveBlock(void * memory)
{
  Store &                           kept = store();
  const std::lock_guard<std::mutex> lock(kept.mutex);
  const auto                        found = kept.lent.find(memory);
  const Block                       block = found->second;
  kept.lent.erase(found);
  Block & place = kept.blocks[block.device];
  if (block.failures != failedCalls() || place.bytes >= block.bytes)
  {
    releaseDevice(memory);
  }
  else
  {
    releaseDevice(place.memory);
    place = block;
  }
  if (place.memory == nullptr)
  {
    kept.blocks.erase(block.device);
  }
}

std::size_t
keptBlockBytes(int device)
{
  Store &                           kept = store();
  const std::lock_guard<std::mutex> lock(kept.mutex);
  const auto                        found = kept.blocks.find(device);
  return found == kept.blocks.end() ? 0 : found->second.bytes;
}

bool
releaseKept()
{
  Store &                           kept = store();
  const std::lock_guard<std::mutex> lock(kept.mutex);
  const bool                        isAny = !kept.equipment.empty() || !kept.blocks.empty();
  kept.release();
  return isAny;
}

} // namespace cuda
} // namespace gnr
