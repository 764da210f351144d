// SPDX-License-Identifier: Apache-2.0
// The emulated device catches what it is there to catch: kernels and host code with one mistake each.
#include "emulation.h"

#include "gnr/Engine.h"

#include <cufft.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace
{

constexpr int threads = 128;

/** An array on the device that goes by itself. */
template <typename T>
class Array
{
public:
  explicit Array(std::size_t n)
    : n_(n)
  {
    void * memory = nullptr;
    EXPECT_EQ(cudaMalloc(&memory, n * sizeof(T)), cudaSuccess);
    data_ = static_cast<T *>(memory);
  }
  explicit Array(const std::vector<T> & values)
    : Array(values.size())
  {
    EXPECT_EQ(cudaMemcpy(data_, values.data(), n_ * sizeof(T), cudaMemcpyHostToDevice), cudaSuccess);
  }
  ~Array() { cudaFree(data_); }
  Array(const Array &) = delete;
  Array &
  operator=(const Array &) = delete;
  T *
  data() const
  {
    return data_;
  }
  std::vector<T>
  get() const
  {
    std::vector<T> values(n_);
    EXPECT_EQ(cudaMemcpy(values.data(), data_, n_ * sizeof(T), cudaMemcpyDeviceToHost), cudaSuccess);
    return values;
  }

private:
  std::size_t n_;
  T *         data_;
};

template <typename... Parameters, typename... Arguments>
void
start(void (*kernel)(Parameters...), unsigned blocks, cudaStream_t stream, Arguments... arguments)
{
  cudaLaunchConfig_t configuration{};
  configuration.gridDim = dim3(blocks);
  configuration.blockDim = dim3(threads);
  configuration.stream = stream;
  ASSERT_EQ(cudaLaunchKernelEx(&configuration, kernel, arguments...), cudaSuccess);
}

std::vector<float>
count(std::size_t n)
{
  std::vector<float> values(n);
  std::iota(values.begin(), values.end(), 1.0F);
  return values;
}

/** Every block turns its part around, with or without the barrier that this needs. */
template <bool hasBarrier>
void
reverseKernel(const float * in, float * out)
{
  __shared__ float tile[threads];
  const int        first = static_cast<int>(blockIdx.x) * threads, t = static_cast<int>(threadIdx.x);
  tile[t] = in[first + t];
  if (hasBarrier)
  {
    __syncthreads();
  }
  out[first + t] = tile[threads - 1 - t];
}

std::vector<float>
reversedByBlocks(std::vector<float> values)
{
  for (std::size_t begin = 0; begin < values.size(); begin += threads)
  {
    std::reverse(values.begin() + begin, values.begin() + begin + threads);
  }
  return values;
}

void
copyKernel(const float * in, float * out, int n)
{
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i < n)
  {
    out[i] = in[i];
  }
}

} // namespace

TEST(Emulation, RunsWhatIsRight)
{
  const Array<float> in(count(4 * threads)), out(4 * threads);
  start(reverseKernel<true>, 4, nullptr, in.data(), out.data());
  EXPECT_EQ(out.get(), reversedByBlocks(count(4 * threads)));
}

TEST(Emulation, AMissingBarrierShows)
{
  for (const unsigned seed : { 1u, 2u, 3u })
  {
    cuda_emulation::setSeed(seed);
    const Array<float> in(count(4 * threads)), out(4 * threads);
    start(reverseKernel<false>, 4, nullptr, in.data(), out.data());
    EXPECT_NE(out.get(), reversedByBlocks(count(4 * threads))) << "seed " << seed;
  }
}

TEST(EmulationDeathTest, HostCodeThatTouchesDeviceMemory)
{
  const Array<float> array(count(10));
  EXPECT_DEATH(static_cast<void>(*static_cast<volatile float *>(array.data() + 3)),
               "host code touched device memory, byte 12 of an array of 40");
  EXPECT_DEATH(*static_cast<volatile float *>(array.data()) = 0.0F, "host code touched device memory");
}

TEST(EmulationDeathTest, AnOverrun)
{
  // Far beyond, on the next page, and just beyond, in the bytes that alignment leaves.
  const Array<float> in(count(threads)), page(1024), odd(threads - 3);
  EXPECT_DEATH(start(copyKernel, 9, nullptr, page.data(), page.data(), 1025),
               "device code reached beyond an array of 4096");
  EXPECT_DEATH(start(copyKernel, 1, nullptr, in.data(), odd.data(), threads - 2), "wrote beside an array of 500 bytes");
}

TEST(Emulation, AnOverrunInReadingGivesNotANumber)
{
  const Array<float> odd(count(threads - 3)), out(threads);
  start(copyKernel, 1, nullptr, odd.data(), out.data(), threads - 2);
  const std::vector<float> values = out.get();
  EXPECT_EQ(values[threads - 4], float(threads - 3));
  EXPECT_TRUE(std::isnan(values[threads - 3]));
}

