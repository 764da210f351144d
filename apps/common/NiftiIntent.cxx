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
#include "NiftiIntent.h"

#include "CommandLineError.h"
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
