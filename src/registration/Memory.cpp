// SPDX-License-Identifier: Apache-2.0
#include "kernels/DeviceSizes.h"
#include "registration/Implementation.h"
#include "registration/Rehearsal.h"

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

std::string
mebibytes(std::size_t bytes)
{
  return std::to_string((bytes >> 20) + 1) + " MB";
}

} // namespace

Registration::Implementation::Implementation(const MemoryPlan &            plan,
                                             const Options &               o,
                                             std::shared_ptr<Communicator> c,
                                             std::unique_ptr<Kernels>      k)
  : options(o)
  , communicator(std::move(c))
  , kernels(std::move(k))
{
  // Every process has all planes, which the kernels do not read.
  static const float nowhere = 0.0F;
  const Slab         all{ 0, plan.imageGrid.size[2] };
  const InputImage   image{ &nowhere, all, PlanesByRank(communicator->size(), all) }, none{};
  input.grid = plan.imageGrid;
  input.fixed = input.moving = image;
  input.fixedWeight = plan.hasFixedWeight ? image : none;
  input.movingWeight = plan.hasMovingWeight ? image : none;
  input.velocity = plan.hasInitialVelocity ? image : none;
  box = { plan.solverGrid, plan.reachesBorder };
  options.timeLimit.reset(); // the clock is not that of a solve
}

std::size_t
Registration::Implementation::smallBelow() const
{
  return Domain(box.grid, *kernels, *communicator).points() * sizeof(Real);
}

MemoryPlan
Registration::Implementation::planMemory()
{
  // Before anything that all do together: no process has yet taken what is left now.
  std::optional<std::size_t> availableDevice = kernels->availableBytes();
  if (availableDevice)
  {
    *availableDevice /= static_cast<std::size_t>(sharers);
  }
  input.share(*communicator);
  box = chooseBox(input, options, hostKernels ? *hostKernels : *kernels, *communicator);
  MemoryPlan plan;
  plan.imageGrid = input.grid;
  plan.solverGrid = box.grid;
  for (const PyramidGrid & level : pyramidOf(box.grid))
  {
    plan.levels.push_back(level.grid);
  }
  plan.device = report.device;
  plan.deviceReason = report.deviceReason;
  plan.threads = report.threads;
  plan.processes = report.processes;
  plan.availableBytes = availableMemory();
  plan.availableDeviceBytes = availableDevice;
  plan.fieldsOnDevice = !kernels->hasHostMemory();

  plan.reachesBorder = box.padded;
  plan.hasFixedWeight = exists(input.fixedWeight.byRank);
  plan.hasMovingWeight = exists(input.movingWeight.byRank);
  plan.hasInitialVelocity = exists(input.velocity.byRank);

  rehearseMemory(plan, options, counted(*communicator), *kernels);
  return plan;
}

MemoryPlan
Registration::Implementation::planForDevice(const MemoryPlan & plan)
{
  MemoryPlan result = plan;
  if (!plan.fieldsOnDevice)
  {
    result.device = "a GPU that is not here";
    result.fieldsOnDevice = true;
    // Columns of a spectrum and, behind them, a work area of cuFFT for as much: pieces, or what there is; two planes
    // are always transformed together.
    const std::array<int, 3> & n = plan.solverGrid.size;
    const std::size_t          plane = sizeof(Complex) * (n[0] / 2 + 1) * n[1];
    result.scratchBytes = 2 * std::min(std::max(DeviceSizes::spectralPiece, 2 * plane), plane * n[2]);
    result.stagingBytes = 2 * DeviceSizes::stagingPiece + DeviceSizes::sums;
  }
  return result;
}

void
Registration::Implementation::reserveMemory()
{
  // What an earlier run has left.
  images = SolverImages{};
  initial.reset();
  velocity.reset();
  displacement.reset();
  finestTransform.reset();
  finest.reset();
  FieldMemory & memory = kernels->memory();
  memory.reserve(0);

  report.memoryPlan = planMemory();
  const MemoryPlan & plan = report.memoryPlan;
  // A GPU gives what it has or refuses: there is nothing to warn of.
  if (!hostKernels && plan.availableBytes && plan.fieldBytes > *plan.availableBytes)
  {
    progress->message("the solver needs " + mebibytes(plan.fieldBytes) + " of memory for its fields, but only " +
                        mebibytes(*plan.availableBytes) +
                        " of this machine are free; expect it to be slow or to be ended by the system",
                      report);
  }
  memory.reserve(plan.fieldBytes, smallBelow());
  kernels->reserveScratch(plan.scratchBytes);
  memory.onOverflow([this](std::size_t bytes) {
    progress->message("the deformation is so large that more time steps are taken than planned: " + mebibytes(bytes) +
                        " of memory and more are needed beside the " + mebibytes(report.memoryPlan.fieldBytes) +
                        " reserved",
                      report);
  });
}

void
Registration::Implementation::releaseUnusedMemory()
{
  FieldMemory & memory = kernels->memory();
  report.fieldBytes = memory.highWaterBytes();
  report.scratchBytes = kernels->scratchBytes();
  report.stagingBytes = kernels->hostBytes() + kernels->messageBytes();
  report.overflowBytes = memory.peakOverflowBytes();
  const auto & phases = report.memoryPlan.phases;
  const auto   inverse =
    std::find_if(phases.begin(), phases.end(), [](const auto & phase) { return phase.first == inversePhase; });
  memory.trim(inverse == phases.end() ? 0 : inverse->second);
}

} // namespace gnr
