// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_RegistrationOptions_h
#define gnrapp_RegistrationOptions_h

#include "common/cli/ArgumentParser.h"
#include "RegistrationSettings.h"

#include <string>
#include <utility>
#include <vector>

namespace gnrapp
{

/** The options that steer a registration, the same in every program that runs one: those of a gnr::OptionTable, the
 * preset, and the matching of histograms. */
class RegistrationOptions
{
public:
  /** Adds the options of settings.optionTable to `parser`; `settings` must live as long as it. */
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
  std::vector<std::pair<const gnr::OptionRow *, std::string>> m_Overrides;
};

} // namespace gnrapp

#endif
