// SPDX-License-Identifier: Apache-2.0
// gnr-view: a picture of what gnr-register did; doc/command-line.md is its manual.
#include "common/cli/ArgumentParser.h"
#include "common/cli/CommandLineError.h"
#include "common/cli/Format.h"
#include "common/io/OutputFiles.h"
#include "common/run/BidsNames.h"
#include "common/cli/Program.h"
#include "view/PictureWindow.h"
#include "view/QualityPicture.h"
#include "view/VtiOutput.h"

#include <vtkObject.h>

#include <cmath>
#include <filesystem>
#include <iostream>

namespace
{

using namespace gnrapp;

constexpr const char * description =
  "Draws what gnr-register found: PREFIX_quality.png shows fixed, moving and warped image, their\n"
  "differences, the deformed grid, the change of volume, the convergence and the numbers. Needs\n"
  "neither a display nor a GPU.\n";

constexpr const char * footer =
  "PREFIX is what gnr-register was given with -o; PREFIX_report.json and PREFIX_displacement.nii.gz\n"
  "are read, and the images that the report names. After gnr-register --bids it is the file\n"
  "..._mode-image_xfm.json. Points are physical, LPS, in mm.\n"
  "\n"
  "Exit codes: 0 success, 2 usage or bad input, 3 not enough memory or disk.\n"
  "\n"
  "Examples:\n"
  "  gnr-view result/pair\n"
  "  gnr-view result/pair --point -12.5 8 40 -o hippocampus.png --vti";

struct ViewSettings
{
  ResultFiles         files;
  std::string         output;
  std::vector<double> point;
  bool                neurological = false;
  bool                vti = false;
  bool                interactive = false;
  bool                quiet = false;
};

bool
ParseSettings(int argc, const char * const * argv, ViewSettings & settings)
{
  ArgumentParser     parser("gnr-view", description, footer);
  const char * const inputs = "Inputs and outputs";
  const char * const picture = "Picture";
  auto               file = [&](const char * name, std::optional<std::string> & target, const char * text) {
    Describe(parser.add_option_function<std::string>(
               name, [&target](const std::string & v) { target = v; }, text),
             inputs,
             "FILE",
             "as in the report");
  };
  parser.add_option("PREFIX", settings.files.prefix, "Start of the names of the files that gnr-register wrote.");
  file("--fixed", settings.files.fixed, "Where the fixed image is now.");
  file("--moving", settings.files.moving, "Where the moving image is now.");
  file("--initial-transform", settings.files.initialTransform, "Where the initial transform is now.");
  Describe(
    parser.add_option("-o,--output", settings.output, "Picture to write."), inputs, "FILE", "PREFIX_quality.png");
  Describe(parser.add_flag("--vti",
                           settings.vti,
                           "Write PREFIX.vti as well, for ParaView: fixed and warped image, displacement and det(I + "
                           "grad u) on the grid of the fixed image."),
           inputs,
           "",
           "off");
  Describe(
    parser.add_option("--point", settings.point, "Point that the three planes go through, LPS, mm.")->expected(3),
    picture,
    "X Y Z",
    "where the largest displacement is");
  Describe(parser.add_flag("--neurological",
                           settings.neurological,
                           "The patient's right on the right of the page, not on the left as radiologists have it."),
           picture,
           "",
           "off");
  Describe(parser.add_flag("--interactive",
                           settings.interactive,
                           "Show the picture in a window in which a click moves all planes. Needs a display."),
           picture,
           "",
           "off");
  parser.add_flag("-q,--quiet", settings.quiet, "Print nothing but errors.")->group("Other");
  if (!parser.Parse(argc, argv, { "PREFIX" }))
  {
    return false;
  }
  std::string &     prefix = settings.files.prefix;
  const std::string sidecar = bidsReportEnd;
  if (EndsWith(prefix, sidecar))
  {
    prefix.erase(prefix.size() - sidecar.size());
    settings.files.isBids = true;
  }
  if (settings.output.empty())
  {
    settings.output = NameOf(settings.files, "quality.png");
  }
  if (std::filesystem::path(settings.output).extension() != ".png")
  {
    throw CommandLineError("--output: '" + settings.output + "' does not end in .png, the only format written");
  }
  return true;
}

VoxelIndex
PointOf(const ViewSettings & settings, const RegistrationResult & result)
{
  if (settings.point.empty())
  {
    return result.PointOfLargestChange();
  }
  PointType point;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    point[axis] = settings.point[axis];
  }
  const VectorType position = result.Grid().IndexOf(point);
  if (!result.Grid().Contains(position))
  {
    throw CommandLineError("--point: lies outside the fixed image. Give a point in it (LPS, mm; many viewers show RAS, "
                           "where x and y have the other sign)");
  }
  VoxelIndex index;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    index[axis] = std::lround(position[axis]);
  }
  return index;
}

ExitCode
View(const ViewSettings & settings)
{
  OutputFiles              files;
  std::vector<std::string> names{ settings.output };
  if (settings.vti)
  {
    names.push_back(settings.files.prefix + ".vti");
  }
  for (const std::string & name : names)
  {
    files.Check(name);
  }
  if (settings.interactive)
  {
    CheckDisplay();
  }
  const RegistrationResult result(settings.files);
  files.Protect(result.files);
  QualityPicture picture(result, settings.neurological, PointOf(settings, result));
  if (settings.interactive)
  {
    ShowWindow(picture);
  }
  picture.Write(settings.output, files);
  if (settings.vti)
  {
    WriteVti(result, names.back(), files);
  }
  files.Commit();
  if (!settings.quiet)
  {
    for (const std::string & name : names)
    {
      std::cout << name << std::endl;
    }
  }
  return ExitCode::Success;
}

} // namespace

int
main(int argc, char * argv[])
{
  return RunProgram("gnr-view", [&]() {
    vtkObject::GlobalWarningDisplayOff(); // errors are exceptions, and told in a sentence
    ViewSettings settings;
    return ParseSettings(argc, argv, settings) ? View(settings) : ExitCode::Success;
  });
}
