// SPDX-License-Identifier: Apache-2.0
#include "gnr/OptionTable.h"

namespace gnr
{

const OptionTable &
optionTable()
{
  constexpr auto    deformation = OptionGroup::Deformation;
  constexpr auto    intensities = OptionGroup::Intensities;
  constexpr auto    solver = OptionGroup::Solver;
  constexpr auto    machine = OptionGroup::Machine;
  constexpr auto    everyday = OptionTier::Everyday;
  constexpr auto    expert = OptionTier::Expert;
  const OptionRange any;
  const auto        above = [](double minimum) {
    OptionRange range;
    range.minimum = minimum;
    range.hasMinimum = false;
    return range;
  };
  const auto atLeast = [](double minimum) {
    OptionRange range;
    range.minimum = minimum;
    return range;
  };
  // The wall has the eighth power of its limit in it: beyond these single precision ends.
  const OptionRange ofWall{ 1e-3, 1e3 };

  static const OptionTable table = {
    { "beta",
      &Options::beta,
      above(0),
      "",
      deformation,
      everyday,
      "Weight of the smoothness of the deformation, > 0. Smaller: closer match, larger deformation.",
      { 0.00001, 1, 0.0001 } },
    { "beta strategy",
      &Options::betaStrategy,
      any,
      "",
      deformation,
      everyday,
      "fixed: solve with --beta. continuation: go down to it by factors of ten. search: find the smallest weight, not "
      "below --beta, for which the map keeps to --determinant-bounds." },
    { "determinant bounds",
      { &Options::determinantLower, &Options::determinantUpper },
      { 0, any.maximum, false, true, 1 },
      "",
      deformation,
      expert,
      "Bounds on the local change of volume, det(I + grad u), for --beta-strategy search: 0 < LOWER < 1 < UPPER." },
    { "gamma",
      &Options::gamma,
      atLeast(0),
      "",
      deformation,
      everyday,
      "Resistance to local change of volume, relative to beta, >= 0.",
      { 0, 100, 0.5 } },
    { "grid scale",
      &Options::gridScale,
      atLeast(0),
      "voxels",
      deformation,
      expert,
      "Size in voxels of eddies to resist, >= 0: smaller ones would fold the grid.",
      { 0, 5, 0.1 } },
    { "gradient limit",
      &Options::gradientLimit,
      ofWall,
      "",
      deformation,
      expert,
      "Size of the velocity's gradient above which a steep penalty holds it back, so that the grid can carry the "
      "deformation. none: no limit." },
    { "divergence limit",
      &Options::divergenceLimit,
      ofWall,
      "",
      deformation,
      expert,
      "The same for its divergence, the rate of local change of volume. none: no limit." },
    { "determinant floor",
      &Options::determinantFloor,
      { 0, 0.5, false },
      "",
      deformation,
      expert,
      "What det(I + grad u) must reach in every voxel, at most 0.5: where it does not, the velocity is smoothed. "
      "none: folds are told only." },
    { "regularization",
      &Options::regularization,
      any,
      "",
      deformation,
      expert,
      "Which roughness of the velocity is penalised: first, second or third derivatives." },
    { "incompressible",
      &Options::incompressible,
      any,
      "",
      deformation,
      everyday,
      "Keep all volumes: the velocity is kept free of divergence." },

    { "similarity",
      &Options::similarity,
      any,
      "",
      intensities,
      everyday,
      "How the images are compared. ssd: by their intensities, for scans of one contrast. lncc: by local correlation, "
      "also where brightness or gain differ from place to place. mind: by self-similarity, for scans of different "
      "contrast." },
    { "normalization",
      &Options::intensityNormalization,
      any,
      "",
      intensities,
      everyday,
      "Bring each image to a common scale by its robust percentiles, or take intensities as they are." },
    { "smoothing",
      &Options::smoothing,
      atLeast(0),
      "voxels",
      intensities,
      everyday,
      "Standard deviation of a Gaussian on both images, in voxels, >= 0. For noisy images; 0: none.",
      { 0, 5, 0.1 } },
    { "periodic",
      &Options::periodic,
      any,
      "",
      intensities,
      expert,
      "The images continue periodically, as synthetic ones may: no padding." },
    { "interpolation",
      &Options::interpolation,
      any,
      "",
      intensities,
      expert,
      "Interpolation of the images inside the solver." },

    { "levels",
      &Options::levels,
      atLeast(1),
      "",
      solver,
      everyday,
      "Grids from coarse to fine; automatic: 3, more while the coarsest keeps 32 voxels an axis, and one to try.",
      {},
      "automatic" },
    { "time steps",
      &Options::timeSteps,
      atLeast(1),
      "",
      solver,
      expert,
      "Steps of the transport; more are taken where the deformation is large.",
      { 1, 64, 1 } },
    { "iterations",
      &Options::maximumIterations,
      atLeast(0),
      "",
      solver,
      everyday,
      "Largest number of Newton steps on each level.",
      { 0, 500, 1 } },
    { "Krylov iterations",
      &Options::maximumKrylovIterations,
      atLeast(1),
      "",
      solver,
      expert,
      "Largest number of Krylov iterations within a Newton step.",
      { 1, 500, 1 } },
    { "gradient tolerance",
      &Options::gradientTolerance,
      { 0, 1, false, false },
      "",
      solver,
      expert,
      "The two finest levels end when the gradient has fallen to this share of its first value, the next at half of "
      "it, and so on.",
      { 0.0001, 1, 0.001 } },
    { "objective tolerance",
      &Options::objectiveTolerance,
      { 0, 1, true, false },
      "",
      solver,
      expert,
      "The two finest levels end when a step lowers the objective by less than this share, coarser ones likewise.",
      { 0, 1, 0.001 } },
    { "stall reference",
      &Options::stallReference,
      any,
      "",
      solver,
      expert,
      "What --objective-tolerance is a share of: the objective, or the progress, by how much it has fallen since zero "
      "velocity." },
    { "preconditioner",
      &Options::preconditioner,
      any,
      "",
      solver,
      expert,
      "Of the Krylov iterations. inva: inverse of the smoothness term; invh0: of the Hessian at zero velocity; "
      "twolevel: invh0 on the grid of half the size for the low frequencies, inva for the others." },
    { "stall rate",
      &Options::stallRate,
      above(0),
      "share per second",
      solver,
      expert,
      "A level ends when a step lowers the objective by less than this share of it per second. Results then depend on "
      "the speed of the machine." },
    { "time limit",
      &Options::timeLimit,
      above(0),
      "seconds",
      solver,
      everyday,
      "Stop after this time and write the best result so far (exit code 5)." },

    { "device",
      &Options::device,
      any,
      "",
      machine,
      everyday,
      "Where to compute. auto: CUDA if a device works, else the CPU. reference: slow, for verification." },
    { "threads", &Options::threads, { 1, maximumThreads }, "", machine, everyday, "CPU threads to use.", {}, "all" },
  };
  return table;
}

} // namespace gnr
