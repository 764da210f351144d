// SPDX-License-Identifier: Apache-2.0
// The device, streams, events, and calls that are told to fail.
#include "emulation.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <set>
#include <utility>

using Clock = std::chrono::steady_clock;

struct CUstream_st
{
  std::deque<std::function<void()>> operations;
  std::size_t                       submitted = 0;
  std::size_t                       done = 0;
};

struct CUevent_st
{
  cudaStream_t      stream = nullptr;
  std::size_t       ticket = 0; ///< done when the stream has done so many operations
  Clock::time_point time;
};

namespace cuda_emulation
{

Objects
memoryObjects();

namespace
{

struct State
{
  std::set<cudaStream_t> streams;
  std::set<cudaEvent_t>  events;
  std::size_t            plans = 0;
  cudaError_t            deviceError = cudaSuccess;
  int                    deviceCount = 1;
  int                    currentDevice = -1;
  std::string            failName;
  std::size_t            failSkip = 0;
  int                    failError = 0;
  std::string            failed;
  std::size_t            calls = 0;
};

State &
state()
{
  static State instance;
  return instance;
}

void
advance(cudaStream_t stream, std::size_t ticket)
{
  if (stream->done >= ticket)
  {
    return;
  }
  const DeviceAccess access;
  while (stream->done < ticket && !stream->operations.empty())
  {
    const auto operation = std::move(stream->operations.front());
    stream->operations.pop_front();
    operation();
    ++stream->done;
  }
}

} // namespace

Objects
objects()
{
  Objects result = memoryObjects();
  result.streams = state().streams.size();
  result.events = state().events.size();
  result.plans = state().plans;
  return result;
}

void
failCall(const std::string & name, std::size_t skip, int error)
{
  State & s = state();
  s.failName = name;
  s.failSkip = skip;
  s.failError = error;
  s.failed.clear();
}

std::string
stopFailing()
{
  state().failName.clear();
  return state().failed;
}

std::size_t
numberOfCalls()
{
  return state().calls;
}

void
setDeviceError(cudaError_t error)
{
  state().deviceError = error;
}

void
setDeviceCount(int count)
{
  state().deviceCount = count;
}

int
currentDevice()
{
  return state().currentDevice;
}

void
setCurrentDevice(int device)
{
  state().currentDevice = device;
}

int
injectedError(const char * name)
{
  State & s = state();
  ++s.calls;
  if (s.failName.empty() || (s.failName != "any" && s.failName != name))
  {
    return 0;
  }
  if (s.failSkip-- > 0)
  {
    return 0;
  }
  s.failName.clear();
  s.failed = name;
  return s.failError;
}

void
countPlan(int change)
{
  state().plans += change;
}

Work &
countedWork()
{
  static Work instance;
  return instance;
}

const Work &
work()
{
  return countedWork();
}

Work
operator-(const Work & later, const Work & earlier)
{
  Work result;
  for (const auto member : { &Work::launches,
                             &Work::waits,
                             &Work::eventWaits,
                             &Work::copiesToDevice,
                             &Work::bytesToDevice,
                             &Work::copiesToHost,
                             &Work::bytesToHost,
                             &Work::copiesOnDevice,
                             &Work::transforms,
                             &Work::plans })
  {
    result.*member = later.*member - earlier.*member;
  }
  return result;
}

bool
isStream(cudaStream_t stream)
{
  return stream == nullptr || state().streams.count(stream) > 0;
}

void
enqueue(cudaStream_t stream, std::function<void()> operation)
{
  if (stream == nullptr)
  {
    finishAllStreams();
    const DeviceAccess access;
    operation();
    return;
  }
  stream->operations.push_back(std::move(operation));
  ++stream->submitted;
}

void
finishAllStreams()
{
  for (const cudaStream_t stream : state().streams)
  {
    advance(stream, stream->submitted);
  }
}

} // namespace cuda_emulation

using namespace cuda_emulation;

#define RETURN_INJECTED(name)                                                                                          \
  if (const int error = injectedError(name))                                                                           \
  {                                                                                                                    \
    return static_cast<cudaError_t>(error);                                                                            \
  }

const char *
cudaGetErrorName(cudaError_t error)
{
  switch (error)
  {
    case cudaSuccess:
      return "cudaSuccess";
    case cudaErrorInvalidValue:
      return "cudaErrorInvalidValue";
    case cudaErrorMemoryAllocation:
      return "cudaErrorMemoryAllocation";
    case cudaErrorInitializationError:
      return "cudaErrorInitializationError";
    case cudaErrorInvalidConfiguration:
      return "cudaErrorInvalidConfiguration";
    case cudaErrorInsufficientDriver:
      return "cudaErrorInsufficientDriver";
    case cudaErrorNoDevice:
      return "cudaErrorNoDevice";
    case cudaErrorInvalidDevice:
      return "cudaErrorInvalidDevice";
    case cudaErrorNoKernelImageForDevice:
      return "cudaErrorNoKernelImageForDevice";
    case cudaErrorInvalidResourceHandle:
      return "cudaErrorInvalidResourceHandle";
    case cudaErrorIllegalAddress:
      return "cudaErrorIllegalAddress";
    case cudaErrorLaunchOutOfResources:
      return "cudaErrorLaunchOutOfResources";
    case cudaErrorLaunchFailure:
      return "cudaErrorLaunchFailure";
  }
  return "unrecognized error code";
}

const char *
cudaGetErrorString(cudaError_t error)
{
  return cudaGetErrorName(error);
}

cudaError_t
cudaGetLastError()
{
  return cudaSuccess; // every call of the emulation tells its own error
}

