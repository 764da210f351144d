// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_registration_Solver_h
#define gnr_registration_Solver_h

#include "registration/Checkpoint.h"
#include "registration/Context.h"
#include "registration/Fields.h"
#include "registration/Preparation.h"
#include "registration/SolveState.h"
#include "registration/StartCandidate.h"

#include "gnr/Engine.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace gnr
{

class LevelSolver;
class Strategy;

/** One registration in this process, from the images to the fields that can be read. Every call is collective. */
class Solver
{
public:
  /** Throws Error(BadInput) for an invalid grid or option and for a device that does not exist, or where a process has
   * been told something else than the others. */
  Solver(const Problem & problem, std::shared_ptr<Communicator> communicator);
  /** To rehearse a solve with the grids and weights of a plan, whose images nobody reads. */
  Solver(const MemoryPlan &            plan,
         const Options &               options,
         std::shared_ptr<Communicator> communicator,
         std::unique_ptr<Kernels>      kernels);
  ~Solver();

  /** As Engine::plan(). */
  MemoryPlan
  plan();

  /** Before run(): goes on with the solve whose state was written. */
  void
  resumeFrom(ByteSource saved)
  {
    saved_ = std::move(saved);
  }
  /** Before run(): called before each Newton step, when the state can be written. */
  void
  setOnStep(std::function<void(SolveState &)> function)
  {
    onStep_ = std::move(function);
  }
  /** Once. */
  void
  run(Observer * observer);
  /** The part of run() that is rehearsed: from the images to the displacement. */
  void
  solve(Observer * observer);

  const Report &
  report() const
  {
    return state_.report;
  }
  Kernels &
  kernels() const
  {
    return *context_.kernels;
  }
  /** After run(). */
  Fields
  fields() const
  {
    return { *prepared_.finest, state_.velocity, displacement_ };
  }
  /** Bytes of one image on the finest grid: what is smaller belongs to coarser ones. */
  std::size_t
  smallBelow() const;
  /** Ends a phase. */
  void
  phase(const std::string & name);

private:
  /** Says in the report what computes. */
  void
  describeContext();
  /** Whether the device was chosen by itself, and lacks memory in one of the processes. Collective. */
  bool
  deviceIsTooSmall(const MemoryPlan & plan) const;
  void
  begin(Observer * observer);
  /** The state can be written. Collective. */
  void
  onState(bool isAsked);
  /** Goes on from what was saved. */
  void
  resume();
  /** Plans, and takes the memory of all fields as one block: where the measure is open, for the one that needs most.
   * Pages that nobody writes to are not taken. */
  void
  reserveMemory();
  /** Prepares the images and decides by what to compare them, or goes on from a saved state. */
  void
  prepareSolve();
  /** Where the measure was open, for the one that was decided on. */
  void
  planAnew();
  /** Where it was left open and is not that of the images. */
  void
  tellVelocityGrid();
  /** Tells where the machine will not do. */
  void
  warnOfMemory();
  void
  solveLevels();
  /** From each candidate, beginning with that of the state; the best stays. */
  void
  solveFrom(const StartCandidates & starts,
            Pyramid &               pyramid,
            const Level &           level,
            LevelSolver &           solver,
            Strategy &              strategy);
  /** Lets go of what the results do not need. */
  void
  releaseUnusedMemory();
  /** What the processes have sent to one another. */
  void
  reportTraffic();
  double
  cpuSecondsSoFar() const;

  Options                           options_;
  Context                           context_;
  InputImages                       input_;
  SolverBox                         box_;
  CustomMeasure *                   customMeasure_ = nullptr;
  std::unique_ptr<Checkpoint>       checkpoint_; ///< null: none are written
  ByteSource                        saved_;      ///< empty: the solve begins
  bool                              isResumed_ = false;
  bool                              choosesWeight_ = false; ///< [D5]
  std::function<void(SolveState &)> onStep_;
  Preparation                       prepared_;
  SolveState                        state_;
  Buffer                            displacement_; ///< mm along the grid axes, finest grid
  std::unique_ptr<Progress>         progress_;
  int                               levels_ = 0;
  double                            phaseStart_ = 0.0;
  double                            cpuStart_ = 0.0; ///< CPU seconds before the run, less those of earlier processes
};

} // namespace gnr

#endif
