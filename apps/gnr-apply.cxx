// SPDX-License-Identifier: Apache-2.0
// gnr-apply: warps images, label images and points with a deformation found by gnr-register; doc/command-line.md is its
// manual.
#include "common/cli/ArgumentParser.h"
#include "common/cli/CommandLineError.h"
#include "common/map/FslOption.h"
#include "common/io/ImageFiles.h"
#include "common/io/ImageInput.h"
#include "common/io/ImageOutput.h"
#include "common/map/JacobianImage.h"
#include "common/io/OutputFiles.h"
#include "common/map/PointFile.h"
#include "common/map/PointMap.h"
#include "common/cli/Program.h"
#include "common/map/TransformInput.h"
#include "common/map/WarpImage.h"

#include <algorithm>
#include <cmath>
#include <iostream>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace
{

using namespace gnrapp;

constexpr const char * description =
  "Warps an image, a label image or points with a deformation that gnr-register found, or with any\n"
  "chain of ITK transforms; interpolates once.\n";

constexpr const char * footer =
  "Direction: images are pulled back. With the displacement u and the initial transform T (identity\n"
  "if none is given) an image of moving space comes out on the grid of the fixed image:\n"
  "  output(x) = input(T(x + u(x)))\n"
  "Points go the way of the displacement, from fixed to moving space: x becomes T(x + u(x)).\n"
  "--invert turns both round: an image of fixed space comes out on the grid of --reference (the\n"
  "moving image), and points go from moving to fixed space. All coordinates are LPS, in mm.\n"
  "\n"
  "A chain: -t A -t B -t C maps x to A(B(C(x))), the last one first, as antsApplyTransforms and\n"
  "itk::CompositeTransform do. --displacement u with --initial-transform T is -t T -t u.\n"
  "\n"
  "Points are read from a table (.csv, .tsv) with a header that names columns x, y and z, or from\n"
  "point lists, lines, angles and curves of 3D Slicer (.mrk.json, .fcsv; LPS or RAS, as the file\n"
  "says). All else in the file is carried through. The output is of the kind of its name; of another\n"
  "kind than the input, it has positions, labels and descriptions.\n"
  "\n"
  "The type of the voxels is kept; for integers the results of linear and cubic are rounded and\n"
  "clamped. label and nearest never compute with values: use them for segmentations.\n"
  "\n"
  "Exit codes: 0 success, 2 usage or bad input, 3 not enough memory or disk.\n"
  "\n"
  "Examples:\n"
  "  gnr-apply --displacement pair_displacement.nii.gz -i moving_seg.nii.gz -o warped_seg.nii.gz \\\n"
  "      --interpolation label\n"
  "  gnr-apply --displacement pair_displacement.nii.gz --invert --points moving_points.csv \\\n"
  "      --points-output points_in_fixed_space.csv\n"
  "  gnr-apply -t pair_composite.h5 -i moving.nii.gz -o warped.nii.gz --log-jacobian logjac.nii.gz\n"
  "  gnr-apply -t inverse:atlas_composite.h5 -t pair_composite.h5 -i other.nii.gz -o warped.nii.gz \\\n"
  "      --reference fixed.nii.gz";

struct ApplySettings
{
  std::vector<std::string> transforms;
  std::string              displacement;
  std::string              inverseDisplacement;
  std::string              initialTransform;
  std::optional<FslImages> fslImages;
  std::string              input;
  std::string              output;
  std::string              reference;
  std::string              interpolation = "linear";
  std::string              points;
  std::string              pointsOutput;
  std::string              jacobian;
  std::string              logJacobian;
  double                   background = 0.0;
  unsigned int             threads = 0;
  bool                     invert = false;
  bool                     skipUnmapped = false;
  bool                     quiet = false;
};

void
CheckSettings(const ApplySettings & settings)
{
  auto need = [](bool condition, const char * message) {
    if (!condition)
    {
      throw CommandLineError(std::string(message) + ". See gnr-apply --help");
    }
  };
  const bool hasJacobian = !settings.jacobian.empty() || !settings.logJacobian.empty();
  need(!settings.input.empty() || !settings.points.empty() || hasJacobian,
       "--input: is missing. Give an image, or --points, or --jacobian");
  const bool hasPair =
    !settings.displacement.empty() || !settings.inverseDisplacement.empty() || !settings.initialTransform.empty();
  need(settings.transforms.empty() || !hasPair,
       "--transform: is a chain of its own. Give --displacement, --inverse-displacement and --initial-transform as "
       "further --transform, or leave --transform out");
  need(settings.input.empty() == settings.output.empty(), "--input, --output: one is missing. Give both");
  need(settings.points.empty() == settings.pointsOutput.empty(),
       "--points, --points-output: one is missing. Give both");
  need(settings.invert || settings.inverseDisplacement.empty(),
       "--inverse-displacement: is for --invert. Give --invert as well, or --displacement");
  need(!settings.transforms.empty() || !settings.displacement.empty() ||
         (settings.invert && !settings.inverseDisplacement.empty()),
       "--displacement: is missing. Give it, or a chain of --transform");
  need(!settings.invert || (settings.input.empty() && !hasJacobian) || !settings.reference.empty(),
       "--reference: is missing. With --invert give the moving image, whose grid the output gets");
}

/** False if `--help` or `--version` was answered. */
bool
ParseSettings(int argc, const char * const * argv, ApplySettings & settings)
{
  ArgumentParser     parser("gnr-apply", description, footer);
  const char * const map = "Deformation";
  const char * const image = "Image";
  const char * const jacobian = "Change of volume";
  const char * const points = "Points";
  Describe(parser.add_option("--displacement", settings.displacement, "PREFIX_displacement.nii.gz of gnr-register."),
           map,
           "FILE",
           "none");
  Describe(parser.add_option(
             "--initial-transform", settings.initialTransform, "The transform that was given to gnr-register, if any."),
           map,
           "FILE",
           "none");
  Describe(parser.add_flag("--invert", settings.invert, "Go the other way, by inverting the displacement numerically."),
           map,
           "",
           "off");
  Describe(parser.add_option("--inverse-displacement",
                             settings.inverseDisplacement,
                             "With --invert: use PREFIX_inverse_displacement.nii.gz instead of inverting."),
           map,
           "FILE",
           "none");
  Describe(
    parser
      .add_option("-t,--transform",
                  settings.transforms,
                  "In place of the above: ITK transform (.h5, .tfm, .txt, .mat), transform parameters of elastix, "
                  "matrix of FSL's FLIRT (with --fsl-images) or displacement field (.nii.gz, "
                  ".nrrd, .mha) from fixed to moving points. May be given several times, the one that a point "
                  "meets first last. inverse:FILE takes its inverse.")
      ->allow_extra_args(false),
    map,
    "FILE",
    "none");
  AddFslImages(parser, settings.fslImages, map, "--transform or --initial-transform");

  Describe(parser.add_option("-i,--input", settings.input, "Image or label image to warp."), image, "FILE", "none");
  Describe(
    parser.add_option("-o,--output", settings.output, "Result: .nii.gz, .nii, .nrrd or .mha."), image, "FILE", "none");
  Describe(parser.add_option("--reference",
                             settings.reference,
                             "Image whose grid the output gets. Needed with --invert, and where a point meets no "
                             "displacement field first; otherwise the grid of that field is taken if none is given."),
           image,
           "FILE",
           "none");
  Describe(
    parser.add_option("--interpolation",
                      settings.interpolation,
                      "linear; cubic (B-spline of order 3); label (the label with most weight among the 8 voxels "
                      "around); nearest (voxel)."),
    image,
    "linear|cubic|label|nearest",
    settings.interpolation)
    ->check(OneOf({ "linear", "cubic", "label", "nearest" }));
  Describe(parser.add_option("--background", settings.background, "Value where the output has no counterpart."),
           image,
           "NUMBER",
           NumberText(settings.background));

  Describe(
    parser.add_option("--jacobian",
                      settings.jacobian,
                      "Image to write: determinant of the derivative of the whole map, on the grid of the output. "
                      "Above 1 where a fixed volume is larger in moving space, negative where the map folds."),
    jacobian,
    "FILE",
    "none");
  Describe(parser.add_option(
             "--log-jacobian", settings.logJacobian, "Image to write: natural logarithm of that; not where it folds."),
           jacobian,
           "FILE",
           "none");

  Describe(parser.add_option("--points", settings.points, "Points: .csv or .tsv (LPS, mm), .mrk.json or .fcsv."),
           points,
           "FILE",
           "none");
  Describe(parser.add_option("--points-output", settings.pointsOutput, "File to write, of the kind of its name."),
           points,
           "FILE",
           "none");
  Describe(parser.add_flag("--skip-unmapped",
                           settings.skipUnmapped,
                           "Leave the coordinates of points that cannot be mapped empty (in .fcsv, which has no such "
                           "points, leave them out); without this, they are an error and nothing is written."),
           points,
           "",
           "off");

  Describe(parser.add_option("--threads", settings.threads, "CPU threads to use."), "Other", "COUNT", "all")
    ->check(ThreadCount());
  parser.add_flag("-q,--quiet", settings.quiet, "Print nothing but errors.")->group("Other");
  if (!parser.Parse(argc, argv, {}))
  {
    return false;
  }
  CheckSettings(settings);
  return true;
}

/** Adds one file of the command line to a map, or its inverse. */
void
AppendFile(PointMap & map, const std::string & path, bool isInverse, const std::optional<FslImages> & fslImages)
{
  if (IsImageName(path))
  {
    const auto field = ReadField(path);
    isInverse ? map.AppendInverse(field) : map.Append(field);
  }
  else
  {
    const auto transform = ReadTransform(path, fslImages);
    isInverse ? map.AppendInverse(transform, path) : map.Append(transform);
  }
}

/** The file of a `--transform`, and whether its inverse is meant. */
std::pair<std::string, bool>
SplitTransform(const std::string & text)
{
  const std::string inverse = "inverse:";
  const bool        isInverse = text.rfind(inverse, 0) == 0;
  return { isInverse ? text.substr(inverse.size()) : text, isInverse };
}

PointMap
MakeMap(const ApplySettings & settings)
{
  // What a point meets, first to last, if not inverted.
  std::vector<std::pair<std::string, bool>> chain; // file, whether its inverse is meant
  for (auto file = settings.transforms.rbegin(); file != settings.transforms.rend(); ++file)
  {
    chain.push_back(SplitTransform(*file));
  }
  if (!settings.inverseDisplacement.empty())
  {
    chain.emplace_back(settings.inverseDisplacement, true); // the inverse of a map by it
  }
  else if (!settings.displacement.empty())
  {
    chain.emplace_back(settings.displacement, false);
  }
  if (!settings.initialTransform.empty())
  {
    chain.emplace_back(settings.initialTransform, false);
  }
  if (settings.invert)
  {
    std::reverse(chain.begin(), chain.end());
  }
  PointMap map;
  for (const auto & [path, isInverse] : chain)
  {
    AppendFile(map, path, isInverse != settings.invert, settings.fslImages);
  }
  return map;
}

/** The grid of the output. */
itk::ImageBase<3>::ConstPointer
MakeReference(const ApplySettings & settings, const PointMap & map)
{
  if (!settings.reference.empty())
  {
    return ReadGrid(settings.reference).GetPointer();
  }
  if (!map.GetGrid())
  {
    throw CommandLineError("--reference: is missing. Give the fixed image: no displacement field tells the grid of the "
                           "output");
  }
  return map.GetGrid();
}

/** Float files of labels are common; fractions are a sign of the wrong file. */
template <typename TImage>
void
CheckLabels(const TImage * image, const std::string & path)
{
  if constexpr (std::is_floating_point<typename TImage::PixelType>::value)
  {
    const auto *       voxels = image->GetBufferPointer();
    const std::size_t  count = image->GetLargestPossibleRegion().GetNumberOfPixels();
    const auto * const fraction = std::find_if(voxels, voxels + count, [](auto v) { return !(std::floor(v) == v); });
    if (fraction != voxels + count)
    {
      throw CommandLineError(path + ": is not a label image: it has a voxel of value " + NumberText(*fraction) +
                             ". Use --interpolation linear");
    }
  }
}

template <typename TImage>
void
CheckFinite(const TImage * image, const std::string & path)
{
  if constexpr (std::is_floating_point<typename TImage::PixelType>::value)
  {
    const auto *      voxels = image->GetBufferPointer();
    const std::size_t count = image->GetLargestPossibleRegion().GetNumberOfPixels();
    if (!std::all_of(voxels, voxels + count, [](auto v) { return std::isfinite(v); }))
    {
      throw CommandLineError(path + ": holds values that are NaN or infinite. Replace them by numbers");
    }
  }
}

template <typename TPixel>
void
WarpAs(const ApplySettings & settings, const ImageFileInfo & info, const PointMap & map, OutputFiles & files)
{
  using ImageType = itk::Image<TPixel, 3>;
  const auto image = ReadImage<ImageType>(info);

  const WarpInterpolation interpolation = settings.interpolation == "cubic"     ? WarpInterpolation::Cubic
                                          : settings.interpolation == "label"   ? WarpInterpolation::Label
                                          : settings.interpolation == "nearest" ? WarpInterpolation::Nearest
                                                                                : WarpInterpolation::Linear;
  if (interpolation == WarpInterpolation::Label)
  {
    CheckLabels(image.GetPointer(), info.path);
  }
  CheckFinite(image.GetPointer(), info.path);

  const auto reference = MakeReference(settings, map);

  WarpCounts counts;
  const auto output = WarpImage(
    image.GetPointer(), map, reference.GetPointer(), interpolation, settings.background, settings.threads, counts);
  const std::size_t missing = counts.outsideField + counts.notInverted + counts.outsideInput;
  if (missing == counts.voxels)
  {
    throw CommandLineError(info.path +
                           ": no voxel of the output falls inside this image. Check that the deformation, " +
                           "the initial transform and --invert belong to it");
  }
  const unsigned int threads =
    settings.threads > 0 ? settings.threads : std::max(1u, std::thread::hardware_concurrency());
  WriteImage(output.GetPointer(), settings.output, files, threads);
  if (!settings.quiet)
  {
    auto line = [&counts](std::size_t count, const char * what) {
      if (count > 0)
      {
        std::cout << "  " << count << " of " << counts.voxels << " voxels " << what << "; they got the background\n";
      }
    };
    std::cout << settings.output << ": " << info.path << " (" << info.typeName << "), " << settings.interpolation
              << " interpolation\n";
    if (!info.note.empty())
    {
      std::cout << "  note: " << info.note << '\n';
    }
    line(counts.outsideInput, "have their counterpart outside the input");
    line(counts.outsideField, "lie outside a displacement field");
    line(counts.notInverted, "could not be inverted to 1e-3 mm");
  }
}

void
Warp(const ApplySettings & settings, const PointMap & map, OutputFiles & files)
{
  const ImageFileInfo info = InspectImageFile(settings.input);
  switch (info.componentType)
  {
    case itk::IOComponentEnum::UCHAR:
      return WarpAs<unsigned char>(settings, info, map, files);
    case itk::IOComponentEnum::CHAR:
      return WarpAs<signed char>(settings, info, map, files);
    case itk::IOComponentEnum::USHORT:
      return WarpAs<unsigned short>(settings, info, map, files);
    case itk::IOComponentEnum::SHORT:
      return WarpAs<short>(settings, info, map, files);
    case itk::IOComponentEnum::UINT:
      return WarpAs<unsigned int>(settings, info, map, files);
    case itk::IOComponentEnum::INT:
      return WarpAs<int>(settings, info, map, files);
    case itk::IOComponentEnum::ULONG:
    case itk::IOComponentEnum::ULONGLONG:
      return WarpAs<unsigned long>(settings, info, map, files);
    case itk::IOComponentEnum::LONG:
    case itk::IOComponentEnum::LONGLONG:
      return WarpAs<long>(settings, info, map, files);
    case itk::IOComponentEnum::FLOAT:
      return WarpAs<float>(settings, info, map, files);
    case itk::IOComponentEnum::DOUBLE:
      return WarpAs<double>(settings, info, map, files);
    default:
      throw CommandLineError(info.path + ": has voxels of type " + info.typeName +
                             ", which is not supported. Convert it to an integer type, float or double");
  }
}

/** Writes the determinant, or its logarithm. */
void
WriteJacobian(const ApplySettings & settings, const PointMap & map, bool logarithm, OutputFiles & files)
{
  const std::string & path = logarithm ? settings.logJacobian : settings.jacobian;
  const auto          reference = MakeReference(settings, map);
  JacobianCounts      counts;
  const auto          image =
    MakeJacobianImage(map, reference.GetPointer(), logarithm, settings.background, settings.threads, counts);
  if (counts.unmapped == counts.voxels)
  {
    throw CommandLineError(path +
                           ": the map is not defined at any voxel of the output. Check the displacement field, " +
                           "--reference and --invert");
  }
  if (logarithm && counts.folded > 0)
  {
    throw CommandLineError("--log-jacobian: the map folds at " + std::to_string(counts.folded) + " of " +
                           std::to_string(counts.voxels) +
                           " voxels, where the determinant is not positive and has no logarithm. Write --jacobian, or "
                           "register again with a larger --beta or --gamma");
  }
  const unsigned int threads =
    settings.threads > 0 ? settings.threads : std::max(1u, std::thread::hardware_concurrency());
  WriteImage(image.GetPointer(), path, files, threads);
  if (!settings.quiet)
  {
    std::cout << path << ": determinant " << NumberText(counts.minimum) << " ... " << NumberText(counts.maximum)
              << (logarithm ? ", natural logarithm" : "") << '\n';
    if (counts.folded > 0)
    {
      std::cout << "  the map folds at " << counts.folded << " of " << counts.voxels << " voxels\n";
    }
    if (counts.unmapped > 0)
    {
      std::cout << "  the map is not defined at " << counts.unmapped << " of " << counts.voxels
                << " voxels; they got the background\n";
    }
  }
}

void
MapPoints(const ApplySettings & settings, const PointMap & map, OutputFiles & files)
{
  const auto               file = ReadPointFile(settings.points);
  std::vector<std::string> failures;
  for (FilePoint & point : file->points)
  {
    if (!point.position)
    {
      failures.push_back(point.place + " (is not defined)");
      continue;
    }
    PointType       mapped;
    const MapStatus status = map.Map(*point.position, mapped);
    point.position = status == MapStatus::Mapped ? std::optional<PointType>(mapped) : std::nullopt;
    if (status != MapStatus::Mapped)
    {
      failures.push_back(point.place + (status == MapStatus::OutsideField ? " (outside the displacement field)"
                                                                          : " (could not be inverted to 1e-3 mm)"));
    }
  }
  std::string           list;
  constexpr std::size_t shown = 10;
  for (std::size_t i = 0; i < std::min(failures.size(), shown); ++i)
  {
    list += (i > 0 ? ", " : "") + failures[i];
  }
  list += failures.size() > shown ? ", ..." : "";
  if (!failures.empty() && !settings.skipUnmapped)
  {
    throw CommandLineError(settings.points + ": " + std::to_string(failures.size()) + " of " +
                           std::to_string(file->points.size()) + " points cannot be mapped: " + list +
                           ". Remove them, or leave their coordinates empty with --skip-unmapped");
  }
  const PointFileKind kind = PointFileKindOf(settings.points);
  WriteText(PointFileText(*file, kind, settings.pointsOutput), settings.pointsOutput, files);
  if (!settings.quiet)
  {
    std::cout << settings.pointsOutput << ": " << file->points.size() - failures.size() << " points\n";
    if (!failures.empty())
    {
      std::cout << "  " << failures.size() << " points have no coordinates: " << list << '\n';
    }
  }
}

/** The files of the chain that may be no images. */
std::vector<std::string>
TransformsOf(const ApplySettings & settings)
{
  std::vector<std::string> transforms;
  for (const std::string & text : settings.transforms)
  {
    transforms.push_back(SplitTransform(text).first);
  }
  if (!settings.initialTransform.empty())
  {
    transforms.push_back(settings.initialTransform);
  }
  return transforms;
}

/** The files that are read. */
std::vector<std::string>
InputsOf(const ApplySettings & settings)
{
  std::vector<std::string> inputs;
  for (const std::string & input :
       { settings.input, settings.points, settings.reference, settings.displacement, settings.inverseDisplacement })
  {
    if (!input.empty())
    {
      inputs.push_back(input);
    }
  }
  for (const std::string & transform : TransformsOf(settings))
  {
    const auto files = TransformFilesOf(transform);
    inputs.insert(inputs.end(), files.begin(), files.end());
  }
  if (settings.fslImages)
  {
    inputs.push_back(settings.fslImages->reference);
    inputs.push_back(settings.fslImages->input);
  }
  return inputs;
}

ExitCode
Apply(const ApplySettings & settings)
{
  itk::Object::SetGlobalWarningDisplay(!settings.quiet);
  for (const std::string & path : { settings.output, settings.jacobian, settings.logJacobian })
  {
    if (!path.empty())
    {
      CheckImageName(path);
    }
  }
  CheckFslImages(settings.fslImages, TransformsOf(settings), "--transform");
  OutputFiles files;
  files.Protect(InputsOf(settings));
  for (const std::string & path : { settings.output, settings.jacobian, settings.logJacobian, settings.pointsOutput })
  {
    if (!path.empty())
    {
      files.Check(path);
    }
  }
  const PointMap map = MakeMap(settings);
  if (!settings.points.empty())
  {
    MapPoints(settings, map, files);
  }
  if (!settings.input.empty())
  {
    Warp(settings, map, files);
  }
  if (!settings.jacobian.empty())
  {
    WriteJacobian(settings, map, false, files);
  }
  if (!settings.logJacobian.empty())
  {
    WriteJacobian(settings, map, true, files);
  }
  files.Commit();
  return ExitCode::Success;
}

} // namespace

int
main(int argc, char * argv[])
{
  LetThreadsSleep(argv);
  return RunProgram("gnr-apply", [&]() {
    ApplySettings settings;
    return ParseSettings(argc, argv, settings) ? Apply(settings) : ExitCode::Success;
  });
}
