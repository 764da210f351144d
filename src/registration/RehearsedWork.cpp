// SPDX-License-Identifier: Apache-2.0
#include "model/similarity/Labels.h"
#include "model/Objective.h"
#include "optimization/GaussNewton.h"
#include "optimization/Preconditioner.h"
#include "registration/Progress.h"
#include "registration/Pyramid.h"
#include "registration/Rehearsal.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <vector>

namespace gnr
{
namespace
{

/** The `index`-th of `parts` parts that sum to `total`. */
int
partOf(int total, int parts, int index)
{
  return slabOf(total, std::max(parts, 1), index).size();
}

/** The steps and iterations that are assumed, evenly shared. It is told of the solves as an observer. */
class AssumedScript
  : public Script
  , public Observer
{
public:
  AssumedScript(const Options & options, const SolveAssumptions & assumptions, int levels)
    : options_(options)
    , assumptions_(assumptions)
    , levels_(levels)
  {}

  void
  onEvent(const Event & event) override
  {
    if (event.kind == Event::Kind::Level)
    {
      beginSolve(event.level.level, event.level.grid);
    }
    else if (event.kind == Event::Kind::Iteration && onStep)
    {
      onStep();
    }
  }

  void
  beginSolve(int level, const Grid & grid)
  {
    solve_ = level == level_ ? solve_ + 1 : 0;
    level_ = level;
    planes_ = grid.size[2];
    work_ = workOf(level_, solve_);
    newtonStep_ = flowSteps_ = 0;
    application_ = -1;
  }

  bool
  ends(Loop loop, int rounds) override
  {
    switch (loop)
    {
      case Loop::Newton:
        newtonStep_ = rounds;
        return rounds >= work_.newtonSteps;
      case Loop::Krylov:
        return rounds >= products();
      case Loop::Regularized:
        if (options_.preconditioner == Preconditioner::InvA)
        {
          return rounds >= products();
        }
        application_ += rounds == 0 ? 1 : 0;
        return rounds >= partOf(work_.innerIterations, work_.newtonSteps + work_.hessianProducts, application_);
      case Loop::Flow:
        flowSteps_ = rounds;
        return rounds >= assumptions_.mapSteps;
      case Loop::Repair:
        break;
    }
    return true;
  }

  double
  measured(Quantity quantity) override
  {
    switch (quantity)
    {
      case Quantity::Speed:
        return slowSpeed;
      case Quantity::Displacement: // of a map it grows from step to step
        return flowSteps_ == 0
                 ? departureOf(assumptions_)
                 : assumptions_.displacementShare * planes_ * flowSteps_ / std::max(assumptions_.mapSteps, 1);
      case Quantity::Determinant:
        break;
    }
    return 1.0;
  }

  std::function<void()> onStep; ///< called after each Newton step

private:
  /** Coarser grids than are known of are as the coarsest, further solves as the last. */
  LevelWork
  workOf(int level, int solve) const
  {
    const int known = static_cast<int>(assumptions_.levels.size());
    if (known == 0)
    {
      return {};
    }
    const std::vector<LevelWork> & solves = assumptions_.levels[std::clamp(level - levels_ + known, 0, known - 1)];
    return solves.empty() ? LevelWork() : solves[std::min<std::size_t>(solve, solves.size() - 1)];
  }
  /** Of this Newton step. */
  int
  products() const
  {
    return partOf(work_.hessianProducts, work_.newtonSteps, newtonStep_);
  }

  const Options &          options_;
  const SolveAssumptions & assumptions_;
  int                      levels_;
  LevelWork                work_;
  int                      level_ = -1;
  int                      solve_ = 0;
  int                      planes_ = 0;
  int                      newtonStep_ = 0;
  int                      application_ = -1; ///< of the preconditioner, in this solve
  int                      flowSteps_ = 0;    ///< of the map that is traced, or was last
};

/** A problem on the finest grid at some velocity, to count what the parts of a solve do. */
class FinestProblem
{
public:
  FinestProblem(const MemoryPlan &     plan,
                const Options &        options,
                CountingCommunicator & communicator,
                Kernels &              real,
                Script &               script)
    : options_(decided(options))
    , communicator_(communicator)
    , kernels_(makeCounted(plan, real, script))
    , domain_(plan.solverGrid, *kernels_, communicator)
    , transform_(domain_)
    , half_(makeVelocityGrid(domain_, plan.imageGrid, options_.velocityGrid))
    , velocity_(half_ ? half_->transform : transform_)
    , pairs_(plan.pairs)
    , weight_(plan.reachesBorder || plan.hasFixedWeight ? domain_.scalar() : Buffer())
    , movingWeight_(plan.hasMovingWeight || (plan.reachesBorder && options_.symmetric) ? domain_.scalar() : Buffer())
    , incompressibility_(
        plan.hasIncompressibility || options.incompressibility != Incompressibility::None ? domain_.scalar() : Buffer())
    , set_{ compareImages(),
            weight_ ? weight_.data() : nullptr,
            movingWeight_ ? movingWeight_.data() : nullptr,
            1.0,
            std::vector<LandmarkPair>(plan.landmarks),
            incompressibility_ ? incompressibility_.data() : nullptr,
            options.incompressibilityWeight }
    , objective_(velocity_, transform_, options_, set_)
    , v_(objective_.domain().vector())
    , p_(objective_.domain().vector())
    , out_(objective_.domain().vector())
  {
    objective_.setVelocity(view(v_), objective_.leastSteps(), view(out_));
    objective_.refreshWeight();
    objective_.gradientOfTerms(view(v_), view(out_));
  }

