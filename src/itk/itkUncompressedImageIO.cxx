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
#include "itkUncompressedImageIO.h"

#include "itkGaussNewtonRegistrationError.h"
#include "itkGaussNewtonRegistrationVoxelLayout.h"

#include "itkImageIOFactory.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <vector>

namespace itk
{
namespace
{

constexpr std::size_t pieceBytes = std::size_t(4) << 20; // of a long run, so that the copy of it stays small

[[noreturn]] void
ThrowBadFile(const std::string & description)
{
  throw GaussNewtonRegistrationError(
    GaussNewtonRegistrationErrorEnums::Kind::BadInput, __FILE__, __LINE__, description, "itk::UncompressedImageIO");
}

/** ITK's reader of the format, with the header read. */
ImageIOBase::Pointer
ReadHeader(const std::string & fileName)
{
  const auto io = ImageIOFactory::CreateImageIO(fileName.c_str(), IOFileModeEnum::ReadMode);
  if (!io)
  {
    ThrowBadFile(fileName +
                 ": is no image file that can be read. Check the path; give NIfTI (.nii), NRRD or MetaImage");
  }
  io->SetFileName(fileName);
  io->ReadImageInformation();
  return io;
}

template <std::size_t VBytes>
void
SwapBytesOf(char * values, std::size_t count)
{
  for (std::size_t i = 0; i < count; ++i, values += VBytes)
  {
    std::reverse(values, values + VBytes);
  }
}

void
SwapBytes(char * values, std::size_t count, std::size_t bytesEach)
{
  const auto swap = bytesEach == 2 ? &SwapBytesOf<2> : bytesEach == 4 ? &SwapBytesOf<4> : &SwapBytesOf<8>;
  swap(values, count);
}

/** As itk::NiftiImageIO does it: first to the type in memory, then in double precision. */
template <typename TFile, typename TMemory>
void
Rescale(const char * file, std::size_t count, double slope, double intercept, char * memory)
{
  const auto * const from = reinterpret_cast<const TFile *>(file);
  auto * const       to = reinterpret_cast<TMemory *>(memory);
  for (std::size_t i = 0; i < count; ++i)
  {
    double value = static_cast<double>(static_cast<TMemory>(from[i])) * slope;
    value += intercept;
    to[i] = static_cast<TMemory>(value);
  }
}

template <typename TMemory>
void
RescaleTo(IOComponentEnum type, const char * file, std::size_t count, double slope, double intercept, char * memory)
{
  switch (type)
  {
    case IOComponentEnum::UCHAR:
      return Rescale<unsigned char, TMemory>(file, count, slope, intercept, memory);
    case IOComponentEnum::CHAR:
      return Rescale<signed char, TMemory>(file, count, slope, intercept, memory);
    case IOComponentEnum::USHORT:
      return Rescale<std::uint16_t, TMemory>(file, count, slope, intercept, memory);
    case IOComponentEnum::SHORT:
      return Rescale<std::int16_t, TMemory>(file, count, slope, intercept, memory);
    case IOComponentEnum::UINT:
      return Rescale<std::uint32_t, TMemory>(file, count, slope, intercept, memory);
    case IOComponentEnum::INT:
      return Rescale<std::int32_t, TMemory>(file, count, slope, intercept, memory);
    case IOComponentEnum::ULONGLONG:
      return Rescale<std::uint64_t, TMemory>(file, count, slope, intercept, memory);
    case IOComponentEnum::LONGLONG:
      return Rescale<std::int64_t, TMemory>(file, count, slope, intercept, memory);
    case IOComponentEnum::FLOAT:
      return Rescale<float, TMemory>(file, count, slope, intercept, memory);
    default: // the layout knows no other types of rescaled voxels
      return Rescale<double, TMemory>(file, count, slope, intercept, memory);
  }
}

} // namespace

struct UncompressedImageIO::Layout : GaussNewtonRegistrationVoxels::Layout
{};

UncompressedImageIO::UncompressedImageIO()
  : m_Layout(std::make_unique<Layout>())
{
  for (const char * extension : { ".nii", ".nrrd", ".nhdr", ".mha", ".mhd" })
  {
    this->AddSupportedReadExtension(extension);
  }
}

UncompressedImageIO::~UncompressedImageIO() = default;

std::string
UncompressedImageIO::DescribeObstacle(const std::string & fileName)
{
  return GaussNewtonRegistrationVoxels::FindLayout(*ReadHeader(fileName)).obstacle;
}

bool
UncompressedImageIO::CanReadFile(const char * fileName)
{
  try
  {
    return DescribeObstacle(fileName).empty();
  }
  catch (const ExceptionObject &)
  {
    return false;
  }
}

ImageIORegion
UncompressedImageIO::GenerateStreamableReadRegionFromRequestedRegion(const ImageIORegion & requested) const
{
  return m_UseStreamedReading ? requested : Superclass::GenerateStreamableReadRegionFromRequestedRegion(requested);
}

void
UncompressedImageIO::ReadImageInformation()
{
  const auto io = ReadHeader(m_FileName);
  static_cast<GaussNewtonRegistrationVoxels::Layout &>(*m_Layout) = GaussNewtonRegistrationVoxels::FindLayout(*io);
  if (!m_Layout->obstacle.empty())
  {
    ThrowBadFile(m_FileName + ": cannot be read in parts: " + m_Layout->obstacle +
                 ". Write it without compression as .nii, .nrrd or .mha, or read it as a whole");
  }
  const unsigned int dimensions = io->GetNumberOfDimensions();
  this->SetNumberOfDimensions(dimensions);
  for (unsigned int d = 0; d < dimensions; ++d)
  {
    this->SetDimensions(d, io->GetDimensions(d));
    this->SetSpacing(d, io->GetSpacing(d));
    this->SetOrigin(d, io->GetOrigin(d));
    this->SetDirection(d, io->GetDirection(d));
  }
  this->SetComponentType(io->GetComponentType());
  this->SetPixelType(io->GetPixelType());
  this->SetNumberOfComponents(io->GetNumberOfComponents());
  this->SetFileTypeToBinary();
  this->SetByteOrder(io->GetByteOrder());
  this->SetMetaDataDictionary(io->GetMetaDataDictionary());

  std::error_code     failure;
  const std::uint64_t bytes = this->GetImageSizeInComponents() * m_Layout->componentBytes;
  const std::uint64_t found = std::filesystem::file_size(m_Layout->file, failure);
  if (failure)
  {
    ThrowBadFile(m_FileName + ": its voxels cannot be read: " + m_Layout->file + ": " + failure.message() +
                 ". Copy it there, or write the image as one file");
  }
  if (found < m_Layout->begin + bytes)
  {
    ThrowBadFile(m_Layout->file + ": the file is truncated (" + std::to_string(found) + " bytes of " +
                 std::to_string(m_Layout->begin + bytes) + "). Copy or export it again");
  }
  if (m_Layout->isAtEnd)
  {
    m_Layout->begin = found - bytes;
  }
}

void
UncompressedImageIO::Read(void * buffer)
{
  const ImageIORegion & region = m_IORegion;
  const auto            sizeInFile = [this](unsigned int d) -> std::uint64_t {
    return d < this->GetNumberOfDimensions() ? this->GetDimensions(d) : 1;
  };
  // The region is runs of voxels that follow one another in the file: along the axes up to the first one that it does
  // not have as a whole.
  const unsigned int         dimensions = region.GetImageDimension();
  std::vector<std::uint64_t> strides(dimensions + 1, 1);
  for (unsigned int d = 0; d < dimensions; ++d)
  {
    const auto begin = static_cast<std::uint64_t>(region.GetIndex(d));
    if (region.GetIndex(d) < 0 || begin + region.GetSize(d) > sizeInFile(d))
    {
      itkExceptionMacro("The region is not inside of " << m_FileName);
    }
    strides[d + 1] = strides[d] * sizeInFile(d);
  }
  unsigned int  outer = 0;
  std::uint64_t run = 1;
  bool          isWhole = true;
  for (; outer < dimensions && isWhole; ++outer)
  {
    run *= region.GetSize(outer);
    isWhole = region.GetSize(outer) == sizeInFile(outer);
  }
  if (region.GetNumberOfPixels() == 0)
  {
    return;
  }

  std::ifstream stream;
  stream.rdbuf()->pubsetbuf(nullptr, 0); // no bytes in advance: a row may be all that is wanted here
  stream.open(m_Layout->file, std::ios::binary);
  const auto        components = static_cast<std::uint64_t>(this->GetNumberOfComponents());
  const auto        count = static_cast<std::size_t>(run * components);
  const auto        step = pieceBytes / m_Layout->componentBytes;
  const auto        memoryBytes = this->GetComponentSize();
  auto *            memory = static_cast<char *>(buffer);
  std::vector<char> raw(m_Layout->isRescaled ? std::min(step, count) * m_Layout->componentBytes : 0);
  for (std::uint64_t number = region.GetNumberOfPixels() / run, i = 0; i < number; ++i)
  {
    std::uint64_t offset = 0; // voxels
    std::uint64_t rest = i;
    for (unsigned int d = 0; d < dimensions; ++d)
    {
      offset += static_cast<std::uint64_t>(region.GetIndex(d)) * strides[d];
      if (d >= outer)
      {
        offset += rest % region.GetSize(d) * strides[d];
        rest /= region.GetSize(d);
      }
    }
    stream.seekg(static_cast<std::streamoff>(m_Layout->begin + offset * components * m_Layout->componentBytes));
    for (std::size_t done = 0; done < count; done += step)
    {
      const std::size_t part = std::min(step, count - done);
      const auto        bytes = static_cast<std::streamsize>(part * m_Layout->componentBytes);
      char * const      to = m_Layout->isRescaled ? raw.data() : memory;
      stream.read(to, bytes);
      m_NumberOfBytesRead += static_cast<SizeType>(stream.gcount());
      if (stream.gcount() != bytes)
      {
        ThrowBadFile(m_Layout->file + ": cannot be read: " + std::to_string(stream.gcount()) + " of " +
                     std::to_string(bytes) + " bytes came. Copy or export it again");
      }
      if (m_Layout->swap)
      {
        SwapBytes(to, part, m_Layout->componentBytes);
      }
      if (m_Layout->isRescaled)
      {
        const auto rescale =
          this->GetComponentType() == IOComponentEnum::FLOAT ? &RescaleTo<float> : &RescaleTo<double>;
        rescale(m_Layout->type, to, part, m_Layout->slope, m_Layout->intercept, memory);
      }
      memory += part * memoryBytes;
    }
  }
}

void
UncompressedImageIO::WriteImageInformation()
{
  itkExceptionMacro("This class only reads");
}

void
UncompressedImageIO::Write(const void *)
{
  itkExceptionMacro("This class only reads");
}

void
UncompressedImageIO::PrintSelf(std::ostream & os, Indent indent) const
{
  Superclass::PrintSelf(os, indent);
  os << indent << "NumberOfBytesRead: " << m_NumberOfBytesRead << std::endl;
}

} // namespace itk
