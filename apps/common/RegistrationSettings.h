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
#ifndef gnrapp_RegistrationSettings_h
#define gnrapp_RegistrationSettings_h

#include "TransformOutput.h"

#include "gnr/Options.h"

#include <optional>
#include <string>
#include <vector>

namespace gnrapp
{

/** Everything that the command line of gnr-register says. */
struct RegistrationSettings
{
  std::string                fixed;
  std::string                moving;
  std::string                prefix;
  std::optional<std::string> fixedMask;
  std::optional<std::string> movingMask;
  std::optional<std::string> initialTransform; ///< a file, or a word that AlignmentMethodOf() knows
  std::optional<std::string> initialVelocity;
  std::string                preset = "default";
  gnr::Options               options; ///< of the preset, overridden by what was given explicitly
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
  bool                       verbose = false;
  bool                       quiet = false;
  std::optional<int>         processes; ///< to start, or that a launcher must have started
};

/** The files that a run reads. */
std::vector<std::string>
InputsOf(const RegistrationSettings & settings);

/** Reads the command line. Nothing if `--help` or `--version` was answered. Throws CommandLineError. */
std::optional<RegistrationSettings>
ParseRegistrationSettings(int argc, const char * const * argv);

} // namespace gnrapp

#endif
