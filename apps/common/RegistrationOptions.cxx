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
#include "RegistrationOptions.h"

#include "CommandLineError.h"
#include "OptionNames.h"

#include "gnr/Error.h"

#include <cstdlib>
#include <type_traits>
#include <utility>
#include <vector>

namespace gnrapp
{
namespace
{

const char *
YesOrNo(bool value)
{
  return value ? "on" : "off";
}

/** The type of an option's value; without std::optional. */
template <typename T>
struct Plain
{
  using Type = T;
};
template <typename T>
struct Plain<std::optional<T>>
{
  using Type = T;
};
template <typename TMember>
using ValueType = typename Plain<std::decay_t<decltype(std::declval<gnr::Options>().*std::declval<TMember>())>>::Type;

std::string
Text(double value, const char *)
{
  return NumberText(value);
}

template <typename T>
std::string
Text(const std::optional<T> & value, const char * unset)
{
  return value ? NumberText(static_cast<double>(*value)) : unset;
}

constexpr const char * none = "none";

/** `none`, or a number above 0. */
CLI::Validator
PositiveOrNone()
{
  return CLI::Validator(
    [](std::string & text) -> std::string {
      std::string number = text;
      return text == none || AtLeast(0, true)(number).empty() ? "" : "must be a number > 0 or none, not '" + text + "'";
    },
    "");
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
  auto number = [&](const char * name, auto member, const char * unset = none) {
    add(name, Text(options.*member, unset), Text(reference.*member, unset));
  };
  auto word = [&](const char * name, auto member) { add(name, NameOf(options.*member), NameOf(reference.*member)); };
  using gnr::Options;
  number("--beta", &Options::beta);
  word("--beta-strategy", &Options::betaStrategy);
  number("--gamma", &Options::gamma);
  number("--grid-scale", &Options::gridScale);
  number("--gradient-limit", &Options::gradientLimit);
  number("--divergence-limit", &Options::divergenceLimit);
  number("--determinant-floor", &Options::determinantFloor);
  word("--regularization", &Options::regularization);
  number("--levels", &Options::levels, "automatic");
  number("--time-steps", &Options::timeSteps);
  word("--interpolation", &Options::interpolation);
  number("--iterations", &Options::maximumIterations);
  number("--krylov-iterations", &Options::maximumKrylovIterations);
  number("--gradient-tolerance", &Options::gradientTolerance);
  number("--objective-tolerance", &Options::objectiveTolerance);
  word("--preconditioner", &Options::preconditioner);
  number("--smoothing", &Options::smoothing);
  return text.empty() ? "as default" : text;
}

} // namespace

RegistrationOptions::RegistrationOptions(ArgumentParser & parser, RegistrationSettings & settings)
  : m_Program(parser.get_name())
  , m_Settings(settings)
{
  using gnr::Options;
  const Options defaults = gnr::makeOptions(gnr::Preset::Default);
  auto &        overrides = m_Overrides;

  auto number = [&](const char * name, const char * group, auto member, const char * text, const char * unset = none) {
    using Value = ValueType<decltype(member)>;
    return Describe(
      parser.add_option_function<Value>(
        name,
        [&overrides, member](const Value & v) { overrides.push_back([=](Options & o) { o.*member = v; }); },
        text),
      group,
      std::is_integral_v<Value> ? "COUNT" : "NUMBER",
      Text(defaults.*member, unset));
  };
  auto numberOrNone =
    [&](const char * name, const char * group, const char * placeholder, auto member, const char * text) {
      Describe(parser.add_option_function<std::string>(
                 name,
                 [&overrides, member](const std::string & v) {
                   const auto value = v == none ? std::nullopt : std::optional<double>(std::strtod(v.c_str(), nullptr));
                   overrides.push_back([=](Options & o) { o.*member = value; });
                 },
                 text),
               group,
               placeholder,
               Text(defaults.*member, none))
        ->check(PositiveOrNone());
    };
  auto word = [&](const char * name, const char * group, auto member, const char * text) {
    using Value = ValueType<decltype(member)>;
    const std::vector<std::string> words = WordsOf<Value>();
    Describe(parser.add_option_function<std::string>(
               name,
               [&overrides, member](const std::string & v) {
                 overrides.push_back([=](Options & o) { o.*member = ValueOf<Value>(v); });
               },
               text),
             group,
             CLI::detail::join(words, "|"),
             NameOf(defaults.*member))
      ->check(OneOf(words));
  };
  auto flag = [&](const char * name, const char * group, auto member, const char * text) {
    Describe(parser.add_flag_callback(
               name, [&overrides, member]() { overrides.push_back([=](Options & o) { o.*member = true; }); }, text),
             group,
             "",
             YesOrNo(defaults.*member));
  };

  const char * const deformation = "Deformation";
  const std::string  presets =
    "Named set of options; explicit options override it. fast: " + Differences(gnr::makeOptions(gnr::Preset::Fast)) +
    "; accurate: " + Differences(gnr::makeOptions(gnr::Preset::Accurate)) + ".";
  Describe(parser.add_option("--preset", settings.preset, presets),
           deformation,
           CLI::detail::join(WordsOf<gnr::Preset>(), "|"),
           settings.preset)
    ->check(OneOf(WordsOf<gnr::Preset>()));
  number("--beta",
         deformation,
         &Options::beta,
         "Weight of the smoothness of the deformation, > 0. Smaller: closer match, larger deformation.")
    ->check(AtLeast(0, true));
  word("--beta-strategy",
       deformation,
       &Options::betaStrategy,
       "fixed: solve with --beta. continuation: go down to it by factors of ten. search: find the smallest weight, not "
       "below --beta, for which the map keeps to --determinant-bounds.");
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
  number("--gamma", deformation, &Options::gamma, "Resistance to local change of volume, relative to beta, >= 0.")
    ->check(AtLeast(0));
  number("--grid-scale",
         deformation,
         &Options::gridScale,
         "Size in voxels of eddies to resist, >= 0: smaller ones would fold the grid.")
    ->check(AtLeast(0));
  numberOrNone("--gradient-limit",
               deformation,
               "NUMBER|none",
               &Options::gradientLimit,
               "Size of the velocity's gradient above which a steep penalty holds it back, so that the grid can carry "
               "the deformation. none: no limit.");
  numberOrNone("--divergence-limit",
               deformation,
               "NUMBER|none",
               &Options::divergenceLimit,
               "The same for its divergence, the rate of local change of volume. none: no limit.");
  numberOrNone(
    "--determinant-floor",
    deformation,
    "NUMBER|none",
    &Options::determinantFloor,
    "What det(I + grad u) must reach in every voxel, at most 0.5: where it does not, the velocity is smoothed. "
    "none: folds are told only.");
  word("--regularization",
       deformation,
       &Options::regularization,
       "Which roughness of the velocity is penalised: first, second or third derivatives.");
  flag("--incompressible",
       deformation,
       &Options::incompressible,
       "Keep all volumes: the velocity is kept free of divergence.");

  const char * const images = "Intensities";
  word("--normalization",
       images,
       &Options::intensityNormalization,
       "Bring each image to a common scale by its robust percentiles, or take intensities as they are.");
  Describe(parser.add_flag("--histogram-matching",
                           settings.histogramMatching,
                           "Match the histogram of MOVING to that of FIXED first, for scans of different contrast."),
           images,
           "",
           YesOrNo(settings.histogramMatching));
  number("--smoothing",
         images,
         &Options::smoothing,
         "Standard deviation of a Gaussian on both images, in voxels, >= 0. For noisy images; 0: none.")
    ->check(AtLeast(0));
  flag(
    "--periodic", images, &Options::periodic, "The images continue periodically, as synthetic ones may: no padding.");
  word("--interpolation", images, &Options::interpolation, "Interpolation of the images inside the solver.");

  const char * const solver = "Solver";
  number("--levels",
         solver,
         &Options::levels,
         "Grids from coarse to fine; automatic: 3, more while the coarsest keeps 32 voxels an axis, and one to try.",
         "automatic")
    ->check(WholeNumber(1));
  number("--time-steps",
         solver,
         &Options::timeSteps,
         "Steps of the transport; more are taken where the deformation is large.")
    ->check(WholeNumber(1));
  number("--iterations", solver, &Options::maximumIterations, "Largest number of Newton steps on each level.")
    ->check(WholeNumber(0));
  number("--krylov-iterations",
         solver,
         &Options::maximumKrylovIterations,
         "Largest number of Krylov iterations within a Newton step.")
    ->check(WholeNumber(1));
  number("--gradient-tolerance",
         solver,
         &Options::gradientTolerance,
         "The two finest levels end when the gradient has fallen to this share of its first value, the next at half "
         "of it, and so on.")
    ->check(AtLeast(0, true));
  number("--objective-tolerance",
         solver,
         &Options::objectiveTolerance,
         "The two finest levels end when a step lowers the objective by less than this share, coarser ones likewise.")
    ->check(AtLeast(0));
  word("--preconditioner",
       solver,
       &Options::preconditioner,
       "Of the Krylov iterations. inva: inverse of the smoothness term; invh0: of the Hessian at zero velocity; "
       "twolevel: invh0 on the grid of half the size for the low frequencies, inva for the others.");
  numberOrNone("--stall-rate",
               solver,
               "SHARE|none",
               &Options::stallRate,
               "A level ends when a step lowers the objective by less than this share of it per second. Results then "
               "depend on the speed of the machine.");
  numberOrNone("--time-limit",
               solver,
               "SECONDS|none",
               &Options::timeLimit,
               "Stop after this time and write the best result so far (exit code 5).");

  const char * const machine = "Machine";
  word("--device",
       machine,
       &Options::device,
       "Where to compute. auto: CUDA if a device works, else the CPU. reference: slow, for verification.");
  number("--threads", machine, &Options::threads, "CPU threads to use.", "all")->check(ThreadCount());
}

void
RegistrationOptions::Resolve()
{
  m_Settings.options = gnr::makeOptions(ValueOf<gnr::Preset>(m_Settings.preset));
  for (const auto & apply : m_Overrides)
  {
    apply(m_Settings.options);
  }
  try
  {
    gnr::validate(m_Settings.options);
  }
  catch (const gnr::Error & error)
  {
    throw CommandLineError(std::string(error.what()) + ". See " + m_Program + " --help");
  }
}

} // namespace gnrapp
