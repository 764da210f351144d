// SPDX-License-Identifier: Apache-2.0
#include "NiftiIntent.h"

#include "common/cli/CommandLineError.h"
#include "GzipFile.h"

#include "itkNiftiFileHeader.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <fstream>

namespace gnrapp
{

void
SetNiftiIntent(const std::string & path, NiftiIntent intent)
{
  const auto header = itk::ParseNiftiFileHeader(ReadGzipHead(path, itk::niftiFileHeaderBytes));
  if (!header)
  {
    throw CommandLineError(path + ": is not a NIfTI file in one piece", ExitCode::NumericalFailure);
  }
  std::array<char, sizeof(std::int32_t)> code{};
  if (header->intentBytes == sizeof(std::int16_t))
  {
    const auto value = static_cast<std::int16_t>(intent);
    std::memcpy(code.data(), &value, sizeof value);
  }
  else
  {
    const auto value = static_cast<std::int32_t>(intent);
    std::memcpy(code.data(), &value, sizeof value);
  }
  if (header->swap)
  {
    std::reverse(code.begin(), code.begin() + static_cast<std::ptrdiff_t>(header->intentBytes));
  }
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(header->intentPlace));
  file.write(code.data(), static_cast<std::streamsize>(header->intentBytes));
  file.close();
  if (!file)
  {
    throw CommandLineError(path + ": cannot be written. Is the disk full?", ExitCode::OutOfResources);
  }
}

} // namespace gnrapp
