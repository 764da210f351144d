// SPDX-License-Identifier: Apache-2.0
#include "gnr/OptionTable.h"

#include "gnr/Error.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <system_error>

namespace gnr
{
namespace
{

/** A function for each kind of value. */
template <typename... T>
struct Cases : T...
{
  using T::operator()...;
};
template <typename... T>
Cases(T...) -> Cases<T...>;

char
lower(char c)
{
  return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}

char
upper(char c)
{
  return static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
}

/** As printf's %g, with as many digits as it takes to read the same number again, in every locale. */
std::string
textOf(double value)
{
  char text[32];
  for (int digits = 6;; ++digits)
  {
    const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::general, digits).ptr;
    double     again = 0.0;
    std::from_chars(text, end, again);
    if (again == value || digits == 17)
    {
      return std::string(text, end);
    }
  }
}

template <typename T>
std::optional<T>
numberOf(const std::string & text)
{
  T          value{};
  const auto end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  return parsed.ec == std::errc() && parsed.ptr == end ? std::optional<T>(value) : std::nullopt;
}

/** Texts as one; split() gets them back, whatever is in them. */
std::string
join(const std::vector<std::string> & parts, char separator)
{
  std::string text;
  for (const std::string & part : parts)
  {
    text += &part == &parts.front() ? "" : std::string(1, separator);
    for (const char c : part)
    {
      text += c == separator || c == '\\' ? std::string{ '\\', c } : std::string(1, c);
    }
  }
  return text;
}

std::vector<std::string>
split(const std::string & text, char separator)
{
  std::vector<std::string> parts(text.empty() ? 0 : 1);
  for (std::size_t i = 0; i < text.size(); ++i)
  {
    if (text[i] == separator)
    {
      parts.emplace_back();
    }
    else
    {
      parts.back() += text[i] == '\\' && i + 1 < text.size() ? text[++i] : text[i];
    }
  }
  return parts;
}

/** Words as a sentence has them. */
std::string
listed(const std::vector<std::string> & words)
{
  std::string text;
  for (const std::string & word : words)
  {
    text += (text.empty() ? "" : ", ") + word;
  }
  return text;
}

/** "grid scale" -> "gridScale", or "GridScale" */
std::string
joined(const std::string & name, bool capital)
{
  std::string text;
  bool        begins = capital;
  for (const char c : name)
  {
    if (c != ' ')
    {
      text += begins ? upper(c) : lower(c);
    }
    begins = c == ' ';
  }
  return text;
}

bool
contains(const std::vector<std::string> & words, const std::string & word)
{
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool
contains(const OptionRange & range, double value)
{
  return std::isfinite(value) && (range.hasMinimum ? value >= range.minimum : value > range.minimum) &&
         (range.hasMaximum ? value <= range.maximum : value < range.maximum);
}

/** Of a value that is not a text. */
[[noreturn]] void
refuse(const OptionRow & row, const std::string & text)
{
  throw Error(ErrorKind::BadInput, row.name + ": " + text + " is not allowed; it must be " + row.rangeText());
}

const OptionRow &
find(const OptionTable & table, const std::string & name)
{
  const auto letters = [](const std::string & text) {
    std::string result;
    for (const char c : text)
    {
      result += std::isalnum(static_cast<unsigned char>(c)) ? std::string(1, lower(c)) : "";
    }
    return result;
  };
  std::vector<std::string> names;
  for (const OptionRow & row : table)
  {
    if (letters(row.name) == letters(name))
    {
      return row;
    }
    names.push_back(row.title());
  }
  throw Error(ErrorKind::BadInput, "'" + name + "' is no option; there are " + listed(names));
}

} // namespace

std::string
OptionRow::flag() const
{
  std::string text = "--";
  for (const char c : name)
  {
    text += c == ' ' ? '-' : lower(c);
  }
  return text;
}

std::string
OptionRow::title() const
{
  return joined(name, true);
}

std::string
OptionRow::key() const
{
  return joined(name, false) + (unit == "seconds" ? "Seconds" : "");
}

std::string
OptionRow::text(const Options & options) const
{
  return text(member.get(options));
}

std::string
OptionRow::text(const OptionValue & value) const
{
  return std::visit(Cases{ [this](std::monostate) { return unset; },
                           [](bool v) { return std::string(v ? "on" : "off"); },
                           [](int v) { return std::to_string(v); },
                           [](double v) { return textOf(v); },
                           [](const std::array<double, 2> & v) { return textOf(v[0]) + " " + textOf(v[1]); },
                           [](const std::string & v) { return v; },
                           [](const std::vector<std::string> & v) { return join(v, ','); } },
                    value);
}

std::optional<OptionValue>
OptionRow::read(const std::string & text) const
{
  std::optional<OptionValue> value;
  const auto                 take = [&value](const auto & number) {
    if (number)
    {
      value = *number;
    }
  };
  if (member.isOptional && text == unset)
  {
    return OptionValue();
  }
  switch (member.kind)
  {
    case OptionKind::Flag:
      take(text == "on" || text == "off" ? std::optional<bool>(text == "on") : std::nullopt);
      break;
    case OptionKind::Count:
      take(numberOf<int>(text));
      break;
    case OptionKind::Number:
      take(numberOf<double>(text));
      break;
    case OptionKind::Bounds:
    {
      const std::size_t blank = std::min(text.find(' '), text.size() - 1);
      const auto        low = numberOf<double>(text.substr(0, blank)), high = numberOf<double>(text.substr(blank + 1));
      take(low && high ? std::optional(std::array<double, 2>{ { *low, *high } }) : std::nullopt);
      break;
    }
    case OptionKind::Word:
      take(contains(member.words, text) ? std::optional(text) : std::nullopt);
      break;
    case OptionKind::Sum:
      take(SimilarityList::read(text) ? std::optional(text) : std::nullopt);
      break;
    case OptionKind::Text:
      value = text;
      break;
    case OptionKind::List:
      value = split(text, ',');
      break;
  }
  return value;
}

bool
OptionRow::allows(const OptionValue & value) const
{
  const auto isLine = [](const std::string & text) { return text.find_first_of("\r\n") == std::string::npos; };
  return std::visit(
    Cases{ [](std::monostate) { return true; },
           [](bool) { return true; },
           [this](int v) { return contains(range, v); },
           [this](double v) { return contains(range, v); },
           [this](const std::array<double, 2> & v) {
             return contains(range, v[0]) && contains(range, v[1]) && v[0] < range.middle && v[1] > range.middle;
           },
           [&](const std::string & v) {
             return member.kind == OptionKind::Text   ? isLine(v)
                    : member.kind == OptionKind::Word ? contains(member.words, v)
                                                      : SimilarityList::read(v).has_value();
           },
           [&](const std::vector<std::string> & v) {
             return std::all_of(v.begin(), v.end(), [&](const auto & part) { return !part.empty() && isLine(part); });
           } },
    value);
}

std::string
OptionRow::rangeText() const
{
  const bool        isLow = std::isfinite(range.minimum), isHigh = std::isfinite(range.maximum);
  const std::string low = textOf(range.minimum), high = textOf(range.maximum);
  const std::string below = (range.hasMaximum ? " <= " : " < ") + high;
  std::string       limits = isLow    ? (range.hasMinimum ? " >= " : " > ") + low + (isHigh ? " and" + below : "")
                             : isHigh ? below
                                      : "";
  if (isLow && isHigh && range.hasMinimum && range.hasMaximum)
  {
    limits = " from " + low + " to " + high;
  }
  std::string text;
  switch (member.kind)
  {
    case OptionKind::Flag:
      text = "on or off";
      break;
    case OptionKind::Count:
      text = "a whole number" + limits;
      break;
    case OptionKind::Number:
      text = "a number" + limits;
      break;
    case OptionKind::Bounds:
      text = "two numbers, " + low + (range.hasMinimum ? " <= " : " < ") + "LOWER < " + textOf(range.middle) +
             " < UPPER" + (isHigh ? below : "");
      break;
    case OptionKind::Word:
      text = "one of " + listed(member.words);
      break;
    case OptionKind::Sum:
      text = "one of " + listed(member.words) + ", or a sum as " + nameOf(SimilarityMeasure::LocalCorrelation) +
             "+0.5*" + nameOf(SimilarityMeasure::SelfSimilarity);
      break;
    case OptionKind::Text:
      text = "a text of one line";
      break;
    case OptionKind::List:
      text = "words separated by commas";
      break;
  }
  return text + (member.isOptional ? " or " + unset : "");
}

std::optional<std::string>
OptionRow::complaint(const std::string & text) const
{
  const auto value = read(text);
  return value && allows(*value) ? std::nullopt
                                 : std::optional<std::string>("must be " + rangeText() + ", not '" + text + "'");
}

void
setOption(Options & options, const std::string & name, const std::string & text, const OptionTable & table)
{
  const OptionRow & row = find(table, name);
  if (const auto complaint = row.complaint(text))
  {
    throw Error(ErrorKind::BadInput, row.title() + ": " + *complaint);
  }
  row.member.set(options, *row.read(text));
}

std::string
getOption(const Options & options, const std::string & name, const OptionTable & table)
{
  return find(table, name).text(options);
}

void
validate(const Options & options, const OptionTable & table)
{
  for (const OptionRow & row : table)
  {
    if (!row.allows(row.member.get(options)))
    {
      refuse(row, row.text(options));
    }
  }
}

std::optional<std::string>
firstDifference(const Options & a, const Options & b, const OptionTable & table)
{
  for (const OptionRow & row : table)
  {
    if (row.group != OptionGroup::Machine && row.member.get(a) != row.member.get(b))
    {
      return row.name;
    }
  }
  return std::nullopt;
}

std::string
toText(const Options & options, const OptionTable & table)
{
  std::vector<std::string> lines;
  for (const OptionRow & row : table)
  {
    lines.push_back(row.name + "=" + row.text(options));
  }
  return join(lines, '\n');
}

Options
optionsOf(const std::string & text, const OptionTable & table)
{
  Options options;
  for (const std::string & line : split(text, '\n'))
  {
    const std::size_t end = line.find('=');
    const OptionRow & row = find(table, line.substr(0, end));
    const auto        value = row.read(line.substr(end + 1));
    if (!value)
    {
      refuse(row, line.substr(end + 1));
    }
    row.member.set(options, *value);
  }
  return options;
}

} // namespace gnr
