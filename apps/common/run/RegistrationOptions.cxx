// SPDX-License-Identifier: Apache-2.0
#include "RegistrationOptions.h"

#include "common/cli/CommandLineError.h"

#include <algorithm>
#include <cctype>

namespace gnrapp
{
namespace
{

using gnr::OptionKind;
using gnr::OptionRow;

/** What a preset changes, for `--help`. */
std::string
Differences(const gnr::OptionTable & table, gnr::Preset preset)
{
  const gnr::Options reference = gnr::makeOptions(gnr::Preset::Default);
  const gnr::Options options = gnr::makeOptions(preset);
  std::string        text;
  for (const OptionRow & row : table)
  {
    if (row.text(options) != row.text(reference))
    {
      text += (text.empty() ? "" : ", ") + row.flag() + " " + row.text(options);
    }
  }
  return text.empty() ? "as default" : text;
}

/** What stands for the value in `--help`. */
std::string
Placeholder(const OptionRow & row)
{
  switch (row.member.kind)
  {
    case OptionKind::Flag:
      return "";
    case OptionKind::Count:
      return "COUNT";
    case OptionKind::Number:
    {
      std::string unit = row.member.isOptional ? row.unit.substr(0, row.unit.find(' ')) : "";
      std::transform(unit.begin(), unit.end(), unit.begin(), [](char c) { return static_cast<char>(std::toupper(c)); });
      return (unit.empty() ? "NUMBER" : unit) + (row.member.isOptional ? "|" + row.unset : "");
    }
    case OptionKind::Bounds:
      return "LOWER UPPER";
    case OptionKind::Word:
      return CLI::detail::join(row.member.words, "|");
    case OptionKind::Sum:
      return CLI::detail::join(row.member.words, "|") + "|SUM";
    case OptionKind::Text:
      return "TEXT";
    case OptionKind::List:
      return "WORD,...";
  }
  return "";
}

} // namespace

RegistrationOptions::RegistrationOptions(ArgumentParser & parser, RegistrationSettings & settings)
  : m_Program(parser.get_name())
  , m_Settings(settings)
{
  const gnr::OptionTable & table = *settings.optionTable;
  const gnr::Options       defaults = gnr::makeOptions(gnr::Preset::Default);
  std::string              presets = "Named set of options; explicit options override it.";
  for (const auto & preset : gnr::enumNames<gnr::Preset>)
  {
    if (preset.value != gnr::Preset::Default)
    {
      presets +=
        std::string(presets.back() == '.' ? " " : "; ") + preset.word + ": " + Differences(table, preset.value);
    }
  }
  Describe(parser.add_option("--preset", settings.preset, presets + "."),
           gnr::nameOf(gnr::OptionGroup::Deformation),
           CLI::detail::join(gnr::wordsOf<gnr::Preset>(), "|"),
           settings.preset)
    ->check(OneOf(gnr::wordsOf<gnr::Preset>()));
  for (const OptionRow & row : table)
  {
    const auto    add = [this, given = &row](const std::string & text) { m_Overrides.emplace_back(given, text); };
    CLI::Option * option = nullptr;
    if (row.member.kind == OptionKind::Flag)
    {
      option = parser.add_flag_callback(row.flag(), [add] { add("on"); }, row.help);
    }
    else if (row.member.kind == OptionKind::Bounds)
    {
      const auto addBoth = [add](const std::vector<std::string> & bounds) { add(bounds[0] + " " + bounds[1]); };
      option = parser.add_option_function<std::vector<std::string>>(row.flag(), addBoth, row.help)->expected(2);
    }
    else
    {
      option = parser.add_option_function<std::string>(row.flag(), add, row.help);
    }
    Describe(option, gnr::nameOf(row.group), Placeholder(row), row.text(defaults));
  }
  Describe(parser.add_flag("--histogram-matching",
                           settings.histogramMatching,
                           "Match the histogram of MOVING to that of FIXED first, for scans of different brightness."),
           gnr::nameOf(gnr::OptionGroup::Intensities),
           "",
           "off");
}

void
RegistrationOptions::Resolve()
{
  gnr::Options & options = m_Settings.options;
  options = gnr::makeOptions(gnr::valueOf<gnr::Preset>(m_Settings.preset).value());
  for (const auto & [row, text] : m_Overrides)
  {
    if (const auto complaint = row->complaint(text))
    {
      throw CommandLineError(row->flag() + ": " + *complaint + ". See " + m_Program + " --help");
    }
    row->member.set(options, row->read(text).value());
  }
}

} // namespace gnrapp
