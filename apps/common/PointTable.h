// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_PointTable_h
#define gnrapp_PointTable_h

#include "GridGeometry.h"

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace gnrapp
{

/** Points in a CSV file: a header line with columns x, y and z (LPS, mm) among any others, which are carried through as
 * they are. */
class PointTable
{
public:
  /** Throws CommandLineError naming the file and the line. */
  explicit PointTable(const std::string & path);

  std::size_t
  GetNumberOfPoints() const
  {
    return m_Rows.size();
  }
  const PointType &
  GetPoint(std::size_t row) const
  {
    return m_Rows[row].point;
  }
  /** Line of the file, from 1. */
  std::size_t
  GetLine(std::size_t row) const
  {
    return m_Rows[row].line;
  }

  /** Nothing leaves the coordinates empty. */
  void
  SetPoint(std::size_t row, const std::optional<PointType> & point);

  /** The whole table as text, coordinates with 6 decimals. */
  std::string
  ToText() const;

private:
  struct Row
  {
    std::size_t              line = 0;
    std::vector<std::string> cells;
    PointType                point{};
  };

  std::vector<std::string>   m_Header;
  std::array<std::size_t, 3> m_Columns{};
  std::vector<Row>           m_Rows;
};

} // namespace gnrapp

#endif
