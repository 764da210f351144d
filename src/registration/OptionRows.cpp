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
  const double      infinity = std::numeric_limits<double>::infinity();
  const OptionRange positive{ 0, infinity, false }, notNegative{ 0 }, atLeastOne{ 1 };
  const OptionRange aroundOne{ 0, infinity, false, true, 1 };
  // The wall has the eighth power of its limit in it: beyond these single precision ends.
  const OptionRange ofWall{ 1e-3, 1e3 };

  // clang-format off
  static const OptionTable table = {
    { "beta", &Options::beta, deformation, everyday,
      "Weight of the smoothness of the deformation, > 0. Smaller: closer match, larger deformation.",
      positive, {}, { 0.00001, 1, 0.0001 } },
    { "beta strategy", &Options::betaStrategy, deformation, everyday,
      "fixed: solve with --beta. continuation: go down to it by factors of ten. search: find the smallest weight, "
      "not below --beta, for which the map keeps to --determinant-bounds." },
    { "determinant bounds", { &Options::determinantLower, &Options::determinantUpper }, deformation, expert,
      "Bounds on the local change of volume, det(I + grad u), for --beta-strategy search: 0 < LOWER < 1 < UPPER.",
      aroundOne },
    { "gamma", &Options::gamma, deformation, expert,
      "Resistance to local change of volume, relative to beta, >= 0.",
      notNegative, {}, { 0, 100, 0.5 } },
    { "grid scale", &Options::gridScale, deformation, expert,
      "Size in voxels of eddies to resist, >= 0: smaller ones would fold the grid.",
      notNegative, "voxels", { 0, 5, 0.1 } },
    { "gradient limit", &Options::gradientLimit, deformation, expert,
      "Size of the velocity's gradient above which a steep penalty holds it back, so that the grid can carry the "
      "deformation. none: no limit.",
      ofWall },
    { "divergence limit", &Options::divergenceLimit, deformation, expert,
      "The same for its divergence, the rate of local change of volume. none: no limit.",
      ofWall },
    { "determinant floor", &Options::determinantFloor, deformation, expert,
      "What det(I + grad u) must reach in every voxel, at most 0.5: where it does not, the velocity is smoothed. "
      "none: folds are told only.",
      { 0, 0.5, false } },
    { "incompressibility", &Options::incompressibility, deformation, expert,
      "By what tissues resist a change of their volume, beside --gamma. none: only by the weights of "
      "--incompressibility-image, if there is one. ct: by the CT numbers (HU) of the moving image: lung and air 0, soft "
      "tissue 5, bone 100." },
    { "incompressibility form", &Options::incompressibilityForm, deformation, expert,
      "static: the divergence of the velocity is kept near 0, by weights that stay where they are. moving: det(I + grad u) "
      "near 1, by weights that travel with the moving image: dearer, where stiff tissue moves far." },
    { "incompressibility weight", &Options::incompressibilityWeight, deformation, expert,
      "How much a weight of 1 resists, > 0: it counts (sqrt(det) - 1)^2 as squared differences of intensities.",
      positive, {}, { 0.001, 10, 0.001 } },
    { "landmark sigma", &Options::landmarkSigma, deformation, expert,
      "How far landmarks may stay apart, > 0: an error of this size at all of them counts as much as a difference of 10 % "
      "of the range of intensities at all voxels. Smaller: closer, in more iterations. automatic: a tenth of the size of "
      "the image.",
      positive, "mm", {}, "automatic" },
    { "regularization", &Options::regularization, deformation, expert,
      "Which roughness of the velocity is penalised: first, second or third derivatives." },
    { "incompressible", &Options::incompressible, deformation, everyday,
      "Keep all volumes: the velocity is kept free of divergence." },
    { "symmetric", &Options::symmetric, deformation, expert,
      "Both images are deformed, each by half, and meet half way: with the images swapped, the map is the inverse. For the "
      "measures ssd, lncc, mind, ngf and labels." },

    { "similarity", &Options::similarity, intensities, everyday,
      "How the images are compared. auto: lncc where the images look as if they were of one contrast, else mind. "
      "ssd: by their intensities, for scans of one contrast. ncc: by correlation, where one image is brighter, has "
      "more contrast or is inverted. lncc: by local correlation, also where brightness or gain differ from place to "
      "place. mind, mi, ngf, correlation-ratio: by self-similarity, mutual information, the course of edges or the "
      "correlation ratio, for scans of different contrast. labels: of segmentations, by which label a voxel has. "
      "Several at once, with weights: lncc+0.5*mind. For several pairs of images one for all, or one for each: "
      "lncc,0.2*ssd." },
    { "normalization", &Options::intensityNormalization, intensities, everyday,
      "Bring each image to a common scale by its robust percentiles, or take intensities as they are." },
    { "density", &Options::density, intensities, expert,
      "What the values of the images are. none: intensities, which a point keeps. given: densities >= 0, whose mass is "
      "kept: where tissue expands, they fall. ct: CT numbers (HU), from which densities are made. Densities are "
      "compared on one scale: --normalization is not for them." },
    { "density exponent", &Options::densityExponent, intensities, expert,
      "How a density answers to a change of volume, as det(I + grad u) to this power, from 0.1 to 1. 1: mass is kept; "
      "0.5: half densities. auto: as mean density goes with volume between the two masks, which must be of the lungs, "
      "from 0.4 to 1.",
      { 0.1, 1 }, {}, {}, "auto" },
    { "smoothing", &Options::smoothing, intensities, expert,
      "Standard deviation of a Gaussian on both images, in voxels, >= 0. For noisy images; 0: none.",
      notNegative, "voxels", { 0, 5, 0.1 } },
    { "periodic", &Options::periodic, intensities, expert,
      "The images continue periodically, as synthetic ones may: no padding." },
    { "interpolation", &Options::interpolation, intensities, expert,
      "Interpolation of the images inside the solver." },

    { "levels", &Options::levels, solver, everyday,
      "Grids from coarse to fine; automatic: 3, more while the coarsest keeps 32 voxels an axis, and one to try.",
      atLeastOne, {}, {}, "automatic" },
    { "velocity grid", &Options::velocityGrid, solver, expert,
      "Grid of the velocity where the images have the finest. full: theirs. half: one of half the size along every "
      "axis, which takes less memory and time; the waves that it cannot carry are stiff anyway. auto: half from 8 "
      "million voxels of the fixed image on." },
    { "start", &Options::start, solver, expert,
      "What the solve begins with. none: no motion. search: also what a search finds among the displacements of up to a "
      "fifth of the image along each axis; the one that leads lower stays. auto: search where the solve so far may have missed something." },
    { "time steps", &Options::timeSteps, solver, expert,
      "Steps of the transport; more are taken where the deformation is large.",
      atLeastOne, {}, { 1, 64, 1 } },
    { "iterations", &Options::maximumIterations, solver, everyday,
      "Largest number of Newton steps on each level.",
      notNegative, {}, { 0, 500, 1 } },
    { "Krylov iterations", &Options::maximumKrylovIterations, solver, expert,
      "Largest number of Krylov iterations within a Newton step.",
      atLeastOne, {}, { 1, 500, 1 } },
    { "gradient tolerance", &Options::gradientTolerance, solver, expert,
      "The two finest levels end when the gradient has fallen to this share of its first value, the next at half of "
      "it, and so on.",
      { 0, 1, false, false }, {}, { 0.0001, 1, 0.001 } },
    { "objective tolerance", &Options::objectiveTolerance, solver, expert,
      "The two finest levels end when a step lowers the objective by less than this share, coarser ones likewise.",
      { 0, 1, true, false }, {}, { 0, 1, 0.001 } },
    { "stall reference", &Options::stallReference, solver, expert,
      "What --objective-tolerance is a share of: the objective, or the progress, by how much it has fallen since zero "
      "velocity. auto: the objective for ssd; for others the progress, with half the tolerance." },
    { "preconditioner", &Options::preconditioner, solver, expert,
      "Of the Krylov iterations. inva: inverse of the smoothness term; invh0: of the Hessian at zero velocity; "
      "twolevel: invh0 on the grid of half the size for the low frequencies, inva for the others." },
    { "stall rate", &Options::stallRate, solver, expert,
      "A level ends when a step lowers the objective by less than this share of it per second. Results then depend "
      "on the speed of the machine.",
      positive, "share per second" },
    { "time limit", &Options::timeLimit, solver, everyday,
      "Stop after this time and write the best result so far (exit code 5).",
      positive, "seconds" },

    { "device", &Options::device, machine, everyday,
      "Where to compute. auto: CUDA if a device works, else the CPU. reference: slow, for verification." },
    { "threads", &Options::threads, machine, everyday,
      "CPU threads to use.",
      { 1, maximumThreads }, {}, {}, "all" },
    { "checkpoint", &Options::checkpoint, machine, expert,
      "Save the solve in files whose names begin with this, TEXT.gnr and TEXT.previous.gnr, and go on from there where "
      "they are of the same images and options, on any number of processes." },
    { "checkpoint interval", &Options::checkpointInterval, machine, expert,
      "Save the solve at most this often, after a Newton step; 0: after each.",
      notNegative, "seconds", { 0, 3600, 10 } },
  };
  // clang-format on
  return table;
}

} // namespace gnr
