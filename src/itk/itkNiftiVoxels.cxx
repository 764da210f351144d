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
#include "itkNiftiVoxels.h"

#include <cmath>
#include <limits>
#include <vector>

namespace itk
{
namespace
{

template <std::size_t VBytes>
void
SwapBytesOf(char * values, std::size_t count)
{
  for (std::size_t i = 0; i < count; ++i, values += VBytes)
  {
    std::reverse(values, values + VBytes);
  }
}

template <typename TFile, typename TMemory>
void
Rescale(const char * file, std::size_t count, double slope, double intercept, char * memory, std::size_t stride)
{
  const auto * const from = reinterpret_cast<const TFile *>(file);
  auto * const       to = reinterpret_cast<TMemory *>(memory);
  for (std::size_t i = 0; i < count; ++i)
  {
    double value = static_cast<double>(static_cast<TMemory>(from[i])) * slope;
    value += intercept;
    to[i * stride] = static_cast<TMemory>(value);
  }
}

template <typename TMemory>
void
RescaleTo(IOComponentEnum type,
          const char *    file,
          std::size_t     count,
          double          slope,
          double          intercept,
          char *          memory,
          std::size_t     stride)
{
  switch (type)
  {
    case IOComponentEnum::UCHAR:
      return Rescale<unsigned char, TMemory>(file, count, slope, intercept, memory, stride);
    case IOComponentEnum::CHAR:
      return Rescale<signed char, TMemory>(file, count, slope, intercept, memory, stride);
    case IOComponentEnum::USHORT:
      return Rescale<std::uint16_t, TMemory>(file, count, slope, intercept, memory, stride);
    case IOComponentEnum::SHORT:
      return Rescale<std::int16_t, TMemory>(file, count, slope, intercept, memory, stride);
    case IOComponentEnum::UINT:
      return Rescale<std::uint32_t, TMemory>(file, count, slope, intercept, memory, stride);
    case IOComponentEnum::INT:
      return Rescale<std::int32_t, TMemory>(file, count, slope, intercept, memory, stride);
    case IOComponentEnum::ULONG:
    case IOComponentEnum::ULONGLONG:
      return Rescale<std::uint64_t, TMemory>(file, count, slope, intercept, memory, stride);
    case IOComponentEnum::LONG:
    case IOComponentEnum::LONGLONG:
      return Rescale<std::int64_t, TMemory>(file, count, slope, intercept, memory, stride);
    case IOComponentEnum::FLOAT:
      return Rescale<float, TMemory>(file, count, slope, intercept, memory, stride);
    default: // NiftiTypeInFile() knows no other
      return Rescale<double, TMemory>(file, count, slope, intercept, memory, stride);
  }
}

} // namespace

IOComponentEnum
NiftiTypeInFile(const NiftiFileHeader & header)
{
  // As itk::NiftiImageIO has it: images of long can be asked for, those of long long need not be.
  constexpr bool isLong = sizeof(long) == sizeof(std::int64_t);
  switch (header.type)
  {
    case 2:
    case 128:  // RGB
    case 2304: // RGBA
      return IOComponentEnum::UCHAR;
    case 4:
      return IOComponentEnum::SHORT;
    case 8:
      return IOComponentEnum::INT;
    case 16:
      return IOComponentEnum::FLOAT;
    case 64:
      return IOComponentEnum::DOUBLE;
    case 256:
      return IOComponentEnum::CHAR;
    case 512:
      return IOComponentEnum::USHORT;
    case 768:
      return IOComponentEnum::UINT;
    case 1024:
      return isLong ? IOComponentEnum::LONG : IOComponentEnum::LONGLONG;
    case 1280:
      return isLong ? IOComponentEnum::ULONG : IOComponentEnum::ULONGLONG;
    default:
      return IOComponentEnum::UNKNOWNCOMPONENTTYPE;
  }
}

bool
IsNiftiRescaled(const NiftiFileHeader & header)
{
  constexpr double epsilon = std::numeric_limits<double>::epsilon();
  return std::abs(header.slope - 1.0) > epsilon || std::abs(header.intercept) > epsilon;
}

void
DescribeNifti(const NiftiFileHeader & header, ImageIOBase & io)
{
  const bool   areVectors = header.HoldsVectors();
  unsigned int axes = areVectors ? std::min(header.axes, 4u) : header.axes; // the fifth numbers the components
  while (axes > 3 && header.size[axes - 1] == 1)
  {
    --axes;
  }
  io.SetNumberOfDimensions(axes);
  const NiftiGeometry geometry = GeometryOf(header);
  for (unsigned int axis = 0; axis < axes; ++axis)
  {
    std::vector<double> direction(axes, 0.0);
    for (unsigned int row = 0; row < std::min(axes, 3u); ++row)
    {
      direction[row] = axis < 3 ? geometry.direction(row, axis) : 0.0;
    }
    if (axis >= 3)
    {
      direction[axis] = 1.0;
    }
    io.SetDimensions(axis, header.size[axis]);
    io.SetSpacing(axis, axis < 3 ? geometry.spacing[axis] : 1.0);
    io.SetOrigin(axis, axis < 3 ? geometry.origin[axis] : 0.0);
    io.SetDirection(axis, direction);
  }

  const IOComponentEnum type = NiftiTypeInFile(header);
  const bool            isReal = type == IOComponentEnum::FLOAT || type == IOComponentEnum::DOUBLE;
  io.SetComponentType(IsNiftiRescaled(header) && !isReal ? IOComponentEnum::FLOAT : type);
  unsigned int components = areVectors ? static_cast<unsigned int>(header.size[4]) : 1;
  IOPixelEnum  pixel = areVectors ? IOPixelEnum::VECTOR : IOPixelEnum::SCALAR;
  if (header.type == 128 || header.type == 2304)
  {
    components = static_cast<unsigned int>(header.valueBytes);
    pixel = header.type == 128 ? IOPixelEnum::RGB : IOPixelEnum::RGBA;
  }
  else if (type == IOComponentEnum::UNKNOWNCOMPONENTTYPE)
  {
    components = 2;
    pixel = IOPixelEnum::COMPLEX;
  }
  io.SetNumberOfComponents(components);
  io.SetPixelType(pixel);
  io.SetFileTypeToBinary();
}

void
SwapNiftiBytes(char * values, std::size_t count, std::size_t bytesEach)
{
  switch (bytesEach)
  {
    case 2:
      return SwapBytesOf<2>(values, count);
    case 4:
      return SwapBytesOf<4>(values, count);
    case 8:
      return SwapBytesOf<8>(values, count);
    default:
      return;
  }
}

void
RescaleNiftiValues(IOComponentEnum fileType,
                   const char *    file,
                   std::size_t     count,
                   double          slope,
                   double          intercept,
                   IOComponentEnum memoryType,
                   char *          memory,
                   std::size_t     stride)
{
  const auto rescale = memoryType == IOComponentEnum::FLOAT ? &RescaleTo<float> : &RescaleTo<double>;
  rescale(fileType, file, count, slope, intercept, memory, stride);
}

} // namespace itk
