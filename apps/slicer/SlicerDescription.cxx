// SPDX-License-Identifier: Apache-2.0
// The description of the module in XML, as the Slicer Execution Model defines it.
#include "SlicerSettings.h"

#include "common/cli/Program.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <regex>
#include <sstream>

namespace gnrapp
{
namespace
{

/** Slicer shows a number with limits as a slider, and needs a step to show enough digits of it. */
gnr::OptionSlider
SliderOf(const std::string & option, const gnr::OptionTable & table)
{
  const auto row = std::find_if(table.begin(), table.end(), [&](const auto & r) { return r.flag() == option; });
  return row != table.end() ? row->slider : gnr::OptionSlider{ 1, 64, 1 }; // of the processes
}

/** Without an exponent, from which Slicer would conclude that the number has no digits after the point. */
std::string
FixedText(double value)
{
  std::array<char, 64> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::fixed);
  return std::string(buffer.data(), end.ptr);
}

std::string
Escape(const std::string & text)
{
  std::string escaped;
  for (const char c : text)
  {
    escaped += c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : std::string(1, c);
  }
  return escaped;
}

std::string
Element(const std::string & name, const std::string & text)
{
  return "<" + name + ">" + Escape(text) + "</" + name + ">";
}

/** "--beta-strategy" -> "Beta strategy" */
std::string
LabelOf(const std::string & option)
{
  std::string label = option.substr(2);
  for (char & c : label)
  {
    c = c == '-' ? ' ' : c;
  }
  label[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(label[0])));
  return label;
}

/** The help of the command line in the words of the window. */
std::string
TextForWindow(const std::string & help)
{
  static const std::regex optionName("--([a-z][a-z-]*[a-z])");
  std::string             text;
  auto                    rest = help.cbegin();
  for (std::sregex_iterator match(help.begin(), help.end(), optionName), end; match != end; ++match)
  {
    text += std::string(rest, (*match)[0].first) + "'" + LabelOf(match->str()) + "'";
    rest = (*match)[0].second;
  }
  text += std::string(rest, help.cend());
  for (const auto & [from, to] : { std::pair<const char *, const char *>{ "FIXED", "the fixed volume" },
                                   { "MOVING", "the moving volume" },
                                   { "explicit options override it", "values that are left as they are follow it" },
                                   { " (exit code 5)", "" } })
  {
    for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos;)
    {
      text.replace(at, std::string(from).size(), to);
    }
  }
  return text;
}

void
WriteFile(std::ostream & out, const SlicerFile & file, int & index)
{
  const std::string name = SlicerName(file.option);
  const bool        byPosition = std::string(file.option).rfind("--", 0) != 0;
  out << "    <" << file.tag << " " << file.attributes << ">\n"
      << "      " << Element("name", name) << "\n"
      << "      " << Element("label", file.label) << "\n"
      << "      " << Element("channel", file.channel) << "\n"
      << "      " << (byPosition ? Element("index", std::to_string(index++)) : Element("longflag", "--" + name)) << "\n"
      << "      " << Element("description", file.text) << "\n"
      << "    </" << file.tag << ">\n";
}

