// SPDX-License-Identifier: Apache-2.0
#include "kernels/DeviceSizes.h"
#include "optimization/Preconditioner.h"
#include "parallel/SilentCommunicator.h"
#include "registration/Implementation.h"

#include <algorithm>
#include <fstream>
#include <limits>
#include <map>
#include <sstream>
#include <vector>

namespace gnr
{
namespace
{

constexpr const char * inversePhase = "inverse displacement"; // of a plan

/** Stands in for the processes of a solve that is only planned. */
std::shared_ptr<Communicator>
makePlanningCommunicator(int rank, int size)
{
  return std::make_shared<SilentCommunicator>(rank, size, "nobody");
}

std::shared_ptr<Communicator>
makePlanningCommunicator(const Communicator & real)
{
  const auto result = makePlanningCommunicator(real.rank(), real.size());
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

Registration::Implementation::Implementation(const Implementation * planned)
  : options(planned->options)
  , communicator(makePlanningCommunicator(*planned->communicator))
  , kernels(makePlanningKernels(*planned->kernels))
  , input(planned->input)
  , isPlanning(true)
  , box(planned->box)
{
  cutShort();
}

Registration::Implementation::Implementation(const MemoryPlan & plan,
                                             const Options &    o,
                                             int                processes,
                                             int                process,
                                             Kernels &          real)
  : options(o)
  , communicator(makePlanningCommunicator(process, processes))
  , kernels(makePlanningKernels(real))
  , isPlanning(true)
{
  const PlanesByRank all{ { 0, plan.imageGrid.size[2] } }; // of somebody
  input.grid = plan.imageGrid;
  input.fixed.byRank = input.moving.byRank = all;
  input.fixedWeight.byRank = plan.hasFixedWeight ? all : PlanesByRank();
  input.movingWeight.byRank = plan.hasMovingWeight ? all : PlanesByRank();
  input.velocity.byRank = plan.hasInitialVelocity ? all : PlanesByRank();
  box = { plan.solverGrid, plan.reachesBorder };
  cutShort();
}

void
Registration::Implementation::cutShort()
{
  for (InputImage * image : { &input.fixed, &input.moving, &input.fixedWeight, &input.movingWeight, &input.velocity })
  {
    image->isPlanned = true;
  }
  // The second step of Newton and of Krylov finds everything allocated. Nothing else may end the solve before.
  options.maximumIterations = std::min(options.maximumIterations, 2);
  options.maximumKrylovIterations = std::min(options.maximumKrylovIterations, 2);
  options.gradientTolerance = std::numeric_limits<double>::min();
  options.objectiveTolerance = 0.0;
  options.timeLimit.reset();
  options.stallRate.reset();
  // The planning kernels count in voxels.
  input.grid.spacing = box.grid.spacing = { { 1.0, 1.0, 1.0 } };
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
  if (!isPlanning)
  {
    input.share(*communicator);
    box = chooseBox(input, options, hostKernels ? *hostKernels : *kernels, *communicator);
  }
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

  Implementation planner(this);
  planner.runPlanned(plan);
  plan.scratchBytes = planner.kernels->scratchBytes();
  plan.stagingBytes = planner.kernels->hostBytes() + planner.kernels->messageBytes();
  return plan;
}

void
Registration::Implementation::runPlanned(MemoryPlan & plan)
{
  kernels->memory().reserve(FieldMemory::endless, smallBelow());
  solve();
  // Into nothing: the planning kernels do not write.
  float                 nowhere = 0.0F;
  const HostVectorImage all{ &nowhere, 0, input.grid.size[2] };
  writeInverse(all);
  phase(inversePhase);
  writeVectors(displacement, 1.0, all);
  writeDeterminant(all.data, all.zBegin, all.zEnd);
  phase("other results");
  plan.phases = report.phaseBytes;
  plan.fieldBytes = kernels->memory().highWaterBytes();
}

MemoryPlan
Registration::Implementation::planLargest(const MemoryPlan & plan, const Options & options, int processes)
{
  const int planes = plan.solverGrid.size[2];
  if (processes < 1 || processes > planes)
  {
    throw Error(ErrorKind::BadInput,
                std::to_string(processes) + " processes cannot share " + std::to_string(planes) +
                  " planes; use between 1 and " + std::to_string(planes));
  }
  // Processes with as many planes and rows of every grid need the same.
  std::map<std::vector<int>, int> kinds;
  for (int process = 0; process < processes; ++process)
  {
    std::vector<int> sizes{ std::min(slabOf(planes, processes, process).end, plan.imageGrid.size[2]) -
                            std::min(slabOf(planes, processes, process).begin, plan.imageGrid.size[2]) };
    for (const Grid & level : plan.levels)
    {
      for (const std::array<int, 3> & size : { level.size, halfSize(level.size) })
      {
        sizes.push_back(slabOf(size[1], processes, process).size());
        sizes.push_back(slabOf(size[2], processes, process).size());
      }
    }
    kinds.emplace(sizes, process);
  }
  const std::unique_ptr<Kernels> host = makeReferenceKernels(); // fields are the same on a GPU
  MemoryPlan                     largest = plan;
  largest.processes = processes;
  largest.fieldBytes = 0;
  for (const auto & kind : kinds)
  {
    MemoryPlan own = largest;
    Implementation(plan, options, processes, kind.second, *host).runPlanned(own);
    if (own.fieldBytes > largest.fieldBytes)
    {
      largest = own;
    }
  }
  return largest;
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
  if (isPlanning)
  {
    return;
  }
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
