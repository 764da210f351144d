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
  std::string                                      fixed;
  std::string                                      moving;
  std::optional<std::string>                       initialTransform;
  bool                                             aligned = false;   ///< PREFIX_initial.tfm holds what was found
  bool                                             normalized = true; ///< each image to [0, 1] by its own percentiles
  double                                           gradientTolerance = 0;
  std::vector<SolveHistory>                        solves;
  std::vector<std::pair<std::string, std::string>> numbers; ///< label and text, ready to be shown
};

/** Reads PREFIX_report.json. Throws CommandLineError naming the file. */
ReportInput
ReadReport(const std::string & path);

} // namespace gnrapp

#endif
