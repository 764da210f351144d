// SPDX-License-Identifier: Apache-2.0
// The tables of doc/parallel.md: memory, messages and times that the scaling model predicts. Nothing is measured here.
#include "gnr/Error.h"
#include "gnr/Engine.h"
#include "gnr/ScalingModel.h"

#include "parallel/FourierTransform.h"
#include "registration/Pyramid.h"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <iostream>
#include <string>
#include <vector>

namespace
{

/** Of images that do not reach the border. */
gnr::MemoryPlan
planFor(int n, const gnr::Options & options, bool isOnDevice)
{
  gnr::MemoryPlan plan;
  plan.fieldsOnDevice = isOnDevice;
  plan.imageGrid.size = { { n, n, n } };
  plan.solverGrid = plan.imageGrid;
  plan.solverGrid.size.fill(gnr::fourierSize(n));
  for (const gnr::PyramidGrid & level : gnr::pyramidGrids(plan.solverGrid, plan.imageGrid, options.levels, true))
  {
    plan.levels.push_back(level.grid);
  }
  plan.velocityGrid = gnr::velocityGridOf(plan.solverGrid, plan.imageGrid, options.velocityGrid).grid;
  return plan;
}

std::string
number(double value)
{
  char text[32];
  std::snprintf(text, sizeof text, value >= 100 ? "%.0f" : (value >= 10 ? "%.1f" : "%.2g"), value);
  return text;
}

std::string
amount(double bytes)
{
  return bytes == 0 ? "0" : (bytes >= 1e9 ? number(bytes / 1e9) + " GB" : number(bytes / 1e6) + " MB");
}

std::string
duration(double seconds)
{
  return seconds >= 1.0 ? number(seconds) + " s" : number(1e3 * seconds) + " ms";
}

void
printTable(const std::vector<int> &    sizes,
           const std::vector<int> &    processes,
           const gnr::ProcessFigures & figures,
           double                      memory,
           const gnr::Options &        options,
           bool                        isOnDevice)
{
  std::printf("| image | processes | fields, each | product: halos, transpositions | preconditioner: transpositions | "
              "product | of it messages | registration | of it messages |\n|---|---|---|---|---|---|---|---|---|\n");
  for (const int n : sizes)
  {
    const gnr::MemoryPlan plan = planFor(n, options, isOnDevice);
    for (const int p : processes)
    {
      if (p > n / 4)
      {
        continue;
      }
      const gnr::ScalingPrediction prediction = gnr::predictScaling(plan, options, p, figures);
      const double                 bytes = static_cast<double>(prediction.memory.fieldBytes);
      const auto                   sent = [](const gnr::OperationCost & cost, gnr::Purpose purpose) {
        return amount(static_cast<double>(cost.of(purpose).most.bytes));
      };
      const auto share = [](const gnr::OperationCost & cost) {
        return number(100.0 * cost.networkSeconds / cost.seconds()) + " %";
      };
      const bool fits = bytes <= memory;
      std::printf("| %d³ | %d | %s%s | %s, %s | %s | %s | %s | %s | %s |\n",
                  n,
                  p,
                  amount(bytes).c_str(),
                  fits ? "" : " (too much)",
                  sent(prediction.product, gnr::Purpose::Halo).c_str(),
                  sent(prediction.product, gnr::Purpose::Transpose).c_str(),
                  sent(prediction.preconditioner, gnr::Purpose::Transpose).c_str(),
                  fits ? duration(prediction.product.seconds()).c_str() : "",
                  fits ? share(prediction.product).c_str() : "",
                  fits ? duration(prediction.solve.seconds()).c_str() : "",
                  fits ? share(prediction.solve).c_str() : "");
    }
  }
}

} // namespace

int
main(int argc, char * argv[])
{
  std::string      device = "cpu";
  int              threads = 64;
  double           gigabytes = 256.0;
  std::vector<int> sizes{ 256, 512, 1024, 2048, 4096 }, processes{ 1, 4, 16, 64, 256, 1024 };
  gnr::Options     options;
  CLI::App parser("Memory, messages and times that the scaling model predicts, in Markdown", "benchmark-predict");
  parser.add_option("--device", device, "Figures to use")
    ->check(CLI::IsMember({ "cpu", "gpu" }))
    ->capture_default_str();
  parser.add_option("--threads", threads, "Cores of a process")->capture_default_str()->check(CLI::Range(1, 1024));
  parser.add_option("--memory", gigabytes, "Memory of a process, GB")->capture_default_str();
  parser.add_option("--sizes", sizes, "Voxels along each axis")->check(CLI::Range(32, 8192));
  parser.add_option("--processes", processes, "Numbers of processes")->check(CLI::Range(1, 2048));
  parser.add_option("--time-steps", options.timeSteps, "Of the transport")->capture_default_str();
  CLI11_PARSE(parser, argc, argv);
  try
  {
    const bool isOnDevice = device == "gpu";
    printTable(sizes,
               processes,
               isOnDevice ? gnr::gpuFigures() : gnr::cpuFigures(threads),
               1e9 * gigabytes,
               options,
               isOnDevice);
  }
  catch (const gnr::Error & error)
  {
    std::cerr << "benchmark-predict: error: " << error.what() << '\n';
    return 2;
  }
  return 0;
}
