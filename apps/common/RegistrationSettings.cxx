/*=========================================================================
 *
 *  Copyright NumFOCUS
 *
 *  Licensed under the Apache License, Version 2.0 (the "License");
 *  you may not use this file except in compliance with the License.
 *  You may obtain a copy of the License at
 *
 *         https://www.apache.org/licenses/LICENSE-2.0.txt
 *
 *  Unless required by applicable law or agreed to in writing, software
 *  distributed under the License is distributed on an "AS IS" BASIS,
 *  WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 *  See the License for the specific language governing permissions and
 *  limitations under the License.
 *
 *=========================================================================*/
#include "RegistrationSettings.h"

#include "ArgumentParser.h"
#include "CommandLineError.h"

#include "gnr/Error.h"

#include <filesystem>
#include <functional>
#include <vector>

namespace gnrapp
{
namespace
{

constexpr const char * description =
  "Registers two 3-D images: finds the smooth, invertible deformation that makes MOVING look like\n"
  "FIXED. The images should be roughly aligned (rigidly or affinely), or an --initial-transform be\n"
  "given. They may lie on different grids.\n";

constexpr const char * footer =
  "Files written (nothing is written if the program fails):\n"
  "  PREFIX_displacement.nii.gz          displacement u on the grid of FIXED\n"
  "  PREFIX_inverse_displacement.nii.gz  its inverse, on the same grid\n"
  "  PREFIX_velocity.nii.gz              stationary velocity whose exponential is the map\n"
  "  PREFIX_warped.nii.gz                MOVING, deformed to match FIXED\n"
  "  PREFIX_determinant.nii.gz           det(I + grad u): local change of volume\n"
  "  PREFIX_report.json                  options, history and results as numbers\n"
  "\n"
  "Direction and coordinates: the displacement maps fixed points to moving points. Its vectors are\n"
  "in physical space, LPS (ITK's convention), in mm: point x of FIXED corresponds to x + u(x) of\n"
  "MOVING, or T(x + u(x)) if an initial transform T is given. Warp with gnr-apply.\n"
  "\n"
  "Exit codes: 0 success, 2 usage or bad input, 3 not enough memory, 4 numerical failure, 5 time\n"
  "limit reached (the result so far is written).\n"
  "\n"
  "Examples:\n"
  "  gnr-register fixed.nii.gz moving.nii.gz -o result/pair\n"
  "  gnr-register fixed.nii.gz moving.nii.gz -o result/pair --beta 1e-3 --fixed-mask brain.nii.gz \\\n"
  "      --initial-transform affine.tfm --preset accurate --threads 8";

const char *
YesOrNo(bool value)
{
  return value ? "on" : "off";
}

/** What a preset changes, for `--help`. */
std::string
Differences(const gnr::Options & options)
{
  const gnr::Options reference = gnr::makeOptions(gnr::Preset::Default);
  std::string        text;
  auto               add = [&text](const char * name, const std::string & value, const std::string & other) {
    if (value != other)
    {
      text += (text.empty() ? "" : ", ") + (std::string(name) + " " + value);
    }
  };
  auto levels = [](const gnr::Options & o) { return o.levels ? NumberText(*o.levels) : std::string("automatic"); };
  auto number = [&add](const char * name, double value, double other) {
    add(name, NumberText(value), NumberText(other));
  };
  number("--beta", options.beta, reference.beta);
  add("--beta-strategy", NameOf(options.betaStrategy), NameOf(reference.betaStrategy));
  number("--gamma", options.gamma, reference.gamma);
  number("--grid-scale", options.gridScale, reference.gridScale);
  add("--regularization", NameOf(options.regularization), NameOf(reference.regularization));
  add("--levels", levels(options), levels(reference));
  number("--time-steps", options.timeSteps, reference.timeSteps);
  add("--interpolation", NameOf(options.interpolation), NameOf(reference.interpolation));
  number("--iterations", options.maximumIterations, reference.maximumIterations);
  number("--krylov-iterations", options.maximumKrylovIterations, reference.maximumKrylovIterations);
  number("--gradient-tolerance", options.gradientTolerance, reference.gradientTolerance);
  number("--objective-tolerance", options.objectiveTolerance, reference.objectiveTolerance);
  add("--preconditioner", NameOf(options.preconditioner), NameOf(reference.preconditioner));
  number("--smoothing", options.smoothing, reference.smoothing);
  return text.empty() ? "as default" : text;
}

void
CheckPrefix(const std::string & prefix)
{
  const std::string name = std::filesystem::path(prefix).filename().string();
  if (name.empty() || name == "." || name == "..")
  {
    throw CommandLineError("--output: '" + prefix +
                           "' names a folder. Give a folder and the start of the file names, " + "e.g. result/pair");
  }
  for (const char * extension : { ".nii", ".nii.gz", ".nrrd", ".mha", ".json" })
  {
    const std::string end(extension);
    if (prefix.size() >= end.size() && prefix.compare(prefix.size() - end.size(), end.size(), end) == 0)
    {
      throw CommandLineError("--output: '" + prefix + "' names one file, but several are written. Give the start of " +
                             "their names, e.g. " + prefix.substr(0, prefix.size() - end.size()));
    }
  }
}

} // namespace

const char *
NameOf(gnr::Regularization value)
{
  return value == gnr::Regularization::H1 ? "h1" : value == gnr::Regularization::H2 ? "h2" : "h3";
}

const char *
NameOf(gnr::Interpolation value)
{
  return value == gnr::Interpolation::Linear ? "linear" : "cubic";
}

const char *
NameOf(gnr::Device value)
{
  switch (value)
  {
    case gnr::Device::Auto:
      return "auto";
    case gnr::Device::Cpu:
      return "cpu";
    case gnr::Device::Cuda:
      return "cuda";
    case gnr::Device::Reference:
      return "reference";
  }
  return "unknown";
}

const char *
NameOf(gnr::IntensityNormalization value)
{
  return value == gnr::IntensityNormalization::None ? "none" : "percentiles";
}

const char *
NameOf(gnr::Preconditioner value)
{
  switch (value)
  {
    case gnr::Preconditioner::InvA:
      return "inva";
    case gnr::Preconditioner::InvH0:
      return "invh0";
    case gnr::Preconditioner::TwoLevelInvH0:
      return "twolevel";
  }
  return "unknown";
}

const char *
NameOf(gnr::BetaStrategy value)
{
  switch (value)
  {
    case gnr::BetaStrategy::Fixed:
      return "fixed";
    case gnr::BetaStrategy::Continuation:
      return "continuation";
    case gnr::BetaStrategy::Search:
      return "search";
  }
  return "unknown";
}

std::optional<RegistrationSettings>
ParseRegistrationSettings(int argc, const char * const * argv)
{
  using gnr::Options;
  RegistrationSettings settings;
  ArgumentParser       parser("gnr-register", description, footer);

  // Explicit options are kept back and applied on top of the preset, in whatever order they were given.
  std::vector<std::function<void(Options &)>> overrides;
  const Options                               defaults = gnr::makeOptions(gnr::Preset::Default);

  auto number =
    [&](const char * name, const char * group, const std::string & defaultText, const char * text, auto set) {
      return Describe(
        parser.add_option_function<double>(
          name, [&overrides, set](const double & v) { overrides.push_back([=](Options & o) { set(o, v); }); }, text),
        group,
        "NUMBER",
        defaultText);
    };
  auto count =
    [&](const char * name, const char * group, const std::string & defaultText, const char * text, auto set) {
      return Describe(
        parser.add_option_function<int>(
          name, [&overrides, set](const int & v) { overrides.push_back([=](Options & o) { set(o, v); }); }, text),
        group,
        "COUNT",
        defaultText);
    };
  auto word = [&](const char *                     name,
                  const char *                     group,
                  const std::vector<std::string> & words,
                  const std::string &              defaultText,
                  const char *                     text,
                  auto                             set) {
    return Describe(
             parser.add_option_function<std::string>(
               name,
               [&overrides, set](const std::string & v) { overrides.push_back([=](Options & o) { set(o, v); }); },
               text),
             group,
             CLI::detail::join(words, "|"),
             defaultText)
      ->check(OneOf(words));
  };
  auto file = [&](const char * name, std::optional<std::string> & target, const char * text) {
    Describe(parser.add_option_function<std::string>(
               name, [&target](const std::string & v) { target = v; }, text),
             "Inputs and outputs",
             "FILE",
             "none");
  };

  parser.add_option("FIXED", settings.fixed, "Fixed image (reference): NIfTI, NRRD or MetaImage.");
  parser.add_option("MOVING", settings.moving, "Moving image (template), deformed to match FIXED.");

  Describe(parser.add_option("-o,--output",
                             settings.prefix,
                             "Start of the names of all files written, e.g. result/pair. The folder is created if only "
                             "its last part is missing. Required."),
           "Inputs and outputs",
           "PREFIX",
           "");
  file("--fixed-mask", settings.fixedMask, "Mask on the grid of FIXED: the match counts only where it is not 0.");
  file("--moving-mask", settings.movingMask, "Mask on the grid of MOVING; it travels with the image.");
  file(
    "--initial-transform",
    settings.initialTransform,
    "ITK transform (.tfm, .txt, .mat, .h5) from fixed to moving points, e.g. an affine alignment. Several in one file "
    "are composed as ITK does: the last is applied first.");
  file("--initial-velocity", settings.initialVelocity, "Start from this PREFIX_velocity.nii.gz of an earlier run.");
  parser.add_flag("--no-inverse{false}", settings.writeInverse, "Do not compute and write the inverse displacement.")
    ->group("Inputs and outputs");
  parser
    .add_flag(
      "--dry-run",
      settings.dryRun,
      "Read the images, print the grids and the memory that the registration will need, and end. Writes nothing "
      "and needs no --output.")
    ->group("Inputs and outputs");

  const char * const deformation = "Deformation";
  const std::string  presets =
    "Named set of options; explicit options override it. fast: " + Differences(gnr::makeOptions(gnr::Preset::Fast)) +
    "; accurate: " + Differences(gnr::makeOptions(gnr::Preset::Accurate)) + ".";
  Describe(
    parser.add_option("--preset", settings.preset, presets), deformation, "fast|default|accurate", settings.preset)
    ->check(OneOf({ "fast", "default", "accurate" }));
  number("--beta",
         deformation,
         NumberText(defaults.beta),
         "Weight of the smoothness of the deformation, > 0. Smaller: closer match, larger deformation.",
         [](Options & o, double v) { o.beta = v; })
    ->check(AtLeast(0, true));
  word("--beta-strategy",
       deformation,
       { "fixed", "continuation", "search" },
       NameOf(defaults.betaStrategy),
       "fixed: solve with --beta. continuation: go down to it by factors of ten. search: find the smallest weight, not "
       "below --beta, for which the map keeps to --determinant-bounds.",
       [](Options & o, const std::string & v) {
         o.betaStrategy = v == "search"         ? gnr::BetaStrategy::Search
                          : v == "continuation" ? gnr::BetaStrategy::Continuation
                                                : gnr::BetaStrategy::Fixed;
       });
  Describe(parser
             .add_option_function<std::vector<double>>(
               "--determinant-bounds",
               [&overrides](const std::vector<double> & v) {
                 overrides.push_back([v](Options & o) {
                   o.determinantLower = v[0];
                   o.determinantUpper = v[1];
                 });
               },
               "Bounds on the local change of volume, det(I + grad u), for --beta-strategy search: 0 < LOWER < 1 < "
               "UPPER.")
             ->expected(2),
           deformation,
           "LOWER UPPER",
           NumberText(defaults.determinantLower) + " " + NumberText(defaults.determinantUpper));
  number("--gamma",
         deformation,
         NumberText(defaults.gamma),
         "Resistance to local change of volume, relative to beta, >= 0.",
         [](Options & o, double v) { o.gamma = v; })
    ->check(AtLeast(0));
  number("--grid-scale",
         deformation,
         NumberText(defaults.gridScale),
         "Size in voxels of eddies to resist, >= 0: smaller ones would fold the grid.",
         [](Options & o, double v) { o.gridScale = v; })
    ->check(AtLeast(0));
  word("--regularization",
       deformation,
       { "h1", "h2", "h3" },
       NameOf(defaults.regularization),
       "Which roughness of the velocity is penalised: first, second or third derivatives.",
       [](Options & o, const std::string & v) {
         o.regularization = v == "h1"   ? gnr::Regularization::H1
                            : v == "h2" ? gnr::Regularization::H2
                                        : gnr::Regularization::H3;
       });
  Describe(parser.add_flag_callback(
             "--incompressible",
             [&overrides]() { overrides.push_back([](Options & o) { o.incompressible = true; }); },
             "Keep all volumes: the velocity is kept free of divergence."),
           deformation,
           "",
           YesOrNo(defaults.incompressible));

  const char * const images = "Intensities";
  word("--normalization",
       images,
       { "percentiles", "none" },
       NameOf(defaults.intensityNormalization),
       "Bring each image to a common scale by its robust percentiles, or take intensities as they are.",
       [](Options & o, const std::string & v) {
         o.intensityNormalization =
           v == "none" ? gnr::IntensityNormalization::None : gnr::IntensityNormalization::Percentiles;
       });
  Describe(parser.add_flag("--histogram-matching",
                           settings.histogramMatching,
                           "Match the histogram of MOVING to that of FIXED first, for scans of different contrast."),
           images,
           "",
           YesOrNo(settings.histogramMatching));
  number("--smoothing",
         images,
         NumberText(defaults.smoothing),
         "Standard deviation of a Gaussian on both images, in voxels, >= 0. For noisy images; 0: none.",
         [](Options & o, double v) { o.smoothing = v; })
    ->check(AtLeast(0));
  Describe(parser.add_flag_callback(
             "--periodic",
             [&overrides]() { overrides.push_back([](Options & o) { o.periodic = true; }); },
             "The images continue periodically, as synthetic ones may: no padding."),
           images,
           "",
           YesOrNo(defaults.periodic));
  word("--interpolation",
       images,
       { "cubic", "linear" },
       NameOf(defaults.interpolation),
       "Interpolation of the images inside the solver.",
       [](Options & o, const std::string & v) {
         o.interpolation = v == "linear" ? gnr::Interpolation::Linear : gnr::Interpolation::Cubic;
       });

  const char * const solver = "Solver";
  count("--levels",
        solver,
        defaults.levels ? NumberText(*defaults.levels) : "automatic",
        "Grids from coarse to fine; automatic: at most 3, with at least 16 voxels an axis.",
        [](Options & o, int v) { o.levels = v; })
    ->check(AtLeast(1));
  count("--time-steps",
        solver,
        NumberText(defaults.timeSteps),
        "Steps of the transport; more are taken where the deformation is large.",
        [](Options & o, int v) { o.timeSteps = v; })
    ->check(AtLeast(1));
  count("--iterations",
        solver,
        NumberText(defaults.maximumIterations),
        "Largest number of Newton steps on each level.",
        [](Options & o, int v) { o.maximumIterations = v; })
    ->check(AtLeast(0));
  count("--krylov-iterations",
        solver,
        NumberText(defaults.maximumKrylovIterations),
        "Largest number of Krylov iterations within a Newton step.",
        [](Options & o, int v) { o.maximumKrylovIterations = v; })
    ->check(AtLeast(1));
  number("--gradient-tolerance",
         solver,
         NumberText(defaults.gradientTolerance),
         "A level ends when the gradient has fallen to this share of its first value.",
         [](Options & o, double v) { o.gradientTolerance = v; })
    ->check(AtLeast(0, true));
  number("--objective-tolerance",
         solver,
         NumberText(defaults.objectiveTolerance),
         "A level ends when a step lowers the objective by less than this share.",
         [](Options & o, double v) { o.objectiveTolerance = v; })
    ->check(AtLeast(0));
  word("--preconditioner",
       solver,
       { "inva", "invh0", "twolevel" },
       NameOf(defaults.preconditioner),
       "Of the Krylov iterations. inva: inverse of the smoothness term; invh0: of the Hessian at zero velocity; "
       "twolevel: invh0 on the grid of half the size for the low frequencies, inva for the others.",
       [](Options & o, const std::string & v) {
         o.preconditioner = v == "invh0"      ? gnr::Preconditioner::InvH0
                            : v == "twolevel" ? gnr::Preconditioner::TwoLevelInvH0
                                              : gnr::Preconditioner::InvA;
       });
  Describe(parser.add_option_function<double>(
             "--stall-rate",
             [&overrides](const double & v) { overrides.push_back([v](Options & o) { o.stallRate = v; }); },
             "A level ends when a step lowers the objective by less than this share of it per second. Results then "
             "depend on the speed of the machine."),
           solver,
           "SHARE",
           "none")
    ->check(AtLeast(0, true));
  Describe(parser.add_option_function<double>(
             "--time-limit",
             [&overrides](const double & v) { overrides.push_back([v](Options & o) { o.timeLimit = v; }); },
             "Stop after this time and write the best result so far (exit code 5)."),
           solver,
           "SECONDS",
           "none")
    ->check(AtLeast(0, true));

  const char * const machine = "Machine";
  word("--device",
       machine,
       { "auto", "cpu", "cuda", "reference" },
       NameOf(defaults.device),
       "Where to compute. auto: CUDA if a device works, else the CPU. reference: slow, for verification.",
       [](Options & o, const std::string & v) {
         o.device = v == "cpu"         ? gnr::Device::Cpu
                    : v == "cuda"      ? gnr::Device::Cuda
                    : v == "reference" ? gnr::Device::Reference
                                       : gnr::Device::Auto;
       });
  count("--threads", machine, "all", "CPU threads to use.", [](Options & o, int v) {
    o.threads = v;
  })->check(AtLeast(1));

  parser.add_flag("-v,--verbose", settings.verbose, "Print the options, more columns, and the time of every phase.")
    ->group("Other");
  parser.add_flag("-q,--quiet", settings.quiet, "Print nothing but errors.")->group("Other");

  if (!parser.Parse(argc, argv, { "FIXED", "MOVING" }))
  {
    return {};
  }
  if (!settings.dryRun)
  {
    parser.Require({ "--output" });
    CheckPrefix(settings.prefix);
  }
  if (settings.verbose && settings.quiet)
  {
    throw CommandLineError("--quiet: contradicts --verbose. Give one of them");
  }
  settings.options = gnr::makeOptions(settings.preset == "fast"       ? gnr::Preset::Fast
                                      : settings.preset == "accurate" ? gnr::Preset::Accurate
                                                                      : gnr::Preset::Default);
  for (const auto & apply : overrides)
  {
    apply(settings.options);
  }
  try
  {
    gnr::validate(settings.options);
  }
  catch (const gnr::Error & error)
  {
    throw CommandLineError(std::string(error.what()) + ". See gnr-register --help");
  }
  return settings;
}

} // namespace gnrapp
