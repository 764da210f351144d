// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_Engine_h
#define gnr_Engine_h

#include "gnr/Communicator.h"
#include "gnr/EnumNames.h"
#include "gnr/Error.h"
#include "gnr/Observer.h"
#include "gnr/Problem.h"
#include "gnr/Report.h"

#include "GaussNewtonRegistrationExport.h"

#include <memory>
#include <utility>

namespace gnr
{

/** What can be read of a result, on the grid of the images. */
enum class Field
{
  Displacement,        ///< u with y(x) = x + u(x), mm: fixed point x corresponds to moving point x + u(x)
  InverseDisplacement, ///< of the inverse of y, mm: moving point x corresponds to fixed point x + u(x)
  Velocity,            ///< the stationary field whose exponential is y: minus the solver's v; mm per unit time
  Determinant          ///< det(I + grad u), central differences, as itk::DisplacementFieldJacobianDeterminantFilter
};

/** Values per voxel. */
inline int
componentsOf(Field field)
{
  return field == Field::Determinant ? 1 : 3;
}

/** What a registration has found; it holds the memory, or the processes, from which the fields come. */
class GaussNewtonRegistration_EXPORT Result
{
public:
  virtual ~Result() = default;
  Result(const Result &) = delete;
  Result &
  operator=(const Result &) = delete;

  const Report &
  report() const
  {
    return report_;
  }

  /** Writes the voxels of a box. Of several processes all call it together, each with the box that it wants, or none.
   * Throws Error(BadInput) for a box that is not planes of the grid. */
  virtual void
  read(Field field, const OutputBlock & out) const = 0;

protected:
  explicit Result(Report report)
    : report_(std::move(report))
  {}

private:
  Report report_;
};

/** Where registrations are computed.
 *
 * \code
 *   gnr::Problem problem;
 *   problem.grid = grid;
 *   problem.fixed = { fixed.data(), wholeOf(grid) };
 *   problem.moving = { moving.data(), wholeOf(grid) };
 *   const auto result = gnr::makeEngine()->run(problem);
 *   result->read(gnr::Field::Displacement, { u.data(), wholeOf(grid) });
 * \endcode
 *
 * Results may outlive their engine. One thread at a time. */
class GaussNewtonRegistration_EXPORT Engine
{
public:
  virtual ~Engine() = default;

  /** The memory that run() and the results will take, found by a run of the solver on arrays that are counted but do
   * not exist. The images are needed: where anatomy reaches the border, the grid is padded. Takes milliseconds. What is
   * on its way between processes needs up to 12 bytes for each of its voxels at a time when the fields need less.
   * Throws as run(). */
  virtual MemoryPlan
  plan(const Problem & problem) = 0;

  /** Solves. The memory of the problem must live until Event::Kind::InputsRead, or until this returns.
   * \param observer may be null.
   * Throws Error(BadInput | OutOfResources | NumericalFailure | Aborted). */
  virtual std::unique_ptr<Result>
  run(const Problem & problem, Observer * observer = nullptr) = 0;
};

/** Computes in this process, or in all of a communicator: every one then makes an engine, and calls everything together
 * with the others, for the same grid and options. All have the report, and an observer where they want one; an error of
 * one is thrown by all. Plans are for this process alone. */
GaussNewtonRegistration_EXPORT std::unique_ptr<Engine>
                               makeEngine(std::shared_ptr<Communicator> communicator = nullptr);

/** Computes in processes that are started for it, for programs that do not use MPI themselves.
 *
 * The workers are instances of the program gnr-worker under a launcher of MPI (gnr/Launcher.h); this process never
 * initialises MPI, and a worker that crashes does not take it along. Images and fields go through files in /dev/shm
 * or, where that has no room, TMPDIR: 4 bytes per voxel for every image and weight, 12 for a vector field; they are
 * removed as soon as they are read. Workers that lose this process end, and remove them, too.
 *
 * gnr-worker is looked for beside this library, in `bin` near it, or is what the environment variable GNR_WORKER names.
 *
 * Images are passed as a whole. `options.threads` are shared out among the processes. The memory plan, also that of the
 * report, counts the fields of all workers; the other numbers of bytes in the report are those of the first.
 *
 * \param processes at least 1. Throws Error(BadInput) where this process has itself been started as one of several.
 * Engine::run() throws Error(BadInput) too where there is no launcher, no worker or no plugin for MPI, OutOfResources
 * where there is no room for the images, and where a worker is ended from outside. */
GaussNewtonRegistration_EXPORT std::unique_ptr<Engine>
                               makeLaunchedEngine(int processes);

/** What a registration would take of each of `processes` processes: of the one that needs most. Needs neither images
 * nor other processes. \param plan of one with the same options by any number of processes: grids and weights are taken
 * from it. Throws Error(BadInput) unless there are 1 to nz processes. */
GaussNewtonRegistration_EXPORT MemoryPlan
planForProcesses(const MemoryPlan & plan, const Options & options, int processes);

/** What it would take on a GPU that is not here. \param plan of the same on the CPU (of one on a GPU: returned as it
 * is). Fields are the same; work areas, for which cuFFT would have to be asked, are as large as they can be. Messages
 * between GPUs are not in it. */
GaussNewtonRegistration_EXPORT MemoryPlan
planForDevice(const MemoryPlan & plan);

} // namespace gnr

#endif
