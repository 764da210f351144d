// SPDX-License-Identifier: Apache-2.0
#include "ArgumentParser.h"

#include "CommandLineError.h"
#include "Program.h"

#include "gnr/Options.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <iostream>
#include <memory>
#include <sstream>
#include <system_error>

namespace gnrapp
{
namespace
{

constexpr std::size_t lineWidth = 96;
constexpr std::size_t leftWidth = 34;

/** Options with their description, wrapped, in a right column. */
class HelpFormatter : public CLI::Formatter
{
public:
  std::string
  make_option(const CLI::Option * option, bool isPositional) const override
  {
    std::string left = "  ";
    for (const char c : isPositional ? option->get_name(true, false) : option->get_name(false, true))
    {
      left += c == ',' ? ", " : std::string(1, c);
    }
    if (!isPositional && option->get_type_size() != 0 && !option->get_type_name().empty())
    {
      left += " " + option->get_type_name();
    }
    std::string right = option->get_description();
    if (!option->get_default_str().empty())
    {
      right += " [default: " + option->get_default_str() + "]";
    }

    std::ostringstream out;
    out << left;
    std::size_t column = left.size();
    if (column + 2 > leftWidth)
    {
      out << '\n';
      column = 0;
    }
    out << std::string(leftWidth - column, ' ');
    column = leftWidth;
    std::istringstream words(right);
    for (std::string word; words >> word;)
    {
      if (column > leftWidth && column + 1 + word.size() > lineWidth)
      {
        out << '\n' << std::string(leftWidth, ' ');
        column = leftWidth;
      }
      else if (column > leftWidth)
      {
        out << ' ';
        ++column;
      }
      out << word;
      column += word.size();
    }
    out << '\n';
    return out.str();
  }

  std::string
  make_group(std::string group, bool isPositional, std::vector<const CLI::Option *> options) const override
  {
    std::string text = (isPositional ? "\n" : "") + group + ":\n";
    for (const CLI::Option * option : options)
    {
      text += make_option(option, isPositional);
    }
    return text + (isPositional ? "\n" : "");
  }

  std::string
  make_usage(const CLI::App * app, std::string) const override
  {
    std::string usage = "Usage: " + app->get_name();
    for (const CLI::Option * option : app->get_options([](const CLI::Option * o) { return o->get_positional(); }))
    {
      usage += " " + option->get_name(true, false);
    }
    const bool hasPositionals = usage.find(' ', usage.find(": ") + 2) != std::string::npos;
    return usage + " [OPTIONS]\n" + (hasPositionals ? "" : "\n"); // the group of positionals begins with a blank line
  }
};

} // namespace

ArgumentParser::ArgumentParser(const std::string & program, const std::string & description, const std::string & footer)
  : CLI::App(description, program)
{
  const auto formatter = std::make_shared<HelpFormatter>();
  formatter->label("Positionals", "Arguments");
  this->formatter(formatter);
  this->footer(footer);
  this->set_help_flag(); // added again by Parse(), as the last group
  this->allow_extras();
}

bool
ArgumentParser::Parse(int argc, const char * const * argv, const std::vector<std::string> & required)
{
  const std::string seeHelp = SeeHelp();
  this->set_help_flag("-h,--help", "Print this text and exit.")->group("Other");
  this->set_version_flag("--version", VersionText(this->get_name()), "Print the versions of this program and of ITK.")
    ->group("Other");
  try
  {
    this->parse(argc, const_cast<char **>(argv));
  }
  catch (const CLI::CallForHelp &)
  {
    std::cout << this->help();
    return false;
  }
  catch (const CLI::CallForVersion &)
  {
    std::cout << this->version() << '\n';
    return false;
  }
  catch (const CLI::ParseError & error)
  {
    throw CommandLineError(error.what() + seeHelp);
  }
  // Checked here and not by CLI11 because an unknown option is more likely the reason than a missing argument.
  std::vector<std::string> extras = this->remaining();
  const auto               mark = std::find(extras.begin(), extras.end(), "--"); // all after it are arguments
  if (mark != extras.end())
  {
    extras.erase(mark);
  }
  std::stable_partition(extras.begin(), extras.end(), [](const std::string & text) { return text.rfind("-", 0) == 0; });
  if (!extras.empty())
  {
    const bool isOption = extras.front().rfind("-", 0) == 0;
    throw CommandLineError(extras.front() + (isOption ? ": unknown option" : ": one argument too many") + seeHelp);
  }
  Require(required);
  for (const CLI::Option * option : this->get_options())
  {
    for (const std::string & result : option->results())
    {
      if (result.empty())
      {
        throw CommandLineError(option->get_name(option->get_positional()) + ": is empty" + seeHelp);
      }
    }
  }
  return true;
}

void
ArgumentParser::Require(const std::vector<std::string> & names)
{
  for (const std::string & name : names)
  {
    if (this->get_option(name)->count() == 0)
    {
      throw CommandLineError(name + ": is missing" + SeeHelp());
    }
  }
}

std::string
ArgumentParser::SeeHelp() const
{
  return ". See " + this->get_name() + " --help";
}

CLI::Option *
Describe(CLI::Option *       option,
         const std::string & group,
         const std::string & placeholder,
         const std::string & defaultText)
{
  return option->group(group)->type_name(placeholder)->default_str(defaultText);
}

CLI::Validator
WholeNumber(int minimum, int maximum)
{
  return CLI::Validator(
    [=](std::string & text) -> std::string {
      int        value = 0;
      const auto end = text.data() + text.size();
      const auto parsed = std::from_chars(text.data(), end, value);
      if (parsed.ec == std::errc() && parsed.ptr == end && value >= minimum && value <= maximum)
      {
        return "";
      }
      const std::string range = maximum == std::numeric_limits<int>::max()
                                  ? ">= " + std::to_string(minimum)
                                  : "from " + std::to_string(minimum) + " to " + std::to_string(maximum);
      return "must be a whole number " + range + ", not '" + text + "'";
    },
    "");
}

CLI::Validator
ThreadCount()
{
  return WholeNumber(1, gnr::maximumThreads);
}

CLI::Validator
OneOf(const std::vector<std::string> & words)
{
  return CLI::Validator(
    [words](std::string & text) -> std::string {
      if (std::find(words.begin(), words.end(), text) != words.end())
      {
        return "";
      }
      return "must be one of " + CLI::detail::join(words, ", ") + ", not '" + text + "'";
    },
    "");
}

std::string
NumberText(double value)
{
  std::ostringstream out;
  out << value;
  return out.str();
}

} // namespace gnrapp
