// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_SlicerSettings_h
#define gnrapp_SlicerSettings_h

#include "common/cli/ArgumentParser.h"
#include "common/run/RegistrationOptions.h"
#include "common/run/RegistrationSettings.h"

#include "gnr/Report.h"

#include <optional>
#include <string>
#include <vector>

namespace gnrapp
{

/** What 3D Slicer says on the command line. */
struct SlicerSettings
{
  RegistrationSettings       registration;
  std::optional<std::string> outputTransform;
  std::optional<std::string> inverseTransform;
  std::optional<std::string> outputVolume;
  std::optional<std::string> determinantVolume;
  std::optional<std::string> returnParameterFile;
  std::string                initialAlignment = "identity"; ///< a word of AlignmentMethod
  int                        processes = 1;                 ///< of the solver; more than one: workers under mpirun

  /** Whether the volumes are aligned first. */
  bool
  Aligns() const
  {
    return initialAlignment != "identity";
  }

  /** All files that are to be written. */
  std::vector<std::string>
  Outputs() const;
};

/** A file that Slicer passes: a volume or a transform of its scene. */
struct SlicerFile
{
  const char * tag;        ///< element of the description: image or transform
  const char * attributes; ///< of that element
  const char * option;     ///< "--fixed-mask", or without dashes if it is given by its position
  const char * label;
  const char * channel; ///< input or output
  const char * text;
};

/** A number or a word of the result that Slicer shows. */
struct SlicerResult
{
  const char * tag;
  const char * name;
  const char * label;
  const char * text;
  std::string (*value)(const gnr::Report &);
};

const std::vector<SlicerResult> &
SlicerResults();

/** The command line of the module: the options of every registration, and the files of Slicer. */
class SlicerParser
{
public:
  explicit SlicerParser(const gnr::OptionTable & table = gnr::optionTable());

  /** The XML that Slicer asks for with `--xml`; made from the options themselves, their texts and defaults. */
  std::string
  Description() const;

  /** Nothing if `--xml`, `--help` or `--version` was answered. Throws CommandLineError. */
  std::optional<SlicerSettings>
  Parse(int argc, const char * const * argv);

private:
  /** Slicer spells `--beta-strategy` as `--betaStrategy`, and passes every option, those at their defaults as well:
   * these are left out, so that a preset can set them. Commas become separate values. */
  std::vector<std::string>
  Translate(int argc, const char * const * argv) const;

  SlicerSettings          m_Settings;
  ArgumentParser          m_Parser;
  RegistrationOptions     m_Common;
  std::vector<SlicerFile> m_Files;
};

/** "--beta-strategy" -> "betaStrategy": names in the description may hold letters and digits only. */
std::string
SlicerName(const std::string & option);

} // namespace gnrapp

#endif
