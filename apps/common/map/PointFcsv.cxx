// SPDX-License-Identifier: Apache-2.0
#include "PointFcsv.h"

#include "common/cli/CommandLineError.h"
#include "common/io/TableCells.h"

#include <algorithm>

namespace gnrapp
{
namespace
{

constexpr std::array<const char *, 3> axes{ "x", "y", "z" };
constexpr const char *                columnNames = "id,x,y,z,ow,ox,oy,oz,vis,sel,lock,label,desc,associatedNodeID";

/** Between LPS and the coordinates of the file. */
double
Turned(double coordinate, unsigned int axis, bool isRas)
{
  return isRas && axis < 2 ? -coordinate : coordinate;
}

/** Without a cell of this name, one beyond every row. */
std::size_t
ColumnOf(const std::vector<std::string> & header, const std::string & name)
{
  const auto found =
    std::find_if(header.begin(), header.end(), [&](const std::string & cell) { return CellName(cell) == name; });
  return found == header.end() ? std::string::npos : static_cast<std::size_t>(found - header.begin());
}

std::string
TextAt(const std::vector<std::string> & row, std::size_t column)
{
  return column < row.size() ? CellText(row[column]) : "";
}

} // namespace

void
PointFcsv::ReadNote(const std::string & line, const std::string & where)
{
  m_Notes += line + "\n";
  const auto at = line.find('=');
  if (at == std::string::npos)
  {
    return;
  }
  const std::string name = CellName(line.substr(1, at - 1));
  const std::string value = CellText(line.substr(at + 1));
  if (name == "coordinatesystem")
  {
    const std::string system = CellName(value);
    const bool        isLps = system == "1" || system == "lps";
    if (!isLps && system != "0" && system != "ras")
    {
      throw CommandLineError(where + "its coordinate system is '" + value + "'. Save it in RAS or LPS");
    }
    m_IsRas = !isLps;
  }
  else if (name == "columns")
  {
    const bool hasCommas = value.find(',') != std::string::npos;
    m_Separator = hasCommas ? ',' : value.find(';') != std::string::npos ? ';' : '\t';
    const auto header = SplitCells(value, m_Separator);
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      m_Columns[axis] = ColumnOf(header, axes[axis]);
      if (m_Columns[axis] == std::string::npos)
      {
        throw CommandLineError(where + "names no column '" + axes[axis] + "'. Save it again with 3D Slicer");
      }
    }
    m_LabelColumn = ColumnOf(header, "label");
    m_DescriptionColumn = ColumnOf(header, "desc");
  }
}

void
PointFcsv::ReadRow(const std::string & line, const std::string & where, FilePoint & point)
{
  m_Rows.push_back(SplitCells(line, m_Separator));
  const auto & row = m_Rows.back();
  point.position.emplace();
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    if (m_Columns[axis] >= row.size())
    {
      throw CommandLineError(where + "has " + std::to_string(row.size()) + " columns and no " + axes[axis] +
                             ". Save it again with 3D Slicer");
    }
    (*point.position)[axis] = Turned(CoordinateIn(row[m_Columns[axis]], where, axes[axis]), axis, m_IsRas);
  }
  point.label = TextAt(row, m_LabelColumn);
  point.description = TextAt(row, m_DescriptionColumn);
}

PointFcsv::PointFcsv(std::istream & in, const std::string & path)
{
  for (std::size_t number = 1; in.peek() != std::char_traits<char>::eof(); ++number)
  {
    const std::string line = ReadTableLine(in);
    FilePoint         point;
    point.place = "line " + std::to_string(number);
    const std::string where = path + ": " + point.place + ": ";
    if (!line.empty() && line[0] == '#')
    {
      if (!points.empty())
      {
        throw CommandLineError(where + "is a note below a point. Write all notes above the points");
      }
      this->ReadNote(line, where);
    }
    else if (!CellText(line).empty())
    {
      this->ReadRow(line, where, point);
      points.push_back(point);
    }
  }
}

std::string
PointFcsv::ToText(const std::string &) const
{
  std::string text = m_Notes;
  for (std::size_t i = 0; i < m_Rows.size(); ++i)
  {
    if (!points[i].position)
    {
      continue;
    }
    auto row = m_Rows[i];
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      row[m_Columns[axis]] = CoordinateText(Turned((*points[i].position)[axis], axis, m_IsRas));
    }
    text += JoinCells(row, m_Separator);
  }
  return text;
}

std::string
MakeFcsvText(const std::vector<FilePoint> & points)
{
  std::string text = "# Markups fiducial file version = 4.11\n# CoordinateSystem = RAS\n# columns = ";
  text += std::string(columnNames) + "\n";
  std::size_t number = 0;
  for (const FilePoint & point : points)
  {
    if (!point.position)
    {
      continue;
    }
    std::vector<std::string> row{ std::to_string(++number) };
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      row.push_back(CoordinateText(Turned((*point.position)[axis], axis, true)));
    }
    for (const char * const cell : { "1", "0", "0", "0", "1", "1", "0" }) // not turned; visible, selected, not locked
    {
      row.emplace_back(cell);
    }
    row.push_back(CellOf(point.label));
    row.push_back(CellOf(point.description));
    row.emplace_back();
    text += JoinCells(row, ',');
  }
  return text;
}

} // namespace gnrapp