TEST(Emulation, AMissingSynchronisationShows)
{
  cudaStream_t stream = nullptr;
  ASSERT_EQ(cudaStreamCreate(&stream), cudaSuccess);
  {
    const Array<float> in(count(threads)), out(threads);
    std::vector<float> host(threads, -1.0F);
    start(copyKernel, 1, stream, in.data(), out.data(), threads);
    ASSERT_EQ(cudaMemcpyAsync(host.data(), out.data(), threads * sizeof(float), cudaMemcpyDeviceToHost, stream),
              cudaSuccess);
    EXPECT_EQ(host, std::vector<float>(threads, -1.0F)) << "the copy was made before anybody waited for it";
    ASSERT_EQ(cudaStreamSynchronize(stream), cudaSuccess);
    EXPECT_EQ(host, count(threads));
    // The other way: the source must stay as it is until the copy is done.
    ASSERT_EQ(cudaMemcpyAsync(out.data(), host.data(), threads * sizeof(float), cudaMemcpyHostToDevice, stream),
              cudaSuccess);
    host.assign(threads, 7.0F);
    EXPECT_EQ(out.get(), std::vector<float>(threads, 7.0F)) << "the copy was made too early";
  }
  EXPECT_EQ(cudaStreamDestroy(stream), cudaSuccess);
}

TEST(Emulation, AMissingEventShows)
{
  for (const bool waits : { false, true })
  {
    cudaStream_t producer = nullptr, consumer = nullptr;
    cudaEvent_t  event = nullptr;
    ASSERT_EQ(cudaStreamCreate(&producer), cudaSuccess);
    ASSERT_EQ(cudaStreamCreate(&consumer), cudaSuccess);
    ASSERT_EQ(cudaEventCreate(&event), cudaSuccess);
    {
      const Array<float> in(count(threads)), between(threads), out(threads);
      start(copyKernel, 1, producer, in.data(), between.data(), threads);
      ASSERT_EQ(cudaEventRecord(event, producer), cudaSuccess);
      if (waits)
      {
        ASSERT_EQ(cudaStreamWaitEvent(consumer, event), cudaSuccess);
      }
      start(copyKernel, 1, consumer, between.data(), out.data(), threads);
      ASSERT_EQ(cudaStreamSynchronize(consumer), cudaSuccess);
      EXPECT_EQ(out.get() == count(threads), waits);
    }
    cudaEventDestroy(event);
    cudaStreamDestroy(producer);
    cudaStreamDestroy(consumer);
  }
}

TEST(Emulation, MemoryStartsAsNotANumber)
{
  const Array<float> array(1000);
  const auto         values = array.get();
  EXPECT_TRUE(std::all_of(values.begin(), values.end(), [](float v) { return std::isnan(v); }));
}

TEST(EmulationDeathTest, BarriersThatNotAllThreadsReach)
{
  const auto leaves = +[](int) {
    if (threadIdx.x == 5)
    {
      return;
    }
    __syncthreads();
  };
  EXPECT_DEATH(start(leaves, 1, nullptr, 0), "left the kernel while others wait at the barrier");
  const auto parts = +[](int) {
    if (threadIdx.x < 64)
    {
      __syncthreads();
    }
    else
    {
      __syncthreads();
    }
  };
  EXPECT_DEATH(start(parts, 1, nullptr, 0), "wait at different barriers");
  const auto warp = +[](float * out) {
    if (threadIdx.x == 3)
    {
      __syncthreads();
    }
    out[threadIdx.x] = __shfl_down_sync(0xffffffffu, 1.0F, 1);
  };
  const Array<float> out(threads);
  EXPECT_DEATH(start(warp, 1, nullptr, out.data()), "wait for one another for ever");
}

TEST(EmulationDeathTest, HostPointersInKernelsAndCopies)
{
  std::vector<float> host(threads);
  const Array<float> out(threads);
  EXPECT_DEATH(start(copyKernel, 1, nullptr, static_cast<const float *>(host.data()), out.data(), threads),
               "argument 0 of a kernel points to host memory");
  EXPECT_EQ(cudaMemcpy(host.data(), host.data(), 4, cudaMemcpyHostToDevice), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpy(out.data(), out.data(), 4, cudaMemcpyDeviceToHost), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpy(host.data(), out.data(), 4 * threads + 1, cudaMemcpyDeviceToHost), cudaErrorInvalidValue);
}

