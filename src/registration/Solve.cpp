// SPDX-License-Identifier: Apache-2.0
#include "registration/Implementation.h"

#include "model/ImageChannels.h"
#include "model/Objective.h"
#include "optimization/GaussNewton.h"
#include "parallel/MessagePath.h"
#include "parallel/Statistics.h"
#include "registration/ContrastRelation.h"
#include "registration/Inpainting.h"

#include "gnr/OptionTable.h"

#include <omp.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <optional>
#include <sstream>
#include <string>
#include <type_traits>
#include <vector>

namespace gnr
{
namespace
{

constexpr int leastPoints = 8; // per axis of the image

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

/** All processes must be told the same. Collective. */
void
checkAgreement(const Grid & grid, const Options & options, Communicator & communicator)
{
  static_assert(std::is_trivially_copyable<Grid>::value, "it is sent as it is");
  Grid gridOfRoot = grid;
  communicator.broadcast(&gridOfRoot, sizeof gridOfRoot, 0);
  const Options              optionsOfRoot = optionsOf(communicator.broadcastText(toText(options), 0));
  std::optional<std::string> difference = firstDifference(options, optionsOfRoot);
  if (grid != gridOfRoot)
  {
    difference = "grid of the fixed image";
  }
  if (difference)
  {
    throw Error(ErrorKind::BadInput,
                *difference + ": differs between process 0 and process " + std::to_string(communicator.rank()) +
                  "; all processes of a registration must be given the same");
  }
}

/** Why there is no GPU, without what to do where one must be used. */
std::string
reasonFor(const Error & error)
{
  const std::string message = error.what(), purpose = "device cuda: ";
  if (message.find("does not exist") != std::string::npos) // the plugin: most machines do without
  {
    return "no plugin for GPUs is installed";
  }
  const std::size_t begin = message.rfind(purpose, 0) == 0 ? purpose.size() : 0;
  return "no GPU is used: " + message.substr(begin, message.find(';', begin) - begin);
}

} // namespace

Registration::Implementation::Implementation(const Grid & grid, const Options & o, std::shared_ptr<Communicator> c)
  : options(o)
  , communicator(c ? std::move(c) : makeSelfCommunicator())
{
  validate(options);
  checkGrid(grid);
  checkAgreement(grid, options, *communicator);
  input.grid = grid;
  report.imageGrid = grid;
  report.processes = communicator->size();
  // Where the user does not say otherwise, the processes of a machine share its processors.
  report.threads = options.threads.value_or(std::max(omp_get_max_threads() / communicator->sizeOnMachine(), 1));
  switch (options.device)
  {
    case Device::Reference:
      kernels = makeReferenceKernels();
      report.threads = 1;
      break;
    case Device::Cuda:
      kernels = makeCudaKernels(communicator->rankOnMachine());
      break;
    case Device::Auto:
      try
      {
        kernels = makeCudaKernels(communicator->rankOnMachine());
        report.deviceReason = "a GPU was found";
      }
      catch (const Error & error)
      {
        report.deviceReason = reasonFor(error);
        kernels = makeCpuKernels(report.threads);
      }
      break;
    case Device::Cpu:
      kernels = makeCpuKernels(report.threads);
      break;
  }
  report.device = kernels->description();
  if (!kernels->hasHostMemory())
  {
    hostKernels = makeCpuKernels(report.threads);
  }
  const MessagePathChoice path = chooseMessagePath(*kernels, *communicator);
  report.transport = path.words;
  isPathRefused = path.isRefusal;
  sharers = processesOnDevice(*kernels, *communicator);
}

void
Registration::Implementation::phase(const std::string & name)
{
  const double now = progress->seconds();
  report.phases.emplace_back(name, now - phaseStart);
  report.phaseBytes.emplace_back(name, kernels->memory().lapBytes());
  phaseStart = now;
}

void
Registration::Implementation::readInitialVelocity(Domain & domain)
{
  if (!exists(input.velocity.byRank))
  {
    return;
  }
  // The exponential of the exported field is the pullback map, which is the flow of minus the solver's velocity.
  const BoxPart         part(input.grid, box.grid, *communicator);
  const BoxPart::Planes planes = part.collect(input.velocity, 3);
  initial = domain.vector();
  for (int c = 0; c < 3; ++c)
  {
    const Buffer     image = part.upload(planes, *kernels, c, -1.0);
    const Extents &  e = part.image();
    const Statistics s =
      reduce(kernels->statistics(image.data(), e, { { 0, 0, 0 }, { e.nx, e.ny, e.nz } }), *communicator);
    if (s.notFinite > 0)
    {
      throw Error(ErrorKind::BadInput, "InitialVelocityField: has values that are NaN or infinite");
    }
    part.extendPeriodically(image, *kernels, initial.data() + c * domain.points());
  }
  if (options.incompressible)
  {
    finestTransform->apply(finestTransform->symbol(Symbol::Kind::Projection), initial.data(), initial.data(), 3);
  }
}

void
Registration::Implementation::restrictInitialVelocity(FourierTransform & transform, Buffer & out)
{
  if (&transform == finestTransform.get())
  {
    kernels->copy(initial.data(), out.data(), out.size());
  }
  else
  {
    finestTransform->resample(initial.data(), transform, out.data(), 3);
  }
}

void
Registration::Implementation::startVelocity(Domain &           domain,
                                            FourierTransform & transform,
                                            Domain *           coarser,
                                            FourierTransform * coarserTransform)
{
  Buffer start = domain.vector();
  if (coarser == nullptr)
  {
    if (initial)
    {
      restrictInitialVelocity(transform, start);
    }
    else
    {
      kernels->fill(start.data(), start.size(), Real(0));
    }
    velocity = std::move(start);
    return;
  }
  if (initial)
  {
    Buffer coarse = coarser->vector();
    restrictInitialVelocity(*coarserTransform, coarse);
    kernels->axpby(Real(-1), coarse.data(), Real(1), velocity.data(), velocity.size());
  }
  coarserTransform->resample(velocity.data(), transform, start.data(), 3);
  if (initial)
  {
    Buffer fine = domain.vector();
    restrictInitialVelocity(transform, fine);
    kernels->axpby(Real(1), fine.data(), Real(1), start.data(), start.size());
  }
  velocity = std::move(start);
}

void
Registration::Implementation::checkSmoothed(const Buffer & image, const Buffer & smoothed, const char * name) const
{
  constexpr double leastContrast = 0.01; // of that of the image
  const auto       contrast = [&](const Buffer & field) {
    const Statistics s = imageStatistics(field);
    return s.maximum - s.minimum;
  };
  const double before = contrast(image), after = contrast(smoothed);
  if (!kernels->passes(after >= leastContrast * before))
  {
    std::ostringstream text;
    text << "smoothing: a Gaussian of " << options.smoothing << " voxels leaves less than " << 100 * leastContrast
         << " % of the contrast of " << name << ", next to nothing to register; smooth less";
    throw Error(ErrorKind::BadInput, text.str());
  }
}

LevelImages
Registration::Implementation::restrictImages(Domain & domain, FourierTransform & transform)
{
  const bool isFinest = &domain == finest.get();
  Symbol     gaussian = finestTransform->symbol(Symbol::Kind::Gaussian);
  for (int a = 0; a < 3; ++a)
  {
    gaussian.sigma[a] = options.smoothing * domain.grid().spacing[a];
  }
  // What the level sees of a field: smoothed if asked for, with the wave numbers that its grid has.
  const auto restricted = [&](const Buffer & field, bool smooth, bool isWeight) {
    if (!field || (isFinest && !smooth))
    {
      return Buffer();
    }
    Buffer source;
    if (smooth)
    {
      source = finest->scalar();
      finestTransform->apply(gaussian, field.data(), source.data(), 1);
      if (isFinest) // coarser grids see less
      {
        checkSmoothed(field, source, &field == &images.fixed ? "FixedImage" : "MovingImage");
      }
    }
    if (isFinest)
    {
      return source;
    }
    Buffer result = domain.scalar();
    finestTransform->resample(smooth ? source.data() : field.data(), transform, result.data(), 1);
    if (isWeight)
    {
      kernels->clamp(Real(0), Real(1), result.data(), result.size());
    }
    return result;
  };
  const bool  smooth = options.smoothing > 0.0;
  LevelImages result;
  result.fixed = restricted(images.fixed, smooth, false);
  result.moving = restricted(images.moving, smooth, false);
  result.fixedWeight = restricted(images.fixedWeight, false, true);
  result.movingWeight = restricted(images.movingWeight, false, true);
  if (!isFinest)
  {
    finest->releaseScratch();
  }
  return result;
}

std::vector<PyramidGrid>
Registration::Implementation::pyramidOf(const Grid & grid) const
{
  // A velocity that was given is the start. The search has other weights from grid to grid, so that there is nothing to
  // compare.
  const bool hasTrial = !exists(input.velocity.byRank) && options.betaStrategy != BetaStrategy::Search;
  return pyramidGrids(grid, input.grid, options.levels, hasTrial);
}

bool
Registration::Implementation::solveLevel(const Level & level, double beta, int leastIterations)
{
  const auto chosen = [](const Buffer & own, const Buffer & full) { return own ? own.data() : full.data(); };
  Options    own = options;
  own.beta = beta;
  own.similarity = report.similarity;
  const int halvings = std::max(level.finerGrids - 1, 0);
  own.gradientTolerance = std::ldexp(own.gradientTolerance, -halvings);
  own.objectiveTolerance = std::ldexp(own.objectiveTolerance, -halvings);
  if (own.stallReference == StallReference::Automatic)
  {
    // Most of the value of the others cannot be had.
    const bool isQuadratic = own.similarity == SimilarityMeasure::SumOfSquares;
    own.stallReference = isQuadratic ? StallReference::Objective : StallReference::Progress;
    own.objectiveTolerance *= isQuadratic ? 1.0 : 0.5;
  }
  LevelRecord record;
  progress->beginLevel(level.number, level.domain.grid(), beta);
  {
    const ImageChannels compared = makeChannels(own.similarity,
                                                level.domain,
                                                chosen(level.images.fixed, images.fixed),
                                                chosen(level.images.moving, images.moving));
    const ImageSet      set{ compared.channels,
                        chosen(level.images.fixedWeight, images.fixedWeight),
                        chosen(level.images.movingWeight, images.movingWeight),
                        images.intensityRange,
                        compared.scale };
    Objective           objective(level.domain, level.transform, own, set);
    record = minimize(objective, own, *progress, level.number, level.domain.view(velocity), leastIterations);
  }
  // Every solve of a grid finds the memory as the first did: the plan counts on it.
  level.domain.releaseScratch();

  report.levels.push_back(record);
  report.reason = record.reason;
  report.newtonSteps += static_cast<int>(record.iterations.size());
  for (const IterationRecord & step : record.iterations)
  {
    report.hessianProducts += step.krylovIterations;
    report.innerIterations += step.innerIterations;
  }
  isInterrupted = record.reason == StopReason::TimeLimit || record.reason == StopReason::StoppedByObserver;
  if (!isInterrupted || !record.iterations.empty() || report.levels.size() == 1)
  {
    report.beta = beta; // otherwise the velocity still is that of an earlier one
  }
  return !isInterrupted;
}

void
Registration::Implementation::run()
{
  begin();
  reserveMemory();
  solve();
  conclude();
}

void
Registration::Implementation::begin()
{
  cpuStart = cpuSeconds();
  progress = std::make_unique<Progress>(observer, options, *communicator);
  phaseStart = 0.0;
  report.levels.clear();
  report.phases.clear();
  report.phaseBytes.clear();
  report.messages.clear();
  report.newtonSteps = report.hessianProducts = report.innerIterations = 0;
  solved = isInterrupted = foundWithinBounds = false;

  if (isPathRefused)
  {
    progress->message("messages between the GPUs are " + report.transport, report);
  }
}

void
Registration::Implementation::chooseMeasure()
{
  report.similarity = options.similarity;
  if (options.similarity != SimilarityMeasure::Automatic)
  {
    return;
  }
  const bool isOne = areOfOneContrast(
    *finest, *finestTransform, input.grid, images.fixed.data(), images.moving.data(), images.fixedWeight.data());
  // A rehearsal takes the measure that needs more memory.
  const bool differ = kernels->passes(!isOne);
  report.similarity = differ ? SimilarityMeasure::SelfSimilarity : SimilarityMeasure::LocalCorrelation;
  progress->message(std::string("similarity ") + nameOf(report.similarity) +
                      " was chosen: what is brighter in one image is " + (differ ? "not always" : "also") +
                      " brighter in the other",
                    report);
}

void
Registration::Implementation::solve()
{
  images = prepareImages(input, box, options, *kernels, *communicator);
  for (const std::string & message : images.messages)
  {
    progress->message(message, report);
  }
  finest = std::make_unique<Domain>(images.grid, *kernels, *communicator);
  finestTransform = std::make_unique<FourierTransform>(*finest);
  if (exists(input.fixedWeight.byRank))
  {
    fillUnweighted(*finest, *finestTransform, images.fixedWeight.data(), images.fixed.data());
  }
  if (images.movingWeight)
  {
    fillUnweighted(*finest, *finestTransform, images.movingWeight.data(), images.moving.data());
  }
  readInitialVelocity(*finest);
  chooseMeasure();
  if (observer != nullptr)
  {
    observer->onInputsRead();
  }
  report.solverGrid = images.grid;
  phase("preparation");

  const std::vector<PyramidGrid> grids = pyramidOf(images.grid);
  std::vector<double>            shares;
  double                         total = 0.0;
  for (const PyramidGrid & level : grids)
  {
    total += static_cast<double>(level.grid.points());
  }
  for (const PyramidGrid & level : grids)
  {
    shares.push_back(static_cast<double>(level.grid.points()) / total);
  }
  progress->begin(shares);

  std::unique_ptr<Domain>           coarser;
  std::unique_ptr<FourierTransform> coarserTransform;
  const int                         last = static_cast<int>(grids.size()) - 1;
  for (int level = 0; level <= last; ++level)
  {
    const bool                        isFinest = level == last;
    std::unique_ptr<Domain>           own;
    std::unique_ptr<FourierTransform> ownTransform;
    if (!isFinest)
    {
      own = std::make_unique<Domain>(grids[level].grid, *kernels, *communicator, grids[level].origin);
      ownTransform = std::make_unique<FourierTransform>(*own);
    }
    Domain &           domain = isFinest ? *finest : *own;
    FourierTransform & transform = isFinest ? *finestTransform : *ownTransform;
    startVelocity(domain, transform, coarser.get(), coarserTransform.get());
    coarserTransform.reset();
    coarser.reset();
    if (isFinest)
    {
      initial.reset();
    }
    if (!isInterrupted)
    {
      const LevelImages seen = restrictImages(domain, transform);
      const Level       here{ level, last - level, domain, transform, seen };
      if (level > 0 && grids[level - 1].isTrial)
      {
        solveFromBoth(here);
      }
      else
      {
        solveGrid(here);
      }
    }
    progress->endLevel(level);
    domain.releaseScratch();
    phase("level " + std::to_string(level + 1));
    coarser = std::move(own);
    coarserTransform = std::move(ownTransform);
  }

  keepWithinBounds();
  evaluateResult();
  checkSearch();
  judgeResult();
  phase("displacement");
}

void
Registration::Implementation::conclude()
{
  releaseUnusedMemory();
  reportTraffic();
  report.wallSeconds = progress->seconds();
  report.cpuSeconds = cpuSeconds() - cpuStart;
  solved = true;
  progress->finish();
}

} // namespace gnr
