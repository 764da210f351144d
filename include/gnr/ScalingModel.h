// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_ScalingModel_h
#define gnr_ScalingModel_h

#include "gnr/Communicator.h"
#include "gnr/Options.h"
#include "gnr/Report.h"

#include "GaussNewtonRegistrationExport.h"

#include <array>
#include <string>
#include <vector>

namespace gnr
{

/** How fast one process computes and sends, the basis of predicted times (doc/parallel.md has the sources). */
struct ProcessFigures
{
  std::string name;                   ///< in words
  double      memoryBandwidth = 0.0;  ///< bytes per second that kernels reach
  double      interpolations = 0.0;   ///< cubic, points per second, where memory is not the limit
  double      transforms = 0.0;       ///< points of one component, there or back, per second, likewise
  double      callSeconds = 0.0;      ///< of a kernel, whatever its size
  double      latency = 0.0;          ///< seconds per message
  double      networkBandwidth = 0.0; ///< bytes per second that a process sends while it receives as many
  double      stagingBandwidth = 0.0; ///< between the memory of a GPU and of the host, bytes per second; 0: none
};

/** One process on a two-socket node, with as many cores as the processes that were measured. */
GaussNewtonRegistration_EXPORT ProcessFigures
cpuFigures(int threads);
/** One NVIDIA H100 (SXM) per process. */
GaussNewtonRegistration_EXPORT ProcessFigures
gpuFigures();

/** Work of one solve on a grid of the pyramid. */
struct LevelWork
{
  int newtonSteps = 0;
  int hessianProducts = 0;
  int innerIterations = 0; ///< inside the preconditioner
};

/** Numbers that only a solve reveals; the defaults are those of measured pairs of brains. */
struct SolveAssumptions
{
  int    interpolationHalo = 7;     ///< planes: departure points up to 5 voxels away along z, as memory is planned for
  double displacementShare = 0.076; ///< largest displacement along z as a share of the box
  int    mapSteps = 8;              ///< that integrate the displacement
  /** The solves on each grid, coarse to fine, so that the last are those of the finest. Grids beyond are as the first,
   * and further solves of a grid (for other weights beta or from another start) as its last. */
  std::vector<std::vector<LevelWork>> levels{ { { 4, 25, 290 } },
                                              { { 3, 21, 240 } },
                                              { { 2, 16, 180 } },
                                              { { 1, 12, 130 } } };
};

/** What all processes send, and the one that sends most: messages and bytes each by itself. */
struct PredictedTraffic
{
  Traffic total;
  Traffic most;
};

/** One operation of the solver. */
struct OperationCost
{
  /** By Purpose; images and results are left out: they are sent once. */
  std::array<PredictedTraffic, 3> traffic;
  double                          computeSeconds = 0.0; ///< of the process that needs most memory
  double                          networkSeconds = 0.0; ///< likewise; nothing of it is assumed to be hidden

  const PredictedTraffic &
  of(Purpose purpose) const
  {
    return traffic[static_cast<int>(purpose)];
  }
  double
  seconds() const
  {
    return computeSeconds + networkSeconds;
  }
};

/** What a registration costs on a given number of processes. */
struct ScalingPrediction
{
  MemoryPlan    memory;         ///< of the process that needs most
  OperationCost product;        ///< one Hessian product on the finest grid, with its regularisation
  OperationCost preconditioner; ///< one application there, inner solve included
  OperationCost newtonStep;     ///< one there
  OperationCost solve;          ///< all grids and the displacement, without reading, preparing and writing
};

/** Predicts from a rehearsal: the solver runs as it is, but nothing is computed, allocated or sent. The larger the
 * number of processes, the longer that takes: 0.1 s for 64.
 *
 * \param plan of a registration with these options, by any number of processes
 * Throws Error(BadInput) unless there are 1 to nz processes. */
GaussNewtonRegistration_EXPORT ScalingPrediction
predictScaling(const MemoryPlan &       plan,
               const Options &          options,
               int                      processes,
               const ProcessFigures &   figures,
               const SolveAssumptions & assumptions = SolveAssumptions());

} // namespace gnr

#endif
