// SPDX-License-Identifier: Apache-2.0
#include "InputFile.h"

#include "common/cli/CommandLineError.h"

#include <cerrno>
#include <cstring>
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

void
CheckRegularFile(const std::string & path, const std::string & what, const std::string & remedy)
{
  CheckInputFile(path, what, remedy);
  if (!std::filesystem::is_regular_file(path))
  {
    throw CommandLineError(path + ": is a pipe or a device, not " + what +
                           ": it is read more than once. Write it to a file first");
  }
}

bool
IsRegularFile(const std::string & path)
{
  std::error_code none;
  return std::filesystem::is_regular_file(path, none);
}

std::string
ReadFileHead(const std::string & path, std::size_t bytes)
{
  std::ifstream stream(path, std::ios::binary);
  if (!stream)
  {
    throw CommandLineError(path + ": cannot be opened (" + std::strerror(errno) + "). Check its permissions");
  }
  std::string text(bytes, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(bytes));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  return text;
}

} // namespace gnrapp
