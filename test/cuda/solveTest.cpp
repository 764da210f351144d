// SPDX-License-Identifier: Apache-2.0
// Whole registrations on the device beside the CPU.
#include "emulation.h"
#include "problems.h"

#include "gnr/Engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>

namespace
{

struct Result
{
  std::vector<float> u;
  std::vector<float> inverse;
  std::vector<float> determinant;
  gnr::Report        report;
};

Result
solve(gnr::Device                            device,
      const gnr::Grid &                      grid,
      gnr::Options                           options,
      double                                 shift,
      const std::vector<gnr::LandmarkPair> & landmarks = {})
{
  options.device = device;
  options.threads = 2;
  // Two soft ellipsoids that differ in place and shape; they reach no face, so the grid is not padded.
  const auto blob = [](double x, double y, double z, double w) {
    const double r = x * x + 1.5 * y * y + z * z / (1 + w);
    return 1.0 / (1.0 + std::exp(8.0 * (std::sqrt(r) - 1.4)));
  };
  const double             c = problems::pi;
  const std::vector<float> fixed =
    problems::image(grid, [=](double x, double y, double z) { return blob(x - c, y - c, z - c, 0.0); });
  const std::vector<float> moving = problems::image(
    grid, [=](double x, double y, double z) { return blob(x - c - shift, y - c + 0.5 * shift, z - c, 0.3); });
  gnr::Problem problem{ grid, options };
  problem.fixed = { fixed.data(), gnr::wholeOf(problem.grid) };
  problem.moving = { moving.data(), gnr::wholeOf(problem.grid) };
  problem.landmarks = landmarks;
  Result     result;
  const auto solution = gnr::makeEngine()->run(problem);
  result.report = solution->report();
  result.u.resize(3 * grid.points());
  result.inverse.resize(3 * grid.points());
  result.determinant.resize(grid.points());
  solution->read(gnr::Field::Displacement, { result.u.data(), gnr::wholeOf(problem.grid) });
  solution->read(gnr::Field::InverseDisplacement, { result.inverse.data(), gnr::wholeOf(problem.grid) });
  solution->read(gnr::Field::Determinant, { result.determinant.data(), gnr::wholeOf(problem.grid) });
  return result;
}

double
largestDifference(const std::vector<float> & a, const std::vector<float> & b)
{
  double largest = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i)
  {
    largest = std::max(largest, std::abs(double(a[i]) - double(b[i])));
  }
  return largest;
}

/** A rounding can change where an inner solve stops; with this preconditioner there is none. */
gnr::Options
steadyOptions()
{
  gnr::Options options;
  options.similarity = gnr::SimilarityMeasure::SumOfSquares;
  options.preconditioner = gnr::Preconditioner::InvA;
  options.maximumIterations = 3; // on each grid: every kernel has run many times, and the test has not taken a minute
  return options;
}

} // namespace

TEST(CudaSolve, GivesWhatTheCpuGives)
{
  const gnr::Grid grid = problems::cube(48);
  const double    voxel = grid.spacing[0];
  gnr::releaseDeviceMemory(); // that of other tests
  cuda_emulation::peakBytes();
  const Result      cuda = solve(gnr::Device::Cuda, grid, steadyOptions(), 0.3);
  const std::size_t peak = cuda_emulation::peakBytes();
  const Result      cpu = solve(gnr::Device::Cpu, grid, steadyOptions(), 0.3);
  EXPECT_EQ(cuda.report.device, "CUDA (emulated device, compute capability 9.0)");
  EXPECT_GT(cpu.report.maximumDisplacement, 2 * voxel) << "there is nothing to compare";
  EXPECT_LE(largestDifference(cuda.u, cpu.u), 1e-3 * voxel);
  EXPECT_LE(largestDifference(cuda.inverse, cpu.inverse), 1e-3 * voxel);
  EXPECT_LE(largestDifference(cuda.determinant, cpu.determinant), 1e-3);
  EXPECT_EQ(cuda.report.newtonSteps, cpu.report.newtonSteps);
  EXPECT_EQ(cuda.report.hessianProducts, cpu.report.hessianProducts);
  EXPECT_NEAR(cuda.report.mismatch, cpu.report.mismatch, 1e-4);
  EXPECT_EQ(cuda.report.overflowBytes, 0u);
  EXPECT_EQ(cuda.report.scratchBytes, cuda.report.memoryPlan.scratchBytes);
  // All of the device's memory is planned, but what sums need.
  EXPECT_EQ(peak, cuda.report.memoryPlan.deviceBytes(cuda.report.fieldBytes) + (std::size_t(64) << 10));
  EXPECT_GT(cuda.report.scratchBytes, grid.points()); // cuFFT's work area
  std::printf("48^3: largest difference %.2e voxel, device memory %.1f B/voxel, arena %.1f B/voxel\n",
              largestDifference(cuda.u, cpu.u) / voxel,
              double(peak) / double(grid.points()),
              double(cuda.report.fieldBytes) / double(grid.points()));
}

