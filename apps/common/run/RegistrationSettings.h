// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_RegistrationSettings_h
#define gnrapp_RegistrationSettings_h

#include "BidsNames.h"
#include "common/map/TransformInput.h"
#include "common/map/TransformOutput.h"

#include "gnr/OptionTable.h"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace gnrapp
{

struct FilePair
{
  std::string fixed;
  std::string moving;
  std::size_t volumes = 1; ///< that each of them holds
};

/** Everything that the command line of gnr-register says. */
struct RegistrationSettings
{
  std::string                fixed;
  std::string                moving;
  std::vector<FilePair>      channels; ///< further pairs of images or series, on the grids of fixed and moving
  std::string                prefix;
  std::optional<BidsResults> bids; ///< names of results, which begin with prefix then, too
  std::optional<std::string> fixedMask;
  std::optional<std::string> movingMask;
  std::optional<std::string> incompressibilityImage;
  std::optional<std::string> initialTransform; ///< a file, or a word of AlignmentMethod
  std::optional<FslImages>   fslImages;        ///< where initialTransform is a matrix of FLIRT
  std::optional<std::string> initialVelocity;
  std::optional<std::string> fixedPoints; ///< files of landmarks; both or none
  std::optional<std::string> movingPoints;
  std::string                preset = "default";
  gnr::Options               options; ///< of the preset, overridden by what was given explicitly
  const gnr::OptionTable *   optionTable = &gnr::optionTable(); ///< those that there are
  bool                       histogramMatching = false;
  bool                       writeInverse = false; ///< beside displacement, warped image and report, as the next two
  bool                       writeVelocity = false;
  bool                       writeDeterminant = false;
  bool                       writeComposite = false;
  bool                       writeDispvect = false;
  TransformPrecision         compositePrecision = TransformPrecision::Float;
  bool                       picture = false;        ///< have gnr-view draw the result
  bool                       streamedInput = false;  ///< every process reads its part of the images
  bool                       streamedOutput = false; ///< every process writes its part of the results
  bool                       dryRun = false;
  bool                       smoke = false; ///< go as far as the coarsest grid, and write nothing
  bool                       verbose = false;
  bool                       quiet = false;
  bool                       keepCheckpoint = false;
  std::optional<int>         requeueExitCode; ///< in place of that for a time limit, where a checkpoint was written
  std::optional<int>         processes;       ///< to start, or that a launcher must have started
};

/** The name of the result PREFIX_`end`, which BIDS may have otherwise. */
std::string
ResultName(const RegistrationSettings & settings, const std::string & end);

/** The files that a run reads. */
std::vector<std::string>
InputsOf(const RegistrationSettings & settings);

/** Reads the command line. Nothing if `--help` or `--version` was answered. Throws CommandLineError. */
std::optional<RegistrationSettings>
ParseRegistrationSettings(int argc, const char * const * argv);

} // namespace gnrapp

#endif
