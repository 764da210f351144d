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
#include "itkNiftiFileHeader.h"

namespace itk
{

std::optional<NiftiFileHeader>
ParseNiftiFileHeader(const std::string & head)
{
  constexpr std::int32_t size1 = 348;
  constexpr std::int32_t size2 = 540;
  if (head.size() < static_cast<std::size_t>(size1))
  {
    return {};
  }
  const char * const h = head.data();
  NiftiFileHeader    header;
  const std::int32_t size = NiftiNumberAt<std::int32_t>(h, false);
  const std::int32_t swapped = NiftiNumberAt<std::int32_t>(h, true);
  header.swap = swapped == size1 || swapped == size2;
  const bool swap = header.swap;
  const bool isFirst = (swap ? swapped : size) == size1 && std::memcmp(h + 344, "n+1", 3) == 0;
  const bool isSecond = (swap ? swapped : size) == size2 && head.size() >= static_cast<std::size_t>(size2) &&
                        std::memcmp(h + 4, "n+2", 3) == 0;
  if (!isFirst && !isSecond)
  {
    return {};
  }
  header.intentPlace = isFirst ? 68 : 504;
  header.intentBytes = isFirst ? 2 : 4;
  header.intent = isFirst ? NiftiNumberAt<std::int16_t>(h + header.intentPlace, swap)
                          : NiftiNumberAt<std::int32_t>(h + header.intentPlace, swap);

  header.type = NiftiNumberAt<std::int16_t>(h + (isFirst ? 70 : 12), swap);
  double     bytes = NiftiNumberAt<std::int16_t>(h + (isFirst ? 72 : 14), swap) / 8.0;
  const auto axis = [=](int i) {
    return isFirst ? static_cast<double>(NiftiNumberAt<std::int16_t>(h + 40 + 2 * i, swap))
                   : static_cast<double>(NiftiNumberAt<std::int64_t>(h + 16 + 8 * i, swap));
  };
  for (int i = 1; i <= std::min(static_cast<int>(axis(0)), 7); ++i)
  {
    bytes *= axis(i);
  }
  // NIfTI's library lets no voxels begin inside of the header.
  const double begin = std::max<double>(isFirst ? size1 : size2,
                                        isFirst ? NiftiNumberAt<float>(h + 108, swap)
                                                : static_cast<double>(NiftiNumberAt<std::int64_t>(h + 168, swap)));
  constexpr double most = 9e18; // what an offset in a file can be
  if (!(begin >= 0 && bytes >= 0 && begin + bytes <= most))
  {
    return {};
  }
  header.begin = static_cast<std::uint64_t>(begin);
  header.end = header.begin + static_cast<std::uint64_t>(bytes);
  constexpr int floatType = 16;
  constexpr int doubleType = 64;
  header.floatBytes = header.type == floatType ? sizeof(float) : header.type == doubleType ? sizeof(double) : 0;
  header.slope = isFirst ? NiftiNumberAt<float>(h + 112, swap) : NiftiNumberAt<double>(h + 176, swap);
  header.intercept = isFirst ? NiftiNumberAt<float>(h + 116, swap) : NiftiNumberAt<double>(h + 184, swap);
  return header;
}

} // namespace itk
