// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_PointFcsv_h
#define gnrapp_PointFcsv_h

#include "PointFile.h"

#include <array>
#include <istream>
#include <string>
#include <vector>

namespace gnrapp
{

/** Fiducials of 3D Slicer (.fcsv): notes `# name = value`, then a row a point. `CoordinateSystem` is RAS (or 0, the
 * default) or LPS (or 1); `columns` names the columns, of which x, y and z otherwise are the second to the fourth.
 * The format has no points that are not defined: they are left out. */
class PointFcsv : public PointFile
{
public:
  /** Throws CommandLineError naming the file and the line. */
  PointFcsv(std::istream & in, const std::string & path);

  std::string
  ToText(const std::string & path) const override;

private:
  void
  ReadNote(const std::string & line, const std::string & where);
  void
  ReadRow(const std::string & line, const std::string & where, FilePoint & point);

  bool                                  m_IsRas = true;
  char                                  m_Separator = ',';
  std::array<std::size_t, 3>            m_Columns{ 1, 2, 3 };
  std::size_t                           m_LabelColumn = 11;
  std::size_t                           m_DescriptionColumn = 12;
  std::string                           m_Notes; ///< as they are
  std::vector<std::vector<std::string>> m_Rows;  ///< cells, one row a point
};

/** The same in RAS, as every version of 3D Slicer reads it. */
std::string
MakeFcsvText(const std::vector<FilePoint> & points);

} // namespace gnrapp

#endif
