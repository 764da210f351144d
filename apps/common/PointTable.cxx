// SPDX-License-Identifier: Apache-2.0
#include "PointTable.h"

#include "CommandLineError.h"
#include "Format.h"
#include "InputFile.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <istream>

namespace gnrapp
{
namespace
{

/** Cells of a line, quotes kept, so that they can be written back unchanged. */
std::vector<std::string>
Split(const std::string & line)
{
  std::vector<std::string> cells(1);
  bool                     quoted = false;
  for (const char c : line)
  {
    quoted = (c == '"') ? !quoted : quoted;
    if (c == ',' && !quoted)
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
Join(const std::vector<std::string> & cells)
{
  std::string text;
  for (std::size_t i = 0; i < cells.size(); ++i)
  {
    text += (i > 0 ? "," : "") + cells[i];
  }
  return text + "\n";
}

/** The text of a cell, without blanks and quotes around it. */
std::string
TextIn(const std::string & cell)
{
  const char * const around = " \t\r\f\v\"";
  const auto         first = cell.find_first_not_of(around);
  const auto         last = cell.find_last_not_of(around);
  return first == std::string::npos ? "" : cell.substr(first, last - first + 1);
}

/** The same in lower case. */
std::string
NameIn(const std::string & cell)
{
  std::string name = TextIn(cell);
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  return name;
}

void
ReadLine(std::istream & in, std::string & line)
{
  if (!std::getline(in, line))
  {
    line.clear();
  }
  if (!line.empty() && line.back() == '\r')
  {
    line.pop_back();
  }
}

} // namespace

PointTable::PointTable(const std::string & path)
{
  CheckInputFile(path, "a table of points", "Check the path");
  std::ifstream in(path);
  if (!in)
  {
    throw CommandLineError(path + ": cannot be opened (" + std::strerror(errno) + "). Check its permissions");
  }
  std::string line;
  ReadLine(in, line);
  const std::string byteOrderMark = "\xEF\xBB\xBF";
  if (line.rfind(byteOrderMark, 0) == 0)
  {
    line.erase(0, byteOrderMark.size());
  }
  m_Header = Split(line);
  const std::array<const char *, 3> names{ "x", "y", "z" };
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    auto       isName = [&](const std::string & cell) { return NameIn(cell) == names[axis]; };
    const auto found = std::find_if(m_Header.begin(), m_Header.end(), isName);
    if (found == m_Header.end() || std::count_if(m_Header.begin(), m_Header.end(), isName) > 1)
    {
      throw CommandLineError(path + ": line 1: needs exactly one column '" + names[axis] +
                             "'. Begin the file with a header such as 'x,y,z,name' (LPS, mm)");
    }
    m_Columns[axis] = static_cast<std::size_t>(found - m_Header.begin());
  }
  for (std::size_t number = 2; in.peek() != std::char_traits<char>::eof(); ++number)
  {
    ReadLine(in, line);
    if (TextIn(line).empty())
    {
      continue;
    }
    Row row;
    row.line = number;
    row.cells = Split(line);
    const std::string where = path + ": line " + std::to_string(number) + ": ";
    if (row.cells.size() != m_Header.size())
    {
      throw CommandLineError(where + "has " + std::to_string(row.cells.size()) + " columns, the header " +
                             std::to_string(m_Header.size()) + ". Mend the line");
    }
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      const std::string cell = TextIn(row.cells[m_Columns[axis]]);
      char *            end = nullptr;
      row.point[axis] = std::strtod(cell.c_str(), &end);
      if (cell.empty() || *end != '\0' || !std::isfinite(row.point[axis]))
      {
        throw CommandLineError(where + names[axis] + " is not a number: '" + row.cells[m_Columns[axis]] +
                               "'. Give coordinates in mm");
      }
    }
    m_Rows.push_back(row);
  }
  if (m_Rows.empty())
  {
    throw CommandLineError(path + ": holds no points. Give a line per point below the header");
  }
}

void
PointTable::SetPoint(std::size_t row, const std::optional<PointType> & point)
{
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    std::string & cell = m_Rows[row].cells[m_Columns[axis]];
    cell.clear();
    if (point)
    {
      cell = Format("%.6f", (*point)[axis]);
    }
  }
}

std::string
PointTable::ToText() const
{
  std::string text = Join(m_Header);
  for (const Row & row : m_Rows)
  {
    text += Join(row.cells);
  }
  return text;
}

} // namespace gnrapp
