// SPDX-License-Identifier: Apache-2.0
#include "fuzzing.h"

#include "common/map/PointFile.h"

#include <cmath>

namespace
{

/** What is written can be read again, with the same points. */
void
WriteAndRead(const gnrapp::PointFile & file, gnrapp::PointFileKind kind, const std::string & name)
{
  const std::string text = gnrapp::PointFileText(file, kind, name);
  const std::string path = gnrfuzz::FileOf(reinterpret_cast<const std::uint8_t *>(text.data()), text.size(), name);
  std::size_t       defined = 0;
  for (const auto & point : file.points)
  {
    defined += point.position ? 1 : 0;
  }
  if (defined == 0)
  {
    return; // some kinds have no file of nothing
  }
  const auto  again = gnrapp::ReadPointFile(path);
  std::size_t k = 0;
  for (const auto & point : file.points)
  {
    while (k < again->points.size() && !again->points[k].position)
    {
      ++k;
    }
    if (!point.position)
    {
      continue;
    }
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      const double difference = (*again->points.at(k).position)[axis] - (*point.position)[axis];
      if (!(std::abs(difference) <= 1e-6 + 1e-12 * std::abs((*point.position)[axis])))
      {
        std::abort();
      }
    }
    ++k;
  }
}

} // namespace

int
LLVMFuzzerTestOneInput(const std::uint8_t * data, std::size_t size)
{
  for (const char * const name : { "p.csv", "p.fcsv", "p.mrk.json" })
  {
    gnrfuzz::Try([&] {
      const auto kind = gnrapp::PointFileKindOf(name);
      const auto file = gnrapp::ReadPointFile(gnrfuzz::FileOf(data, size, name));
      for (const char * const output : { "q.csv", "q.tsv", "q.fcsv", "q.mrk.json" })
      {
        WriteAndRead(*file, kind, output);
      }
    });
  }
  return 0;
}