  Tally
  product()
  {
    clear();
    objective_.hessian(view(p_), view(out_));
    return tally();
  }

  Tally
  preconditioner()
  {
    const auto preconditioner = makePreconditioner(options_.preconditioner, objective_);
    preconditioner->refresh(0.5);
    clear();
    preconditioner->apply(p_.data(), out_.data());
    return tally();
  }

  /** The second of two. */
  Tally
  newtonStep(AssumedScript & script)
  {
    Tally last;
    script.onStep = [&] {
      last = tally();
      clear();
    };
    Options own = options_;
    own.maximumIterations = 2;
    own.timeLimit.reset();
    Report      report;
    NewtonState state;
    Progress    progress(&script, own, communicator_, report);
    progress.begin({ 1.0 });
    progress.beginLevel(0, domain_.grid(), own.beta);
    minimize(objective_, own, progress, 0, view(v_), 0, state);
    return last;
  }

private:
  /** The measure that needs more where it is left open. */
  static Options
  decided(Options options)
  {
    for (SimilaritySum & sum : options.similarity.sums)
    {
      if (sum.isAutomatic())
      {
        sum.parts.front().measure = SimilarityMeasure::SelfSimilarity;
      }
    }
    return options;
  }
  std::vector<Comparison>
  compareImages()
  {
    std::vector<Comparison> comparisons;
    for (std::size_t i = 0; i < pairs_.size(); ++i)
    {
      SolverPair & pair = pairs_[i];
      if (options_.similarity.of(i).has(SimilarityMeasure::Labels))
      {
        for (int k = 0; k < labelChannels; ++k)
        {
          pair.fixedWords.emplace_back(*kernels_, domain_.points());
          pair.movingWords.emplace_back(*kernels_, domain_.points());
        }
      }
      else
      {
        pair.fixed = domain_.scalar();
        pair.moving = domain_.scalar();
      }
      compare(makeMeasures(options_.similarity.of(i)), pair, domain_, comparisons);
    }
    return comparisons;
  }
  static std::unique_ptr<CountingKernels>
  makeCounted(const MemoryPlan & plan, Kernels & real, Script & script)
  {
    auto kernels = makeCountingKernels(real, script, plan.fieldsOnDevice);
    kernels->memory().reserve(FieldMemory::endless);
    return kernels;
  }
  VectorView
  view(const Buffer & field)
  {
    return objective_.domain().view(field);
  }
  void
  clear()
  {
    kernels_->clearWork();
    communicator_.clear();
  }
  Tally
  tally() const
  {
    return { kernels_->work(), communicator_.exchanges() };
  }

  Options                          options_;
  CountingCommunicator &           communicator_;
  std::unique_ptr<CountingKernels> kernels_;
  Domain                           domain_;
  FourierTransform                 transform_;
  std::unique_ptr<CoarserGrid>     half_; ///< of the velocity; null: its grid is that of the images
  FourierTransform &               velocity_;
  std::vector<SolverPair>          pairs_;
  Buffer                           weight_, movingWeight_, incompressibility_;
  ImageSet                         set_;
  Objective                        objective_;
  Buffer                           v_, p_, out_;
};

} // namespace

RehearsedWork
rehearseWork(const MemoryPlan &       plan,
             const Options &          options,
             int                      processes,
             int                      rank,
             const SolveAssumptions & assumptions)
{
  const std::unique_ptr<Kernels> host = makeReferenceKernels();
  RehearsedWork                  result;
  {
    AssumedScript script(options, assumptions, static_cast<int>(plan.levels.size()));
    Rehearsal     rehearsal(plan, options, makeCountedProcess(rank, processes), *host, script);
    rehearsal.solve(&script);
    result.solve = rehearsal.tally();
  }
  // The mean of the finest grid.
  LevelWork all;
  if (!assumptions.levels.empty())
  {
    for (const LevelWork & solve : assumptions.levels.back())
    {
      all.newtonSteps += solve.newtonSteps;
      all.hessianProducts += solve.hessianProducts;
      all.innerIterations += solve.innerIterations;
    }
  }
  const auto mean = [](int total, int parts) { return parts == 0 ? 0 : (total + parts / 2) / parts; };
  const int  products = mean(all.hessianProducts, all.newtonSteps);
  const int  inner = mean(all.innerIterations, all.newtonSteps + all.hessianProducts);

  SolveAssumptions twoSteps = assumptions;
  twoSteps.levels = { { { 2, 2 * products, 2 * (1 + products) * inner } } };
  AssumedScript script(options, twoSteps, 1);
  script.beginSolve(0, plan.solverGrid);
  const auto    process = makeCountedProcess(rank, processes);
  FinestProblem problem(plan, options, *process, *host, script);
  result.product = problem.product();
  result.preconditioner = problem.preconditioner();
  result.newtonStep = problem.newtonStep(script);
  return result;
}

} // namespace gnr
