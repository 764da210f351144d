// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_ReportInput_h
#define gnrapp_ReportInput_h

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace gnrapp
{

/** One solve of a registration: values at its start, then after each Newton step. */
struct SolveHistory
{
  std::string         grid; ///< "64 x 75 x 64"
  double              beta = 0;
  std::vector<double> mismatch;
  std::vector<double> relativeGradient;
};

/** What a picture takes from the report of gnr-register. */
struct ReportInput
{
  std::string                fixed;
  std::string                moving;
  std::optional<std::string> initialTransform;
  bool                       hasInitialFile = false;     ///< PREFIX_initial.tfm, of what was found or of FLIRT
  bool                       normalized = true;          ///< each image to [0, 1] by its own percentiles
  bool                       comparesIntensities = true; ///< the similarity is of equal intensities, ssd
  double                     gradientTolerance = 0;
  std::vector<SolveHistory>  solves;
  std::vector<std::pair<std::string, std::string>> numbers; ///< label and text, ready to be shown
};

/** Reads PREFIX_report.json. Throws CommandLineError naming the file. */
ReportInput
ReadReport(const std::string & path);

} // namespace gnrapp

#endif
