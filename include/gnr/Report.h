// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_Report_h
#define gnr_Report_h

#include "gnr/EnumNames.h"
#include "gnr/Communicator.h"
#include "gnr/Grid.h"
#include "gnr/Options.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace gnr
{

/** Why the Newton iteration of a level, or the whole solve, ended. */
enum class StopReason
{
  GradientTolerance, ///< ||g|| <= gradientTolerance * ||g(v = 0)||
  ObjectiveStalled,  ///< the last step lowered the objective by less than objectiveTolerance, or stallRate a second
  IterationLimit,    ///< maximumIterations Newton steps were taken
  LineSearchFailed,  ///< no step length lowers the objective: rounding level
  TimeLimit,         ///< timeLimit reached; the best velocity so far is the result
  StoppedByObserver, ///< the observer asked to stop and keep the result
  ImagesIdentical,   ///< the images are the same wherever they count: nothing to register
  NoGradient         ///< they differ, but the gradient at v = 0 vanishes: nothing tells which way to move
};
template <>
inline constexpr EnumName<StopReason> enumNames<StopReason>[] = {
  { StopReason::GradientTolerance, "gradient-tolerance" },
  { StopReason::ObjectiveStalled, "objective-stalled" },
  { StopReason::IterationLimit, "iteration-limit" },
  { StopReason::LineSearchFailed, "line-search-failed" },
  { StopReason::TimeLimit, "time-limit" },
  { StopReason::StoppedByObserver, "stopped-on-request" },
  { StopReason::ImagesIdentical, "images-identical" },
  { StopReason::NoGradient, "no-gradient" },
};

/** One line of prose for a reason, as printed by the command line and written to the report. */
inline const char *
describe(StopReason reason)
{
  switch (reason)
  {
    case StopReason::GradientTolerance:
      return "gradient tolerance reached";
    case StopReason::ObjectiveStalled:
      return "objective stalled";
    case StopReason::IterationLimit:
      return "iteration limit reached";
    case StopReason::LineSearchFailed:
      return "line search found no descent";
    case StopReason::TimeLimit:
      return "time limit reached";
    case StopReason::StoppedByObserver:
      return "stopped on request";
    case StopReason::ImagesIdentical:
      return "images are already identical";
    case StopReason::NoGradient:
      return "images differ, but nothing in them tells which way to move";
  }
  return "unknown reason";
}

/** One Newton step. Everything is without unit; mismatch is ||m(1) - f|| / ||m0 - f||. */
struct IterationRecord
{
  int    level = 0;              ///< 0 is the coarsest
  int    iteration = 0;          ///< 1, 2, ... within the level
  double objective = 0.0;        ///< J after the step
  double distance = 0.0;         ///< similarity part D of the objective
  double regularization = 0.0;   ///< 1/2 <v, A v>
  double mismatch = 0.0;         ///< after the step, on this level's grid
  double relativeGradient = 0.0; ///< ||g|| / ||g(v = 0)|| after the step, dual norms
  int    krylovIterations = 0;   ///< Hessian products of the step
  int    innerIterations = 0;    ///< iterations inside the preconditioner, 0 for InvA
  double stepLength = 0.0;       ///< accepted by the line search
  int    timeSteps = 0;          ///< semi-Lagrangian steps in use
  double massDrift = 0.0;        ///< what the transport has added to the mass of densities, or lost of it, as a share
  double seconds = 0.0;          ///< wall time since the start of the solve
};

/** One solve. A grid of the pyramid has several where beta changes on it. */
struct LevelRecord
{
  int                          level = 0;
  Grid                         grid;         ///< the solver's (padded) grid
  Grid                         velocityGrid; ///< of the velocity: the same, or coarser
  double                       beta = 0.0;   ///< weight of the regularisation that this solve used; no unit
  double                       initialObjective = 0.0;
  double                       initialMismatch = 0.0;         ///< with the velocity carried over
  double                       initialRelativeGradient = 0.0; ///< likewise
  std::vector<IterationRecord> iterations;
  StopReason                   reason = StopReason::IterationLimit;
};

/** The memory that a registration needs for its fields, in bytes of this process, known before anything is allocated.
 * All fields are in host memory, or all are in that of a GPU.
 *
 * Exact unless a large velocity requires more time steps, each of which keeps one more image, or wider halos. */
struct MemoryPlan
{
  Grid              imageGrid;
  Grid              solverGrid;   ///< padded, periodic
  std::vector<Grid> levels;       ///< of the pyramid, coarse to fine
  Grid              velocityGrid; ///< of the velocity on the finest level
  std::string       device;       ///< where the kernels run, in words
  std::string       deviceReason; ///< why, when `Auto` had to choose
  int               threads = 1;
  int               processes = 1;

  bool        reachesBorder = false;  ///< anatomy does: padding that must not count
  bool        hasFixedWeight = false; ///< of the user
  bool        hasMovingWeight = false;
  bool        hasIncompressibility = false; ///< an image of weights
  int         pairs = 1;                    ///< of images
  bool        hasInitialVelocity = false;
  std::size_t landmarks = 0;         ///< pairs
  bool        choosesWeight = false; ///< of self-similarity, by trials

  std::size_t fieldBytes = 0; ///< to be reserved: the maximum over all phases
  /** The most that the fields take up in each phase of run(), and for the results that are asked for afterwards:
   * "inverse displacement" and "other results". */
  std::vector<std::pair<std::string, std::size_t>> phases;

  bool        fieldsOnDevice = false; ///< the fields are in the memory of a GPU
  std::size_t scratchBytes = 0;       ///< work areas beside the fields, in the same memory
  std::size_t stagingBytes = 0;       ///< host memory that copies from and to a GPU go through

  /** Memory of this machine that no process uses, where the system tells; before anything was reserved. */
  std::optional<std::size_t> availableBytes;
  /** The same for the GPU, divided by the processes that share it; unset if there is none. */
  std::optional<std::size_t> availableDeviceBytes;

  /** Memory of the host, and of the GPU, for the fields of a phase and what belongs to them. */
  std::size_t
  hostBytes(std::size_t fields) const
  {
    return fieldsOnDevice ? stagingBytes : fields + scratchBytes;
  }
  std::size_t
  deviceBytes(std::size_t fields) const
  {
    return fieldsOnDevice ? fields + scratchBytes : 0;
  }
};

/** Messages between processes for one purpose. */
struct TrafficRecord
{
  std::string purpose; ///< halo, transpose, reduction or images
  Traffic     total;   ///< of all processes
  Traffic     most;    ///< of the process that sent most: messages and bytes each by itself
};

/** What a kernel of a GPU has taken, or a transform of cuFFT: all calls together. */
struct KernelTime
{
  std::string   name;
  std::uint64_t calls = 0;
  double        milliseconds = 0.0;
};

/** How the details of the fixed image correlate with those of the moving image, and with those of the warped one. */
struct DetailCorrelation
{
  double before;
  double after;
};

/** Between what the map makes of fixed points and the moving points that belong to them, mm, after the transform
 * through which the moving image was sampled. */
struct LandmarkDistances
{
  double meanBefore = 0.0;
  double maximumBefore = 0.0;
  double meanAfter = 0.0;
  double maximumAfter = 0.0;
};

/** So that moving intensities lie along the curve of the fixed ones. */
struct IntensityChange
{
  double exponent = 1.0;     ///< they were raised to
  bool   isNegative = false; ///< they were turned round
};

/** What was done, and the result: the numbers of the closing summary and of the JSON report. */
struct Report
{
  std::string device;       ///< where the kernels ran, in words
  std::string deviceReason; ///< why, when `Auto` had to choose
  int         threads = 1;
  int         processes = 1;
  std::string transport;  ///< how messages leave the GPUs, in words and with the reason; empty where none need to
  Grid        imageGrid;  ///< the fixed image
  Grid        solverGrid; ///< padded, periodic

  std::vector<LevelRecord> levels;
  SimilarityList           similarity; ///< that was used, never Automatic
  /// What Automatic has done to the moving intensities of each pair inside the solver; empty: it had nothing to decide.
  std::vector<IntensityChange> intensityChanges;
  StopReason reason = StopReason::IterationLimit; ///< of the solve that the result is from, or why all ended

  double mismatch = 1.0; ///< ||m0(y) - f|| / ||m0 - f|| of the produced map, normalised intensities, weighted
  std::optional<DetailCorrelation> detailCorrelation; ///< unset: an image has no details
  /// What the transport has added to the mass, or lost of it, as a share; unset: there are no densities.
  std::optional<double>            massDrift;
  std::optional<double>            densityExponent; ///< that was used; unset: there are no densities
  std::optional<LandmarkDistances> landmarks;       ///< unset: there are none
  double      determinantMinimum = 1.0;             ///< det(I + grad u) over the image grid, central differences
  double      determinantMaximum = 1.0;
  double      determinantMean = 1.0;
  std::size_t foldedVoxels = 0;          ///< det <= 0
  double      maximumDisplacement = 0.0; ///< millimetres
  int         mapSteps = 0;              ///< steps that integrated the displacement

  double beta = 0.0; ///< weight of the regularisation that the result belongs to; no unit
  int    newtonSteps = 0;
  int    hessianProducts = 0;
  int    innerIterations = 0; ///< inside the preconditioner, all levels
  double wallSeconds = 0.0;
  double cpuSeconds = 0.0;
  /** Seconds of wall time per phase, in order of execution. */
  std::vector<std::pair<std::string, double>> phases;
  MemoryPlan                                  memoryPlan;     ///< made before the solve; its fieldBytes were reserved
  std::size_t                                 fieldBytes = 0; ///< what the fields took up at most, this process
  std::size_t overflowBytes = 0; ///< part of them that the reservation had no room for; 0 unless time steps rose
  /** The most that the fields took up in each phase. */
  std::vector<std::pair<std::string, std::size_t>> phaseBytes;
  std::size_t                                      scratchBytes = 0; ///< work areas beside the fields, this process
  std::size_t stagingBytes = 0;   ///< host memory that copies from and to a GPU went through, this process
  std::size_t mostFieldBytes = 0; ///< the same of the process that took most
  /** What the processes have sent to one another in run(), by purpose. */
  std::vector<TrafficRecord> traffic;
  /** Of the kernels of a GPU in run(), what took longest first; empty unless the environment has GNR_CUDA_TIMING=1. */
  std::vector<KernelTime>  kernelTimes;
  std::vector<std::string> messages; ///< fallbacks and warnings, as logged
};

} // namespace gnr

#endif