TEST(CudaSolve, EveryMeasureGivesWhatTheCpuGives)
{
  const gnr::Grid grid = problems::cube(32);
  const double    voxel = grid.spacing[0];
  for (const auto similarity : { gnr::SimilarityMeasure::GlobalCorrelation,
                                 gnr::SimilarityMeasure::LocalCorrelation,
                                 gnr::SimilarityMeasure::SelfSimilarity })
  {
    SCOPED_TRACE(gnr::nameOf(similarity));
    gnr::Options options = steadyOptions();
    options.similarity = similarity;
    const Result cuda = solve(gnr::Device::Cuda, grid, options, 0.3);
    const Result cpu = solve(gnr::Device::Cpu, grid, options, 0.3);
    EXPECT_GT(cpu.report.maximumDisplacement, voxel) << "there is nothing to compare";
    EXPECT_LE(largestDifference(cuda.u, cpu.u), 1e-3 * voxel);
    EXPECT_EQ(cuda.report.newtonSteps, cpu.report.newtonSteps);
    EXPECT_EQ(cuda.report.hessianProducts, cpu.report.hessianProducts);
    EXPECT_EQ(cuda.report.overflowBytes, 0u);
  }
}

TEST(CudaSolve, DensitiesAreCarriedAsOnTheCpu)
{
  const gnr::Grid grid = problems::cube(32);
  const double    voxel = grid.spacing[0];
  gnr::Options    options = steadyOptions();
  options.density = gnr::Density::Given;
  options.densityExponent = 0.55;
  const Result cuda = solve(gnr::Device::Cuda, grid, options, 0.3);
  const Result cpu = solve(gnr::Device::Cpu, grid, options, 0.3);
  EXPECT_GT(cpu.report.maximumDisplacement, voxel) << "there is nothing to compare";
  EXPECT_LE(largestDifference(cuda.u, cpu.u), 1e-3 * voxel);
  EXPECT_EQ(cuda.report.newtonSteps, cpu.report.newtonSteps);
  EXPECT_EQ(cuda.report.overflowBytes, 0u);
}

// More samples than travel to a GPU at once, and in any order of its blocks.
TEST(CudaSolve, LandmarksPullAsOnTheCpu)
{
  const gnr::Grid                grid = problems::cube(20);
  const double                   voxel = grid.spacing[0];
  std::vector<gnr::LandmarkPair> landmarks;
  for (int i = 0; i < 80; ++i)
  {
    const std::array<double, 3> p{ { 2.0 + 0.03 * i, 4.2 - 0.025 * i, 3.0 + 0.4 * std::sin(i) } };
    landmarks.push_back({ p, { { p[0] + 0.3, p[1] - 0.2, p[2] + 0.1 } } });
  }
  const Result cuda = solve(gnr::Device::Cuda, grid, steadyOptions(), 0.3, landmarks);
  const Result cpu = solve(gnr::Device::Cpu, grid, steadyOptions(), 0.3, landmarks);
  EXPECT_GT(cpu.report.maximumDisplacement, voxel) << "there is nothing to compare";
  EXPECT_LE(largestDifference(cuda.u, cpu.u), 1e-3 * voxel);
  EXPECT_EQ(cuda.report.newtonSteps, cpu.report.newtonSteps);
  EXPECT_EQ(cuda.report.fieldBytes, cuda.report.memoryPlan.fieldBytes);
  EXPECT_EQ(cuda.report.overflowBytes, 0u);
  cuda_emulation::setSeed(11);
  const Result again = solve(gnr::Device::Cuda, grid, steadyOptions(), 0.3, landmarks);
  EXPECT_EQ(std::memcmp(cuda.u.data(), again.u.data(), cuda.u.size() * sizeof(float)), 0);
}

TEST(CudaSolve, TakesNoMoreMemoryThanAGpuHas)
{
  const gnr::Grid    grid = problems::cube(192);
  std::vector<float> fixed(grid.points(), 0.0F);
  const std::size_t  middle = grid.points() / 2 + 96 * 192 + 96;
  gnr::Options       options;
  options.similarity = gnr::SimilarityMeasure::SumOfSquares;
  options.device = gnr::Device::Cuda;
  fixed[middle] = 1.0F; // a background that needs no padding
  gnr::Problem problem{ grid, options };
  problem.fixed = { fixed.data(), gnr::wholeOf(problem.grid) };
  problem.moving = { fixed.data(), gnr::wholeOf(problem.grid) };
  const gnr::MemoryPlan plan = gnr::makeEngine()->plan(problem);
  EXPECT_EQ(plan.solverGrid.size, grid.size);
  EXPECT_LE(double(plan.fieldBytes), 140.0 * double(grid.points()));
  std::printf("192^3: arena %.1f B/voxel\n", double(plan.fieldBytes) / double(grid.points()));
}

