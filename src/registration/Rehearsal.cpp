// SPDX-License-Identifier: Apache-2.0
#include "registration/Rehearsal.h"

#include "optimization/Preconditioner.h"
#include "registration/Pyramid.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

namespace gnr
{
namespace
{

/** Everything that can need memory: the second round of a loop finds all of it allocated, one repair is provided for.
 */
class ShortScript : public Script
{
public:
  bool
  ends(Loop loop, int rounds) override
  {
    return rounds >= (loop == Loop::Repair ? 1 : 2);
  }
  double
  measured(Quantity quantity) override
  {
    switch (quantity)
    {
      case Quantity::Speed:
        return slowSpeed;
      case Quantity::Displacement:
        return departureOf(SolveAssumptions());
      case Quantity::Determinant:
        break;
    }
    return 1.0;
  }
};

} // namespace

double
departureOf(const SolveAssumptions & assumptions)
{
  return assumptions.interpolationHalo - 2;
}

std::shared_ptr<CountingCommunicator>
makeCountedProcess(int rank, int processes)
{
  const auto communicator = std::make_shared<CountingCommunicator>(rank, processes);
  communicator->setMessagePath(MessagePath::Host);
  return communicator;
}

Rehearsal::Rehearsal(const MemoryPlan &                    plan,
                     const Options &                       options,
                     std::shared_ptr<CountingCommunicator> communicator,
                     Kernels &                             real,
                     Script &                              script,
                     std::function<double()>               number)
  : communicator_(std::move(communicator))
{
  auto kernels = makeCountingKernels(real, script, plan.fieldsOnDevice, std::move(number));
  kernels_ = kernels.get();
  solver_ = std::make_unique<Solver>(plan, options, communicator_, std::move(kernels));
}

Rehearsal::~Rehearsal() = default;

void
Rehearsal::solve(Observer * observer)
{
  kernels_->memory().reserve(FieldMemory::endless, solver_->smallBelow());
  solver_->solve(observer);
}

void
Rehearsal::results()
{
  // The kernels write nothing.
  float        nowhere = 0.0F;
  const Fields fields = solver_->fields();
  fields.copy(Field::InverseDisplacement, &nowhere);
  solver_->phase(inversePhase);
  fields.copy(Field::Displacement, &nowhere);
  fields.copy(Field::Determinant, &nowhere);
  solver_->phase(otherResultsPhase);
}

Tally
Rehearsal::tally() const
{
  return { kernels_->work(), communicator_->exchanges() };
}

void
Rehearsal::addTo(MemoryPlan & plan) const
{
  plan.phases = solver_->report().phaseBytes;
  plan.fieldBytes = kernels_->memory().highWaterBytes();
  plan.scratchBytes = kernels_->scratchBytes();
  plan.stagingBytes = kernels_->hostBytes() + kernels_->messageBytes();
}

namespace
{

/** What else may be chosen where the measures of several pairs are open, and may need more than self-similarity for
 * all: it carries the descriptors of all pairs together. */
std::vector<SimilarityList>
furtherChoices(const SimilarityList & similarity, int pairs)
{
  std::vector<SimilarityList> choices;
  if (!similarity.isAutomatic() || pairs == 1)
  {
    return choices;
  }
  // How many by self-similarity: none, one, or all but one. What each of them needs adds up, but for the first and the
  // last.
  for (const int alike : { 0, 1, pairs - 1 })
  {
    SimilarityList choice;
    choice.sums.clear();
    int left = alike;
    for (int i = 0; i < pairs; ++i)
    {
      choice.sums.push_back(similarity.of(i));
      if (choice.sums.back().isAutomatic())
      {
        choice.sums.back().parts.front().measure =
          left-- > 0 ? SimilarityMeasure::SelfSimilarity : SimilarityMeasure::LocalCorrelation;
      }
    }
    choices.push_back(choice);
  }
  return choices;
}

} // namespace

void
rehearseMemory(MemoryPlan &                                  plan,
               const Options &                               options,
               const std::shared_ptr<CountingCommunicator> & communicator,
               Kernels &                                     real)
{
  const auto rehearse = [&](const Options & decided, MemoryPlan & result) {
    ShortScript script;
    Rehearsal   rehearsal(plan, decided, communicator, real, script);
    rehearsal.solve();
    rehearsal.results();
    rehearsal.addTo(result);
  };
  MemoryPlan open = plan;
  rehearse(options, open);
  for (const SimilarityList & choice : furtherChoices(options.similarity, plan.pairs))
  {
    Options decided = options;
    decided.similarity = choice;
    MemoryPlan other = open;
    rehearse(decided, other);
    other.phases.front() = open.phases.front(); // the choice is part of it
    other.scratchBytes = std::max(other.scratchBytes, open.scratchBytes);
    other.stagingBytes = std::max(other.stagingBytes, open.stagingBytes);
    if (other.fieldBytes > open.fieldBytes)
    {
      open = other;
    }
    else
    {
      open.scratchBytes = other.scratchBytes;
      open.stagingBytes = other.stagingBytes;
    }
  }
  plan = open;
}

LargestProcess
rehearseLargest(const MemoryPlan & plan, const Options & options, int processes)
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
    const Slab       slab = slabOf(planes, processes, process);
    std::vector<int> sizes{ std::min(slab.end, plan.imageGrid.size[2]) - std::min(slab.begin, plan.imageGrid.size[2]) };
    std::vector<Grid> grids = plan.levels;
    grids.push_back(plan.velocityGrid);
    for (const Grid & level : grids)
    {
      for (const GridSize & size : { level.size, halfSize(level.size) })
      {
        sizes.push_back(slabOf(size[1], processes, process).size());
        sizes.push_back(slabOf(size[2], processes, process).size());
      }
    }
    kinds.emplace(sizes, process);
  }
  const std::unique_ptr<Kernels> host = makeReferenceKernels(); // fields are the same on a GPU
  LargestProcess                 largest;
  for (const auto & kind : kinds)
  {
    MemoryPlan own = plan;
    own.processes = processes;
    rehearseMemory(own, options, makeCountedProcess(kind.second, processes), *host);
    if (own.fieldBytes > largest.memory.fieldBytes)
    {
      largest = { kind.second, own };
    }
  }
  // Work areas are those of the plan: the kernels of another machine may need others.
  largest.memory.scratchBytes = plan.scratchBytes;
  largest.memory.stagingBytes = plan.stagingBytes;
  return largest;
}

} // namespace gnr
