// SPDX-License-Identifier: Apache-2.0
#include "registration/Solver.h"

#include "registration/Evaluation.h"
#include "registration/LandmarkPairs.h"
#include "registration/LevelSolver.h"
#include "registration/MemoryPlanning.h"
#include "registration/Pyramid.h"
#include "registration/Rehearsal.h"
#include "registration/Strategy.h"
#include "registration/WeightChoice.h"

#include "gnr/OptionTable.h"

#include <algorithm>
#include <cmath>
#include <ctime>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace gnr
{
namespace
{

constexpr int leastPoints = 8; // per axis of the image
/// Of a GPU, for what no plan knows: tables of cuFFT, and code that is loaded when it is first needed.
constexpr std::size_t deviceMargin = std::size_t(512) << 20;

/** CPU seconds of all threads of this process. */
double
cpuSeconds()
{
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

void
checkGrid(const Grid & grid)
{
  for (int a = 0; a < 3; ++a)
  {
    if (grid.size[a] < leastPoints)
    {
      throw Error(ErrorKind::BadInput,
                  "FixedImage: axis " + std::to_string(a) + " has " + std::to_string(grid.size[a]) +
                    " voxels; at least " + std::to_string(leastPoints) + " are needed along every axis");
    }
    if (!(grid.spacing[a] > 0.0) || !std::isfinite(grid.spacing[a]))
    {
      throw Error(ErrorKind::BadInput, "FixedImage: the spacing must be positive and finite");
    }
  }
}

/** All processes must be told the same; where the solve is saved, the first says. Collective. */
void
agree(const Problem & problem, Options & options, Communicator & communicator)
{
  static_assert(std::is_trivially_copyable<Grid>::value, "it is sent as it is");
  Grid          gridOfRoot = problem.grid;
  std::uint64_t pairsOfRoot = problem.furtherPairs.size();
  communicator.broadcast(&gridOfRoot, sizeof gridOfRoot, 0);
  communicator.broadcast(&pairsOfRoot, sizeof pairsOfRoot, 0);
  const Options              optionsOfRoot = optionsOf(communicator.broadcastText(toText(options), 0));
  std::optional<std::string> difference = firstDifference(options, optionsOfRoot);
  if (problem.grid != gridOfRoot)
  {
    difference = "grid of the fixed image";
  }
  else if (problem.furtherPairs.size() != pairsOfRoot)
  {
    difference = "number of further image pairs";
  }
  if (difference)
  {
    throw Error(ErrorKind::BadInput,
                *difference + ": differs between process 0 and process " + std::to_string(communicator.rank()) +
                  "; all processes of a registration must be given the same");
  }
  options.checkpoint = optionsOfRoot.checkpoint;
  options.checkpointInterval = optionsOfRoot.checkpointInterval;
}

void
checkSimilarity(const SimilarityList & similarity, std::size_t pairs, bool isSymmetric)
{
  const std::size_t sums = similarity.sums.size();
  if (sums != 1 && sums != pairs)
  {
    throw Error(ErrorKind::BadInput,
                "similarity: " + similarity.text() + " is for " + std::to_string(sums) +
                  " pairs of images, and there " + (pairs == 1 ? "is one" : "are " + std::to_string(pairs)) +
                  "; give one measure, or sum of measures, for all or for each of them");
  }
  for (const SimilaritySum & sum : similarity.sums)
  {
    if (sum.has(SimilarityMeasure::Labels) && sum.parts.size() > 1)
    {
      throw Error(ErrorKind::BadInput,
                  "similarity: " + sum.text() +
                    " compares numbers of labels as intensities, too; let labels stand alone, "
                    "for a pair of images of its own");
    }
    for (const SimilaritySum::Part & part : sum.parts)
    {
      if (isSymmetric && part.measure != SimilarityMeasure::Automatic && !makeMeasure(part.measure)->isSymmetric())
      {
        throw Error(
          ErrorKind::BadInput,
          std::string("similarity: ") + nameOf(part.measure) +
            " measures one image by the other, and gives another value when they are swapped, which the symmetric form "
            "does not take; choose ssd, lncc, mind, ngf or labels, or switch symmetric off");
      }
    }
  }
}

/** What the first process says: the others may not know the transform. Collective. */
double
volumeChangeOf(const Problem & problem, Communicator & communicator)
{
  double change = problem.movingVolumeChange;
  communicator.broadcast(&change, sizeof change, 0);
  if (!(change > 0.0) || !std::isfinite(change))
  {
    throw Error(ErrorKind::BadInput,
                "MovingImage: the transform through which it was sampled changes volumes by " + std::to_string(change) +
                  ", which must be positive and finite");
  }
  return change;
}

/** Whether the images decide on something that needs memory. */
bool
isOpen(const Options & options)
{
  return options.similarity.isAutomatic() || (options.density != Density::None && !options.densityExponent);
}

std::string
mebibytes(std::size_t bytes)
{
  return std::to_string((bytes >> 20) + 1) + " MB";
}

} // namespace

Solver::Solver(const Problem & problem, std::shared_ptr<Communicator> communicator)
  : options_(problem.options)
  , customMeasure_(problem.customMeasure)
{
  validate(options_);
  if (options_.similarity.has(SimilarityMeasure::Custom) != (customMeasure_ != nullptr))
  {
    throw Error(ErrorKind::BadInput,
                customMeasure_ ? "similarity: is " + options_.similarity.text() +
                                   ", which leaves the measure out that comes with the problem; add custom to it"
                               : "similarity: custom stands for a measure of the calling program "
                                 "(gnr::CustomMeasure), which has brought none; name a measure of the library");
  }
  checkGrid(problem.grid);
  agree(problem, options_, *communicator);
  checkSimilarity(options_.similarity, 1 + problem.furtherPairs.size(), options_.symmetric);
  context_ = makeContext(options_, std::move(communicator));
  input_ = inputsOf(problem);
  input_.movingVolumeChange = volumeChangeOf(problem, *context_.communicator);
  input_.landmarks = landmarksOf(problem, *context_.communicator);
  describeContext();
}

Solver::Solver(const MemoryPlan &            plan,
               const Options &               options,
               std::shared_ptr<Communicator> communicator,
               std::unique_ptr<Kernels>      kernels)
  : options_(options)
{
  context_.communicator = std::move(communicator);
  context_.kernels = std::move(kernels);
  // Every process has all planes, which the kernels do not read.
  static const float nowhere = 0.0F;
  const Slab         all{ 0, plan.imageGrid.size[2] };
  const InputImage   image{ &nowhere, all, PlanesByRank(context_.communicator->size(), all) }, none{};
  input_.grid = plan.imageGrid;
  input_.pairs.assign(plan.pairs, { image, image });
  input_.fixedWeight = plan.hasFixedWeight ? image : none;
  input_.movingWeight = plan.hasMovingWeight ? image : none;
  input_.incompressibility = plan.hasIncompressibility ? image : none;
  input_.velocity = plan.hasInitialVelocity ? image : none;
  input_.landmarks.resize(plan.landmarks);
  choosesWeight_ = plan.choosesWeight;
  box_ = { plan.solverGrid, plan.reachesBorder };
  options_.timeLimit.reset(); // the clock is not that of a solve
  options_.checkpoint.reset();
}

Solver::~Solver() = default;

MemoryPlan
Solver::plan()
{
  MemoryPlan plan = planMemory(context_, input_, options_, box_);
  if (deviceIsTooSmall(plan))
  {
    const std::string reason =
      plan.fieldsOnDevice ? "it has too little memory: " + mebibytes(plan.deviceBytes(plan.fieldBytes) + deviceMargin) +
                              " are needed, and " + mebibytes(*plan.availableDeviceBytes) + " are free"
                          : "that of another process has too little memory";
    Options onProcessor = options_;
    onProcessor.device = Device::Cpu;
    context_ = makeContext(onProcessor, context_.communicator);
    context_.deviceReason = "no GPU is used: " + reason;
    releaseCudaDevices();
    describeContext();
    plan = planMemory(context_, input_, options_, box_);
  }
  return plan;
}

bool
Solver::deviceIsTooSmall(const MemoryPlan & plan) const
{
  if (options_.device != Device::Auto)
  {
    return false;
  }
  double lacks =
    plan.availableDeviceBytes && *plan.availableDeviceBytes < plan.deviceBytes(plan.fieldBytes) + deviceMargin ? 1.0
                                                                                                               : 0.0;
  context_.communicator->maximum(&lacks, 1);
  return lacks > 0.0;
}

void
Solver::run(Observer * observer)
{
  begin(observer);
  reserveMemory();
  prepareSolve();
  planAnew();
  solveLevels();
  releaseUnusedMemory();
  reportTraffic();
  state_.report.kernelTimes = kernels().kernelTimes();
  state_.report.wallSeconds = progress_->seconds();
  state_.report.cpuSeconds = cpuSecondsSoFar();
  progress_->finish();
}

void
Solver::solve(Observer * observer)
{
  begin(observer);
  prepareSolve();
  solveLevels();
}

void
Solver::describeContext()
{
  Report & report = state_.report;
  report.imageGrid = input_.grid;
  report.processes = context_.communicator->size();
  report.threads = context_.threads;
  report.device = context_.device;
  report.deviceReason = context_.deviceReason;
  report.transport = context_.transport;
}

void
Solver::begin(Observer * observer)
{
  cpuStart_ = cpuSeconds();
  const bool isWatched = onStep_ || options_.checkpoint;
  const auto onState = [this](bool isAsked) { this->onState(isAsked); };
  progress_ = std::make_unique<Progress>(
    observer, options_, *context_.communicator, state_.report, isWatched ? Progress::OnState(onState) : nullptr);
  if (context_.isPathRefused)
  {
    progress_->message("messages between the GPUs are " + state_.report.transport);
  }
  if (options_.checkpoint)
  {
    checkpoint_ = std::make_unique<Checkpoint>(options_, input_, *context_.communicator);
    if (checkpoint_->find())
    {
      saved_ = checkpoint_->source();
    }
  }
}

void
Solver::onState(bool isAsked)
{
  state_.report.wallSeconds = progress_->seconds();
  state_.report.cpuSeconds = cpuSecondsSoFar();
  if (checkpoint_ && (isAsked || checkpoint_->isDue(progress_->ownSeconds())))
  {
    if (const auto problem = checkpoint_->write(state_, levels_, kernels(), progress_->ownSeconds()))
    {
      progress_->message(*problem);
    }
    else if (isAsked && checkpoint_->isWritten())
    {
      progress_->message("checkpoint: " + checkpoint_->file() + " was written");
    }
  }
  if (onStep_ && !isAsked)
  {
    onStep_(state_);
  }
}

void
Solver::resume()
{
  Report &         report = state_.report;
  const MemoryPlan plan = report.memoryPlan;
  state_.read(saved_, kernels(), *context_.communicator);
  describeContext();
  report.memoryPlan = plan;
  phaseStart_ = report.wallSeconds;
  cpuStart_ -= report.cpuSeconds;
  if (checkpoint_)
  {
    for (const std::string & note : checkpoint_->notes())
    {
      progress_->message(note);
    }
  }
}

double
Solver::cpuSecondsSoFar() const
{
  return cpuSeconds() - cpuStart_;
}

void
Solver::phase(const std::string & name)
{
  const double now = progress_->seconds();
  state_.report.phases.emplace_back(name, now - phaseStart_);
  state_.report.phaseBytes.emplace_back(name, kernels().memory().lapBytes());
  phaseStart_ = now;
}

std::size_t
Solver::smallBelow() const
{
  return Domain(box_.grid, *context_.kernels, *context_.communicator).points() * sizeof(Real);
}

void
Solver::prepareSolve()
{
  prepared_ = prepare(input_, box_, options_, kernels(), *context_.communicator, *progress_);
  Report & report = state_.report;
  isResumed_ = static_cast<bool>(saved_);
  if (isResumed_)
  {
    resume();
  }
  else
  {
    report.similarity = chooseSimilarity(prepared_, options_, *progress_, report.intensityChanges);
    report.densityExponent = prepared_.images.densityExponent;
    tellVelocityGrid();
  }
  choosesWeight_ = choosesWeight_ || WeightChoice::isOpen(options_, report.similarity);
  changeIntensities(report.intensityChanges, prepared_);
  for (std::size_t i = 0; i < input_.pairs.size(); ++i)
  {
    prepared_.measures.push_back(makeMeasures(report.similarity.of(i), customMeasure_));
  }
  progress_->inputsRead();
  report.solverGrid = box_.grid;
}

void
Solver::tellVelocityGrid()
{
  const Grid grid = velocityGridOf(box_.grid, input_.grid, options_.velocityGrid).grid;
  if (options_.velocityGrid == VelocityGrid::Automatic && !(grid == box_.grid))
  {
    progress_->message(
      "velocity grid half was chosen: with as many voxels as the fixed image has, it costs no accuracy");
  }
}

void
Solver::planAnew()
{
  if (isOpen(options_))
  {
    MemoryPlan & plan = state_.report.memoryPlan;
    const auto   preparation = plan.phases.front(); // the choice is part of it
    Options      decided = options_;
    decided.similarity = state_.report.similarity;
    decided.densityExponent = state_.report.densityExponent;
    plan.choosesWeight = choosesWeight_;
    planFields(context_, plan, decided);
    plan.phases.front() = preparation;
    kernels().memory().shrink(plan.fieldBytes);
    warnOfMemory();
  }
}

void
Solver::warnOfMemory()
{
  const MemoryPlan & plan = state_.report.memoryPlan;
  // A GPU gives what it has or refuses: there is nothing to warn of.
  if (!context_.hostKernels && plan.availableBytes && plan.fieldBytes > *plan.availableBytes)
  {
    progress_->message("the solver needs " + mebibytes(plan.fieldBytes) + " of memory for its fields, but only " +
                       mebibytes(*plan.availableBytes) +
                       " of this machine are free; expect it to be slow or to be ended by the system");
  }
}

void
Solver::solveLevels()
{
  Pyramid pyramid(prepared_, options_, pyramidGrids(box_.grid, input_, options_));
  levels_ = pyramid.size();
  progress_->begin(pyramid.shares(), state_.level, isResumed_ ? state_.report.wallSeconds : 0.0);
  if (!isResumed_)
  {
    phase("preparation");
  }
  LevelSolver solver(options_, prepared_, *progress_, state_);
  const auto  strategy = makeStrategy(options_, *prepared_.finest, *progress_, state_);
  bool        hasBegun = isResumed_;
  for (; state_.level < pyramid.size(); ++state_.level)
  {
    const StartCandidates starts =
      startCandidates(pyramid, state_.level, prepared_, options_, context_.threads, *progress_);
    if (hasBegun)
    {
      pyramid.resume(state_.level, state_.velocity);
    }
    else
    {
      pyramid.enter(state_.level, state_.velocity);
      starts.front()->propose(pyramid, state_.velocity);
    }
    hasBegun = false;
    if (state_.level + 1 == pyramid.size())
    {
      prepared_.initial.reset();
    }
    if (!state_.isInterrupted)
    {
      const Level level = pyramid.level();
      // What brought the velocity here goes, so that the memory of the first solve lies as that of all others.
      level.domain.releaseScratch();
      if (state_.trial == 0)
      {
        solveFrom(starts, pyramid, level, solver, *strategy);
      }
      if (choosesWeight_ && level.finerGrids == 1 && !state_.isInterrupted)
      {
        WeightChoice(options_, prepared_, solver, *progress_, state_).run(level);
      }
    }
    progress_->endLevel(state_.level);
    pyramid.domain().releaseScratch();
    phase("level " + std::to_string(state_.level + 1));
  }

  pyramid.toFinest(state_.velocity);
  strategy->finish();
  Evaluation evaluation(prepared_, options_, *progress_, state_);
  displacement_ = evaluation.run();
  strategy->check();
  evaluation.judge();
  phase("displacement");
}

void
Solver::solveFrom(const StartCandidates & starts,
                  Pyramid &               pyramid,
                  const Level &           level,
                  LevelSolver &           solver,
                  Strategy &              strategy)
{
  Incumbent & best = state_.bestStart;
  const auto  objective = [&] {
    const LevelRecord & record = state_.report.levels.back();
    return record.iterations.empty() ? record.initialObjective : record.iterations.back().objective;
  };
  const int count = static_cast<int>(starts.size());
  for (;; ++state_.start)
  {
    strategy.solve(solver, level, starts[state_.start]->isFar());
    const double toBeat = (1.0 - starts[state_.start]->leastGain()) * best.objective;
    if (best.velocity && (state_.isInterrupted || !kernels().passes(objective() < toBeat)))
    {
      state_.restore(best, kernels());
    }
    else
    {
      starts[state_.start]->tell(*progress_);
    }
    if (state_.isInterrupted || state_.start + 1 == count)
    {
      break;
    }
    state_.keep(best, kernels());
    best.objective = objective();
    if (!starts[state_.start + 1]->propose(pyramid, state_.velocity))
    {
      state_.restore(best, kernels());
      break; // it is the last
    }
  }
  state_.start = 0;
  best = Incumbent();
}

void
Solver::reserveMemory()
{
  Report &          report = state_.report;
  const std::string device = context_.device;
  report.memoryPlan = plan();
  const MemoryPlan & plan = report.memoryPlan;
  if (context_.device != device)
  {
    progress_->message(context_.deviceReason);
  }
  FieldMemory & memory = kernels().memory();
  if (!isOpen(options_))
  {
    warnOfMemory();
  }
  memory.reserve(plan.fieldBytes, smallBelow());
  kernels().reserveScratch(plan.scratchBytes);
  memory.onOverflow([this](std::size_t bytes) {
    progress_->message(
      "the deformation is so large that more time steps or wider halos are needed than planned: " + mebibytes(bytes) +
      " of memory and more beside the " + mebibytes(state_.report.memoryPlan.fieldBytes) + " reserved");
  });
}

void
Solver::releaseUnusedMemory()
{
  FieldMemory & memory = kernels().memory();
  Report &      report = state_.report;
  report.fieldBytes = memory.highWaterBytes();
  report.scratchBytes = kernels().scratchBytes();
  report.stagingBytes = kernels().hostBytes() + kernels().messageBytes();
  report.overflowBytes = memory.peakOverflowBytes();
  const auto & phases = report.memoryPlan.phases;
  const auto   inverse =
    std::find_if(phases.begin(), phases.end(), [](const auto & phase) { return phase.first == inversePhase; });
  memory.trim(inverse == phases.end() ? 0 : inverse->second);
}

void
Solver::reportTraffic()
{
  constexpr const char * names[numberOfPurposes] = { "halo", "transpose", "reduction", "images" };
  Communicator &         communicator = *context_.communicator;
  Report &               report = state_.report;
  // Taken before the sums below, which are traffic themselves.
  double total[2 * numberOfPurposes], most[2 * numberOfPurposes];
  for (int purpose = 0; purpose < numberOfPurposes; ++purpose)
  {
    const Traffic & own = communicator.traffic(static_cast<Purpose>(purpose));
    total[2 * purpose] = most[2 * purpose] = static_cast<double>(own.messages);
    total[2 * purpose + 1] = most[2 * purpose + 1] = static_cast<double>(own.bytes);
  }
  communicator.sum(total, 2 * numberOfPurposes);
  communicator.maximum(most, 2 * numberOfPurposes);
  report.traffic.clear();
  for (int purpose = 0; purpose < numberOfPurposes; ++purpose)
  {
    const auto value = [&](const double * values, int which) {
      return static_cast<std::uint64_t>(values[2 * purpose + which]);
    };
    report.traffic.push_back(
      { names[purpose], { value(total, 0), value(total, 1) }, { value(most, 0), value(most, 1) } });
  }
  double bytes = static_cast<double>(report.fieldBytes);
  communicator.maximum(&bytes, 1);
  report.mostFieldBytes = static_cast<std::size_t>(bytes);
}

} // namespace gnr
