// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_PointMarkups_h
#define gnrapp_PointMarkups_h

#include "PointFile.h"

#include <nlohmann/json.hpp>

#include <istream>
#include <string>
#include <vector>

namespace gnrapp
{

/** Markups of 3D Slicer (.mrk.json): lists of points, lines, angles and curves, each with control points in LPS (the
 * default) or RAS. Lengths and angles that were measured on them are left out of what is written. Planes and boxes are
 * refused: they are more than their control points. */
class PointMarkups : public PointFile
{
public:
  /** Throws CommandLineError naming the file and the member. */
  PointMarkups(std::istream & in, const std::string & path);

  std::string
  ToText(const std::string & path) const override;

private:
  using JsonType = nlohmann::ordered_json;

  void
  ReadMarkup(JsonType & markup, const std::string & path, const std::string & name);

  JsonType                            m_Json;
  std::vector<bool>                   m_IsRas;    ///< of every point
  std::vector<JsonType::json_pointer> m_Pointers; ///< its control point
};

/** One list of points, in LPS. */
std::string
MakeMarkupsText(const std::vector<FilePoint> & points);

} // namespace gnrapp

#endif