void
WriteOption(std::ostream & out, const CLI::Option & option, const gnr::OptionTable & table)
{
  const std::string        name = option.get_name(false, true);
  const std::string        type = option.get_type_name();
  const std::string        standard = option.get_default_str();
  std::string              tag = "string";
  std::string              value = standard;
  std::vector<std::string> words;
  std::string              limits;
  if (option.get_items_expected_max() == 0)
  {
    tag = "boolean";
    value = standard == "on" ? "true" : "false";
  }
  else if (option.get_expected_max() > 1)
  {
    tag = "double-vector";
    value = std::regex_replace(standard, std::regex(" +"), ",");
  }
  else if (type == "NUMBER" || (type == "COUNT" && standard.find_first_not_of("0123456789") == std::string::npos))
  {
    tag = type == "NUMBER" ? "double" : "integer";
    value = FixedText(std::stod(standard));
    const gnr::OptionSlider slider = SliderOf(name, table);
    limits = "      <constraints>" + Element("minimum", FixedText(slider.minimum)) +
             Element("maximum", FixedText(slider.maximum)) + Element("step", FixedText(slider.step)) +
             "</constraints>\n";
  }
  else if (type.find('|') != std::string::npos && type.find_first_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") == std::string::npos)
  {
    tag = "string-enumeration";
    std::istringstream list(type);
    for (std::string word; std::getline(list, word, '|');)
    {
      words.push_back(word);
    }
  }
  out << "    <" << tag << ">\n"
      << "      " << Element("name", SlicerName(name)) << "\n"
      << "      " << Element("label", LabelOf(name)) << "\n"
      << "      " << Element("longflag", "--" + SlicerName(name)) << "\n"
      << "      " << Element("description", TextForWindow(option.get_description())) << "\n"
      << "      " << Element("default", value) << "\n";
  for (const std::string & word : words)
  {
    out << "      " << Element("element", word) << "\n";
  }
  out << limits << "    </" << tag << ">\n";
}

void
BeginGroup(std::ostream & out, const std::string & label, const std::string & text, bool isAdvanced)
{
  out << "  <parameters" << (isAdvanced ? R"( advanced="true")" : "") << ">\n"
      << "    " << Element("label", label) << "\n"
      << "    " << Element("description", text) << "\n";
}

} // namespace

std::string
SlicerParser::Description() const
{
  struct Group
  {
    const char * name;
    const char * text;
    bool         isAdvanced;
  };
  constexpr std::array<Group, 5> groups = { {
    { "Start", "Where the deformation begins.", false },
    { "Deformation",
      "How far the moving volume may be deformed. Values that are left as they are follow the preset.",
      false },
    { "Intensities", "How the grey values of the two volumes are compared.", true },
    { "Solver", "Accuracy and effort. Values that are left as they are follow the preset.", true },
    { "Machine", "Where the registration is computed.", true },
  } };

  std::ostringstream out;
  out << R"(<?xml version="1.0" encoding="utf-8"?>)" << "\n<executable>\n"
      << "  " << Element("category", "Registration") << "\n"
      << "  " << Element("title", "Gauss-Newton Registration") << "\n"
      << "  "
      << Element("description",
                 "Deformable registration of two 3-D volumes: finds the smooth, invertible deformation (a "
                 "diffeomorphism) that makes the moving volume look like the fixed one. The volumes should be roughly "
                 "aligned, which the initial alignment does if they are not.")
      << "\n"
      << "  " << Element("version", SoftwareVersion()) << "\n"
      << "  " << Element("license", "Apache-2.0") << "\n"
      << "  " << Element("contributor", "The authors of GaussNewtonRegistration") << "\n"
      << "  "
      << Element(
           "acknowledgements",
           "The method is that of Mang and Biros (SIAM J. Sci. Comput. 2017), Mang, Gholami, Davatzikos and Biros "
           "(SIAM J. Sci. Comput. 2019) and Brunn et al. (J. Parallel Distrib. Comput. 2021).")
      << "\n";

  BeginGroup(out, "Volumes and transforms", "What is registered, and what is made of it.", false);
  int index = 0;
  for (const SlicerFile & file : m_Files)
  {
    WriteFile(out, file, index);
  }
  out << "  </parameters>\n";
  for (const Group & group : groups)
  {
    BeginGroup(out, group.name, group.text, group.isAdvanced);
    for (const CLI::Option * option : m_Parser.get_options())
    {
      if (option->get_group() == group.name)
      {
        WriteOption(out, *option, *m_Settings.registration.optionTable);
      }
    }
    out << "  </parameters>\n";
  }
  BeginGroup(out, "Result", "Numbers of the last run.", false);
  for (const SlicerResult & result : SlicerResults())
  {
    out << "    <" << result.tag << ">\n"
        << "      " << Element("name", result.name) << "\n"
        << "      " << Element("label", result.label) << "\n"
        << "      " << Element("channel", "output") << "\n"
        << "      " << Element("description", result.text) << "\n"
        << "    </" << result.tag << ">\n";
  }
  out << "  </parameters>\n</executable>\n";
  return out.str();
}

} // namespace gnrapp
