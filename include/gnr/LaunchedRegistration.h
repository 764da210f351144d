// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_LaunchedRegistration_h
#define gnr_LaunchedRegistration_h

#include "gnr/Registration.h"

#include <memory>

namespace gnr
{

/** A registration in several processes that are started for it, for programs that do not use MPI themselves.
 *
 * The workers are instances of the program gnr-worker under a launcher of MPI (gnr/Launcher.h); this process never
 * initialises MPI, and a worker that crashes does not take it along. Images and results go through files in /dev/shm
 * or, where that has no room, TMPDIR: 4 bytes per voxel for every image and weight, 12 for a vector field; they are
 * removed as soon as they are read. Workers that lose this process end, and remove them, too.
 *
 * gnr-worker is looked for beside this library, in `bin` near it, or is what the environment variable GNR_WORKER names.
 *
 * In what it takes and gives this is a Registration on one process: with all planes, and events on the calling thread.
 * `options.threads` are shared out among the processes. The memory plan, also that of the report, counts the fields of
 * all workers; the other numbers of bytes in the report are those of the first. */
class GaussNewtonRegistration_EXPORT LaunchedRegistration : public RegistrationInterface
{
public:
  /** Starts nothing yet. \param processes at least 1. Throws Error(BadInput) for an invalid option, and where this
   * process itself has been started as one of several. */
  LaunchedRegistration(const Grid & grid, const Options & options, int processes);
  ~LaunchedRegistration() override;

  void
  setFixed(HostImage image) override;
  void
  setMoving(HostImage image) override;
  void
  setFixedWeight(HostImage weight) override;
  void
  setMovingWeight(HostImage weight) override;
  void
  setInitialVelocity(HostVectorImage velocity) override;
  void
  setObserver(Observer * observer) override;

  /** Starts the workers, if they do not run yet. Throws as run(). */
  MemoryPlan
  planMemory() const override;

  /** Throws Error as Registration::run(); BadInput where there is no launcher, no worker or no plugin for MPI;
   * OutOfResources where there is no room for the images, and where a worker is ended from outside. */
  const Report &
  run() override;

  void
  displacement(HostVectorImage out) const override;
  void
  inverseDisplacement(HostVectorImage out) const override;
  void
  velocity(HostVectorImage out) const override;
  void
  determinant(float * data, int zBegin, int zEnd) const override;
  const Report &
  report() const override;

private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

} // namespace gnr

#endif
