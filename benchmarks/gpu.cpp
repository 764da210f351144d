// SPDX-License-Identifier: Apache-2.0
// Kernels and whole solves on one device, with nothing but the core: for machines that have a GPU and little else.
// Every kernel is compared with a copy in the memory of the device, measured in the same run. Results are printed as
// JSON.
#include "kernels/Buffer.h"
#include "parallel/Domain.h"
#include "parallel/FourierTransform.h"

#include "gnr/Engine.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

namespace
{

using Json = nlohmann::ordered_json;

double
now()
{
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

gnr::Device
deviceOf(const std::string & name)
{
  return name == "cpu" ? gnr::Device::Cpu : gnr::Device::Cuda;
}

gnr::Grid
cube(int n)
{
  gnr::Grid grid; // voxels of 1 mm
  grid.size = { { n, n, n } };
  return grid;
}

//---- kernels
//----------------------------------------------------------------------------------------------------------

/** Seconds of one call: the best of five rounds of several calls each. Reading a value waits for all of them. */
double
secondsOf(gnr::Kernels & kernels, const void * anything, const std::function<void()> & call)
{
  const auto wait = [&] {
    float value = 0.0F;
    kernels.copyToHost(anything, &value, sizeof value);
  };
  call(); // plans and scratch memory
  wait();
  const double once = now();
  call();
  wait();
  const int calls = std::clamp(static_cast<int>(0.05 / std::max(now() - once, 1e-7)), 1, 200);
  double    best = 1e30;
  for (int round = 0; round < 5; ++round)
  {
    const double begin = now();
    for (int i = 0; i < calls; ++i)
    {
      call();
    }
    wait();
    best = std::min(best, (now() - begin) / calls);
  }
  return best;
}

/** Every kernel that a solve spends time in, on n^3 points. Bytes per voxel are those of kernels.h, each array once. */
Json
measureKernels(gnr::Kernels & kernels, int n)
{
  const auto        communicator = gnr::makeSelfCommunicator();
  gnr::Domain       domain(cube(n), kernels, *communicator);
  const std::size_t points = domain.points();
  gnr::Buffer       a = domain.vector(), b = domain.vector(), c = domain.vector();
  kernels.fill(a.data(), a.size(), 0.3F);
  kernels.fill(b.data(), b.size(), 0.4F);
  kernels.fill(c.data(), c.size(), 0.5F);
  // Displacements of up to two voxels that vary from point to point as those of smooth velocities do.
  std::vector<float> wave(points);
  for (std::size_t i = 0; i < points; ++i)
  {
    wave[i] = static_cast<float>(2.0 * std::sin(0.05 * double(i % n) + 0.03 * double(i / n % n)));
  }
  gnr::Buffer displacement = domain.vector();
  for (int component = 0; component < 3; ++component)
  {
    kernels.copyFromHost(wave.data(), displacement.data() + component * points, points * sizeof(float));
  }
  const gnr::ConstVectorView d = domain.view(displacement);
  const gnr::VectorView      va = domain.view(a), vb = domain.view(b), vc = domain.view(c);
  const gnr::Halo            wide{ { 4, 4, 4 } };
  const gnr::Padded          padded[3] = { domain.padded(va[0], wide, 0),
                                           domain.padded(va[1], wide, 1),
                                           domain.padded(va[2], wide, 2) };
  const double * const       h = domain.inverseSpacing();
  const float                scale[3] = { 1.0F, 1.0F, 1.0F };
  gnr::FourierTransform      transform(domain);
  gnr::Symbol                inverse = transform.symbol(gnr::Symbol::Kind::InverseRegularization);
  inverse.gamma = 8.0;

  const double copySeconds =
    secondsOf(kernels, a.data(), [&] { kernels.copy(a.data(), b.data(), a.size()); }) / 3.0; // of one component
  const double bandwidth = 8.0 * double(points) / copySeconds;
  kernels.fill(b.data(), b.size(), 0.4F);

  gnr::Window window;
  window.radius = 4; // as wide as the halo
  for (int q = 0; q <= window.radius; ++q)
  {
    window.weight[q] = 1.0F / (2 * window.radius + 1);
  }

  struct Kernel
  {
    const char *          name;
    double                bytes; ///< per voxel
    std::function<void()> call;
  };
  const std::vector<Kernel> list = {
    { "fill", 12, [&] { kernels.fill(c.data(), c.size(), 0.5F); } },
    { "axpby", 36, [&] { kernels.axpby(0.5F, a.data(), 0.5F, c.data(), c.size()); } },
    { "dot", 24, [&] { kernels.dot(a.data(), b.data(), a.size()); } },
    { "maximumAbsolute", 4, [&] { kernels.maximumAbsolute(a.data(), points); } },
    { "krylovUpdate",
      84,
      [&] { kernels.krylovUpdate(1e-6F, a.data(), a.data(), a.data(), b.data(), c.data(), a.size()); } },
    { "krylovDirection",
      72,
      [&] { kernels.krylovDirection(1e-6F, a.data(), a.data(), 0.1F, b.data(), c.data(), a.size()); } },
    { "pad", 8, [&] { kernels.pad(va[0], padded[0]); } },
    { "pad and halo", 8, [&] { domain.padded(va[0], wide, 0); } },
    { "gradientDot", 20, [&] { kernels.gradientDot(padded[0], h, vb, 0.1F, 0.0F, vc[0]); } },
    { "scaledGradient", 20, [&] { kernels.scaledGradient(padded[0], h, va[0], 0.1F, 0.0F, vc); } },
    { "derivative x", 8, [&] { kernels.derivative(padded[0], 0, h[0], 0.1F, 0.0F, vc[0]); } },
    { "derivative z", 8, [&] { kernels.derivative(padded[0], 2, h[2], 0.1F, 0.0F, vc[0]); } },
    { "jacobianDeterminant", 16, [&] { kernels.jacobianDeterminant(padded, h, vc[0]); } },
    { "squaredGradient", 8, [&] { kernels.squaredGradient(padded[0], h, 0.0F, vc[0]); } },
    { "weightedLaplacian", 12, [&] { kernels.weightedLaplacian(padded[0], padded[1], h, 0.1F, 0.0F, vc[0]); } },
    { "interpolate linear",
      20,
      [&] { kernels.interpolate(padded[0], d, nullptr, gnr::Interpolation::Linear, vc[0]); } },
    { "interpolate cubic", 20, [&] { kernels.interpolate(padded[0], d, nullptr, gnr::Interpolation::Cubic, vc[0]); } },
    { "interpolateVector", 36, [&] { kernels.interpolateVector(padded, d, scale, vc); } },
    { "pushForward", 36, [&] { kernels.pushForward(padded, domain.grid().spacing.data(), vc); } },
    { "convolvePlanes", 16, [&] { kernels.convolvePlanes(va[0], domain.extents(), window, window, vc[0]); } },
    { "convolveAcross", 8, [&] { kernels.convolveAcross(padded[0], window, vc[0]); } },
    { "growth", 12, [&] { kernels.growth(va[0], vb[0], 0.1F, vc[0], points); } },
    { "squaredDistance", 8, [&] { kernels.squaredDistance(va[0], vb[0], nullptr, points); } },
    { "gradientDyad", 36, [&] { kernels.gradientDyad(va, nullptr, vb, vc, points); } },
    { "stiffen", 8, [&] { kernels.stiffen(va[0], 1.0F, 1.0F, vc[0], points, nullptr); } },
    // Of a spectrum of 4 bytes a voxel: planes there and back write and read it and the field; columns read and write
    // it.
    { "regularization inverse, 3 components",
      3 * (8 + 8 + 8),
      [&] { transform.apply(inverse, a.data(), b.data(), 3); } },
  };
  Json table = Json::array();
  for (const Kernel & kernel : list)
  {
    const double seconds = secondsOf(kernels, a.data(), kernel.call);
    const double bytesPerSecond = kernel.bytes * double(points) / seconds;
    table.push_back({ { "kernel", kernel.name },
                      { "bytesPerVoxel", kernel.bytes },
                      { "microseconds", 1e6 * seconds },
                      { "gigabytesPerSecond", 1e-9 * bytesPerSecond },
                      { "timeOverCopyOfTheBytes", bandwidth / bytesPerSecond } });
  }
  return { { "size", n }, { "copyGigabytesPerSecond", 1e-9 * bandwidth }, { "kernels", table } };
}

//---- solves
//-----------------------------------------------------------------------------------------------------------

struct Pair
{
  gnr::Grid          grid;
  std::vector<float> fixed;
  std::vector<float> moving;
};

/** Folds like those of a cortex in a ball that reaches no face, and the same bent by up to `voxels` voxels. */
Pair
syntheticPair(int n, double voxels)
{
  constexpr double pi = 3.14159265358979323846;
  const auto       value = [](double x, double y, double z) {
    const double r = std::sqrt(x * x + y * y + z * z);
    const double surface = 0.62 + 0.06 * std::sin(9 * std::atan2(y, x)) * std::sin(7 * z);
    return 1.0 / (1.0 + std::exp(40.0 * (r - surface))) * (0.6 + 0.4 / (1.0 + std::exp(30.0 * (r - surface + 0.15))));
  };
  Pair pair;
  pair.grid = cube(n);
  pair.fixed.reserve(pair.grid.points());
  pair.moving.reserve(pair.grid.points());
  const double bend = 2.0 * voxels / n;
  for (int k = 0; k < n; ++k)
  {
    for (int j = 0; j < n; ++j)
    {
      for (int i = 0; i < n; ++i)
      {
        const double x = 2.0 * i / n - 1, y = 2.0 * j / n - 1, z = 2.0 * k / n - 1;
        pair.fixed.push_back(static_cast<float>(value(x, y, z)));
        pair.moving.push_back(static_cast<float>(value(
          x + bend * std::sin(pi * y), y + 0.7 * bend * std::sin(pi * z), z - 0.8 * bend * std::sin(pi * (x + 0.2)))));
      }
    }
  }
  return pair;
}

std::vector<float>
readRaw(const std::string & file, std::size_t count)
{
  std::vector<float> values(count);
  std::ifstream      stream(file, std::ios::binary);
  if (!stream.read(reinterpret_cast<char *>(values.data()), static_cast<std::streamsize>(count * sizeof(float))) ||
      stream.peek() != std::ifstream::traits_type::eof())
  {
    throw std::runtime_error(file + ": is not a file of " + std::to_string(count) +
                             " floats; --size must be that of the image, and the file must have no header");
  }
  return values;
}

Json
solve(const Pair & pair, const gnr::Options & options, std::vector<float> & u)
{
  const gnr::Box whole = wholeOf(pair.grid);
  const double   begin = now();
  gnr::Problem   problem;
  problem.grid = pair.grid;
  problem.options = options;
  problem.fixed = { pair.fixed.data(), whole };
  problem.moving = { pair.moving.data(), whole };
  const auto          result = gnr::makeEngine()->run(problem);
  const gnr::Report & report = result->report();
  const double        solved = now();
  u.resize(3 * pair.grid.points());
  result->read(gnr::Field::Displacement, { u.data(), whole });
  const double points = double(report.solverGrid.points());
  Json         phases = Json::object();
  for (const auto & [name, seconds] : report.phases)
  {
    phases[name] = seconds;
  }
  return { { "size", pair.grid.size },
           { "solverSize", report.solverGrid.size },
           { "device", report.device },
           { "seconds", solved - begin },
           { "secondsOfTheDisplacement", now() - solved },
           { "phases", phases },
           { "newtonSteps", report.newtonSteps },
           { "hessianProducts", report.hessianProducts },
           { "innerIterations", report.innerIterations },
           { "mismatch", report.mismatch },
           { "determinant", { report.determinantMinimum, report.determinantMaximum } },
           { "foldedVoxels", report.foldedVoxels },
           { "arenaBytesPerVoxel", double(report.fieldBytes) / points },
           { "overflowBytes", report.overflowBytes } };
}

} // namespace

int
main(int argc, char ** argv)
{
  CLI::App         app("Kernels and solves on one device; JSON on standard output");
  std::string      device = "cuda", fixed, moving;
  std::vector<int> kernelSizes, solveSizes, size;
  int              compare = 0;
  app.add_option("--device", device, "Where to compute")->check(CLI::IsMember({ "cuda", "cpu" }));
  app.add_option("--kernels", kernelSizes, "Measure the kernels on n^3 points");
  app.add_option("--solve", solveSizes, "Register a synthetic pair of n^3 points");
  app.add_option("--compare", compare, "Register a pair of n^3 points on the CPU, too, and tell the difference");
  auto * fixedOption = app.add_option("--fixed", fixed, "File of single-precision values, x fastest, without header");
  app.add_option("--moving", moving, "Likewise")->needs(fixedOption);
  app.add_option("--size", size, "Of both files: nx ny nz")->expected(3)->needs(fixedOption);
  CLI11_PARSE(app, argc, argv);
  try
  {
    Json               result;
    std::vector<float> u;
    gnr::Options       options;
    options.device = deviceOf(device);
    const auto kernels = [&] {
      return options.device == gnr::Device::Cpu ? gnr::makeCpuKernels(options.threads.value_or(1))
                                                : gnr::makeCudaKernels();
    };
    result["device"] = kernels()->description();
    for (const int n : kernelSizes)
    {
      result["kernels"].push_back(measureKernels(*kernels(), n));
    }
    for (const int n : solveSizes)
    {
      const Pair pair = syntheticPair(n, 0.02 * n);
      solve(pair, options, u); // plans, modules, clocks
      result["solves"].push_back(solve(pair, options, u));
    }
    if (!fixed.empty())
    {
      if (moving.empty() || size.size() != 3)
      {
        throw std::runtime_error("--fixed needs --moving and --size");
      }
      Pair pair;
      std::copy(size.begin(), size.end(), pair.grid.size.begin());
      pair.fixed = readRaw(fixed, pair.grid.points());
      pair.moving = readRaw(moving, pair.grid.points());
      solve(pair, options, u);
      result["solves"].push_back(solve(pair, options, u));
    }
    if (compare > 0)
    {
      const Pair         pair = syntheticPair(compare, 0.04 * compare);
      std::vector<float> onCpu;
      // With this preconditioner no inner solve ends earlier or later for a rounding.
      options.preconditioner = gnr::Preconditioner::InvA;
      solve(pair, options, u);
      options.device = gnr::Device::Cpu;
      solve(pair, options, onCpu);
      double largest = 0.0, displacement = 0.0;
      for (std::size_t i = 0; i < u.size(); ++i)
      {
        largest = std::max(largest, std::abs(double(u[i]) - double(onCpu[i])));
        displacement = std::max(displacement, std::abs(double(onCpu[i])));
      }
      result["comparison"] = { { "size", compare },
                               { "largestDisplacementInVoxels", displacement },
                               { "largestDifferenceInVoxels", largest } };
    }
    std::cout << result.dump(2) << std::endl;
    return 0;
  }
  catch (const std::exception & error)
  {
    std::cerr << "error: " << error.what() << std::endl;
    return 1;
  }
}
