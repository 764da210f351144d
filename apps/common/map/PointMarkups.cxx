// SPDX-License-Identifier: Apache-2.0
#include "PointMarkups.h"

#include "common/cli/CommandLineError.h"
#include "common/cli/JsonText.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

namespace gnrapp
{
namespace
{

using Json = nlohmann::ordered_json;

constexpr int    deepest = 32;   // nesting of a file of markups is 6
constexpr double largest = 1e30; // mm

[[noreturn]] void
Refuse(const std::string & path, const std::string & fault)
{
  throw CommandLineError(path + ": " + fault + ". Save it again with 3D Slicer");
}

/** As the text of CoordinateText(), not with all digits of a double. */
double
Rounded(double coordinate)
{
  return std::strtod(CoordinateText(coordinate).c_str(), nullptr);
}

Json
PositionOf(const PointType & point, bool isRas)
{
  const double sign = isRas ? -1.0 : 1.0;
  return Json::array({ Rounded(sign * point[0]), Rounded(sign * point[1]), Rounded(point[2]) });
}

std::string
TextOf(const Json & json, const char * key)
{
  return json.contains(key) && json[key].is_string() ? json[key].get<std::string>() : "";
}

bool
IsMillimetres(const Json & unit)
{
  const Json & code = unit.is_array() && !unit.empty() ? unit[0] : unit;
  return code.is_string() && code.get_ref<const std::string &>() == "mm";
}

/** The position of a control point as the file has it; nothing where it says that there is none. */
std::optional<std::array<double, 3>>
FilePosition(const Json & control, const std::string & path, const std::string & place)
{
  const bool isDefined = !control.contains("positionStatus") || TextOf(control, "positionStatus") == "defined";
  if (!isDefined)
  {
    return {};
  }
  const bool isThere =
    control.contains("position") && control["position"].is_array() && control["position"].size() == 3;
  std::array<double, 3> position{};
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    const bool isNumber =
      isThere && control["position"][axis].is_number() && std::abs(control["position"][axis].get<double>()) <= largest;
    if (!isNumber)
    {
      Refuse(path, place + " has no position of three numbers");
    }
    position[axis] = control["position"][axis].get<double>();
  }
  return position;
}

} // namespace

PointMarkups::PointMarkups(std::istream & in, const std::string & path)
{
  try
  {
    m_Json = Json::parse(in, [&path](int depth, Json::parse_event_t, Json &) {
      if (depth > deepest)
      {
        Refuse(path, "it is nested too deeply for markups");
      }
      return true;
    });
  }
  catch (const Json::exception & error)
  {
    Refuse(path, "is damaged (" + std::string(error.what()) + ")");
  }
  if (!m_Json.is_object() || !m_Json.contains("markups") || !m_Json["markups"].is_array())
  {
    Refuse(path, "has no list 'markups'");
  }
  const std::size_t count = m_Json["markups"].size();
  for (std::size_t i = 0; i < count; ++i)
  {
    this->ReadMarkup(m_Json["markups"][i], path, count > 1 ? " of markup " + std::to_string(i + 1) : "");
    for (std::size_t k = m_Pointers.size(), n = 0; k < points.size(); ++k, ++n)
    {
      m_Pointers.push_back(Json::json_pointer("/markups/" + std::to_string(i) + "/controlPoints/" + std::to_string(n)));
    }
  }
}

void
PointMarkups::ReadMarkup(JsonType & markup, const std::string & path, const std::string & name)
{
  const std::string type = markup.is_object() ? TextOf(markup, "type") : "";
  const auto        known = { "Fiducial", "Line", "Angle", "Curve", "ClosedCurve" };
  if (std::find(known.begin(), known.end(), type) == known.end())
  {
    throw CommandLineError(path + ": holds a markup of type '" + type.substr(0, 40) +
                           "', which is more than its control points. Give point lists, lines, angles or curves");
  }
  const std::string system = markup.contains("coordinateSystem") ? TextOf(markup, "coordinateSystem") : "LPS";
  if (system != "LPS" && system != "RAS")
  {
    Refuse(path, "its coordinate system is '" + system.substr(0, 40) + "', neither LPS nor RAS");
  }
  if (markup.contains("coordinateUnits") && !IsMillimetres(markup["coordinateUnits"]))
  {
    throw CommandLineError(path + ": its coordinates are not in mm. Convert them");
  }
  if (!markup.contains("controlPoints") || !markup["controlPoints"].is_array())
  {
    Refuse(path, "a markup has no list 'controlPoints'");
  }
  markup.erase("measurements");
  std::size_t number = 0;
  for (const Json & control : markup["controlPoints"])
  {
    FilePoint point;
    point.place = "control point " + std::to_string(++number) + name;
    if (!control.is_object())
    {
      Refuse(path, point.place + " is no object");
    }
    point.label = TextOf(control, "label");
    point.description = TextOf(control, "description");
    if (const auto position = FilePosition(control, path, point.place))
    {
      const double sign = system == "RAS" ? -1.0 : 1.0;
      point.position.emplace();
      (*point.position)[0] = sign * (*position)[0];
      (*point.position)[1] = sign * (*position)[1];
      (*point.position)[2] = (*position)[2];
    }
    points.push_back(point);
    m_IsRas.push_back(system == "RAS");
  }
}

std::string
PointMarkups::ToText(const std::string &) const
{
  Json json = m_Json;
  for (std::size_t i = 0; i < points.size(); ++i)
  {
    Json & control = json[m_Pointers[i]];
    if (points[i].position)
    {
      control["position"] = PositionOf(*points[i].position, m_IsRas[i]);
    }
    else
    {
      control.erase("position");
      control["positionStatus"] = "undefined";
    }
  }
  return json.dump(2) + "\n";
}

std::string
MakeMarkupsText(const std::vector<FilePoint> & points)
{
  Json list = Json::array();
  for (const FilePoint & point : points)
  {
    Json control;
    control["id"] = std::to_string(list.size() + 1);
    control["label"] = point.label;
    control["description"] = point.description;
    if (point.position)
    {
      control["position"] = PositionOf(*point.position, false);
    }
    control["positionStatus"] = point.position ? "defined" : "undefined";
    list.push_back(control);
  }
  Json markup;
  markup["type"] = "Fiducial";
  markup["coordinateSystem"] = "LPS";
  markup["coordinateUnits"] = "mm";
  markup["controlPoints"] = list;
  Json json;
  json["@schema"] = "https://raw.githubusercontent.com/slicer/slicer/master/Modules/Loadable/Markups/Resources/Schema/"
                    "markups-schema-v1.0.3.json#";
  json["markups"] = Json::array({ markup });
  return JsonText(json);
}

} // namespace gnrapp
