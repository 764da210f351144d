// SPDX-License-Identifier: Apache-2.0
#include "InputFile.h"

#include "CommandLineError.h"

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace gnrapp
{

void
CheckInputFile(const std::string & path, const std::string & what, const std::string & remedy)
{
  std::error_code none;
  const auto      status = std::filesystem::status(path, none);
  if (!std::filesystem::exists(status))
  {
    throw CommandLineError(path + ": no such file. " + remedy);
  }
  if (std::filesystem::is_directory(status))
  {
    throw CommandLineError(path + ": is a folder, not " + what + ". " + remedy);
  }
}

namespace
{

/** What follows `key` and `separator` in a text header; empty if nothing does. */
std::string
ValueOf(const std::string & path, const std::string & key, char separator)
{
  constexpr int         mostLines = 1000;
  constexpr std::size_t longestLine = 4096;
  std::ifstream         in(path);
  char                  buffer[longestLine];
  for (int i = 0; i < mostLines && in.getline(buffer, longestLine); ++i)
  {
    const std::string line = buffer;
    const auto        end = line.find_last_not_of(" \t\r");
    const auto        at = line.find(separator);
    if (line.rfind(key, 0) != 0 || at == std::string::npos || at > key.size() + 1)
    {
      continue;
    }
    const auto begin = line.find_first_not_of(" \t", at + 1);
    return begin == std::string::npos ? "" : line.substr(begin, end - begin + 1);
  }
  return "";
}

} // namespace

std::vector<std::string>
FilesOf(const std::string & path)
{
  std::vector<std::string>    files{ path };
  const std::filesystem::path name(path);
  const std::string           extension = name.extension().string();
  const std::string           stem = (name.parent_path() / name.stem()).string();
  if (extension == ".hdr" || extension == ".img")
  {
    files.push_back(stem + ".hdr");
    files.push_back(stem + ".img");
    files.push_back(stem + ".img.gz");
  }
  const bool isMeta = extension == ".mhd";
  if (isMeta || extension == ".nhdr")
  {
    const std::string data = isMeta ? ValueOf(path, "ElementDataFile", '=') : ValueOf(path, "data file", ':');
    if (!data.empty())
    {
      files.push_back((name.parent_path() / data).string());
    }
  }
  return files;
}

} // namespace gnrapp
