// SPDX-License-Identifier: Apache-2.0
#include "RegistrationSettings.h"

#include "common/cli/ArgumentParser.h"
#include "common/cli/CommandLineError.h"
#include "common/cli/Format.h"
#include "common/io/ImageInput.h"
#include "common/map/FslOption.h"
#include "common/map/InitialTransform.h"
#include "RegistrationOptions.h"

#include <cstddef>
#include <filesystem>
#include <utility>

namespace gnrapp
{
namespace
{

constexpr const char * description =
  "Registers two 3-D images: finds the smooth, invertible deformation that makes MOVING look like\n"
  "FIXED. The images should be roughly aligned, which --initial-transform affine does if they are\n"
  "not. They may lie on different grids.\n";

constexpr const char * footer =
  "Files written (nothing is written if the program fails):\n"
  "  PREFIX_displacement.nii.gz          displacement u on the grid of FIXED\n"
  "  PREFIX_warped.nii.gz                MOVING, deformed to match FIXED\n"
  "  PREFIX_report.json                  options, history and results as numbers\n"
  "  PREFIX_inverse_displacement.nii.gz  inverse of the displacement, with --inverse\n"
  "  PREFIX_velocity.nii.gz              velocity whose exponential is the map, with --velocity\n"
  "  PREFIX_determinant.nii.gz           local change of volume, with --determinant\n"
  "  PREFIX_composite.h5                 displacement and initial transform, with --composite\n"
  "  PREFIX_inverse_composite.h5         the inverse of both, with --composite --inverse\n"
  "  PREFIX_dispvect.nii.gz              displacement in RAS, intent 1006, with --dispvect\n"
  "  PREFIX_initial.tfm                  with --initial-transform moments, rigid, affine or of FLIRT\n"
  "  PREFIX_quality.png                  the result on one page, with --picture\n"
  "With --bids, in FOLDER/sub-LABEL/...: ..._from-T1w_to-SPACE_mode-image_xfm.h5 (the composite),\n"
  "..._xfm.json (the report), ..._desc-displacement_xfm.nii.gz, ..._space-SPACE_desc-warped_T1w.nii.gz.\n"
  "\n"
  "Direction and coordinates: the displacement maps fixed points to moving points. Its vectors are\n"
  "in physical space, LPS (ITK's convention), in mm: point x of FIXED corresponds to x + u(x) of\n"
  "MOVING, or T(x + u(x)) if an initial transform T is given. Warp with gnr-apply.\n"
  "\n"
  "Exit codes: 0 success, 2 usage or bad input, 3 not enough memory or disk, 4 numerical failure,\n"
  "5 time limit reached, or SIGTERM with --checkpoint (the result so far is written).\n"
  "\n"
  "Examples:\n"
  "  gnr-register fixed.nii.gz moving.nii.gz -o result/pair\n"
  "  gnr-register fixed.nii.gz moving.nii.gz -o result/pair --beta 1e-3 --fixed-mask brain.nii.gz \\\n"
  "      --initial-transform affine.tfm --preset accurate --threads 8\n"
  "  gnr-register fixed.nii.gz moving.nii.gz -o result/pair --initial-transform affine --composite\n"
  "  gnr-register tpl-MNI152NLin2009cAsym_res-01_T1w.nii.gz sub-01/anat/sub-01_T1w.nii.gz --bids \\\n"
  "      -o derivatives/gnr --initial-transform affine --inverse";

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
    if (EndsWith(prefix, end))
    {
      throw CommandLineError("--output: '" + prefix + "' names one file, but several are written. Give the start of " +
                             "their names, e.g. " + prefix.substr(0, prefix.size() - end.size()));
    }
  }
}


