// SPDX-License-Identifier: Apache-2.0
#include "kernels/FieldMemory.h"

#include "gnr/Error.h"

#include <algorithm>
#include <stdexcept>
#include <string>

#if defined(__SANITIZE_ADDRESS__)
#  define GNR_ADDRESS_SANITIZER
#elif defined(__has_feature)
#  if __has_feature(address_sanitizer)
#    define GNR_ADDRESS_SANITIZER
#  endif
#endif
#ifdef GNR_ADDRESS_SANITIZER
#  include <sanitizer/asan_interface.h>
#endif

namespace gnr
{
namespace
{

// To AddressSanitizer the block is one array; these tell it where the fields in it begin and end.
#ifdef GNR_ADDRESS_SANITIZER
constexpr std::size_t guard = Arena::alignment;
#else
constexpr std::size_t guard = 0;
#endif

void
forbid([[maybe_unused]] const MemorySource & source, [[maybe_unused]] void * memory, [[maybe_unused]] std::size_t bytes)
{
#ifdef GNR_ADDRESS_SANITIZER
  if (source.isReal)
  {
    ASAN_POISON_MEMORY_REGION(memory, bytes);
  }
#endif
}

void
permit([[maybe_unused]] const MemorySource & source, [[maybe_unused]] void * memory, [[maybe_unused]] std::size_t bytes)
{
#ifdef GNR_ADDRESS_SANITIZER
  if (source.isReal)
  {
    ASAN_UNPOISON_MEMORY_REGION(memory, bytes);
  }
#endif
}

void *
acquireOrThrow(void * (*acquire)(std::size_t), std::size_t bytes)
{
  void * const memory = acquire(bytes);
  if (memory == nullptr)
  {
    throw Error(ErrorKind::OutOfResources,
                "out of memory: " + std::to_string(bytes >> 20) +
                  " MiB could not be allocated; use smaller images or a machine with more memory");
  }
  return memory;
}

} // namespace

FieldMemory::~FieldMemory()
{
  // Arrays that are still alive belong to others, who would use them after free; the block goes with this object.
  releaseBlock();
}

void
FieldMemory::releaseBlock()
{
  if (block_ != nullptr)
  {
    permit(source_, block_, size_);
    (source_.releaseBlock != nullptr ? source_.releaseBlock : source_.release)(block_);
    block_ = nullptr;
    size_ = 0;
  }
}

char *
FieldMemory::placeInBlock(std::size_t bytes, Array & array)
{
  if (bytes > size_)
  {
    return nullptr;
  }
  const bool isSmall = bytes < smallBelow_;
  Arena &    arena = isSmall ? end_ : begin_;
  const auto place = arena.take(bytes + guard, size_ - (isSmall ? begin_ : end_).top());
  if (!place)
  {
    return nullptr;
  }
  array = { bytes, isSmall ? Place::End : Place::Begin, *place };
  return block_ + (isSmall ? size_ - *place - Arena::whole(bytes + guard) : *place);
}

void *
FieldMemory::allocate(std::size_t bytes)
{
  Array  array{ bytes, Place::Outside, 0 };
  void * memory = placeInBlock(bytes, array);
  if (memory != nullptr)
  {
    permit(source_, memory, bytes);
  }
  else
  {
    if (overflowHandler_)
    {
      std::exchange(overflowHandler_, nullptr)(bytes);
    }
    memory = acquireOrThrow(source_.acquire, bytes);
    overflow_ += bytes;
    peakOverflow_ = std::max(peakOverflow_, overflow_);
  }
  arrays_.emplace(memory, array);
  allocated_ += bytes;
  peak_ = std::max(peak_, allocated_);
  highWater_ = std::max(highWater_, extent());
  lap_ = std::max(lap_, extent());
  if (source_.initialize != nullptr)
  {
    source_.initialize(memory, bytes);
  }
  return memory;
}

void
FieldMemory::deallocate(void * memory)
{
  if (memory == nullptr)
  {
    return;
  }
  const auto found = arrays_.find(memory);
  if (found == arrays_.end())
  {
    throw std::logic_error("FieldMemory: this array is not known here");
  }
  const Array array = found->second;
  arrays_.erase(found);
  allocated_ -= array.bytes;
  if (array.place == Place::Outside)
  {
    overflow_ -= array.bytes;
    source_.release(memory);
    return;
  }
  forbid(source_, memory, array.bytes);
  (array.place == Place::Begin ? begin_ : end_).give(array.offset);
}

void
FieldMemory::reserve(std::size_t bytes, std::size_t smallBelow)
{
  if (!begin_.empty() || !end_.empty())
  {
    throw std::logic_error("FieldMemory: the block is in use");
  }
  releaseBlock();
  if (bytes > 0)
  {
    const std::size_t size = bytes > endless ? bytes : Arena::whole(bytes);
    block_ = static_cast<char *>(
      acquireOrThrow(source_.acquireBlock != nullptr ? source_.acquireBlock : source_.acquire, size));
    size_ = size;
    forbid(source_, block_, size_);
  }
  begin_ = end_ = Arena();
  smallBelow_ = smallBelow;
  overflowHandler_ = nullptr;
  peakOverflow_ = overflow_;
  highWater_ = lap_ = extent();
}

void
FieldMemory::trim(std::size_t kept)
{
  if (source_.discard != nullptr && block_ != nullptr)
  {
    begin_.forEachGap([this, kept](std::size_t offset, std::size_t bytes) {
      const std::size_t from = std::max(offset, kept);
      if (from < offset + bytes)
      {
        source_.discard(block_ + from, offset + bytes - from);
      }
    });
    end_.forEachGap(
      [this](std::size_t offset, std::size_t bytes) { source_.discard(block_ + size_ - offset - bytes, bytes); });
  }
}

void
FieldMemory::shrink(std::size_t bytes)
{
  const std::size_t size = Arena::whole(bytes);
  if (!end_.empty() || begin_.top() > size || size >= size_)
  {
    return;
  }
  permit(source_, block_ + size, size_ - size); // it goes with the block
  if (source_.discard != nullptr)
  {
    source_.discard(block_ + size, size_ - size);
  }
  size_ = size;
  end_ = Arena();
}

std::size_t
FieldMemory::lapBytes()
{
  const std::size_t result = lap_;
  lap_ = extent();
  return result;
}

} // namespace gnr
