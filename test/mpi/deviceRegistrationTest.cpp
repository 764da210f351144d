// SPDX-License-Identifier: Apache-2.0
// Whole registrations on emulated GPUs, one for each process, against one process without any.
#include "gpus.h"
#include "problems.h"

#include "gnr/Error.h"
#include "gnr/Engine.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

using namespace gnr;
using namespace gnr::test;

namespace
{

struct Solution
{
  std::vector<float> u; ///< of all planes, on every process
  Report             report;
  MemoryPlan         plan;
};

Solution
solve(Device device, int n, Options options, std::shared_ptr<Communicator> communicator)
{
  options.device = device;
  options.threads = 1;
  const Grid grid = problems::cube(n);
  const auto blob = [](double x, double y, double z, double w) {
    const double r = x * x + 1.5 * y * y + z * z / (1 + w);
    return 1.0 / (1.0 + std::exp(8.0 * (std::sqrt(r) - 1.4)));
  };
  const double             c = problems::pi;
  const std::vector<float> fixed =
    problems::image(grid, [=](double x, double y, double z) { return blob(x - c, y - c, z - c, 0.0); });
  const std::vector<float> moving =
    problems::image(grid, [=](double x, double y, double z) { return blob(x - c - 0.3, y - c + 0.15, z - c, 0.3); });
  Solution result;
  Problem  problem{ grid, options };
  problem.fixed = { fixed.data(), wholeOf(problem.grid) };
  problem.moving = { moving.data(), wholeOf(problem.grid) };
  result.plan = makeEngine(communicator)->plan(problem);
  const auto solution = makeEngine(communicator)->run(problem);
  result.report = solution->report();
  result.u.resize(3 * grid.points());
  solution->read(Field::Displacement, { result.u.data(), wholeOf(problem.grid) });
  return result;
}

Options
steadyOptions()
{
  Options options;
  options.similarity = SimilarityMeasure::SumOfSquares;
  options.preconditioner = Preconditioner::InvA; // a rounding can change where an inner solve stops
  options.maximumIterations = 3;
  return options;
}

} // namespace

TEST(DeviceRegistration, GivesWhatOneProcessOnTheCpuGives)
{
  constexpr int n = 48;
  const double  voxel = problems::cube(n).spacing[0];
  auto          communicator = makeMpiCommunicator();
  communicator->setMessagePiece(50000); // several rounds, as with large images
  const int      rank = communicator->rank(), ranks = communicator->size();
  const Solution cuda = solve(Device::Cuda, n, steadyOptions(), communicator);
  EXPECT_EQ(cuda.report.processes, ranks);
  EXPECT_EQ(cuda.report.device, "CUDA (emulated device, compute capability 9.0)");
  EXPECT_EQ(cuda.report.transport.rfind(ranks == 1 ? "" : isDirect() ? "direct: " : "staged ", 0), 0u);
  EXPECT_TRUE(cuda.report.messages.empty());
  EXPECT_EQ(cuda.report.fieldBytes, cuda.plan.fieldBytes);
  EXPECT_EQ(cuda.report.overflowBytes, 0u);
  EXPECT_EQ(cuda.report.scratchBytes, cuda.plan.scratchBytes);
  if (!isDirect()) // the self-test stages nothing, but the sizes of its messages differ
  {
    EXPECT_EQ(cuda.report.stagingBytes, cuda.plan.stagingBytes);
  }
  ASSERT_TRUE(cuda.plan.availableDeviceBytes.has_value());
  // All processes share the one device; a little of it is taken already.
  const std::size_t device = std::size_t(16) << 30;
  EXPECT_LE(*cuda.plan.availableDeviceBytes, device / ranks);
  EXPECT_GE(*cuda.plan.availableDeviceBytes, (device - (std::size_t(1) << 20)) / ranks);
  if (rank == 0)
  {
    const Solution cpu = solve(Device::Cpu, n, steadyOptions(), nullptr);
    double         difference = 0.0;
    for (std::size_t i = 0; i < cpu.u.size(); ++i)
    {
      difference = std::max(difference, std::abs(double(cpu.u[i]) - double(cuda.u[i])));
    }
    EXPECT_GT(cpu.report.maximumDisplacement, 2 * voxel) << "there is nothing to compare";
    EXPECT_LE(difference, 1e-3 * voxel);
    EXPECT_EQ(cuda.report.newtonSteps, cpu.report.newtonSteps);
    EXPECT_EQ(cuda.report.hessianProducts, cpu.report.hessianProducts);
    std::printf("%d^3, %d processes, %s: largest difference %.2e voxel, staging %.2f MB\n",
                n,
                ranks,
                cuda.report.transport.c_str(),
                difference / voxel,
                double(cuda.report.stagingBytes) / 1048576.0);
  }
}

TEST(DeviceRegistration, SaysWhyItsMessagesAreNotDirect)
{
  const auto communicator = makeMpiCommunicator();
  Options    options = steadyOptions();
  options.maximumIterations = 1;
  if (isDirect() || communicator->size() == 1)
  {
    return;
  }
  const Variable variable("GNR_TRANSPORT", "direct");
  const Report   report = solve(Device::Cuda, 16, options, communicator).report;
  ASSERT_EQ(report.messages.size(), 1u);
  EXPECT_EQ(report.messages[0], "messages between the GPUs are " + report.transport);
  EXPECT_TRUE(holds(report.transport, "staged through") && holds(report.transport, "knows nothing of the emulated"))
    << report.transport;
}

TEST(DeviceRegistration, EndsForAllWhereOneDeviceFails)
{
  struct Failure
  {
    const char * call;
    std::size_t  skip;
    int          error;
    bool         isStagedOnly;
  };
  for (const Failure & failure : { Failure{ "cudaMalloc", 0, cudaErrorMemoryAllocation, false },
                                   Failure{ "cudaMalloc", 2, cudaErrorMemoryAllocation, false },
                                   Failure{ "cudaMallocHost", 2, cudaErrorMemoryAllocation, true },
                                   Failure{ "cudaLaunchKernelEx", 400, cudaErrorLaunchFailure, false },
                                   Failure{ "cudaMemcpyAsync", 200, cudaErrorIllegalAddress, true } })
  {
    auto      communicator = makeMpiCommunicator();
    const int rank = communicator->rank(), ranks = communicator->size();
    if (ranks == 1 || (failure.isStagedOnly && isDirect()))
    {
      continue;
    }
    releaseCudaDevices(); // so that there is something to allocate
    if (rank == ranks - 1)
    {
      cuda_emulation::failCall(failure.call, failure.skip, failure.error);
    }
    Options options = steadyOptions();
    options.maximumIterations = 1;
    try
    {
      solve(Device::Cuda, 16, options, communicator);
      ADD_FAILURE() << failure.call << ": rank " << rank << " has not learned of it";
    }
    catch (const Error & error)
    {
      const std::string who = "process " + std::to_string(ranks - 1) + " of " + std::to_string(ranks) + ": ";
      EXPECT_EQ(error.kind(), ErrorKind::OutOfResources);
      EXPECT_EQ(std::string(error.what()).rfind(who, 0) == 0, rank != ranks - 1) << error.what();
      EXPECT_TRUE(holds(error.what(), std::string("device cuda: ") + failure.call) &&
                  holds(error.what(), "--device cpu"))
        << error.what();
    }
    EXPECT_EQ(cuda_emulation::stopFailing().empty(), rank != ranks - 1);
    communicator.reset();
    expectNothingLeft();
  }
}
