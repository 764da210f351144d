// SPDX-License-Identifier: Apache-2.0
#include "gnr/ScalingModel.h"

#include "registration/Rehearsal.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace gnr
{
namespace
{

/** What a process computes, seconds [C4]. */
double
computeSeconds(const KernelWork & w, const ProcessFigures & f)
{
  return w.bytes / f.memoryBandwidth +
         std::max(w.interpolationBytes / f.memoryBandwidth, w.interpolations / f.interpolations) +
         std::max(w.transformBytes / f.memoryBandwidth, w.transforms / f.transforms) + w.calls * f.callSeconds;
}

Purpose
purposeOf(Exchange::Kind kind)
{
  switch (kind)
  {
    case Exchange::Kind::Halo:
      return Purpose::Halo;
    case Exchange::Kind::Forward:
    case Exchange::Kind::Backward:
      return Purpose::Transpose;
    case Exchange::Kind::Reduction:
      break;
  }
  return Purpose::Reduction;
}

/** What the exchanges cost those who take part: messages of all, and the seconds that one process spends on them [C5].
 */
OperationCost
costOf(const Tally & tally, const ProcessFigures & f, int processes)
{
  using Sent = std::array<Traffic, 3>; // by Purpose
  std::vector<Sent> sent(processes);
  double            reductions = 0.0;
  for (const auto & [exchange, count] : tally.exchanges)
  {
    const Purpose              purpose = purposeOf(exchange.kind);
    const std::vector<Traffic> once = trafficOf(exchange, processes);
    for (int process = 0; process < processes; ++process)
    {
      Traffic & sum = sent[process][static_cast<int>(purpose)];
      sum.messages += static_cast<std::uint64_t>(count) * once[process].messages;
      sum.bytes += static_cast<std::uint64_t>(count) * once[process].bytes;
    }
    reductions += purpose == Purpose::Reduction ? static_cast<double>(count) : 0.0;
  }
  int depth = 0; // of the tree of a reduction
  while ((1 << depth) < processes)
  {
    ++depth;
  }
  OperationCost cost;
  cost.computeSeconds = computeSeconds(tally.work, f);
  for (const Sent & own : sent)
  {
    double seconds = reductions * 2.0 * depth * f.latency;
    for (int purpose = 0; purpose < 3; ++purpose)
    {
      PredictedTraffic & traffic = cost.traffic[purpose];
      traffic.total.messages += own[purpose].messages;
      traffic.total.bytes += own[purpose].bytes;
      traffic.most.messages = std::max(traffic.most.messages, own[purpose].messages);
      traffic.most.bytes = std::max(traffic.most.bytes, own[purpose].bytes);
      if (purpose != static_cast<int>(Purpose::Reduction))
      {
        const double bytes = static_cast<double>(own[purpose].bytes);
        seconds += static_cast<double>(own[purpose].messages) * f.latency + bytes / f.networkBandwidth;
        if (f.stagingBandwidth > 0.0)
        {
          seconds += 2.0 * bytes / f.stagingBandwidth; // out, and what comes in
        }
      }
    }
    cost.networkSeconds = std::max(cost.networkSeconds, seconds);
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
  const LargestProcess largest = rehearseLargest(plan, options, processes);
  const RehearsedWork  work = rehearseWork(plan, options, processes, largest.rank, assumptions);
  const auto           cost = [&](const Tally & tally) { return costOf(tally, figures, processes); };
  return { largest.memory, cost(work.product), cost(work.preconditioner), cost(work.newtonStep), cost(work.solve) };
}

} // namespace gnr
