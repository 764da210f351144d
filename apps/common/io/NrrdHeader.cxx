// SPDX-License-Identifier: Apache-2.0
#include "NrrdHeader.h"

#include "TextHeader.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>

namespace gnrapp
{
namespace
{

constexpr double farthest = 1e6; // mm
constexpr double smallestSpacing = 1e-9;

std::uint64_t
BytesOfType(const TextHeader & header)
{
  static const std::map<std::string, std::uint64_t> bytes{ { "signedchar", 1 },
                                                           { "int8", 1 },
                                                           { "int8_t", 1 },
                                                           { "uchar", 1 },
                                                           { "unsignedchar", 1 },
                                                           { "uint8", 1 },
                                                           { "uint8_t", 1 },
                                                           { "short", 2 },
                                                           { "shortint", 2 },
                                                           { "signedshort", 2 },
                                                           { "signedshortint", 2 },
                                                           { "int16", 2 },
                                                           { "int16_t", 2 },
                                                           { "ushort", 2 },
                                                           { "unsignedshort", 2 },
                                                           { "unsignedshortint", 2 },
                                                           { "uint16", 2 },
                                                           { "uint16_t", 2 },
                                                           { "int", 4 },
                                                           { "signedint", 4 },
                                                           { "int32", 4 },
                                                           { "int32_t", 4 },
                                                           { "uint", 4 },
                                                           { "unsignedint", 4 },
                                                           { "uint32", 4 },
                                                           { "uint32_t", 4 },
                                                           { "longlong", 8 },
                                                           { "longlongint", 8 },
                                                           { "signedlonglong", 8 },
                                                           { "signedlonglongint", 8 },
                                                           { "int64", 8 },
                                                           { "int64_t", 8 },
                                                           { "ulonglong", 8 },
                                                           { "unsignedlonglong", 8 },
                                                           { "unsignedlonglongint", 8 },
                                                           { "uint64", 8 },
                                                           { "uint64_t", 8 },
                                                           { "float", 4 },
                                                           { "double", 8 } };
  const auto                                        found = bytes.find(FieldName(header.Text("type")));
  if (found == bytes.end())
  {
    header.Refuse("has no type that is read here");
  }
  return found->second;
}

/** Numbers of `(1,2,3)`, finite and not far away. */
std::vector<double>
VectorOf(const TextHeader & header, const std::string & name, const std::string & word)
{
  std::vector<double> numbers;
  if (word.size() >= 2 && word.front() == '(' && word.back() == ')')
  {
    for (std::size_t begin = 1; begin < word.size();)
    {
      const std::size_t end = word.find_first_of(",)", begin);
      std::string       part = word.substr(begin, end - begin);
      part.erase(std::remove(part.begin(), part.end(), ' '), part.end());
      const auto number = FiniteNumber(part);
      if (!number || !(std::abs(*number) <= farthest))
      {
        break;
      }
      numbers.push_back(*number);
      begin = end + 1;
    }
  }
  if (numbers.size() != static_cast<std::size_t>(std::count(word.begin(), word.end(), ',')) + 1 || word.back() != ')')
  {
    header.Refuse("has a vector in its field '" + name + "' that is not finite, or is none");
  }
  return numbers;
}

void
CheckPlace(const TextHeader & header, std::size_t axes)
{
  const auto directions = header.Words("spacedirections");
  if (!directions.empty() && directions.size() != axes)
  {
    header.Refuse("has " + std::to_string(directions.size()) + " space directions for " + std::to_string(axes) +
                  " axes");
  }
  for (const std::string & word : directions)
  {
    if (word == "none")
    {
      continue;
    }
    double square = 0.0;
    for (const double value : VectorOf(header, "space directions", word))
    {
      square += value * value;
    }
    if (!(std::sqrt(square) >= smallestSpacing))
    {
      header.Refuse("gives an axis no length in its space directions");
    }
  }
  if (header.Has("spaceorigin"))
  {
    VectorOf(header, "space origin", header.Text("spaceorigin"));
  }
  for (const std::string & word : header.Words("spacings"))
  {
    const auto value = FiniteNumber(word);
    const bool isUnknown = FieldName(word) == "nan"; // which is what the format has for axes without one
    if (!isUnknown && !(value && std::abs(*value) >= smallestSpacing && std::abs(*value) <= farthest))
    {
      header.Refuse("has a spacing that no voxel has");
    }
  }
  for (const std::string & word : header.Words("spaceunits"))
  {
    if (word != "\"mm\"" && word != "\"\"" && word != "\"???\"")
    {
      header.Refuse("gives lengths in " + word + ", which ITK would take for mm");
    }
  }
}

} // namespace

std::string
CheckNrrdHeader(const std::string & path)
{
  const TextHeader header(path, ':', "");
  if (header.FirstLine().size() != 8 || header.FirstLine().compare(0, 7, "NRRD000") != 0)
  {
    header.Refuse("does not begin with NRRD and a version");
  }
  if (!header.Has("dimension") || !header.Has("sizes"))
  {
    header.Refuse("does not tell the size of the image");
  }
  const auto                axes = static_cast<std::size_t>(header.Integer("dimension", 1, 10, 0));
  const std::vector<double> sizes = header.Numbers("sizes", axes).value_or(std::vector<double>());
  const std::uint64_t       element = BytesOfType(header);
  const std::uint64_t       promised = PromisedBytes(header, sizes, element);
  CheckPlace(header, axes);

  const std::string encoding = FieldName(header.Text("encoding"));
  VoxelCoding       coding = VoxelCoding::Raw;
  if (encoding == "gzip" || encoding == "gz")
  {
    coding = VoxelCoding::Gzip;
  }
  else if (encoding == "text" || encoding == "txt" || encoding == "ascii")
  {
    coding = VoxelCoding::Text;
  }
  else if (encoding == "hex")
  {
    coding = VoxelCoding::Hex;
  }
  else if (encoding != "raw")
  {
    header.Refuse("has an encoding that is not read here: give raw or gzip");
  }
  std::string name = header.Text("datafile");
  const bool  isLocal = name.empty();
  if (FieldName(name) == "local")
  {
    header.Refuse("names no file of its voxels");
  }
  const std::string  file = isLocal ? path : DataFile(header, name);
  const std::int64_t skipped = header.Integer("byteskip", -1, std::int64_t(1) << 50, 0);
  header.Integer("lineskip", 0, std::int64_t(1) << 40, 0);
  const std::uint64_t begin =
    (isLocal ? header.Bytes() : 0) + static_cast<std::uint64_t>(std::max<std::int64_t>(skipped, 0));
  CheckPromise(file, coding, coding == VoxelCoding::Raw ? begin : 0, promised, promised / element);
  return file;
}

} // namespace gnrapp