TEST(CudaSolve, DefaultOptionsComeAsFar)
{
  const gnr::Grid grid{ { 30, 26, 28 }, { 1.0, 1.2, 0.9 } };
  const Result    cuda = solve(gnr::Device::Cuda, grid, {}, 0.3), cpu = solve(gnr::Device::Cpu, grid, {}, 0.3);
  EXPECT_LT(cpu.report.mismatch, 0.3);
  EXPECT_NEAR(cuda.report.mismatch, cpu.report.mismatch, 0.05 * cpu.report.mismatch);
  EXPECT_NEAR(cuda.report.determinantMinimum, cpu.report.determinantMinimum, 0.02);
}

TEST(CudaSolve, TheOrderOfBlocksAndThreadsDoesNotMatter)
{
  const gnr::Grid grid = problems::cube(20);
  gnr::Options    options;
  options.similarity = gnr::SimilarityMeasure::SumOfSquares;
  options.maximumIterations = 2;
  cuda_emulation::setSeed(11);
  const Result one = solve(gnr::Device::Cuda, grid, options, 0.3);
  cuda_emulation::setSeed(12);
  const Result two = solve(gnr::Device::Cuda, grid, options, 0.3);
  EXPECT_EQ(std::memcmp(one.u.data(), two.u.data(), one.u.size() * sizeof(float)), 0);
  EXPECT_EQ(one.report.mismatch, two.report.mismatch);
}

TEST(CudaSolve, IsPlannedWhereThereIsNoDevice)
{
  for (const gnr::Grid & grid : { problems::cube(20), problems::cube(64), gnr::Grid{ { 150, 30, 260 }, { 1, 1, 1 } } })
  {
    std::vector<float> image(grid.points(), 0.0F);
    image[grid.points() / 2] = 1.0F;
    gnr::Options options;
    options.similarity = gnr::SimilarityMeasure::SumOfSquares;
    const auto planOn = [&](gnr::Device device) {
      options.device = device;
      gnr::Problem problem{ grid, options };
      problem.fixed = { image.data(), gnr::wholeOf(problem.grid) };
      problem.moving = { image.data(), gnr::wholeOf(problem.grid) };
      return gnr::makeEngine()->plan(problem);
    };
    const gnr::MemoryPlan here = planOn(gnr::Device::Cuda), cpu = planOn(gnr::Device::Cpu);
    EXPECT_FALSE(cpu.fieldsOnDevice);
    const gnr::MemoryPlan elsewhere = gnr::planForDevice(cpu, options);
    EXPECT_TRUE(elsewhere.fieldsOnDevice);
    EXPECT_FALSE(elsewhere.availableDeviceBytes.has_value());
    EXPECT_EQ(elsewhere.fieldBytes, here.fieldBytes);
    EXPECT_EQ(elsewhere.phases, here.phases);
    EXPECT_EQ(elsewhere.stagingBytes, here.stagingBytes);
    EXPECT_GE(elsewhere.scratchBytes, here.scratchBytes) << "what the device asked its cuFFT for";
    EXPECT_LE(elsewhere.scratchBytes, std::size_t(76) << 20);
    EXPECT_EQ(gnr::planForDevice(here, options).scratchBytes, here.scratchBytes) << "nothing to guess";
  }
}

TEST(CudaSolve, PlansTheMemoryThatItTakes)
{
  const gnr::Grid grid = problems::cube(20);
  gnr::Options    options;
  options.similarity = gnr::SimilarityMeasure::SumOfSquares;
  options.maximumIterations = 2;
  gnr::releaseDeviceMemory(); // that of other tests
  const Result result = solve(gnr::Device::Cuda, grid, options, 0.3);
  EXPECT_EQ(result.report.fieldBytes, result.report.memoryPlan.fieldBytes);
  const gnr::MemoryPlan & plan = result.report.memoryPlan;
  // What the emulated device has, less what the kernels took for sums; not the memory of the host.
  ASSERT_TRUE(plan.availableDeviceBytes.has_value());
  EXPECT_LE(*plan.availableDeviceBytes, std::size_t(16) << 30);
  EXPECT_GE(*plan.availableDeviceBytes, (std::size_t(16) << 30) - (std::size_t(1) << 20));
  EXPECT_NE(plan.availableBytes, plan.availableDeviceBytes);
  // Fields are the device's, and the host's is what copies go through.
  EXPECT_TRUE(plan.fieldsOnDevice);
  EXPECT_EQ(plan.deviceBytes(plan.fieldBytes), plan.fieldBytes + plan.scratchBytes);
  EXPECT_EQ(plan.hostBytes(plan.fieldBytes), plan.stagingBytes);
  EXPECT_EQ(plan.stagingBytes, (std::size_t(8) << 20) + (std::size_t(64) << 10));
  EXPECT_EQ(result.report.stagingBytes, plan.stagingBytes);
}
