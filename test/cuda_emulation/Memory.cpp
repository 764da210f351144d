// SPDX-License-Identifier: Apache-2.0
// Device memory: pages that are closed to the host, with closed pages on both sides of every array.
#include "emulation.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <map>

namespace cuda_emulation
{
namespace
{

constexpr std::size_t alignment = 256; // of cudaMalloc
constexpr int         fillByte = 0xff; // every float and double is then a NaN

struct Array
{
  char *      user; ///< so that the array ends on a page, as far as its alignment allows
  std::size_t bytes;
  std::size_t pages; ///< bytes of the open pages

  char *
  end() const
  {
    return user + bytes;
  }
};

struct State
{
  std::map<char *, Array>       arrays; ///< by the first open page
  std::map<void *, std::size_t> hostArrays;
  std::size_t                   bytes = 0;
  std::size_t                   peak = 0;
  std::size_t                   hostBytes = 0;
  std::size_t                   deviceMemory = std::size_t(16) << 30;
  int                           access = 0;
};

State &
state()
{
  static State instance;
  return instance;
}

std::size_t
pageSize()
{
  static const auto size = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  return size;
}

/** CUDA_EMULATION_MEMORY=open: host code may touch device memory, too. */
bool
isOpen()
{
  static const bool is = [] {
    const char * const value = std::getenv("CUDA_EMULATION_MEMORY");
    return value != nullptr && std::strcmp(value, "open") == 0;
  }();
  return is;
}

void
protect(int protection)
{
  if (isOpen())
  {
    return;
  }
  for (const auto & [pages, array] : state().arrays)
  {
    mprotect(pages, array.pages, protection);
  }
}

/** The open bytes of the pages around an array must still be what they were filled with. */
void
checkMargins(const char * pages, const Array & array)
{
  const auto isFill = [](char c) { return c == static_cast<char>(fillByte); };
  if (!std::all_of(pages, static_cast<const char *>(array.user), isFill) ||
      !std::all_of(static_cast<const char *>(array.end()), pages + array.pages, isFill))
  {
    stop("a kernel wrote beside an array of " + std::to_string(array.bytes) + " bytes");
  }
}

const Array *
arrayAround(const void * address)
{
  const auto * p = static_cast<const char *>(address);
  auto &       arrays = state().arrays;
  auto         next = arrays.upper_bound(const_cast<char *>(p));
  if (next == arrays.begin())
  {
    return nullptr;
  }
  const auto & [pages, array] = *std::prev(next);
  return p < pages + array.pages ? &array : nullptr;
}

/** Says what was touched, then lets the fault end the process. */
void
onFault(int signal, siginfo_t * info, void *)
{
  const auto * p = static_cast<const char *>(info->si_addr);
  char         text[300];
  int          length = 0;
  for (const auto & [pages, array] : state().arrays)
  {
    if (p >= pages - pageSize() && p < pages + array.pages + pageSize())
    {
      if (state().access == 0 && p >= array.user && p < array.end())
      {
        length = std::snprintf(text,
                               sizeof text,
                               "cuda emulation: host code touched device memory, byte %td of an array of %zu\n",
                               p - array.user,
                               array.bytes);
      }
      else
      {
        length = std::snprintf(text,
                               sizeof text,
                               "cuda emulation: %s beyond an array of %zu bytes, at byte %td, in block (%u, %u, %u)\n",
                               state().access > 0 ? "device code reached" : "host code touched device memory",
                               array.bytes,
                               p - array.user,
                               blockIdx.x,
                               blockIdx.y,
                               blockIdx.z);
      }
      break;
    }
  }
  if (length > 0)
  {
    static_cast<void>(!write(STDERR_FILENO, text, static_cast<std::size_t>(length)));
    _exit(134);
  }
  std::signal(signal, SIG_DFL); // not ours: the instruction is tried again
}

void
catchFaults()
{
  static const bool once = [] {
    struct sigaction action = {};
    action.sa_sigaction = onFault;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGSEGV, &action, nullptr);
    sigaction(SIGBUS, &action, nullptr);
    return true;
  }();
  static_cast<void>(once);
}

} // namespace

void
stop(const std::string & message)
{
  std::fprintf(stderr, "cuda emulation: %s\n", message.c_str());
  std::fflush(stderr);
  std::abort();
}

DeviceAccess::DeviceAccess()
{
  if (state().access++ == 0)
  {
    protect(PROT_READ | PROT_WRITE);
  }
}

DeviceAccess::~DeviceAccess()
{
  if (state().access == 1)
  {
    for (const auto & [pages, array] : state().arrays)
    {
      checkMargins(pages, array);
    }
    protect(PROT_NONE);
  }
  --state().access;
}

bool
isDeviceMemory(const void * begin, std::size_t bytes)
{
  const Array * array = arrayAround(begin);
  const auto *  p = static_cast<const char *>(begin);
  return array != nullptr && p >= array->user && p + bytes <= array->end();
}

bool
touchesDeviceMemory(const void * begin, std::size_t bytes)
{
  return arrayAround(begin) != nullptr ||
         (bytes > 0 && arrayAround(static_cast<const char *>(begin) + bytes - 1) != nullptr);
}

void
requireDevicePointer(const void * pointer, int argument)
{
  if (pointer != nullptr && arrayAround(pointer) == nullptr)
  {
    stop("argument " + std::to_string(argument) + " of a kernel points to host memory");
  }
}

void
setDeviceMemory(std::size_t bytes)
{
  state().deviceMemory = bytes;
}

std::size_t
peakBytes()
{
  const std::size_t peak = state().peak;
  state().peak = state().bytes;
  return peak;
}

