// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_registration_Rehearsal_h
#define gnr_registration_Rehearsal_h

#include "kernels/CountingKernels.h"
#include "parallel/CountingCommunicator.h"
#include "registration/Solver.h"

#include "gnr/ScalingModel.h"

#include <functional>
#include <memory>
#include <vector>

namespace gnr
{

/** What one process computes, and what it does together with the others. */
struct Tally
{
  KernelWork work;
  Exchanges  exchanges;
};

/** A run of the solver as it is, on arrays that have no memory and with processes that are only thought of: what it
 * takes and does is counted. */
class Rehearsal
{
public:
  /** \param plan grids and weights of the registration.
   * \param real, script, number as of makeCountingKernels(). */
  Rehearsal(
    const MemoryPlan &                    plan,
    const Options &                       options,
    std::shared_ptr<CountingCommunicator> communicator,
    Kernels &                             real,
    Script &                              script,
    std::function<double()>               number = [] { return 1.0; });
  ~Rehearsal();

  /** From the images in the solver to the displacement. */
  void
  solve(Observer * observer = nullptr);
  /** Everything that may be asked for afterwards. */
  void
  results();

  Tally
  tally() const;
  /** Adds the memory that solve() and results() have taken. */
  void
  addTo(MemoryPlan & plan) const;

private:
  std::shared_ptr<CountingCommunicator> communicator_;
  CountingKernels *                     kernels_;
  std::unique_ptr<Solver>               solver_;
};

/** The phases of a plan that come after run(). */
constexpr const char * inversePhase = "inverse displacement";
constexpr const char * otherResultsPhase = "other results";

/** What scripts have in common: a velocity in voxels per unit time for which any number of time steps will do, and how
 * far departure points are away. */
constexpr double slowSpeed = 1.0;
double
departureOf(const SolveAssumptions & assumptions);

/** A process whose messages need not be staged. */
std::shared_ptr<CountingCommunicator>
makeCountedProcess(int rank, int processes);

/** Adds the memory of a process to a plan. */
void
rehearseMemory(MemoryPlan &                                  plan,
               const Options &                               options,
               const std::shared_ptr<CountingCommunicator> & communicator,
               Kernels &                                     real);

/** The process that needs most memory, and how much. */
struct LargestProcess
{
  int        rank = 0;
  MemoryPlan memory;
};

/** Throws Error(BadInput) unless there are 1 to nz processes. */
LargestProcess
rehearseLargest(const MemoryPlan & plan, const Options & options, int processes);

/** The operations of OperationCost, done by one process. */
struct RehearsedWork
{
  Tally product;
  Tally preconditioner;
  Tally newtonStep;
  Tally solve;
};

RehearsedWork
rehearseWork(const MemoryPlan &       plan,
             const Options &          options,
             int                      processes,
             int                      rank,
             const SolveAssumptions & assumptions);

} // namespace gnr

#endif
