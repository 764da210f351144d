// SPDX-License-Identifier: Apache-2.0
// What a process keeps of a device between registrations, and what it leaves as it was.
#include "emulation.h"
#include "pair.h"

#include "gnr/Engine.h"

#include <gtest/gtest.h>

#include <cuda_runtime.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace
{

using cuda_emulation::Objects;
using cuda_emulation::Work;
using cuda_emulation::workOf;
using problems::Pair;

constexpr int points = 16;

gnr::Options
shortOptions()
{
  gnr::Options options = problems::ssdOptions();
  options.maximumIterations = 1;
  options.maximumKrylovIterations = 2;
  return options;
}

std::vector<float>
displacement(const gnr::Result & result, const Pair & pair)
{
  std::vector<float> u(3 * pair.grid.points());
  result.read(gnr::Field::Displacement, { u.data(), gnr::wholeOf(pair.grid) });
  return u;
}

std::unique_ptr<gnr::Result>
run(const Pair & pair, gnr::Device device = gnr::Device::Cuda)
{
  return gnr::makeEngine()->run(pair.problem(shortOptions(), device));
}

void
expectNothing(const Objects & objects)
{
  EXPECT_EQ(objects.arrays, 0u);
  EXPECT_EQ(objects.hostArrays, 0u);
  EXPECT_EQ(objects.streams, 0u);
  EXPECT_EQ(objects.events, 0u);
  EXPECT_EQ(objects.plans, 0u);
}

} // namespace

TEST(CudaKept, ASecondRegistrationMakesNothingAnew)
{
  gnr::releaseDeviceMemory();
  const Pair               pair(points);
  const std::vector<float> first = displacement(*run(pair), pair);
  const Objects            kept = cuda_emulation::objects();
  EXPECT_GT(kept.plans, 0u);
  std::vector<float> second;
  // Any cudaMalloc fails: there must be none, even for the fields.
  cuda_emulation::failCall("cudaMalloc", 0, cudaErrorMemoryAllocation);
  const Work work = workOf([&] { second = displacement(*run(pair), pair); });
  EXPECT_EQ(cuda_emulation::stopFailing(), "");
  EXPECT_EQ(work.plans, 0u);
  const Objects after = cuda_emulation::objects();
  EXPECT_EQ(after.bytes, kept.bytes);
  EXPECT_EQ(after.hostBytes, kept.hostBytes);
  EXPECT_EQ(after.streams, kept.streams);
  EXPECT_EQ(after.events, kept.events);
  EXPECT_EQ(second, first) << "it has found something of the first";
  gnr::releaseDeviceMemory();
  expectNothing(cuda_emulation::objects());
}

TEST(CudaKept, SmallerOnesFindRoomAndLargerOnesTakeMore)
{
  gnr::releaseDeviceMemory();
  const Pair small(points), large(points + 8);
  run(large);
  const std::size_t kept = cuda_emulation::objects().bytes;
  cuda_emulation::failCall("cudaMalloc", 0, cudaErrorMemoryAllocation);
  run(small);
  EXPECT_EQ(cuda_emulation::stopFailing(), "");
  EXPECT_EQ(cuda_emulation::objects().bytes, kept);
  gnr::releaseDeviceMemory();
  run(small);
  run(large);
  EXPECT_EQ(cuda_emulation::objects().bytes, kept) << "the smaller block is still there";
  gnr::releaseDeviceMemory();
}

TEST(CudaKept, NothingIsSharedWithAResultThatIsAlive)
{
  gnr::releaseDeviceMemory();
  const Pair pair(points);
  const auto first = run(pair);
  const auto second = run(pair);
  gnr::releaseDeviceMemory();
  EXPECT_EQ(displacement(*first, pair), displacement(*second, pair));
}