/** Counts the volumes in the files of each channel, which share the weight of the channel. */
void
CountVolumesOfChannels(RegistrationSettings & settings)
{
  gnr::SimilarityList & similarity = settings.options.similarity;
  gnr::SimilarityList   ofVolumes = similarity.of(0);
  bool                  isSeries = false;
  for (std::size_t k = 0; k < settings.channels.size(); ++k)
  {
    FilePair & channel = settings.channels[k];
    channel.volumes = CountVolumes(channel.fixed);
    if (const std::size_t others = CountVolumes(channel.moving); others != channel.volumes)
    {
      throw CommandLineError(channel.moving + ": holds " + std::to_string(others) + " volume(s), but " + channel.fixed +
                             " holds " + std::to_string(channel.volumes) + ". Give files with as many");
    }
    gnr::SimilaritySum sum = similarity.of(k + 1);
    for (gnr::SimilaritySum::Part & part : sum.parts)
    {
      part.weight /= static_cast<double>(channel.volumes);
    }
    ofVolumes.sums.insert(ofVolumes.sums.end(), channel.volumes, sum);
    isSeries = isSeries || channel.volumes > 1;
  }
  // A list of another length is left alone, so that the solver refuses it.
  if (isSeries && (similarity.sums.size() == 1 || similarity.sums.size() == settings.channels.size() + 1))
  {
    similarity = ofVolumes;
  }
}
} // namespace

std::string
ResultName(const RegistrationSettings & settings, const std::string & end)
{
  return settings.bids ? settings.bids->NameOf(end) : settings.prefix + "_" + end;
}

std::vector<std::string>
InputsOf(const RegistrationSettings & settings)
{
  std::vector<std::string> inputs{ settings.fixed, settings.moving };
  for (const FilePair & channel : settings.channels)
  {
    inputs.push_back(channel.fixed);
    inputs.push_back(channel.moving);
  }
  for (const auto & input : { settings.fixedMask,
                              settings.movingMask,
                              settings.incompressibilityImage,
                              settings.initialVelocity,
                              settings.fixedPoints,
                              settings.movingPoints })
  {
    if (input)
    {
      inputs.push_back(*input);
    }
  }
  if (settings.initialTransform && !gnr::valueOf<AlignmentMethod>(*settings.initialTransform))
  {
    const auto files = TransformFilesOf(*settings.initialTransform);
    inputs.insert(inputs.end(), files.begin(), files.end());
  }
  if (settings.fslImages)
  {
    inputs.push_back(settings.fslImages->reference);
    inputs.push_back(settings.fslImages->input);
  }
  return inputs;
}

