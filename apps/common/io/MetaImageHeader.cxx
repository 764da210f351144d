// SPDX-License-Identifier: Apache-2.0
#include "MetaImageHeader.h"

#include "TextHeader.h"

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
BytesOfElement(const TextHeader & header)
{
  static const std::map<std::string, std::uint64_t> bytes{
    { "MET_CHAR", 1 },  { "MET_UCHAR", 1 },  { "MET_SHORT", 2 },     { "MET_USHORT", 2 },
    { "MET_INT", 4 },   { "MET_UINT", 4 },   { "MET_LONG", 4 },      { "MET_ULONG", 4 },
    { "MET_FLOAT", 4 }, { "MET_DOUBLE", 8 }, { "MET_LONG_LONG", 8 }, { "MET_ULONG_LONG", 8 }
  };
  std::string       type = header.Text("elementtype");
  const std::string array = "_ARRAY";
  if (type.size() > array.size() && type.compare(type.size() - array.size(), array.size(), array) == 0)
  {
    type.resize(type.size() - array.size());
  }
  const auto found = bytes.find(type);
  if (found == bytes.end())
  {
    header.Refuse("has no ElementType that is read here");
  }
  return found->second;
}

void
CheckPlace(const TextHeader & header, std::size_t axes)
{
  for (const char * name : { "elementspacing", "elementsize" })
  {
    for (const double value : header.Numbers(name, axes).value_or(std::vector<double>()))
    {
      if (!(std::abs(value) >= smallestSpacing && std::abs(value) <= farthest))
      {
        header.Refuse("gives the voxels the spacing " + std::to_string(value));
      }
    }
  }
  for (const char * name : { "offset", "position", "origin", "centerofrotation" })
  {
    for (const double value : header.Numbers(name, axes).value_or(std::vector<double>()))
    {
      if (!(std::abs(value) <= farthest))
      {
        header.Refuse("puts the image " + header.Text(name) + " mm away");
      }
    }
  }
  for (const char * name : { "transformmatrix", "rotation", "orientation" })
  {
    for (const double value : header.Numbers(name, axes * axes).value_or(std::vector<double>()))
    {
      if (!(std::abs(value) <= 1.0 + 1e-3))
      {
        header.Refuse("has directions that are no cosines");
      }
    }
  }
  const std::string unit = header.Text("distanceunits");
  if (!unit.empty() && unit != "mm" && unit != "?")
  {
    header.Refuse("gives lengths in " + unit + ", which ITK would take for mm");
  }
}

} // namespace

std::string
CheckMetaImageHeader(const std::string & path)
{
  const TextHeader header(path, '=', "elementdatafile");
  if (header.Has("objecttype") && header.Text("objecttype") != "Image")
  {
    header.Refuse("says that it is no image");
  }
  if (!header.Has("ndims") || !header.Has("dimsize"))
  {
    header.Refuse("does not tell the size of the image");
  }
  const auto                axes = static_cast<std::size_t>(header.Integer("ndims", 1, 10, 0));
  const std::vector<double> sizes = header.Numbers("dimsize", axes).value_or(std::vector<double>());
  const auto          channels = static_cast<std::uint64_t>(header.Integer("elementnumberofchannels", 1, 10000, 1));
  const std::uint64_t element = BytesOfElement(header);
  const std::uint64_t promised = PromisedBytes(header, sizes, element * channels);
  CheckPlace(header, axes);

  const std::int64_t  skipped = header.Integer("headersize", -1, std::int64_t(1) << 50, 0);
  const std::string   name = header.Text("elementdatafile");
  const bool          isLocal = FieldName(name) == "local";
  const std::string   file = isLocal ? path : DataFile(header, name);
  const std::uint64_t begin = skipped > 0               ? static_cast<std::uint64_t>(skipped)
                              : skipped == 0 && isLocal ? header.Bytes()
                                                        : 0;
  const auto          isTrue = [&](const char * field) {
    const std::string value = header.Text(field);
    return !value.empty() && (value[0] == 'T' || value[0] == 't' || value[0] == '1');
  };
  const bool isCompressed = isTrue("compresseddata");
  const auto compressed = static_cast<std::uint64_t>(header.Integer("compresseddatasize", 0, std::int64_t(1) << 60, 0));
  CheckPromise(file, VoxelCoding::Raw, isCompressed ? begin : 0, isCompressed ? compressed : 0, 1);
  // As text a number takes two bytes or more; where the header does not say which, either may be meant.
  const bool isText = header.Has("binarydata") && !isTrue("binarydata");
  CheckPromise(file,
               isCompressed ? VoxelCoding::Gzip
               : isText     ? VoxelCoding::Text
                            : VoxelCoding::Raw,
               begin,
               promised,
               promised / element);
  return file;
}

} // namespace gnrapp
