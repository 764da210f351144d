// SPDX-License-Identifier: Apache-2.0
#include "gnr/ScalingModel.h"

#include "parallel/Slab.h"
#include "registration/SolveWork.h"

#include "gnr/Registration.h"

#include <algorithm>

namespace gnr
{
namespace
{

// Bytes of a value in memory.
constexpr double interpolationBytes = 22.0; // 20, or 24 with the growth of the adjoint
constexpr double transformBytes = 12.0;     // there or back: planes 8, half of the columns' 8
constexpr double padBytes = 8.0;
constexpr double packBytes = 8.0;

/** What a process computes, seconds [C4]. */
double
computeSeconds(const Workload & work, const ProcessFigures & f, int processes, int process)
{
  double     seconds = 0.0;
  const auto planesOf = [&](const GridSize & size) {
    return static_cast<double>(slabOf(size[2], processes, process).size());
  };
  for (const auto & [size, w] : work.points())
  {
    const double points = planesOf(size) * size[0] * size[1];
    const int    packs = processes > 1 ? std::min(processes, size[1]) : 0; // one for each that has rows
    if (points == 0.0)
    {
      continue;
    }
    const double transform = std::max(transformBytes / f.memoryBandwidth, 1.0 / f.transforms) +
                             (processes > 1 ? packBytes / f.memoryBandwidth : 0.0);
    const double interpolation = std::max(interpolationBytes / f.memoryBandwidth, 1.0 / f.interpolations);
    seconds += points * (w.bytes / f.memoryBandwidth + w.interpolations * interpolation + w.transforms * transform) +
               f.callSeconds * (w.calls + w.transforms * (2 + packs));
  }
  for (const auto & [halo, count] : work.halos())
  {
    const double planes = planesOf(halo.size);
    if (planes > 0)
    {
      const double values = (planes + 2.0 * halo.width) * (halo.size[0] + 2.0 * halo.width) *
                            (halo.size[1] + 2.0 * halo.width) * halo.fields;
      seconds +=
        static_cast<double>(count) * (values * padBytes / f.memoryBandwidth + 3.0 * halo.fields * f.callSeconds);
    }
  }
  return seconds;
}

/** What a process spends on messages [C5]. */
double
networkSeconds(const Workload & work, const ProcessFigures & f, int processes, int process)
{
  double seconds = 0.0;
  for (const Traffic & sent : { work.haloSent(processes, process), work.transposeSent(processes, process) })
  {
    const double bytes = static_cast<double>(sent.bytes);
    seconds += static_cast<double>(sent.messages) * f.latency + bytes / f.networkBandwidth;
    if (f.stagingBandwidth > 0.0)
    {
      seconds += 2.0 * bytes / f.stagingBandwidth; // out, and what comes in
    }
  }
  int depth = 0; // of the tree of a reduction
  while ((1 << depth) < processes)
  {
    ++depth;
  }
  return seconds + static_cast<double>(work.reductions()) * 2.0 * depth * f.latency;
}

OperationCost
costOf(const Workload & work, const ProcessFigures & figures, int processes)
{
  OperationCost cost;
  for (int process = 0; process < processes; ++process)
  {
    const Traffic sent[] = { work.haloSent(processes, process),
                             work.transposeSent(processes, process),
                             work.reductionSent(processes, process) };
    for (int purpose = 0; purpose < 3; ++purpose)
    {
      PredictedTraffic & traffic = cost.traffic[purpose];
      traffic.total.messages += sent[purpose].messages;
      traffic.total.bytes += sent[purpose].bytes;
      traffic.most.messages = std::max(traffic.most.messages, sent[purpose].messages);
      traffic.most.bytes = std::max(traffic.most.bytes, sent[purpose].bytes);
    }
    cost.computeSeconds = std::max(cost.computeSeconds, computeSeconds(work, figures, processes, process));
    cost.networkSeconds = std::max(cost.networkSeconds, networkSeconds(work, figures, processes, process));
  }
  return cost;
}

} // namespace

ProcessFigures
cpuFigures(int threads)
{
  // Measured on one core of an AMD EPYC (benchmarks/kernels.cpp); a socket has 204.8 GB/s (8 channels DDR4-3200), of
  // which kernels reach four fifths; HDR InfiniBand, 25 GB/s a node, shared by its two sockets.
  ProcessFigures f;
  f.name = "CPU, " + std::to_string(threads) + (threads == 1 ? " core" : " cores");
  f.memoryBandwidth = std::min(13e9 * threads, 160e9);
  f.interpolations = 109e6 * threads;
  f.transforms = 200e6 * threads;
  f.callSeconds = 2e-6;
  f.latency = 2e-6;
  f.networkBandwidth = 12.5e9;
  return f;
}

ProcessFigures
gpuFigures()
{
  // H100 SXM: 3.35 TB/s (data sheet), of which kernels are to reach two thirds (doc/gpu.md); one ConnectX-7 of 400
  // Gb/s for each GPU, as in NVIDIA's DGX H100; staged over PCIe 5.0 x16, 64 GB/s, of which 50 are reached.
  ProcessFigures f;
  f.name = "NVIDIA H100";
  f.memoryBandwidth = 3.35e12 * 2.0 / 3.0;
  f.interpolations = 1e12;
  f.transforms = 1e12;
  f.callSeconds = 4e-6;
  f.latency = 5e-6;
  f.networkBandwidth = 50e9;
  f.stagingBandwidth = 50e9;
  return f;
}

ScalingPrediction
predictScaling(const MemoryPlan &       plan,
               const Options &          options,
               int                      processes,
               const ProcessFigures &   figures,
               const SolveAssumptions & assumptions)
{
  ScalingPrediction result;
  result.memory = Registration::planMemory(plan, options, processes);

  const GridSize & size = plan.solverGrid.size;
  const Motion     motion = assumedMotion(options, assumptions);
  const int        levels = static_cast<int>(plan.levels.size());
  const LevelWork  finest = workOfLevel(assumptions, levels - 1, levels);
  const int        inner = innerIterationsOf(options, finest);
  const int        products = (finest.hessianProducts + finest.newtonSteps / 2) / std::max(finest.newtonSteps, 1);
  const bool       isWeighted = plan.reachesBorder || plan.hasFixedWeight || plan.hasMovingWeight;
  const auto       cost = [&](const Workload & work) { return costOf(work, figures, processes); };
  result.product = cost(productWork(size, options, motion, true));
  result.preconditioner = cost(preconditionerWork(size, options, inner));
  result.newtonStep = cost(newtonStepWork(size, options, motion, products, inner, isWeighted));
  result.solve = cost(solveWork(plan, options, assumptions));
  return result;
}

} // namespace gnr