cudaError_t
cudaDriverGetVersion(int * version)
{
  *version = state().deviceError == cudaErrorInsufficientDriver ? 0 : 13000;
  return cudaSuccess;
}

cudaError_t
cudaRuntimeGetVersion(int * version)
{
  *version = 13000;
  return cudaSuccess;
}

cudaError_t
cudaGetDeviceCount(int * count)
{
  RETURN_INJECTED("cudaGetDeviceCount");
  *count = state().deviceError == cudaSuccess ? state().deviceCount : 0;
  return state().deviceError;
}

cudaError_t
cudaSetDevice(int device)
{
  RETURN_INJECTED("cudaSetDevice");
  if (device < 0 || device >= state().deviceCount)
  {
    return cudaErrorInvalidDevice;
  }
  state().currentDevice = device;
  return state().deviceError;
}

cudaError_t
cudaGetDevice(int * device)
{
  *device = std::max(state().currentDevice, 0);
  return cudaSuccess;
}

namespace
{

// A context of the driver is a number here, one more than that of its device.
int
getContext(void ** context)
{
  *context = reinterpret_cast<void *>(static_cast<std::uintptr_t>(state().currentDevice + 1));
  return 0;
}

int
setContext(void * context)
{
  state().currentDevice = static_cast<int>(reinterpret_cast<std::uintptr_t>(context)) - 1;
  return 0;
}

} // namespace

cudaError_t
cudaGetDriverEntryPointByVersion(const char * symbol,
                                 void **      function,
                                 unsigned,
                                 unsigned long long,
                                 cudaDriverEntryPointQueryResult * result)
{
  const std::string name = symbol;
  *function = name == "cuCtxGetCurrent"   ? reinterpret_cast<void *>(getContext)
              : name == "cuCtxSetCurrent" ? reinterpret_cast<void *>(setContext)
                                          : nullptr;
  *result = *function != nullptr ? cudaDriverEntryPointSuccess : cudaDriverEntryPointSymbolNotFound;
  return cudaSuccess;
}

cudaError_t
cudaGetDeviceProperties(cudaDeviceProp * properties, int)
{
  RETURN_INJECTED("cudaGetDeviceProperties");
  *properties = cudaDeviceProp{};
  std::snprintf(properties->name, sizeof properties->name, "emulated device");
  properties->totalGlobalMem = std::size_t(16) << 30;
  properties->multiProcessorCount = 132;
  properties->major = 9;
  return cudaSuccess;
}

cudaError_t
cudaDeviceSynchronize()
{
  RETURN_INJECTED("cudaDeviceSynchronize");
  ++countedWork().waits;
  finishAllStreams();
  return cudaSuccess;
}

cudaError_t
cudaStreamCreate(cudaStream_t * stream)
{
  RETURN_INJECTED("cudaStreamCreate");
  *stream = new CUstream_st;
  state().streams.insert(*stream);
  return cudaSuccess;
}

cudaError_t
cudaStreamDestroy(cudaStream_t stream)
{
  if (stream == nullptr || !isStream(stream))
  {
    return cudaErrorInvalidResourceHandle;
  }
  advance(stream, stream->submitted);
  state().streams.erase(stream);
  delete stream;
  return cudaSuccess;
}

cudaError_t
cudaStreamSynchronize(cudaStream_t stream)
{
  RETURN_INJECTED("cudaStreamSynchronize");
  ++countedWork().waits;
  if (stream == nullptr)
  {
    finishAllStreams();
    return cudaSuccess;
  }
  if (!isStream(stream))
  {
    return cudaErrorInvalidResourceHandle;
  }
  advance(stream, stream->submitted);
  return cudaSuccess;
}

cudaError_t
cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned)
{
  RETURN_INJECTED("cudaStreamWaitEvent");
  const cudaStream_t other = event->stream;
  const std::size_t  ticket = event->ticket;
  if (other != nullptr)
  {
    enqueue(stream, [=] { advance(other, ticket); });
  }
  return cudaSuccess;
}

cudaError_t
cudaEventCreateWithFlags(cudaEvent_t * event, unsigned)
{
  RETURN_INJECTED("cudaEventCreate");
  *event = new CUevent_st;
  state().events.insert(*event);
  return cudaSuccess;
}

cudaError_t
cudaEventCreate(cudaEvent_t * event)
{
  return cudaEventCreateWithFlags(event, 0);
}

cudaError_t
cudaEventDestroy(cudaEvent_t event)
{
  if (state().events.erase(event) == 0)
  {
    return cudaErrorInvalidResourceHandle;
  }
  finishAllStreams(); // operations may still record it
  delete event;
  return cudaSuccess;
}

cudaError_t
cudaEventRecord(cudaEvent_t event, cudaStream_t stream)
{
  RETURN_INJECTED("cudaEventRecord");
  enqueue(stream, [event] { event->time = Clock::now(); });
  event->stream = stream;
  event->ticket = stream == nullptr ? 0 : stream->submitted;
  return cudaSuccess;
}

cudaError_t
cudaEventSynchronize(cudaEvent_t event)
{
  RETURN_INJECTED("cudaEventSynchronize");
  ++countedWork().eventWaits;
  if (event->stream != nullptr)
  {
    advance(event->stream, event->ticket);
  }
  return cudaSuccess;
}

cudaError_t
cudaEventElapsedTime(float * milliseconds, cudaEvent_t begin, cudaEvent_t end)
{
  *milliseconds = std::chrono::duration<float, std::milli>(end->time - begin->time).count();
  return cudaSuccess;
}
