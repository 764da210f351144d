// SPDX-License-Identifier: Apache-2.0
#include "SlicerSettings.h"

#include "common/cli/CommandLineError.h"
#include "common/map/InitialTransform.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <sstream>

namespace gnrapp
{
namespace
{

constexpr const char * description =
  "Registers two 3-D volumes as a command line module of 3D Slicer: finds the smooth, invertible\n"
  "deformation that makes movingVolume look like fixedVolume. doc/slicer.md is its manual; at a\n"
  "terminal, gnr-register is more convenient.\n";

constexpr const char * footer =
  "Transforms map fixed to moving points (LPS, mm), as ITK and the files of 3D Slicer have them.\n"
  "Options are also understood as Slicer writes them, e.g. --betaStrategy search.\n"
  "\n"
  "Examples:\n"
  "  GaussNewtonRegistration --xml\n"
  "  GaussNewtonRegistration --outputTransform t.h5 --outputVolume warped.nrrd fixed.nrrd moving.nrrd";

SlicerSettings
SettingsWith(const gnr::OptionTable & table)
{
  SlicerSettings settings;
  settings.registration.optionTable = &table;
  return settings;
}

std::string
KebabCase(const std::string & name)
{
  std::string text;
  for (const char c : name)
  {
    const bool isUpper = std::isupper(static_cast<unsigned char>(c)) != 0;
    text +=
      isUpper ? std::string("-") + static_cast<char>(std::tolower(static_cast<unsigned char>(c))) : std::string(1, c);
  }
  return text;
}

std::vector<std::string>
SplitAtCommas(const std::string & text)
{
  std::vector<std::string> parts;
  std::istringstream       stream(text);
  for (std::string part; std::getline(stream, part, ',');)
  {
    parts.push_back(part);
  }
  return parts;
}

/** The same word, or the same numbers however they are written: Slicer's widgets have a format of their own. */
bool
IsSameValue(const std::string & a, const std::string & b)
{
  if (a == b)
  {
    return true;
  }
  auto numbers = [](std::string text) {
    std::replace(text.begin(), text.end(), ',', ' ');
    std::istringstream  stream(text);
    std::vector<double> values;
    for (double value = 0; stream >> value;)
    {
      values.push_back(value);
    }
    return stream.eof() ? values : std::vector<double>();
  };
  const auto x = numbers(a);
  const auto y = numbers(b);
  return !x.empty() && std::equal(x.begin(), x.end(), y.begin(), y.end(), [](double p, double q) {
    return std::abs(p - q) <= 1e-6 * std::max(std::abs(p), std::abs(q));
  });
}

} // namespace

std::string
SlicerName(const std::string & option)
{
  std::string name;
  bool        upper = false;
  for (const char c : option.substr(std::min(option.find_first_not_of('-'), option.size())))
  {
    if (c == '-')
    {
      upper = true;
      continue;
    }
    name += upper ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    upper = false;
  }
  return name;
}

std::vector<std::string>
SlicerSettings::Outputs() const
{
  std::vector<std::string> paths;
  for (const auto * path :
       { &outputTransform, &inverseTransform, &outputVolume, &determinantVolume, &returnParameterFile })
  {
    if (*path)
    {
      paths.push_back(**path);
    }
  }
  return paths;
}

const std::vector<SlicerResult> &
SlicerResults()
{
  using gnr::Report;
  static const std::vector<SlicerResult> results = {
    { "double",
      "mismatch",
      "Mismatch",
      "Difference of the volumes relative to that before registration: 1 is no better, 0 is perfect.",
      [](const Report & r) { return NumberText(r.mismatch); } },
    { "double",
      "determinantMinimum",
      "Smallest determinant",
      "Smallest local change of volume, det(I + grad u); the deformation folds where it is not positive.",
      [](const Report & r) { return NumberText(r.determinantMinimum); } },
    { "double",
      "determinantMaximum",
      "Largest determinant",
      "Largest local change of volume.",
      [](const Report & r) { return NumberText(r.determinantMaximum); } },
    { "integer",
      "foldedVoxels",
      "Folded voxels",
      "Voxels where the deformation folds; 0 for a good result.",
      [](const Report & r) { return std::to_string(r.foldedVoxels); } },
    { "double",
      "maximumDisplacement",
      "Largest displacement (mm)",
      "Length of the longest displacement, without the initial transform.",
      [](const Report & r) { return NumberText(r.maximumDisplacement); } },
    { "double",
      "usedBeta",
      "Used beta",
      "The weight of the smoothness that the result belongs to; another than Beta if it was searched for.",
      [](const Report & r) { return NumberText(r.beta); } },
    { "string",
      "stopReason",
      "Stopped because",
      "Why the registration ended.",
      [](const Report & r) { return std::string(gnr::describe(r.reason)); } },
  };
  return results;
}

SlicerParser::SlicerParser(const gnr::OptionTable & table)
  : m_Settings{ SettingsWith(table) }
  , m_Parser("GaussNewtonRegistration", description, footer)
  , m_Common(m_Parser, m_Settings.registration)
{
  RegistrationSettings & r = m_Settings.registration;
  const char * const     image = R"(type="scalar")";
  const char * const     mask = R"(type="label")";
  const char * const     like = R"(type="scalar" reference="fixedVolume")";
  const char * const     nonlinear = R"(type="nonlinear" fileExtensions=".h5,.nrrd,.nii.gz")";

  auto required = [&](const char * name, std::string & target, const char * label, const char * text) {
    m_Parser.add_option(name, target, text);
    m_Files.push_back({ "image", image, name, label, "input", text });
  };
  auto optional = [&](const SlicerFile & file, std::optional<std::string> & target) {
    Describe(m_Parser.add_option_function<std::string>(
               file.option, [&target](const std::string & path) { target = path; }, file.text),
             "Inputs and outputs",
             "FILE",
             "none");
    m_Files.push_back(file);
  };
  required("fixedVolume", r.fixed, "Fixed volume", "The reference; the results lie on its grid.");
  required(
    "movingVolume", r.moving, "Moving volume", "The volume that is deformed to match the fixed one; on any grid.");
  optional({ "transform",
             nonlinear,
             "--output-transform",
             "Output transform",
             "output",
             "Applied to the moving volume, it brings it onto the fixed one. A displacement on the grid of the fixed "
             "volume; an initial transform is part of it." },
           m_Settings.outputTransform);
  optional({ "image", like, "--output-volume", "Output volume", "output", "The moving volume, deformed." },
           m_Settings.outputVolume);
  optional({ "image",
             mask,
             "--fixed-mask",
             "Fixed mask",
             "input",
             "Label map on the grid of the fixed volume: the match counts only where it is not 0." },
           r.fixedMask);
  optional({ "image",
             mask,
             "--moving-mask",
             "Moving mask",
             "input",
             "Label map on the grid of the moving volume: the match counts only where it, deformed, is not 0." },
           r.movingMask);
  optional({ "image",
             like,
             "--incompressibility-image",
             "Incompressibility image",
             "input",
             "Volume on the grid of the moving one: how strongly tissue resists a change of its volume, 0 or more." },
           r.incompressibilityImage);
  optional({ "transform",
             R"(fileExtensions=".h5,.tfm,.txt")",
             "--initial-transform",
             "Initial transform",
             "input",
             "A transform that, applied to the moving volume, roughly aligns it, for example of a rigid or affine "
             "registration." },
           r.initialTransform);
  optional({ "transform",
             nonlinear,
             "--inverse-transform",
             "Inverse transform",
             "output",
             "Applied to the fixed volume, it brings it onto the moving one. Slicer inverts the output transform by "
             "itself where it needs that; other programs may want the file." },
           m_Settings.inverseTransform);
  optional({ "image",
             like,
             "--determinant-volume",
             "Determinant volume",
             "output",
             "Local change of volume, det(I + grad u): above 1 where the fixed voxel is larger in the moving volume." },
           m_Settings.determinantVolume);
  Describe(m_Parser.add_option_function<std::string>(
             "--returnparameterfile",
             [this](const std::string & path) { m_Settings.returnParameterFile = path; },
             "Text file for the numbers of the result, a line `name = value` each."),
           "Inputs and outputs",
           "FILE",
           "none");
  Describe(
    m_Parser.add_option("--initial-alignment",
                        m_Settings.initialAlignment,
                        "Rough alignment of volumes that lie apart, in place of an initial transform; part of the "
                        "output transform. moments: shift between the centres of mass. rigid, affine: rotation "
                        "and shift, or scaling and shearing as well, of largest mutual information, within the "
                        "masks. identity: none, they lie as they are."),
    "Start",
    CLI::detail::join(gnr::wordsOf<AlignmentMethod>(), "|"),
    m_Settings.initialAlignment)
    ->check(OneOf(gnr::wordsOf<AlignmentMethod>()));
  Describe(m_Parser.add_option("--processes",
                               m_Settings.processes,
                               "Worker processes that share the registration, started under mpirun on this machine. 1: "
                               "none. The threads are shared out among them."),
           "Machine",
           "COUNT",
           std::to_string(m_Settings.processes))
    ->check(WholeNumber(1, 1024));
  m_Parser.add_flag("--xml", "Print the description of the module for 3D Slicer and exit.")->group("Other");
}

std::vector<std::string>
SlicerParser::Translate(int argc, const char * const * argv) const
{
  std::vector<std::string> result;
  for (int i = 0; i < argc; ++i)
  {
    const std::string argument = argv[i];
    if (argument.rfind("--", 0) != 0)
    {
      result.push_back(argument);
      continue;
    }
    const std::string         name = KebabCase(argument);
    const CLI::Option * const option = m_Parser.get_option_no_throw(name);
    if (option == nullptr || option->get_items_expected_max() == 0 || i + 1 == argc)
    {
      result.push_back(option == nullptr ? argument : name);
      continue;
    }
    const std::string value = argv[++i];
    if (IsSameValue(value, option->get_default_str()))
    {
      continue;
    }
    result.push_back(name);
    const auto values = option->get_expected_max() > 1 ? SplitAtCommas(value) : std::vector<std::string>{ value };
    result.insert(result.end(), values.begin(), values.end());
  }
  return result;
}

std::optional<SlicerSettings>
SlicerParser::Parse(int argc, const char * const * argv)
{
  if (std::any_of(argv + 1, argv + argc, [](const char * argument) { return std::string(argument) == "--xml"; }))
  {
    std::cout << this->Description();
    return {};
  }
  const std::vector<std::string> arguments = this->Translate(argc, argv);
  std::vector<const char *>      pointers;
  for (const std::string & argument : arguments)
  {
    pointers.push_back(argument.c_str());
  }
  if (!m_Parser.Parse(static_cast<int>(pointers.size()), pointers.data(), { "fixedVolume", "movingVolume" }))
  {
    return {};
  }
  SlicerSettings & s = m_Settings;
  if (!s.outputTransform && !s.inverseTransform && !s.outputVolume && !s.determinantVolume)
  {
    throw CommandLineError("no output was chosen. Choose an output transform or an output volume");
  }
  if (s.Aligns())
  {
    if (s.registration.initialTransform)
    {
      throw CommandLineError("an initial transform and an initial alignment were chosen. Choose one of them");
    }
    s.registration.initialTransform = s.initialAlignment;
  }
  s.registration.writeInverse = s.inverseTransform.has_value();
  s.registration.writeDeterminant = s.determinantVolume.has_value();
  m_Common.Resolve();
  return s;
}

} // namespace gnrapp
