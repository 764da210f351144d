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

/** The fields that can be read from a result, on the grid of the images. */
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

/** The outcome of a registration. It holds the memory, or the processes, that provide the fields. */
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

  /** Copies the voxels of a box to the caller's memory. Several processes call it together, each with the box it wants,
   * or none. Throws Error(BadInput) for a box that does not consist of planes of the grid. */
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
 * Results may outlive their engine. One thread at a time, whose current CUDA device is what it was before when a
 * function returns. */
class GaussNewtonRegistration_EXPORT Engine
{
public:
  virtual ~Engine() = default;

  /** The memory that run() and the results will take, found by running the solver on arrays that are counted but never
   * allocated; this takes milliseconds. It needs the images, because the grid is padded where anatomy reaches the
   * border. Data in transit between processes take up to 12 bytes per voxel, at a time when the fields take less.
   * Throws as run() does. */
  virtual MemoryPlan
  plan(const Problem & problem) = 0;

  /** Solves the problem, whose memory must stay valid until Event::Kind::InputsRead, or until this returns.
   * \param observer may be null.
   * Throws Error(BadInput | OutOfResources | NumericalFailure | Aborted). */
  virtual std::unique_ptr<Result>
  run(const Problem & problem, Observer * observer = nullptr) = 0;
};

/** Computes in this process, or in all processes of a communicator. In the latter case every process makes an engine,
 * and all call its functions together, with the same grid and options. All get the report, each may have an observer,
 * and an error of one is thrown by all. Plans are for this process alone. */
GaussNewtonRegistration_EXPORT std::unique_ptr<Engine>
                               makeEngine(std::shared_ptr<Communicator> communicator = nullptr);

/** Computes in worker processes started for the purpose, for programs that do not use MPI themselves.
 *
 * The workers are instances of the program gnr-worker under a launcher of MPI (gnr/Launcher.h); this process never
 * initialises MPI, and survives the crash of a worker. Images and fields pass through files in /dev/shm or, if there is
 * no room, in TMPDIR: 4 bytes per voxel for every image and weight, 12 for a vector field. The files are removed as
 * soon as they have been read. Workers that lose this process remove them and end.
 *
 * gnr-worker is searched for beside this library and in `bin` near it; the environment variable GNR_WORKER overrides.
 *
 * Images are passed whole. `options.threads` is divided among the processes. The memory plan, including that of the
 * report, counts the fields of all workers; the other byte counts in the report are those of the first worker.
 *
 * \param processes at least 1. Throws Error(BadInput) where this process has itself been started as one of several.
 * Engine::run() throws Error(BadInput) too where there is no launcher, no worker or no plugin for MPI, OutOfResources
 * where there is no room for the images, and where a worker is ended from outside. */
GaussNewtonRegistration_EXPORT std::unique_ptr<Engine>
                               makeLaunchedEngine(int processes);

/** Memory that a registration would take on `processes` processes: that of the process that needs most. Needs neither
 * images nor other processes. \param plan of a registration with the same options by any number of processes, which
 * provides the grids and weights. Throws Error(BadInput) unless there are 1 to nz processes. */
GaussNewtonRegistration_EXPORT MemoryPlan
planForProcesses(const MemoryPlan & plan, const Options & options, int processes);

/** Gives back what this process keeps on GPUs from one registration for the next: plans, pinned host memory, work
 * areas, and the memory of the fields. Results that are alive keep theirs. It is also given back when the process ends.
 * Does nothing where no GPU was used. */
GaussNewtonRegistration_EXPORT void
releaseDeviceMemory();

/** Memory that it would take on a GPU that this machine does not have. \param plan of the same registration, with the
 * same options, on the CPU (a plan for a GPU is returned unchanged). Work areas, which only cuFFT knows, are taken at
 * their upper bound. Messages between GPUs are not included. */
GaussNewtonRegistration_EXPORT MemoryPlan
planForDevice(const MemoryPlan & plan, const Options & options);

} // namespace gnr

#endif
