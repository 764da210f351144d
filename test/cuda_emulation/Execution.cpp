// SPDX-License-Identifier: Apache-2.0
// Blocks of threads as fibers. A fiber runs one thread after another until one has to wait; only then is another fiber
// needed, so kernels without barriers run at the speed of a loop.
#include "emulation.h"

#include <sys/mman.h>
#include <ucontext.h>

#include <algorithm>
#include <csetjmp>
#include <cstdlib>
#include <memory>
#include <numeric>
#include <random>
#include <utility>
#include <vector>

#ifdef __SANITIZE_ADDRESS__
#  include <sanitizer/common_interface_defs.h>
#endif

uint3 threadIdx;
uint3 blockIdx;
dim3  blockDim;
dim3  gridDim;

namespace cuda_emulation
{
namespace
{

constexpr std::size_t stackBytes = std::size_t(256) << 10;
constexpr int         warpSize = 32;

std::minstd_rand &
generator()
{
  static std::minstd_rand instance = [] {
    const char * seed = std::getenv("CUDA_EMULATION_SEED");
    return std::minstd_rand(seed != nullptr ? static_cast<unsigned>(std::strtoul(seed, nullptr, 10)) : 1u);
  }();
  return instance;
}

/** A permutation of 0 ... n - 1 that is random enough for an order and cheap: i -> (step i + first) modulo n. */
class Order
{
public:
  explicit Order(std::size_t n = 1)
    : n_(n)
    , place_(n > 1 ? generator()() % n : 0) // nothing to draw for one, or the first launch would differ from the others
    , step_(1)
  {
    if (n > 2)
    {
      do
      {
        step_ = 1 + generator()() % (n - 1);
      } while (std::gcd(step_, n) != 1);
    }
  }
  std::size_t
  next()
  {
    const std::size_t result = place_;
    place_ += step_;
    place_ -= place_ < n_ ? 0 : n_;
    return result;
  }

private:
  std::size_t n_;
  std::size_t place_;
  std::size_t step_;
};

enum class Waiting
{
  No,
  AtBarrier,
  InWarp
};

struct Fiber
{
  ucontext_t entry = {};
  sigjmp_buf context = {};
  void *     stack = nullptr;
  bool       started = false;
  int        thread = -1; ///< -1: none
#ifdef __SANITIZE_ADDRESS__
  void * fakeStack = nullptr;
#endif
  ~Fiber()
  {
    if (stack != nullptr)
    {
      munmap(stack, stackBytes);
    }
  }
};

struct Warp
{
  int           alive = 0;
  int           arrived = 0;
  unsigned      generation = 0;
  unsigned      present = 0; ///< lanes that arrived
  std::uint64_t slots[2][warpSize] = {};
};

/** The block that runs. */
struct Block
{
  int                                 count = 0;
  int                                 next = 0;
  int                                 finished = 0;
  int                                 atBarrier = 0;
  const char *                        barrierFile = nullptr;
  int                                 barrierLine = 0;
  const std::function<void()> *       body = nullptr;
  Order                               order;
  std::vector<uint3>                  indices; ///< threadIdx of every thread
  std::vector<Waiting>                waiting;
  std::vector<Warp>                   warps;
  std::vector<std::unique_ptr<Fiber>> fibers;
  std::vector<Fiber *>                idle;
  std::vector<Fiber *>                suspended;
  Fiber *                             current = nullptr;
  sigjmp_buf                          scheduler = {};
#ifdef __SANITIZE_ADDRESS__
  void *       schedulerFake = nullptr;
  const void * schedulerBottom = nullptr;
  std::size_t  schedulerSize = 0;
#endif
};

Block &
block()
{
  static Block instance;
  return instance;
}

void
setThread(int t)
{
  threadIdx = block().indices[t];
}

std::string
blockName()
{
  return "block (" + std::to_string(blockIdx.x) + ", " + std::to_string(blockIdx.y) + ", " +
         std::to_string(blockIdx.z) + ")";
}

/** From a fiber back to the scheduler, until somebody resumes it. */
void
suspend()
{
  Block & b = block();
  Fiber & self = *b.current;
  if (sigsetjmp(self.context, 0) == 0)
  {
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_start_switch_fiber(&self.fakeStack, b.schedulerBottom, b.schedulerSize);
#endif
    siglongjmp(b.scheduler, 1);
  }
#ifdef __SANITIZE_ADDRESS__
  __sanitizer_finish_switch_fiber(block().current->fakeStack, &block().schedulerBottom, &block().schedulerSize);
#endif
}

void
runThreads()
{
  Block & b = block();
#ifdef __SANITIZE_ADDRESS__
  __sanitizer_finish_switch_fiber(nullptr, &b.schedulerBottom, &b.schedulerSize);
#endif
  for (;;)
  {
    while (b.next < b.count)
    {
      const int thread = static_cast<int>(b.order.next());
      ++b.next;
      b.current->thread = thread;
      setThread(thread);
      (*b.body)();
      ++b.finished;
      --b.warps[thread / warpSize].alive;
    }
    b.current->thread = -1;
    suspend();
  }
}

void
resume(Fiber & fiber)
{
  Block & b = block();
  b.current = &fiber;
  if (fiber.thread >= 0)
  {
    setThread(fiber.thread);
  }
  if (sigsetjmp(b.scheduler, 0) == 0)
  {
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_start_switch_fiber(&b.schedulerFake, fiber.stack, stackBytes);
#endif
    if (fiber.started)
    {
      siglongjmp(fiber.context, 1);
    }
    fiber.started = true;
    setcontext(&fiber.entry);
  }
#ifdef __SANITIZE_ADDRESS__
  __sanitizer_finish_switch_fiber(b.schedulerFake, nullptr, nullptr);
#endif
  (block().current->thread < 0 ? block().idle : block().suspended).push_back(block().current);
}

Fiber &
idleFiber()
{
  Block & b = block();
  if (b.idle.empty())
  {
    auto fiber = std::make_unique<Fiber>();
    fiber->stack = mmap(nullptr, stackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (fiber->stack == MAP_FAILED)
    {
      fiber->stack = nullptr;
      stop("no memory for the stack of a thread");
    }
    getcontext(&fiber->entry);
    fiber->entry.uc_stack.ss_sp = fiber->stack;
    fiber->entry.uc_stack.ss_size = stackBytes;
    fiber->entry.uc_link = nullptr;
    makecontext(&fiber->entry, runThreads, 0);
    b.fibers.push_back(std::move(fiber));
    return *b.fibers.back();
  }
  Fiber & fiber = *b.idle.back();
  b.idle.pop_back();
  return fiber;
}

/** Lets those go on whose barrier everybody has reached. */
void
release()
{
  Block & b = block();
  if (b.atBarrier > 0 && b.atBarrier + b.finished == b.count)
  {
    if (b.finished > 0)
    {
      stop("threads of " + blockName() + " left the kernel while others wait at the barrier in " + b.barrierFile + ":" +
           std::to_string(b.barrierLine));
    }
    b.atBarrier = 0;
    b.waiting.assign(b.count, Waiting::No);
  }
  for (std::size_t w = 0; w < b.warps.size(); ++w)
  {
    Warp & warp = b.warps[w];
    if (warp.arrived > 0 && warp.arrived == warp.alive)
    {
      warp.arrived = 0;
      warp.present = 0;
      ++warp.generation;
      for (int t = int(w) * warpSize; t < std::min(b.count, int(w + 1) * warpSize); ++t)
      {
        b.waiting[t] = Waiting::No;
      }
    }
  }
}

void
runBlock(const std::function<void()> & body)
{
  Block & b = block();
  b.count = static_cast<int>(blockDim.x * blockDim.y * blockDim.z);
  b.next = b.finished = b.atBarrier = 0;
  b.body = &body;
  b.order = Order(b.count);
  b.waiting.assign(b.count, Waiting::No);
  b.warps.assign((b.count + warpSize - 1) / warpSize, Warp{});
  for (std::size_t w = 0; w < b.warps.size(); ++w)
  {
    b.warps[w].alive = std::min(warpSize, b.count - int(w) * warpSize);
  }
  while (b.next < b.count)
  {
    resume(idleFiber());
  }
  std::vector<Fiber *> round;
  while (!b.suspended.empty())
  {
    release();
    round.swap(b.suspended);
    b.suspended.clear();
    Order order(round.size());
    bool  progress = false;
    for (std::size_t i = 0; i < round.size(); ++i)
    {
      Fiber * const fiber = round[order.next()];
      if (b.waiting[fiber->thread] == Waiting::No)
      {
        progress = true;
        resume(*fiber);
      }
      else
      {
        b.suspended.push_back(fiber);
      }
    }
    if (!progress)
    {
      stop("threads of " + blockName() + " wait for one another for ever: not all of them reach the same barrier");
    }
  }
}

} // namespace

void
setSeed(unsigned seed)
{
  generator().seed(seed);
}

int
lane()
{
  return block().current->thread % warpSize;
}

void
barrier(const char * file, int line)
{
  Block & b = block();
  if (b.atBarrier++ == 0)
  {
    b.barrierFile = file;
    b.barrierLine = line;
  }
  else if (b.barrierLine != line || std::strcmp(b.barrierFile, file) != 0)
  {
    stop("threads of " + blockName() + " wait at different barriers: " + b.barrierFile + ":" +
         std::to_string(b.barrierLine) + " and " + file + ":" + std::to_string(line));
  }
  b.waiting[b.current->thread] = Waiting::AtBarrier;
  suspend();
}

std::uint64_t
exchangeInWarp(unsigned mask, std::uint64_t value, int source)
{
  Block &    b = block();
  const int  thread = b.current->thread;
  Warp &     warp = b.warps[thread / warpSize];
  const auto generation = warp.generation;
  // A thread can be one exchange ahead of the others of its warp, not more: two sets of slots do.
  auto & slots = warp.slots[generation % 2];
  if ((mask >> (thread % warpSize) & 1u) == 0 || (mask >> source & 1u) == 0)
  {
    stop("a shuffle in " + blockName() + " reads from, or runs on, a lane that its mask does not name");
  }
  slots[thread % warpSize] = value;
  warp.present |= 1u << (thread % warpSize);
  ++warp.arrived;
  b.waiting[thread] = Waiting::InWarp;
  suspend();
  if (thread / warpSize * warpSize + source >= b.count)
  {
    stop("a shuffle in " + blockName() + " reads from a thread that does not exist");
  }
  return slots[source];
}

cudaError_t
enqueueKernel(const cudaLaunchConfig_t & configuration, SharedMemory shared, std::function<void()> thread)
{
  if (const int error = injectedError("cudaLaunchKernelEx"))
  {
    return static_cast<cudaError_t>(error);
  }
  if (!isStream(configuration.stream))
  {
    return cudaErrorInvalidResourceHandle;
  }
  const dim3        grid = configuration.gridDim, threads = configuration.blockDim;
  const std::size_t perBlock = std::size_t(threads.x) * threads.y * threads.z;
  if (perBlock == 0 || perBlock > 1024 || threads.z > 64 || grid.x == 0 || grid.x > 0x7fffffffu || grid.y == 0 ||
      grid.y > 65535 || grid.z == 0 || grid.z > 65535 || configuration.dynamicSmemBytes > 0)
  {
    return cudaErrorInvalidConfiguration; // dynamic shared memory is not emulated: nothing here uses it
  }
  ++countedWork().launches;
  enqueue(configuration.stream, [=] {
    const std::size_t blocks = std::size_t(grid.x) * grid.y * grid.z;
    blockDim = threads;
    gridDim = grid;
    std::vector<uint3> & indices = block().indices;
    indices.resize(perBlock);
    for (unsigned t = 0; t < perBlock; ++t)
    {
      indices[t] = { t % threads.x, t / threads.x % threads.y, t / (threads.x * threads.y) };
    }
    Order order(blocks);
    for (std::size_t i = 0; i < blocks; ++i)
    {
      const std::size_t b = order.next();
      blockIdx = { static_cast<unsigned>(b % grid.x),
                   static_cast<unsigned>(b / grid.x % grid.y),
                   static_cast<unsigned>(b / (std::size_t(grid.x) * grid.y)) };
      if (shared.begin != nullptr)
      {
        std::memset(shared.begin, 0xff, static_cast<std::size_t>(shared.end - shared.begin));
      }
      runBlock(thread);
    }
  });
  return cudaSuccess;
}

} // namespace cuda_emulation
