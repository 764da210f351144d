// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_PointFile_h
#define gnrapp_PointFile_h

#include "GridGeometry.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gnrapp
{

/** Files of points, by their name: .fcsv and .json (.mrk.json) of 3D Slicer, a table for every other. */
enum class PointFileKind
{
  Table,
  Fcsv,
  Markups
};

PointFileKind
PointFileKindOf(const std::string & path);

/** A point, and where it stands in its file. */
struct FilePoint
{
  std::string              place; ///< as `line 3`
  std::string              label;
  std::string              description;
  std::optional<PointType> position; ///< LPS, mm; nothing where it is not defined
};

/** Points of a file, and all else that it holds, which is written back as it was. */
class PointFile
{
public:
  virtual ~PointFile() = default;

  /** What a file of this kind is with the points as they are now.
   * \param path the name that it gets, which decides about its separator */
  virtual std::string
  ToText(const std::string & path) const = 0;

  std::vector<FilePoint> points;
};

/** Reads a file of the kind that its name tells. Throws CommandLineError naming the file and the place. */
std::unique_ptr<PointFile>
ReadPointFile(const std::string & path);

/** The text of a file of the kind that `path` tells. Of another kind than `file` was, it has the positions, labels and
 * descriptions alone.
 * \param readAs kind of `file` */
std::string
PointFileText(const PointFile & file, PointFileKind readAs, const std::string & path);

/** Coordinates as they are written: a millionth of a millimetre is enough. */
std::string
CoordinateText(double coordinate);

} // namespace gnrapp

#endif
