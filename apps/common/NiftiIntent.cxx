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

#include "itk_zlib.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <memory>
#include <optional>
#include <vector>

namespace gnrapp
{
namespace
{

constexpr std::int32_t headerBytes1 = 348;
constexpr std::int32_t headerBytes2 = 540;

/** Where the code stands in a header: 16 bits in NIfTI-1, 32 in NIfTI-2. */
struct Place
{
  std::size_t offset = 0;
  std::size_t bytes = 0;
  bool        swap = false;
};

template <typename T>
T
Swapped(T value, bool swap)
{
  std::array<char, sizeof(T)> raw;
  std::memcpy(raw.data(), &value, sizeof(T));
  if (swap)
  {
    std::reverse(raw.begin(), raw.end());
  }
  std::memcpy(&value, raw.data(), sizeof(T));
  return value;
}

std::optional<Place>
FindPlace(const char * header, std::size_t bytes)
{
  std::int32_t size = 0;
  if (bytes < static_cast<std::size_t>(headerBytes1))
  {
    return {};
  }
  std::memcpy(&size, header, sizeof size);
  for (const bool swap : { false, true })
  {
    if (Swapped(size, swap) == headerBytes1 && std::memcmp(header + 344, "n+1", 3) == 0)
    {
      return Place{ 68, 2, swap };
    }
    if (Swapped(size, swap) == headerBytes2 && std::memcmp(header + 4, "n+2", 3) == 0 &&
        bytes >= static_cast<std::size_t>(headerBytes2))
    {
      return Place{ 504, 4, swap };
    }
  }
  return {};
}

} // namespace

bool
HoldsDisplacementVectors(const std::string & path)
{
  // Reads uncompressed files as well.
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"), gzclose);
  std::array<char, headerBytes2>                   header{};
  const int  bytes = file ? gzread(file.get(), header.data(), static_cast<unsigned int>(header.size())) : 0;
  const auto place = FindPlace(header.data(), static_cast<std::size_t>(std::max(bytes, 0)));
  if (!place)
  {
    return false;
  }
  int code = 0;
  if (place->bytes == 2)
  {
    std::int16_t value = 0;
    std::memcpy(&value, header.data() + place->offset, sizeof value);
    code = Swapped(value, place->swap);
  }
  else
  {
    std::int32_t value = 0;
    std::memcpy(&value, header.data() + place->offset, sizeof value);
    code = Swapped(value, place->swap);
  }
  return code == static_cast<int>(NiftiIntent::DisplacementVector);
}

void
SetNiftiIntent(const std::string & path, NiftiIntent intent)
{
  std::fstream                   file(path, std::ios::in | std::ios::out | std::ios::binary);
  std::array<char, headerBytes2> header{};
  file.read(header.data(), header.size());
  const auto place = FindPlace(header.data(), static_cast<std::size_t>(file.gcount()));
  if (!place)
  {
    throw CommandLineError(path + ": is not a NIfTI file in one piece", ExitCode::NumericalFailure);
  }
  file.clear();
  file.seekp(static_cast<std::streamoff>(place->offset));
  if (place->bytes == 2)
  {
    const auto value = Swapped(static_cast<std::int16_t>(intent), place->swap);
    file.write(reinterpret_cast<const char *>(&value), sizeof value);
  }
  else
  {
    const auto value = Swapped(static_cast<std::int32_t>(intent), place->swap);
    file.write(reinterpret_cast<const char *>(&value), sizeof value);
  }
  file.close();
  if (!file)
  {
    throw CommandLineError(path + ": cannot be written. Is the disk full?", ExitCode::OutOfResources);
  }
}

void
ExpandNifti(const std::string & path, const std::string & copy)
{
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"), gzclose);
  std::ofstream                                    out(copy, std::ios::binary);
  std::vector<char>                                buffer(1 << 20);
  for (int bytes = 1; file && bytes > 0;)
  {
    bytes = gzread(file.get(), buffer.data(), static_cast<unsigned int>(buffer.size()));
    out.write(buffer.data(), std::max(bytes, 0));
  }
  out.close();
  if (!out)
  {
    throw CommandLineError(copy + ": cannot be written. Is the disk full?", ExitCode::OutOfResources);
  }
}

} // namespace gnrapp
