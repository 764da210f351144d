// SPDX-License-Identifier: Apache-2.0
// A device that fails gives a message with the call, its place and a remedy, and everything back; one that is not there
// is told to who asks for it and no obstacle to who does not.
#include "emulation.h"
#include "problems.h"

#include "gnr/Engine.h"

#include <cufft.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace
{

using gnr::Device;
using gnr::Error;
using gnr::ErrorKind;

const gnr::Grid grid = problems::cube(12);

/** A short registration with everything in it that the plugin does: two grids, weights, a preconditioner, results. */
void
registerOnce(Device device = Device::Cuda, std::string * reason = nullptr)
{
  gnr::Options options;
  options.similarity = gnr::SimilarityMeasure::SumOfSquares;
  options.device = device;
  options.threads = 1;
  options.maximumIterations = 1;
  options.maximumKrylovIterations = 1;
  const std::vector<float> fixed = problems::image(grid, problems::templateImage);
  const std::vector<float> moving =
    problems::image(grid, [](double x, double y, double z) { return problems::templateImage(x + 0.2, y, z - 0.1); });
  gnr::Problem problem{ grid, options };
  problem.fixed = { fixed.data(), gnr::wholeOf(problem.grid) };
  problem.moving = { moving.data(), gnr::wholeOf(problem.grid) };
  const auto          solution = gnr::makeEngine()->run(problem);
  const gnr::Report & report = solution->report();
  std::vector<float>  u(3 * grid.points());
  solution->read(gnr::Field::Displacement, { u.data(), gnr::wholeOf(problem.grid) });
  if (reason != nullptr)
  {
    *reason = report.deviceReason + "|" + report.device;
  }
}

void
expectNothingLeft()
{
  gnr::releaseDeviceMemory(); // what a registration that ended well has kept for the next one
  const cuda_emulation::Objects left = cuda_emulation::objects();
  EXPECT_EQ(left.arrays, 0u);
  EXPECT_EQ(left.hostArrays, 0u);
  EXPECT_EQ(left.streams, 0u);
  EXPECT_EQ(left.events, 0u);
  EXPECT_EQ(left.plans, 0u);
}

/** The message of the error that the registration ends with; empty: it ended well. */
std::string
failureOf(const std::string & call, std::size_t skip, int error, ErrorKind kind)
{
  std::string message;
  cuda_emulation::failCall(call, skip, error);
  try
  {
    registerOnce();
  }
  catch (const Error & e)
  {
    message = e.what();
    EXPECT_EQ(e.kind(), kind) << message;
  }
  EXPECT_EQ(cuda_emulation::stopFailing().empty(), message.empty()) << message;
  expectNothingLeft();
  return message;
}

bool
holds(const std::string & text, const std::string & part)
{
  return text.find(part) != std::string::npos;
}

} // namespace

TEST(CudaFailure, NothingIsLeftOfARegistration)
{
  const std::size_t before = cuda_emulation::numberOfCalls();
  registerOnce();
  EXPECT_GT(cuda_emulation::numberOfCalls(), before + 100);
  expectNothingLeft();
}

TEST(CudaFailure, OutOfMemoryAtEveryAllocation)
{
  std::size_t n = 0;
  for (std::string message = "begin"; !message.empty(); ++n)
  {
    ASSERT_LT(n, 100u);
    message = failureOf("cudaMalloc", n, cudaErrorMemoryAllocation, ErrorKind::OutOfResources);
    if (!message.empty())
    {
      EXPECT_TRUE(holds(message, "cudaMalloc") && holds(message, "kernels/cuda/memory.cu") &&
                  holds(message, "out of memory") == holds(message, "MiB") && holds(message, "--device cpu"))
        << message;
    }
  }
  EXPECT_GE(n, 5u) << "the test, the block of fields, sums, columns and the work area of cuFFT";
}

