// SPDX-License-Identifier: Apache-2.0
#include "TextHeader.h"

#include "common/cli/CommandLineError.h"
#include "InputFile.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace gnrapp
{
namespace
{

constexpr std::size_t   longestHeader = std::size_t(1) << 20; // bytes; of this size are those of segmentations
constexpr std::size_t   longestField = 4000;
constexpr std::size_t   longestWord = 250;
constexpr std::uint64_t mostExpansion = 1040; // of deflate, a little more than it can
constexpr std::uint64_t mostBytes = std::uint64_t(1) << 62;

std::string
Trimmed(const std::string & text)
{
  const auto first = text.find_first_not_of(" \t\r");
  return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::vector<std::string>
SplitWords(const std::string & text)
{
  std::vector<std::string> words;
  std::string              word;
  char                     close = 0;
  for (const char c : text)
  {
    const bool isBlank = (c == ' ' || c == '\t') && close == 0;
    if (isBlank)
    {
      if (!word.empty())
      {
        words.push_back(word);
      }
      word.clear();
      continue;
    }
    word += c;
    close = close == 0 ? (c == '(' ? ')' : c == '"' ? '"' : 0) : c == close ? 0 : close;
  }
  if (!word.empty())
  {
    words.push_back(word);
  }
  return words;
}

/** For a message: what the file has, but not 5000 letters of it. */
std::string
Quoted(const std::string & text)
{
  constexpr std::size_t most = 40;
  std::string           shown = text.substr(0, most);
  for (char & c : shown)
  {
    c = static_cast<unsigned char>(c) < ' ' || static_cast<unsigned char>(c) > '~' ? '?' : c;
  }
  return "'" + shown + (text.size() > most ? "..." : "") + "'";
}

} // namespace

std::string
FieldName(std::string text)
{
  text.erase(std::remove_if(text.begin(), text.end(), [](unsigned char c) { return std::isspace(c); }), text.end());
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

std::optional<double>
FiniteNumber(const std::string & word)
{
  char *       end = nullptr;
  const double value = std::strtod(word.c_str(), &end);
  const bool   isNumber = !word.empty() && end == word.c_str() + word.size() && std::isfinite(value) &&
                        std::fpclassify(value) != FP_SUBNORMAL;
  return isNumber ? std::optional<double>(value) : std::nullopt;
}

TextHeader::TextHeader(const std::string & path, char separator, const std::string & last)
  : m_Path(path)
{
  const std::string text = ReadFileHead(path, longestHeader);
  bool              isComplete = false;
  for (std::size_t begin = 0; begin < text.size() && !isComplete;)
  {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string line = text.substr(begin, end - begin);
    begin = std::min(end + 1, text.size());
    m_Bytes = begin;
    if (m_FirstLine.empty())
    {
      m_FirstLine = Trimmed(line);
    }
    const auto at = line.find(separator);
    const bool isNote = !line.empty() && line[0] == '#';
    const bool isKey = at != std::string::npos && separator == ':' && line.compare(at, 2, ":=") == 0; // of NRRD
    if (last.empty() && Trimmed(line).empty())
    {
      isComplete = true;
    }
    else if (at != std::string::npos && !isNote && !isKey)
    {
      const std::string name = FieldName(line.substr(0, at));
      const std::string value = Trimmed(line.substr(at + 1));
      const bool        isPrintable =
        std::none_of(line.begin(), line.end(), [](unsigned char c) { return c < ' ' && c != '\t' && c != '\r'; });
      if (line.size() > longestField || name.size() > longestWord || !isPrintable)
      {
        this->Refuse("has a line that is no text or longer than " + std::to_string(longestField) +
                     " characters: " + Quoted(Trimmed(line)));
      }
      for (const std::string & word : SplitWords(value))
      {
        if (word.size() > longestWord && name != "comment" && name != "content")
        {
          this->Refuse("has a word of " + std::to_string(word.size()) + " characters in its field " + Quoted(name));
        }
      }
      if (this->Has(name) && name != "comment")
      {
        this->Refuse("has two fields " + Quoted(name));
      }
      m_Fields.emplace_back(name, value);
      isComplete = !last.empty() && name == last;
    }
  }
  if (!isComplete && (!last.empty() || text.size() == longestHeader))
  {
    this->Refuse(last.empty() ? "does not end" : "has no field " + Quoted(last));
  }
}

void
TextHeader::Refuse(const std::string & fault) const
{
  throw CommandLineError(m_Path + ": its header " + fault + ". Export the image again, or correct its header");
}

const std::string *
TextHeader::Find(const std::string & name) const
{
  const auto found = std::find_if(m_Fields.begin(), m_Fields.end(), [&](const auto & f) { return f.first == name; });
  return found == m_Fields.end() ? nullptr : &found->second;
}

std::string
TextHeader::Text(const std::string & name) const
{
  const std::string * const text = this->Find(name);
  return text ? *text : "";
}

std::vector<std::string>
TextHeader::Words(const std::string & name) const
{
  return SplitWords(this->Text(name));
}

std::optional<std::vector<double>>
TextHeader::Numbers(const std::string & name, std::size_t count) const
{
  if (!this->Has(name))
  {
    return {};
  }
  std::vector<double> numbers;
  for (const std::string & word : this->Words(name))
  {
    const auto number = FiniteNumber(word);
    if (!number)
    {
      this->Refuse("has " + Quoted(word) + " in its field " + Quoted(name) + ", which needs numbers");
    }
    numbers.push_back(*number);
  }
  if (numbers.size() != count)
  {
    this->Refuse("has " + std::to_string(numbers.size()) + " numbers in its field " + Quoted(name) + ", not " +
                 std::to_string(count));
  }
  return numbers;
}

std::int64_t
TextHeader::Integer(const std::string & name, std::int64_t least, std::int64_t most, std::int64_t otherwise) const
{
  const auto numbers = this->Numbers(name, 1);
  if (!numbers)
  {
    return otherwise;
  }
  const double value = numbers->front();
  if (!(value >= static_cast<double>(least) && value <= static_cast<double>(most) && value == std::floor(value)))
  {
    this->Refuse("has " + Quoted(this->Text(name)) + " in its field " + Quoted(name) +
                 ", which is no whole number from " + std::to_string(least) + " to " + std::to_string(most));
  }
  return static_cast<std::int64_t>(value);
}

std::uint64_t
PromisedBytes(const TextHeader & header, const std::vector<double> & sizes, std::uint64_t bytesEach)
{
  double bytes = static_cast<double>(bytesEach);
  for (const double size : sizes)
  {
    bytes *= size;
    if (!(size >= 1 && size == std::floor(size) && bytes < static_cast<double>(mostBytes)))
    {
      header.Refuse("tells of a size that no image has");
    }
  }
  std::uint64_t product = bytesEach;
  for (const double size : sizes)
  {
    product *= static_cast<std::uint64_t>(size);
  }
  return product;
}

void
CheckPromise(const std::string & file,
             VoxelCoding         coding,
             std::uint64_t       begin,
             std::uint64_t       promised,
             std::uint64_t       values)
{
  const std::uint64_t found = std::filesystem::file_size(file);
  const std::uint64_t needed = coding == VoxelCoding::Raw    ? promised
                               : coding == VoxelCoding::Gzip ? promised / mostExpansion
                               : coding == VoxelCoding::Hex  ? 2 * promised
                                                             : 2 * values - 1;
  if (found < begin + needed)
  {
    throw CommandLineError(file + ": the file is truncated (" + std::to_string(found) + " bytes of " +
                           (coding == VoxelCoding::Raw ? "" : "at least ") + std::to_string(begin + needed) +
                           "). Copy or export it again");
  }
}

std::string
DataFile(const TextHeader & header, const std::string & name)
{
  if (name.empty() || name.find('%') != std::string::npos || FieldName(name.substr(0, 4)) == "list" ||
      SplitWords(name).size() > 1)
  {
    header.Refuse("names " + Quoted(name) + " as the file of its voxels; voxels in several files are not read");
  }
  const std::string file = (std::filesystem::path(header.Path()).parent_path() / name).string();
  CheckRegularFile(
    file, "the voxels of an image", header.Path() + " names it. Copy it there, or write the image as one file");
  return file;
}

} // namespace gnrapp