TEST(Emulation, ShufflesAndAtomics)
{
  const auto sums = +[](float * out, unsigned * number) {
    float value = static_cast<float>(threadIdx.x);
    for (unsigned distance = 16; distance > 0; distance /= 2)
    {
      value += __shfl_down_sync(0xffffffffu, value, distance);
    }
    if (threadIdx.x % 32 == 0)
    {
      out[threadIdx.x / 32] = value;
    }
    atomicAdd(number, 1u);
  };
  const Array<float>    out(threads / 32);
  const Array<unsigned> number(std::vector<unsigned>{ 0 });
  start(sums, 3, nullptr, out.data(), number.data());
  EXPECT_EQ(number.get()[0], 3u * threads);
  // the sum of 32 numbers from 32 w on is 32 * 32 w + 31 * 16
  EXPECT_EQ(out.get(), (std::vector<float>{ 496, 1520, 2544, 3568 }));
}

TEST(Emulation, BlocksAndThreadsComeInAnOrderThatTheSeedChooses)
{
  const auto order =
    +[](unsigned * next, unsigned * place) { place[atomicAdd(next, 1u)] = blockIdx.x * threads + threadIdx.x; };
  const auto run = [&](unsigned seed) {
    cuda_emulation::setSeed(seed);
    const Array<unsigned> next(std::vector<unsigned>{ 0 }), place(3 * threads);
    start(order, 3, nullptr, next.data(), place.data());
    return place.get();
  };
  std::vector<unsigned> inOrder(3 * threads);
  std::iota(inOrder.begin(), inOrder.end(), 0u);
  const std::vector<unsigned> one = run(1), two = run(2);
  EXPECT_NE(one, inOrder);
  EXPECT_NE(one, two);
  EXPECT_EQ(run(1), one);
  EXPECT_TRUE(std::is_permutation(one.begin(), one.end(), inOrder.begin()));
}

TEST(Emulation, CallsCanBeToldToFail)
{
  gnr::releaseDeviceMemory(); // what registrations of other tests have kept
  void * memory = nullptr;
  cuda_emulation::failCall("cudaMalloc", 1, cudaErrorMemoryAllocation);
  const Array<float> first(1);
  EXPECT_EQ(cudaMalloc(&memory, 4), cudaErrorMemoryAllocation);
  EXPECT_EQ(cuda_emulation::stopFailing(), "cudaMalloc");
  const Array<float> third(1);
  EXPECT_EQ(cuda_emulation::objects().arrays, 2u);
  EXPECT_EQ(cuda_emulation::objects().bytes, 8u);
  EXPECT_EQ(cudaMalloc(&memory, std::size_t(1) << 50), cudaErrorMemoryAllocation);
}

TEST(Emulation, CufftIsNoKinderThanItMustBe)
{
  gnr::releaseDeviceMemory(); // what registrations of other tests have kept
  constexpr int      n = 8;
  cufftHandle        plan = 0;
  std::size_t        work = 0;
  long long          size[2] = { n, n };
  const Array<float> real(n * n + 1);
  ASSERT_EQ(cufftCreate(&plan), CUFFT_SUCCESS);
  ASSERT_EQ(cufftSetAutoAllocation(plan, 0), CUFFT_SUCCESS);
  ASSERT_EQ(cufftMakePlanMany64(plan, 2, size, nullptr, 1, 0, nullptr, 1, 0, CUFFT_C2R, 1, &work), CUFFT_SUCCESS);
  {
    const Array<cufftComplex> spectrum(std::vector<cufftComplex>(n * (n / 2 + 1), cufftComplex{ 1, 0 }));
    EXPECT_EQ(cufftExecC2R(plan, spectrum.data(), real.data()), CUFFT_INVALID_VALUE) << "it has no work area";
    const Array<char> area(work);
    ASSERT_EQ(cufftSetWorkArea(plan, area.data()), CUFFT_SUCCESS);
    EXPECT_EQ(cufftExecC2R(plan, spectrum.data(), real.data() + 1), CUFFT_INVALID_VALUE) << "not on 8 bytes";
    EXPECT_EQ(cufftExecC2R(plan, spectrum.data(), real.data()), CUFFT_SUCCESS);
    EXPECT_TRUE(std::isnan(spectrum.get()[0].x)) << "the input survived";
    EXPECT_EQ(real.get()[0], float(n * n)); // a one at every frequency is a peak at the origin
    EXPECT_EQ(real.get()[1], 0.0F);
  }
  EXPECT_EQ(cuda_emulation::objects().plans, 1u);
  cufftDestroy(plan);
  EXPECT_EQ(cuda_emulation::objects().plans, 0u);
}

#ifdef __SANITIZE_ADDRESS__
TEST(EmulationDeathTest, AnOverrunInSharedMemory)
{
  const auto beyond = +[](float * out, int i) {
    __shared__ float tile[8];
    tile[i] = 1.0F;
    out[0] = tile[i];
  };
  const Array<float> out(1);
  EXPECT_DEATH(start(beyond, 1, nullptr, out.data(), 8),
               "AddressSanitizer: global-buffer-overflow|runtime error: index 8 out of bounds");
}
#endif
