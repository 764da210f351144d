// SPDX-License-Identifier: Apache-2.0
#include "PointFile.h"

#include "common/cli/CommandLineError.h"
#include "common/cli/Format.h"
#include "common/io/InputFile.h"
#include "PointFcsv.h"
#include "PointMarkups.h"
#include "PointTable.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace gnrapp
{

PointFileKind
PointFileKindOf(const std::string & path)
{
  std::string end = std::filesystem::path(path).extension().string();
  std::transform(end.begin(), end.end(), end.begin(), [](unsigned char c) { return std::tolower(c); });
  return end == ".json" ? PointFileKind::Markups : end == ".fcsv" ? PointFileKind::Fcsv : PointFileKind::Table;
}

std::unique_ptr<PointFile>
ReadPointFile(const std::string & path)
{
  CheckInputFile(path, "a file of points", "Check the path");
  std::ifstream in(path);
  if (!in)
  {
    throw CommandLineError(path + ": cannot be opened (" + std::strerror(errno) + "). Check its permissions");
  }
  const PointFileKind        kind = PointFileKindOf(path);
  std::unique_ptr<PointFile> file;
  if (kind == PointFileKind::Markups)
  {
    file = std::make_unique<PointMarkups>(in, path);
  }
  else if (kind == PointFileKind::Fcsv)
  {
    file = std::make_unique<PointFcsv>(in, path);
  }
  else
  {
    file = std::make_unique<PointTable>(in, path);
  }
  if (file->points.empty())
  {
    throw CommandLineError(path + ": holds no points. " +
                           (kind == PointFileKind::Markups ? "Place control points in 3D Slicer and save it again"
                                                           : "Give a line per point below the header"));
  }
  return file;
}

std::string
PointFileText(const PointFile & file, PointFileKind readAs, const std::string & path)
{
  const PointFileKind kind = PointFileKindOf(path);
  if (kind == readAs)
  {
    return file.ToText(path);
  }
  return kind == PointFileKind::Markups ? MakeMarkupsText(file.points)
         : kind == PointFileKind::Fcsv  ? MakeFcsvText(file.points)
                                        : MakeTableText(file.points, path);
}

std::string
CoordinateText(double coordinate)
{
  return Format("%.6f", coordinate);
}

} // namespace gnrapp
