// SPDX-License-Identifier: Apache-2.0
#include "TableCells.h"

#include "common/cli/CommandLineError.h"
#include "TextHeader.h"

#include <algorithm>
#include <cctype>

namespace gnrapp
{

std::string
ReadTableLine(std::istream & in)
{
  std::string line;
  if (!std::getline(in, line))
  {
    line.clear();
  }
  if (!line.empty() && line.back() == '\r')
  {
    line.pop_back();
  }
  return line;
}

std::vector<std::string>
SplitCells(const std::string & line, char separator)
{
  std::vector<std::string> cells(1);
  bool                     quoted = false;
  for (const char c : line)
  {
    quoted = (c == '"') ? !quoted : quoted;
    if (c == separator && !quoted)
    {
      cells.emplace_back();
    }
    else
    {
      cells.back() += c;
    }
  }
  return cells;
}

std::string
JoinCells(const std::vector<std::string> & cells, char separator)
{
  std::string text;
  for (std::size_t i = 0; i < cells.size(); ++i)
  {
    const bool isBare = cells[i].find('"') == std::string::npos && cells[i].find(separator) != std::string::npos;
    text += (i > 0 ? std::string(1, separator) : "") + (isBare ? '"' + cells[i] + '"' : cells[i]);
  }
  return text + "\n";
}

std::string
CellText(const std::string & cell)
{
  const char * const around = " \t\r\f\v\"";
  const auto         first = cell.find_first_not_of(around);
  const auto         last = cell.find_last_not_of(around);
  return first == std::string::npos ? "" : cell.substr(first, last - first + 1);
}

std::string
CellName(const std::string & cell)
{
  std::string name = CellText(cell);
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  return name;
}

std::string
CellOf(const std::string & text)
{
  if (text.find_first_of(",;\t\"\r\n") == std::string::npos)
  {
    return text;
  }
  std::string cell = "\"";
  for (const char c : text)
  {
    cell += c == '"' ? "\"\"" : std::string(1, c == '\r' || c == '\n' ? ' ' : c);
  }
  return cell + "\"";
}

namespace
{

/** For messages. */
std::string
Shortened(const std::string & cell)
{
  constexpr std::size_t longest = 40;
  return cell.size() <= longest ? cell : cell.substr(0, longest) + "…";
}

} // namespace

double
CoordinateIn(const std::string & cell, const std::string & where, const std::string & name)
{
  const auto number = FiniteNumber(CellText(cell));
  if (!number)
  {
    std::string point = CellText(cell);
    std::replace(point.begin(), point.end(), ',', '.');
    const bool hasDecimalComma = point != CellText(cell) && FiniteNumber(point);
    throw CommandLineError(where + name + (hasDecimalComma ? " has a decimal comma: '" : " is not a number: '") +
                           Shortened(cell) +
                           (hasDecimalComma ? "'. Write decimal points" : "'. Give coordinates in mm"));
  }
  return *number;
}

} // namespace gnrapp