TEST(CudaFailure, EveryOtherCall)
{
  struct Call
  {
    const char * name;
    int          error;
  };
  for (const Call & call : { Call{ "cudaLaunchKernelEx", cudaErrorLaunchOutOfResources },
                             Call{ "cudaMemcpyAsync", cudaErrorIllegalAddress },
                             Call{ "cudaMemsetAsync", cudaErrorLaunchFailure },
                             Call{ "cudaMallocHost", cudaErrorMemoryAllocation },
                             Call{ "cudaStreamSynchronize", cudaErrorIllegalAddress },
                             Call{ "cudaStreamCreate", cudaErrorMemoryAllocation },
                             Call{ "cudaEventCreate", cudaErrorMemoryAllocation },
                             Call{ "cudaEventRecord", cudaErrorLaunchFailure },
                             Call{ "cudaEventSynchronize", cudaErrorLaunchFailure },
                             Call{ "cudaSetDevice", cudaErrorNoKernelImageForDevice },
                             Call{ "cudaMemGetInfo", cudaErrorLaunchFailure },
                             Call{ "cudaGetDeviceProperties", cudaErrorInvalidDevice },
                             Call{ "cufftCreate", CUFFT_ALLOC_FAILED },
                             Call{ "cufftMakePlanMany64", CUFFT_INTERNAL_ERROR },
                             Call{ "cufftSetWorkArea", CUFFT_INTERNAL_ERROR },
                             Call{ "cufftExecR2C", CUFFT_EXEC_FAILED },
                             Call{ "cufftExecC2C", CUFFT_EXEC_FAILED },
                             Call{ "cufftExecC2R", CUFFT_EXEC_FAILED } })
  {
    bool first = true;
    for (const std::size_t skip : { 0, 1, 7, 40, 300 })
    {
      const std::string message = failureOf(call.name, skip, call.error, ErrorKind::OutOfResources);
      if (message.empty())
      {
        EXPECT_FALSE(first) << call.name << " is never called: take it off the list";
        break;
      }
      first = false;
      // cudaMemset is a cudaMemsetAsync of the default stream, and one name stands for both ways to make an event.
      const std::string name = call.name;
      const std::string written = name == "cudaMemsetAsync" ? "cudaMemset" : name;
      EXPECT_TRUE(holds(message, written) && holds(message, "kernels/cuda/") && holds(message, ":") &&
                  holds(message, "failed: ") && holds(message, "--device cpu"))
        << name << " after " << skip << ": " << message;
    }
  }
}

TEST(CudaFailure, TooSmallAGpu)
{
  cuda_emulation::setDeviceMemory(std::size_t(1) << 18);
  std::string message;
  try
  {
    registerOnce();
  }
  catch (const Error & error)
  {
    EXPECT_EQ(error.kind(), ErrorKind::OutOfResources);
    message = error.what();
  }
  cuda_emulation::setDeviceMemory(std::size_t(16) << 30);
  EXPECT_TRUE(holds(message, "out of memory") && holds(message, "MiB of the GPU")) << message;
  expectNothingLeft();
}

TEST(CudaFailure, NoDriverAndNoGpu)
{
  struct Case
  {
    cudaError_t  error;
    const char * words;
  };
  for (const Case & c : { Case{ cudaErrorInsufficientDriver, "no NVIDIA driver" },
                          Case{ cudaErrorNoDevice, "sees no GPU" },
                          Case{ cudaErrorInitializationError, "cudaErrorInitializationError" } })
  {
    cuda_emulation::setDeviceError(c.error);
    try
    {
      registerOnce();
      ADD_FAILURE() << c.words;
    }
    catch (const Error & error)
    {
      EXPECT_EQ(error.kind(), ErrorKind::BadInput);
      EXPECT_TRUE(holds(error.what(), c.words) && holds(error.what(), "--device cpu")) << error.what();
    }
    std::string reason;
    registerOnce(Device::Auto, &reason);
    EXPECT_TRUE(reason.rfind("no GPU is used: ", 0) == 0 && holds(reason, c.words) && holds(reason, "|CPU")) << reason;
    cuda_emulation::setDeviceError(cudaSuccess);
    expectNothingLeft();
  }
  std::string reason;
  registerOnce(Device::Auto, &reason);
  EXPECT_EQ(reason, "a GPU was found|CUDA (emulated device, compute capability 9.0)");
}

TEST(CudaFailure, NoPlugin)
{
  const auto messageWith = [](const char * folder) -> std::string {
    setenv("GNR_PLUGIN_PATH", folder, 1);
    std::string message;
    try
    {
      registerOnce();
    }
    catch (const Error & error)
    {
      EXPECT_EQ(error.kind(), ErrorKind::BadInput);
      message = error.what();
    }
    unsetenv("GNR_PLUGIN_PATH");
    return message;
  };
  const std::string missing = messageWith("/no/such/folder");
  EXPECT_TRUE(holds(missing, "/no/such/folder/gnr-cuda.so does not exist") && holds(missing, "install")) << missing;

  const std::string folder = std::string(GNR_TEST_OUTPUT) + "/broken-plugin";
  ASSERT_EQ(std::system(("mkdir -p '" + folder + "' && echo no library > '" + folder + "/gnr-cuda.so'").c_str()), 0);
  const std::string broken = messageWith(folder.c_str());
  EXPECT_TRUE(holds(broken, "gnr-cuda.so cannot be opened") && holds(broken, "install")) << broken;
}
