// SPDX-License-Identifier: Apache-2.0
#ifndef cuda_emulation_emulation_h
#define cuda_emulation_emulation_h

#include <cuda_runtime.h>

#include <cstddef>
#include <functional>
#include <string>

/** A CUDA device that is not there: kernels run on the host, one thread at a time, so that a test sees what a GPU
 * hides.
 *
 *  - Device memory is readable to kernels and copies only; host code that touches it ends the process with a message.
 *    Between the arrays lie pages that nobody may touch, and every array starts as NaN.
 *  - Streams do nothing until somebody waits for them: who reads a result too early gets the old bytes, and a copy
 * reads and writes host memory at the latest moment that CUDA allows.
 *  - Blocks, and the threads in them, run in a random order that CUDA_EMULATION_SEED chooses. Shared memory starts as
 *    NaN in every block, so that a missing barrier shows. Threads that wait at different barriers, or leave while
 *    others wait, end the process with a message.
 *  - Pointers that a kernel gets as arguments, and both ends of a copy, must lie where they are said to.
 *  - Any call can be told to fail.
 *
 * With CUDA_EMULATION_MEMORY=open in the environment host code may touch device memory: for an MPI library, which has
 * to stand in for one that knows CUDA. Everything else stays as strict.
 *
 * Not emulated: races within the memory model, timing, registers, caches, what belongs to which of several devices. One
 * host thread. */
namespace cuda_emulation
{

/** What the process holds of the device. Streams of the process itself are not counted. */
struct Objects
{
  std::size_t arrays = 0; ///< of cudaMalloc
  std::size_t bytes = 0;  ///< in them
  std::size_t hostArrays = 0;
  std::size_t hostBytes = 0;
  std::size_t streams = 0;
  std::size_t events = 0;
  std::size_t plans = 0;
};

Objects
objects();

/** What a GPU is asked to do, in calls. */
struct Work
{
  std::size_t launches = 0;       ///< of kernels
  std::size_t waits = 0;          ///< of the host for a stream or the device
  std::size_t eventWaits = 0;     ///< likewise for an event
  std::size_t copiesToDevice = 0; ///< from host memory
  std::size_t bytesToDevice = 0;  ///< in them
  std::size_t copiesToHost = 0;   ///< and back
  std::size_t bytesToHost = 0;
  std::size_t copiesOnDevice = 0;
  std::size_t transforms = 0; ///< executions of cuFFT
  std::size_t plans = 0;      ///< made
};

/** Since the process began. */
const Work &
work();
/** What came between both. */
Work
operator-(const Work & later, const Work & earlier);

/** Of a task. */
template <typename Task>
Work
workOf(Task task)
{
  const Work before = work();
  task();
  return work() - before;
}

/** Largest Objects::bytes since the last call. */
std::size_t
peakBytes();

/** The next call of this name, `skip` such calls from now, fails with this error; "any" counts every call that can
 * fail, but those that give something back. An error of cuFFT is given as its number, too. */
void
failCall(const std::string & name, std::size_t skip, int error);

/** Takes failCall() back. Returns the name of the call that failed; empty: there was none. */
std::string
stopFailing();

/** Calls since the process began that failCall("any") would have counted. */
std::size_t
numberOfCalls();

/** What cudaMalloc has to give, in all; the default is 16 GiB. */
void
setDeviceMemory(std::size_t bytes);

/** No device is found while `error` is not cudaSuccess. */
void
setDeviceError(cudaError_t error);

/** How many devices there are, 1 unless said otherwise. They share their memory. */
void
setDeviceCount(int count);
/** The device that is current in the driver, where there is one; \param device -1: none. */
int
currentDevice();
void
setCurrentDevice(int device);

/** For the order of blocks and threads. */
void
setSeed(unsigned seed);

//---- between the files of the emulation
//-------------------------------------------------------------------------------

/** Ends the process with a message. */
[[noreturn]] void
stop(const std::string & message);

/** Counts a call and tells whether it is to fail. */
int
injectedError(const char * name);

void
countPlan(int change);
/** work(), to be added to. */
Work &
countedWork();

/** The whole range lies in one array of cudaMalloc. */
bool
isDeviceMemory(const void * begin, std::size_t bytes);
bool
touchesDeviceMemory(const void * begin, std::size_t bytes);

/** While one lives, device memory may be touched. */
class DeviceAccess
{
public:
  DeviceAccess();
  ~DeviceAccess();
  DeviceAccess(const DeviceAccess &) = delete;
  DeviceAccess &
  operator=(const DeviceAccess &) = delete;
};

/** Puts an operation into a stream; at once, after everything else, for the default stream. */
void
enqueue(cudaStream_t stream, std::function<void()> operation);
void
finishAllStreams();
bool
isStream(cudaStream_t stream);

} // namespace cuda_emulation

#endif
