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
#ifndef gnrapp_RegistrationOptions_h
#define gnrapp_RegistrationOptions_h

#include "ArgumentParser.h"
#include "RegistrationSettings.h"

#include <functional>
#include <string>
#include <vector>

namespace gnrapp
{

/** The options that steer a registration, the same in every program that runs one: what the deformation may be, how
 * intensities are compared, the solver, the machine. The defaults are those of gnr::Options. */
class RegistrationOptions
{
public:
  /** Adds the options to `parser`; `settings` must live as long as it. */
  RegistrationOptions(ArgumentParser & parser, RegistrationSettings & settings);
  RegistrationOptions(const RegistrationOptions &) = delete;
  RegistrationOptions &
  operator=(const RegistrationOptions &) = delete;

  /** After parsing: the preset, overridden by what was given explicitly, into the settings. Throws CommandLineError for
   * values out of range. */
  void
  Resolve();

private:
  std::string            m_Program;
  RegistrationSettings & m_Settings;

  // Explicit options are kept back and applied on top of the preset, in whatever order they were given.
  std::vector<std::function<void(gnr::Options &)>> m_Overrides;
};

} // namespace gnrapp

#endif