TEST(CudaKept, OneSetStaysOfAll)
{
  gnr::releaseDeviceMemory();
  const Pair    pair(points);
  const Objects one = (run(pair), cuda_emulation::objects());
  {
    const auto first = run(pair), second = run(pair);
  }
  const Objects left = cuda_emulation::objects();
  EXPECT_EQ(left.bytes, one.bytes);
  EXPECT_EQ(left.hostBytes, one.hostBytes);
  EXPECT_EQ(left.streams, one.streams);
  EXPECT_EQ(left.plans, one.plans);
  gnr::releaseDeviceMemory();
}

TEST(CudaKept, NothingStaysAfterAFailure)
{
  gnr::releaseDeviceMemory();
  const Pair pair(points);
  const auto expected = displacement(*run(pair), pair);
  cuda_emulation::failCall("cudaLaunchKernelEx", 100, cudaErrorLaunchFailure);
  EXPECT_THROW(run(pair), gnr::Error);
  EXPECT_EQ(cuda_emulation::stopFailing(), "cudaLaunchKernelEx");
  expectNothing(cuda_emulation::objects());
  EXPECT_EQ(displacement(*run(pair), pair), expected);
  gnr::releaseDeviceMemory();
}

TEST(CudaKept, TheCallersDeviceStaysCurrent)
{
  const Pair pair(points);
  cuda_emulation::setDeviceCount(2);
  for (const int callers : { 1, -1 }) // none: a context on another device would cost memory there
  {
    cuda_emulation::setCurrentDevice(callers);
    const auto expectCallers = [&](const char * where) {
      EXPECT_EQ(cuda_emulation::currentDevice(), callers) << where;
    };
    gnr::makeEngine()->plan(pair.problem(shortOptions()));
    expectCallers("plan");
    auto result = run(pair);
    expectCallers("run");
    displacement(*result, pair);
    expectCallers("read");
    result.reset();
    expectCallers("the end of the result");
    cuda_emulation::failCall("cudaLaunchKernelEx", 20, cudaErrorLaunchFailure);
    EXPECT_THROW(run(pair), gnr::Error);
    expectCallers("a failure");
    gnr::releaseDeviceMemory();
    expectCallers("release");
  }
  cuda_emulation::setDeviceCount(1);
  cuda_emulation::setCurrentDevice(-1);
}

TEST(CudaKept, AutoTakesTheProcessorWhereTheGpuIsTooSmall)
{
  gnr::releaseDeviceMemory();
  const Pair            pair(points);
  constexpr std::size_t mebibyte = std::size_t(1) << 20;
  // Half a gibibyte is for what no plan knows.
  cuda_emulation::setDeviceMemory(512 * mebibyte);
  const gnr::Report small = run(pair, gnr::Device::Auto)->report();
  EXPECT_EQ(small.device.rfind("CPU", 0), 0u) << small.device;
  EXPECT_EQ(small.deviceReason.rfind("no GPU is used: it has too little memory: ", 0), 0u) << small.deviceReason;
  ASSERT_EQ(small.messages.size(), 1u);
  EXPECT_EQ(small.messages[0], small.deviceReason);
  EXPECT_FALSE(small.memoryPlan.fieldsOnDevice);
  EXPECT_EQ(small.memoryPlan.device, small.device);
  expectNothing(cuda_emulation::objects());
  EXPECT_FALSE(gnr::makeEngine()->plan(pair.problem(shortOptions(), gnr::Device::Auto)).fieldsOnDevice);

  const gnr::Report asked = run(pair)->report(); // --device cuda takes what there is
  EXPECT_TRUE(asked.memoryPlan.fieldsOnDevice);
  gnr::releaseDeviceMemory();

  // What is kept of an earlier registration is as good as free.
  cuda_emulation::setDeviceMemory(512 * mebibyte + asked.memoryPlan.deviceBytes(asked.memoryPlan.fieldBytes) +
                                  mebibyte);
  for (int i = 0; i < 2; ++i)
  {
    EXPECT_TRUE(run(pair, gnr::Device::Auto)->report().memoryPlan.fieldsOnDevice);
  }
  cuda_emulation::setDeviceMemory(std::size_t(16) << 30);
  gnr::releaseDeviceMemory();
}
