// SPDX-License-Identifier: Apache-2.0
#include "registration/MemoryPlanning.h"

#include "kernels/DeviceSizes.h"
#include "registration/Pyramid.h"
#include "registration/Rehearsal.h"

#include "gnr/Engine.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <utility>

namespace gnr
{
namespace
{

/** The processes of a solve that is only planned, with the messages of its communicator. */
std::shared_ptr<CountingCommunicator>
counted(const Communicator & real)
{
  const auto result = std::make_shared<CountingCommunicator>(real.rank(), real.size());
  result->setMessagePath(real.messagePath());
  result->setMessagePiece(real.messagePiece());
  return result;
}

/** What the kernel says can be had without swapping, within the limit of the control group. */
std::optional<std::size_t>
availableMemory()
{
  std::optional<std::size_t> available;
  std::ifstream              info("/proc/meminfo");
  for (std::string line; std::getline(info, line);)
  {
    std::istringstream words(line);
    std::string        name;
    std::size_t        kibibytes = 0;
    if (words >> name >> kibibytes && name == "MemAvailable:")
    {
      available = kibibytes * 1024;
    }
  }
  std::size_t limit = 0;
  if (std::ifstream("/sys/fs/cgroup/memory.max") >> limit) // "max" is no number
  {
    available = std::min(available.value_or(limit), limit);
  }
  return available;
}

} // namespace

MemoryPlan
planMemory(const Context & context, InputImages & input, const Options & options, SolverBox & box)
{
  Kernels &      kernels = *context.kernels;
  Communicator & communicator = *context.communicator;
  // Before anything that all do together: no process has yet taken what is left now.
  std::optional<std::size_t> availableDevice = kernels.availableBytes();
  if (availableDevice)
  {
    *availableDevice = *availableDevice / static_cast<std::size_t>(context.sharers) + kernels.keptBytes();
  }
  input.share(communicator);
  input.readLabels(options.similarity, communicator);
  box = chooseBox(input, options, context.host(), communicator);
  MemoryPlan plan;
  plan.imageGrid = input.grid;
  plan.solverGrid = box.grid;
  for (const PyramidGrid & level : pyramidGrids(box.grid, input, options))
  {
    plan.levels.push_back(level.grid);
  }
  plan.velocityGrid = velocityGridOf(box.grid, input.grid, options.velocityGrid).grid;
  plan.device = context.device;
  plan.deviceReason = context.deviceReason;
  plan.threads = context.threads;
  plan.processes = communicator.size();
  plan.availableBytes = availableMemory();
  plan.availableDeviceBytes = availableDevice;
  plan.fieldsOnDevice = !kernels.hasHostMemory();

  plan.reachesBorder = box.padded;
  plan.hasFixedWeight = exists(input.fixedWeight.byRank);
  plan.hasMovingWeight = exists(input.movingWeight.byRank);
  plan.hasIncompressibility = exists(input.incompressibility.byRank);
  plan.pairs = static_cast<int>(input.pairs.size());
  plan.hasInitialVelocity = exists(input.velocity.byRank);
  plan.landmarks = input.landmarks.size();

  planFields(context, plan, options);
  return plan;
}

void
planFields(const Context & context, MemoryPlan & plan, const Options & options)
{
  rehearseMemory(plan, options, counted(*context.communicator), *context.kernels);
}

MemoryPlan
planForDevice(const MemoryPlan & plan, const Options & options)
{
  MemoryPlan result = plan;
  if (!plan.fieldsOnDevice)
  {
    result.device = "a GPU that is not here";
    result.fieldsOnDevice = true;
    if (plan.processes == 1) // which has no halos there; several have
    {
      rehearseMemory(result, options, makeCountedProcess(0, 1), *makeReferenceKernels());
    }
    // Columns of three spectra and, behind them, a work area of cuFFT for as much: pieces, or what there is; two planes
    // are always transformed together, and a row of all components.
    const std::array<int, 3> & n = plan.solverGrid.size;
    const std::size_t          row = sizeof(Complex) * (n[0] / 2 + 1), plane = row * n[1];
    result.scratchBytes =
      2 * std::min(std::max({ DeviceSizes::spectralPiece, 2 * plane, 3 * row * n[2] }), 3 * plane * n[2]);
    result.stagingBytes = 2 * DeviceSizes::stagingPiece + DeviceSizes::sums;
  }
  return result;
}

MemoryPlan
planForProcesses(const MemoryPlan & plan, const Options & options, int processes)
{
  return rehearseLargest(plan, options, processes).memory;
}

} // namespace gnr