/** Part of objects() that this file knows. */
Objects
memoryObjects()
{
  const State & s = state();
  Objects       result;
  result.arrays = s.arrays.size();
  result.bytes = s.bytes;
  result.hostArrays = s.hostArrays.size();
  result.hostBytes = s.hostBytes;
  return result;
}

} // namespace cuda_emulation

using namespace cuda_emulation;

cudaError_t
cudaMalloc(void ** memory, std::size_t bytes)
{
  if (const int error = injectedError("cudaMalloc"))
  {
    return static_cast<cudaError_t>(error);
  }
  if (bytes == 0)
  {
    stop("cudaMalloc is asked for no bytes, and what it then gives is not said anywhere");
  }
  catchFaults();
  State & s = state();
  if (bytes > s.deviceMemory || s.bytes > s.deviceMemory - bytes)
  {
    return cudaErrorMemoryAllocation;
  }
  const std::size_t page = pageSize();
  const std::size_t pages = (std::max<std::size_t>(bytes, 1) + page - 1) / page * page;
  void * all = mmap(nullptr, pages + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (all == MAP_FAILED)
  {
    return cudaErrorMemoryAllocation;
  }
  char * const first = static_cast<char *>(all) + page;
  mprotect(first, pages, PROT_READ | PROT_WRITE);
  std::memset(first, fillByte, pages);
  if (s.access == 0 && !isOpen())
  {
    mprotect(first, pages, PROT_NONE);
  }
  const Array array{ first + (pages - bytes) / alignment * alignment, bytes, pages };
  s.arrays.emplace(first, array);
  s.bytes += bytes;
  s.peak = std::max(s.peak, s.bytes);
  *memory = array.user;
  return cudaSuccess;
}

cudaError_t
cudaFree(void * memory)
{
  finishAllStreams(); // as CUDA does
  if (memory == nullptr)
  {
    return cudaSuccess;
  }
  State &       s = state();
  const Array * array = arrayAround(memory);
  if (array == nullptr || array->user != memory)
  {
    return cudaErrorInvalidValue;
  }
  for (auto it = s.arrays.begin(); it != s.arrays.end(); ++it)
  {
    if (&it->second == array)
    {
      s.bytes -= array->bytes;
      munmap(it->first - pageSize(), array->pages + 2 * pageSize());
      s.arrays.erase(it);
      break;
    }
  }
  return cudaSuccess;
}

cudaError_t
cudaMallocHost(void ** memory, std::size_t bytes)
{
  if (const int error = injectedError("cudaMallocHost"))
  {
    return static_cast<cudaError_t>(error);
  }
  *memory = std::malloc(std::max<std::size_t>(bytes, 1));
  if (*memory == nullptr)
  {
    return cudaErrorMemoryAllocation;
  }
  std::memset(*memory, fillByte, bytes);
  state().hostArrays.emplace(*memory, bytes);
  state().hostBytes += bytes;
  return cudaSuccess;
}

cudaError_t
cudaFreeHost(void * memory)
{
  finishAllStreams();
  if (memory == nullptr)
  {
    return cudaSuccess;
  }
  const auto found = state().hostArrays.find(memory);
  if (found == state().hostArrays.end())
  {
    return cudaErrorInvalidValue;
  }
  state().hostBytes -= found->second;
  state().hostArrays.erase(found);
  std::free(memory);
  return cudaSuccess;
}

cudaError_t
cudaMemGetInfo(std::size_t * free, std::size_t * total)
{
  if (const int error = injectedError("cudaMemGetInfo"))
  {
    return static_cast<cudaError_t>(error);
  }
  *total = state().deviceMemory;
  *free = state().deviceMemory - std::min(state().bytes, state().deviceMemory);
  return cudaSuccess;
}

cudaError_t
cudaMemcpyAsync(void * to, const void * from, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t stream)
{
  if (const int error = injectedError("cudaMemcpyAsync"))
  {
    return static_cast<cudaError_t>(error);
  }
  if (!isStream(stream))
  {
    return cudaErrorInvalidResourceHandle;
  }
  if (bytes == 0)
  {
    return cudaSuccess;
  }
  const bool toDevice = kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
  const bool fromDevice = kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
  if ((toDevice ? !isDeviceMemory(to, bytes) : touchesDeviceMemory(to, bytes)) ||
      (fromDevice ? !isDeviceMemory(from, bytes) : touchesDeviceMemory(from, bytes)))
  {
    return cudaErrorInvalidValue;
  }
  if (toDevice != fromDevice)
  {
    (toDevice ? countedWork().copiesToDevice : countedWork().copiesToHost) += 1;
    (toDevice ? countedWork().bytesToDevice : countedWork().bytesToHost) += bytes;
  }
  else
  {
    ++countedWork().copiesOnDevice;
  }
  enqueue(stream, [=] { std::memmove(to, from, bytes); });
  return cudaSuccess;
}

cudaError_t
cudaMemcpy(void * to, const void * from, std::size_t bytes, cudaMemcpyKind kind)
{
  return cudaMemcpyAsync(to, from, bytes, kind, nullptr);
}

cudaError_t
cudaMemsetAsync(void * memory, int value, std::size_t bytes, cudaStream_t stream)
{
  if (const int error = injectedError("cudaMemsetAsync"))
  {
    return static_cast<cudaError_t>(error);
  }
  if (!isStream(stream))
  {
    return cudaErrorInvalidResourceHandle;
  }
  if (bytes == 0)
  {
    return cudaSuccess;
  }
  if (!isDeviceMemory(memory, bytes))
  {
    return cudaErrorInvalidValue;
  }
  enqueue(stream, [=] { std::memset(memory, value, bytes); });
  return cudaSuccess;
}

cudaError_t
cudaMemset(void * memory, int value, std::size_t bytes)
{
  return cudaMemsetAsync(memory, value, bytes, nullptr);
}
