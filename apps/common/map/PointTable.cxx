// SPDX-License-Identifier: Apache-2.0
#include "PointTable.h"

#include "common/cli/CommandLineError.h"
#include "common/io/TableCells.h"

#include <algorithm>
#include <filesystem>

namespace gnrapp
{
namespace
{

constexpr std::array<const char *, 3> axes{ "x", "y", "z" };

/** Of the table that is written: tabs are what the name .tsv means, and .csv does not. */
char
SeparatorFor(const std::string & path, char separator)
{
  const std::string end = CellName(std::filesystem::path(path).extension().string());
  return end == ".tsv" ? '\t' : end == ".csv" && separator == '\t' ? ',' : separator;
}

std::size_t
CountOf(const std::vector<std::string> & cells, const std::string & name)
{
  return std::count_if(cells.begin(), cells.end(), [&](const std::string & cell) { return CellName(cell) == name; });
}

/** The text of the first column of one of these names. */
std::string
TextUnder(const std::vector<std::string> &    header,
          const std::vector<std::string> &    row,
          std::initializer_list<const char *> names)
{
  for (const char * const name : names)
  {
    for (std::size_t column = 0; column < header.size(); ++column)
    {
      if (CellName(header[column]) == name)
      {
        return CellText(row[column]);
      }
    }
  }
  return {};
}

} // namespace

void
PointTable::ReadHeader(const std::string & line, const std::string & path)
{
  for (const char separator : { ';', '\t', ',' }) // the last one tells what is missing
  {
    m_Separator = separator;
    m_Header = SplitCells(line, separator);
    if (std::all_of(axes.begin(), axes.end(), [this](const char * axis) { return CountOf(m_Header, axis) == 1; }))
    {
      break;
    }
  }
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    if (CountOf(m_Header, axes[axis]) != 1)
    {
      throw CommandLineError(path + ": line 1: needs exactly one column '" + axes[axis] +
                             "'. Begin the file with a header such as 'x,y,z,name' (LPS, mm)");
    }
    const auto isAxis = [&](const std::string & cell) { return CellName(cell) == axes[axis]; };
    m_Columns[axis] =
      static_cast<std::size_t>(std::find_if(m_Header.begin(), m_Header.end(), isAxis) - m_Header.begin());
  }
}

PointTable::PointTable(std::istream & in, const std::string & path)
{
  std::string       line = ReadTableLine(in);
  const std::string byteOrderMark = "\xEF\xBB\xBF";
  if (line.rfind(byteOrderMark, 0) == 0)
  {
    line.erase(0, byteOrderMark.size());
  }
  this->ReadHeader(line, path);
  for (std::size_t number = 2; in.peek() != std::char_traits<char>::eof(); ++number)
  {
    line = ReadTableLine(in);
    if (CellText(line).empty())
    {
      continue;
    }
    FilePoint point;
    point.place = "line " + std::to_string(number);
    const std::string where = path + ": " + point.place + ": ";
    m_Rows.push_back(SplitCells(line, m_Separator));
    const auto & row = m_Rows.back();
    if (row.size() != m_Header.size())
    {
      throw CommandLineError(
        where + "has " + std::to_string(row.size()) + " columns, the header " + std::to_string(m_Header.size()) +
        ". Mend the line" +
        (row.size() > m_Header.size() && m_Separator == ',' ? "; write decimal points, no commas" : ""));
    }
    const auto isEmpty = [&row](std::size_t column) { return CellText(row[column]).empty(); };
    if (!std::all_of(m_Columns.begin(), m_Columns.end(), isEmpty))
    {
      point.position.emplace();
      for (unsigned int axis = 0; axis < 3; ++axis)
      {
        (*point.position)[axis] = CoordinateIn(row[m_Columns[axis]], where, axes[axis]);
      }
    }
    point.label = TextUnder(m_Header, row, { "label", "name", "id" });
    point.description = TextUnder(m_Header, row, { "description", "desc" });
    points.push_back(point);
  }
}

std::string
PointTable::ToText(const std::string & path) const
{
  const char  separator = SeparatorFor(path, m_Separator);
  std::string text = JoinCells(m_Header, separator);
  for (std::size_t i = 0; i < m_Rows.size(); ++i)
  {
    auto row = m_Rows[i];
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      row[m_Columns[axis]] = points[i].position ? CoordinateText((*points[i].position)[axis]) : "";
    }
    text += JoinCells(row, separator);
  }
  return text;
}

std::string
MakeTableText(const std::vector<FilePoint> & points, const std::string & path)
{
  const char  separator = SeparatorFor(path, ',');
  std::string text = JoinCells({ "x", "y", "z", "label", "description" }, separator);
  for (const FilePoint & point : points)
  {
    std::vector<std::string> row;
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      row.push_back(point.position ? CoordinateText((*point.position)[axis]) : "");
    }
    row.push_back(CellOf(point.label));
    row.push_back(CellOf(point.description));
    text += JoinCells(row, separator);
  }
  return text;
}

} // namespace gnrapp
