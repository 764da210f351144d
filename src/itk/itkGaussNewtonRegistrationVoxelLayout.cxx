/*=========================================================================
 *
 *  Copyright NumFOCUS
 *
 *  Licensed under the Apache License, Version 2.0 (the "License");
 *  you may not use this file except in compliance with the License.
 *  You may obtain a copy of the License at
 *
 *         https://www.apache.org/licenses/LICENSE-2.0.txt
 *
 *  Unless required by applicable law or agreed to in writing, software
 *  distributed under the License is distributed on an "AS IS" BASIS,
 *  WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 *  See the License for the specific language governing permissions and
 *  limitations under the License.
 *
 *=========================================================================*/
#include "itkGaussNewtonRegistrationVoxelLayout.h"

#include "itkByteSwapper.h"
#include "itkNiftiVoxels.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

namespace itk
{
namespace GaussNewtonRegistrationVoxels
{
namespace
{

constexpr std::size_t longestHeader = std::size_t(1) << 20; // bytes

Layout
Refused(const std::string & obstacle)
{
  Layout layout;
  layout.obstacle = obstacle;
  return layout;
}

std::string
Beginning(const std::string & path, std::size_t bytes)
{
  std::ifstream stream(path, std::ios::binary);
  std::string   text(bytes, '\0');
  stream.read(&text[0], static_cast<std::streamsize>(bytes));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  return text;
}

std::string
Trimmed(const std::string & text)
{
  const auto first = text.find_first_not_of(" \t\r");
  return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::string
FirstWord(const std::string & text)
{
  return text.substr(0, text.find_first_of(" \t"));
}

/** Without blanks and capitals: writers differ in them. */
std::string
Plain(std::string text)
{
  text.erase(std::remove_if(text.begin(), text.end(), [](unsigned char c) { return std::isspace(c); }), text.end());
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

/** The lines of a header in text. */
struct TextHeader
{
  std::map<std::string, std::string> fields; ///< plain names
  std::uint64_t                      bytes = 0;

  std::string
  Get(const std::string & name) const
  {
    const auto field = fields.find(name);
    return field == fields.end() ? "" : field->second;
  }
  std::int64_t
  GetNumber(const std::string & name) const
  {
    std::int64_t       number = 0;
    std::istringstream text(Get(name));
    text >> number;
    return number;
  }
};

/** Reads lines of `name<separator>value` up to the field `last`, or up to an empty line if that is none. */
TextHeader
ReadTextHeader(const std::string & path, char separator, const std::string & last)
{
  std::ifstream stream(path, std::ios::binary);
  TextHeader    header;
  std::string   line;
  while (header.bytes < longestHeader && std::getline(stream, line))
  {
    header.bytes += line.size() + 1;
    if (last.empty() && Trimmed(line).empty())
    {
      break;
    }
    const auto end = line.find(separator);
    const bool isNote = end != std::string::npos && (line[0] == '#' || line.compare(end, 2, ":=") == 0); // of NRRD
    if (end != std::string::npos && !isNote)
    {
      const std::string name = Plain(line.substr(0, end));
      header.fields[name] = Trimmed(line.substr(end + 1));
      if (name == last)
      {
        break;
      }
    }
  }
  return header;
}

/** As MetaIO has it. */
bool
IsTrue(const std::string & value)
{
  return !value.empty() && (value[0] == 'T' || value[0] == 't' || value[0] == '1');
}

/** Voxels in another file than the header. */
Layout
WithDataFile(Layout layout, const std::string & path, const std::string & name)
{
  if (Plain(name.substr(0, 4)) == "list" || name.find('%') != std::string::npos)
  {
    return Refused("its voxels are in several files");
  }
  layout.file = (std::filesystem::path(path).parent_path() / name).string();
  return layout;
}

/** The types in file and memory are the same. */
void
SetTypeOf(const ImageIOBase & io, bool isBigEndian, Layout & layout)
{
  layout.type = io.GetComponentType();
  layout.componentBytes = io.GetComponentSize();
  layout.swap = layout.componentBytes > 1 && isBigEndian != ByteSwapper<short>::SystemIsBigEndian();
}

Layout
FindLayoutOfNrrd(const ImageIOBase & io)
{
  const std::string path = io.GetFileName();
  const TextHeader  header = ReadTextHeader(path, ':', "");
  if (Plain(header.Get("encoding")) != "raw")
  {
    return Refused("its encoding is " + header.Get("encoding"));
  }
  if (header.GetNumber("lineskip") != 0)
  {
    return Refused("its field `line skip` is not 0");
  }
  const std::string kind = Plain(FirstWord(header.Get("kinds")));
  const bool        isAlongFirst = FirstWord(header.Get("sizes")) == std::to_string(io.GetNumberOfComponents()) &&
                            kind != "domain" && kind != "space" && kind != "time";
  if (io.GetNumberOfComponents() > 1 && !isAlongFirst)
  {
    return Refused("its voxels are vectors, whose components it keeps apart");
  }
  Layout layout;
  layout.file = path;
  layout.begin = header.bytes;
  if (const std::string name = header.Get("datafile"); !name.empty())
  {
    layout.begin = 0;
    layout = WithDataFile(layout, path, name);
  }
  const std::int64_t skipped = header.GetNumber("byteskip");
  layout.isAtEnd = skipped < 0;
  layout.begin += static_cast<std::uint64_t>(std::max<std::int64_t>(skipped, 0));
  SetTypeOf(io, Plain(header.Get("endian")) == "big", layout);
  return layout;
}

Layout
FindLayoutOfMetaImage(const ImageIOBase & io)
{
  const std::string path = io.GetFileName();
  const TextHeader  header = ReadTextHeader(path, '=', "elementdatafile");
  if (IsTrue(header.Get("compresseddata")))
  {
    return Refused("it is compressed");
  }
  Layout            layout;
  const std::string name = header.Get("elementdatafile");
  const auto        skipped = header.GetNumber("headersize");
  if (Plain(name) == "local")
  {
    layout.file = path;
    layout.begin = header.bytes;
  }
  else
  {
    layout = WithDataFile(layout, path, name);
  }
  if (skipped > 0)
  {
    layout.begin = static_cast<std::uint64_t>(skipped);
  }
  layout.isAtEnd = skipped < 0;
  bool isBigEndian = ByteSwapper<short>::SystemIsBigEndian();
  for (const char * field : { "binarydatabyteordermsb", "elementbyteordermsb" }) // the second one counts, as for MetaIO
  {
    isBigEndian = header.Get(field).empty() ? isBigEndian : IsTrue(header.Get(field));
  }
  SetTypeOf(io, isBigEndian, layout);
  return layout;
}

} // namespace

Layout
FindLayout(const std::string & fileName, const NiftiFileHeader & header)
{
  if (header.isPair)
  {
    return Refused("its header and voxels are in two files");
  }
  if (header.HoldsVectors())
  {
    return Refused("its voxels are vectors, whose components NIfTI keeps apart");
  }
  Layout layout;
  layout.type = NiftiTypeInFile(header);
  if (layout.type == IOComponentEnum::UNKNOWNCOMPONENTTYPE || header.type == 128 || header.type == 2304)
  {
    return Refused("its voxels have the NIfTI datatype " + std::to_string(header.type));
  }
  layout.file = fileName;
  layout.begin = header.begin;
  layout.componentBytes = header.valueBytes;
  layout.swap = header.swap && layout.componentBytes > 1;
  layout.isRescaled = IsNiftiRescaled(header);
  layout.slope = header.slope;
  layout.intercept = header.intercept;
  return layout;
}

Layout
FindLayout(const ImageIOBase & io)
{
  const std::string format = io.GetNameOfClass();
  if (Beginning(io.GetFileName(), 2) == "\x1f\x8b")
  {
    return Refused("it is compressed");
  }
  if (format == "NiftiImageIO")
  {
    return Refused("its header and voxels are in two files");
  }
  if (io.GetFileType() == IOFileEnum::ASCII)
  {
    return Refused("its voxels are text");
  }
  if (format == "NrrdImageIO")
  {
    return FindLayoutOfNrrd(io);
  }
  if (format == "MetaImageIO")
  {
    return FindLayoutOfMetaImage(io);
  }
  return Refused("it is neither NIfTI nor NRRD nor MetaImage");
}

} // namespace GaussNewtonRegistrationVoxels
} // namespace itk