std::optional<RegistrationSettings>
ParseRegistrationSettings(int argc, const char * const * argv)
{
  RegistrationSettings settings;
  ArgumentParser       parser("gnr-register", description, footer);

  auto file = [&](const char *                 name,
                  std::optional<std::string> & target,
                  const char *                 text,
                  const std::string &          placeholder = "FILE") {
    Describe(parser.add_option_function<std::string>(
               name, [&target](const std::string & v) { target = v; }, text),
             "Inputs and outputs",
             placeholder,
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
  bool                       isBids = false;
  std::optional<std::string> space;
  parser
    .add_flag(
      "--bids",
      isBids,
      "Name the results as BIDS names derivatives, after MOVING, whose name must be one of BIDS; --output is the "
      "folder of the dataset. --composite is on.")
    ->group("Inputs and outputs");
  Describe(parser.add_option_function<std::string>(
             "--space",
             [&space](const std::string & v) {
               CheckBidsLabel("--space", v);
               space = v;
             },
             "With --bids, the name of the space of FIXED in the names of the results."),
           "Inputs and outputs",
           "LABEL",
           "from the name of FIXED");
  using NamedPair = std::pair<std::string, std::string>;
  Describe(
    parser.add_option_function<std::vector<NamedPair>>(
      "--channel",
      [&settings](const std::vector<NamedPair> & pairs) {
        for (const NamedPair & pair : pairs)
        {
          for (const std::string & file : { pair.first, pair.second })
          {
            if (file.rfind('-', 0) == 0)
            {
              throw CommandLineError("--channel: needs two files, a fixed and a moving one, and " + file +
                                     " is an option. See gnr-register --help");
            }
          }
          settings.channels.push_back({ pair.first, pair.second });
        }
      },
      "A further pair of images that the same deformation shall make alike, on the grids of FIXED and MOVING: "
      "another contrast, a map of tissue; or of series, whose volumes count together as one image. Any number of "
      "times; --similarity says how much each pair counts."),
    "Inputs and outputs",
    "FIXED2 MOVING2",
    "none")
    ->allow_extra_args(false);
  file("--fixed-mask", settings.fixedMask, "Mask on the grid of FIXED: the match counts only where it is not 0.");
  file("--moving-mask", settings.movingMask, "Mask on the grid of MOVING; it travels with the image.");
  file(
    "--incompressibility-image",
    settings.incompressibilityImage,
    "Image on the grid of MOVING: how strongly tissue resists a change of its volume, weights >= 0; 0: not at all. It "
    "travels with the image; --incompressibility-weight multiplies it.");
  file(
    "--initial-transform",
    settings.initialTransform,
    "Start: a transform from fixed to moving points, or how to find one. FILE: ITK transform (.tfm, .txt, .mat, .h5), "
    "transform parameters of elastix, matrix of FSL's FLIRT (with --fsl-images), or "
    "displacement field (.nii.gz, .nrrd, .mha); several in one file are composed as ITK does: the last is applied "
    "first. "
    "identity: none. moments: translation between the centres of mass. rigid, affine: of largest mutual information, "
    "within the masks. What is found is written to PREFIX_initial.tfm.",
    "FILE|" + CLI::detail::join(gnr::wordsOf<AlignmentMethod>(), "|"));
  AddFslImages(parser, settings.fslImages, "Inputs and outputs", "--initial-transform");
  file("--initial-velocity",
       settings.initialVelocity,
       "Start from this velocity, written by --velocity of an earlier run.");
  file(
    "--fixed-points",
    settings.fixedPoints,
    "Landmarks in FIXED, with --moving-points: a table with columns x, y, z (LPS, mm), or .fcsv or .mrk.json of 3D "
    "Slicer. The deformation brings them to those of MOVING, to --landmark-sigma, also where the images show nothing.");
  file("--moving-points",
       settings.movingPoints,
       "The same landmarks in MOVING: as many, in the same order, before any initial transform.");
  const auto output = [&](const char * name, bool & target, const char * text) {
    parser.add_flag(name, target, text)->group("Inputs and outputs");
  };
  output("--inverse",
         settings.writeInverse,
         "Compute and write the inverse displacement; costs as much as the displacement.");
  output("--velocity", settings.writeVelocity, "Write the velocity, e.g. as the start of a later run.");
  output("--determinant",
         settings.writeDeterminant,
         "Compute and write the image of det(I + grad u); the summary has its range.");
  output(
    "--composite",
    settings.writeComposite,
    "Write the whole map, displacement and initial transform, as one ITK transform; with --inverse its inverse, too.");
  Describe(parser.add_option_function<std::string>(
             "--composite-precision",
             [&settings](const std::string & v) {
               settings.compositePrecision = v == "double" ? TransformPrecision::Double : TransformPrecision::Float;
             },
             "Of --composite. ITK's resampling in Python takes double only."),
           "Inputs and outputs",
           "float|double",
           "float")
    ->check(OneOf({ "float", "double" }));
  output("--dispvect",
         settings.writeDispvect,
         "Write the displacement once more as the NIfTI standard has it: intent 1006, vectors in RAS.");
  output(
    "--picture",
    settings.picture,
    "Draw images, differences, deformed grid, volume change and convergence on one page, with gnr-view; needs VTK.");
  const auto shared = [&](const char * name, bool & target, const char * text) {
    parser.add_flag(name, target, text)->group("Several processes");
  };
  shared(
    "--streamed-input",
    settings.streamedInput,
    "Under mpirun, each process reads only its part of the images; else the first one reads them and hands out the "
    "parts. The files must be NIfTI, NRRD or MetaImage without compression.");
  shared("--streamed-output",
         settings.streamedOutput,
         "Each process writes its part of the results, so that none has them as a whole. The files are MetaImages "
         "without compression, ending in .mha instead of .nii.gz.");
  parser
    .add_flag(
      "--dry-run",
      settings.dryRun,
      "Read the images, print the grids and the memory that the registration will need, and end. Writes nothing "
      "and needs no --output. With --processes also what each of them will need and send, and for how long; none is "
      "started.")
    ->group("Inputs and outputs");

  parser
    .add_flag(
      "--smoke",
      settings.smoke,
      "Try out the whole run before it waits in a queue: check all files, take all memory, start and connect all "
      "processes, solve on the coarsest grid, make the results, and end. Writes nothing.")
    ->group("Inputs and outputs");

  RegistrationOptions common(parser, settings);

  parser
    .add_flag("--keep-checkpoint",
              settings.keepCheckpoint,
              "Leave the files of --checkpoint in place when the results are written. Else they are removed.")
    ->group("Machine");
  Describe(
    parser.add_option("--requeue-exit-code",
                      settings.requeueExitCode,
                      "Exit code in place of 5 where a time limit or SIGTERM has ended the run and a checkpoint was "
                      "written, for batch systems: run again, it goes on."),
    "Machine",
    "CODE",
    "")
    ->check(WholeNumber(1, 255));
  parser.add_flag("-v,--verbose", settings.verbose, "Print the options, more columns, and the time of every phase.")
    ->group("Other");
  parser.add_flag("-q,--quiet", settings.quiet, "Print nothing but errors.")->group("Other");
  Describe(
    parser.add_option("--processes",
                      settings.processes,
                      "Share the work among this many processes, which are started with mpirun (or mpiexec, srun, "
                      "or what the environment variable GNR_MPIEXEC names). --threads counts for each of them."),
    "Several processes",
    "COUNT",
    "1, or as many as mpirun has started")
    ->check(WholeNumber(1));

  if (!parser.Parse(argc, argv, { "FIXED", "MOVING" }))
  {
    return {};
  }
  if (!settings.dryRun)
  {
    parser.Require({ "--output" });
    if (isBids)
    {
      settings.bids.emplace(settings.fixed, settings.moving, settings.prefix, space);
      settings.prefix = settings.bids->Prefix();
      settings.writeComposite = true;
    }
    CheckPrefix(settings.prefix);
  }
  if (space && !isBids)
  {
    throw CommandLineError("--space: needs --bids. Add it, or leave this option out");
  }
  for (const auto & [name, isGiven] : { std::make_pair("--bids", isBids),
                                        std::make_pair("--composite", settings.writeComposite),
                                        std::make_pair("--dispvect", settings.writeDispvect),
                                        std::make_pair("--picture", settings.picture) })
  {
    if (isGiven && settings.streamedOutput)
    {
      throw CommandLineError(std::string(name) +
                             ": needs the results as a whole. Leave out --streamed-output, or this option");
    }
  }
  if (settings.fixedPoints.has_value() != settings.movingPoints.has_value())
  {
    const bool isFixed = settings.fixedPoints.has_value();
    throw CommandLineError(std::string(isFixed ? "--fixed-points" : "--moving-points") + ": needs " +
                           (isFixed ? "--moving-points" : "--fixed-points") +
                           ", the same points in the other image. Give both, or none");
  }
  CheckFslImages(settings.fslImages, { settings.initialTransform.value_or("") }, "--initial-transform");
  if (settings.smoke && settings.dryRun)
  {
    throw CommandLineError("--smoke: contradicts --dry-run. Give one of them");
  }
  if (settings.verbose && settings.quiet)
  {
    throw CommandLineError("--quiet: contradicts --verbose. Give one of them");
  }
  common.Resolve();
  for (const auto & [name, isGiven] : { std::make_pair("--keep-checkpoint", settings.keepCheckpoint),
                                        std::make_pair("--requeue-exit-code", settings.requeueExitCode.has_value()) })
  {
    if (isGiven && !settings.options.checkpoint)
    {
      throw CommandLineError(std::string(name) + ": needs --checkpoint. Add it, or leave this option out");
    }
  }
  if (settings.smoke)
  {
    settings.options.checkpoint.reset(); // neither written nor used
  }
  CountVolumesOfChannels(settings);
  return settings;
}

} // namespace gnrapp
