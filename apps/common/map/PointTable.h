// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_PointTable_h
#define gnrapp_PointTable_h

#include "PointFile.h"

#include <array>
#include <istream>
#include <string>
#include <vector>

namespace gnrapp
{

/** Points in a table: a header line with columns x, y and z (LPS, mm) among any others, which are carried through as
 * they are. Commas, semicolons or tabs are between the cells. A point that is not defined has empty coordinates. */
class PointTable : public PointFile
{
public:
  /** Throws CommandLineError naming the file and the line. */
  PointTable(std::istream & in, const std::string & path);

  std::string
  ToText(const std::string & path) const override;

private:
  void
  ReadHeader(const std::string & line, const std::string & path);

  char                                  m_Separator = ',';
  std::vector<std::string>              m_Header;
  std::array<std::size_t, 3>            m_Columns{};
  std::vector<std::vector<std::string>> m_Rows; ///< cells, one row a point
};

/** A table with columns x, y, z, label, description. */
std::string
MakeTableText(const std::vector<FilePoint> & points, const std::string & path);

} // namespace gnrapp

#endif
