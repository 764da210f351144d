// SPDX-License-Identifier: Apache-2.0
#include "kernels/SystemMemory.h"

#include <cstdint>
#include <cstdlib>

#ifdef __linux__
#  include <sys/mman.h>
#  include <unistd.h>
#endif

namespace gnr
{
namespace
{

constexpr std::size_t largePage = std::size_t(2) << 20;

void *
acquire(std::size_t bytes)
{
  const bool        isLarge = bytes >= 4 * largePage;
  const std::size_t unit = isLarge ? largePage : Arena::alignment;
  if (bytes > SIZE_MAX - 2 * unit)
  {
    return nullptr;
  }
  // aligned_alloc() wants whole units, and not none
  const std::size_t whole = (bytes / unit + 1) * unit;
  void * const      memory = std::aligned_alloc(unit, whole);
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  if (isLarge && memory != nullptr)
  {
    // Departure points scatter reads over a whole field: with pages of 4 KiB address translation is the bottleneck. A
    // system that does not do it is no error.
    madvise(memory, whole, MADV_HUGEPAGE);
  }
#endif
  return memory;
}

void
discard(void * memory, std::size_t bytes)
{
#ifdef __linux__
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto begin = (reinterpret_cast<std::uintptr_t>(memory) + page - 1) / page * page;
  const auto end = (reinterpret_cast<std::uintptr_t>(memory) + bytes) / page * page;
  if (end > begin)
  {
    madvise(reinterpret_cast<void *>(begin), end - begin, MADV_DONTNEED);
  }
#else
  static_cast<void>(memory);
  static_cast<void>(bytes);
#endif
}

} // namespace

MemorySource
systemMemory()
{
  return { acquire, std::free, discard, nullptr };
}

} // namespace gnr
