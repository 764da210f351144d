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
#include "itkNiftiVoxels.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
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

[[noreturn]] void
ThrowChanged(const std::string & file)
{
  ThrowBadFile(file + ": has changed since it was first read here. Leave images alone while they are in use, and start "
                      "again");
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

/** What ITK need not be asked for: the header of a NIfTI file that is not compressed. */
std::optional<NiftiFileHeader>
ReadNiftiHeader(const std::string & fileName)
{
  std::ifstream stream(fileName, std::ios::binary);
  std::string   head(niftiFileHeaderBytes, '\0');
  stream.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<std::size_t>(stream.gcount()));
  const auto header = ParseNiftiFileHeader(head);
  if (header && !header->fault.empty())
  {
    ThrowBadFile(fileName + ": its header " + header->fault + ". Export the image again, or correct its header");
  }
  return header;
}

/** What tells one version of a file from another. */
struct FileVersion
{
  std::uint64_t                   bytes = 0;
  std::filesystem::file_time_type changed{};

  bool
  operator!=(const FileVersion & other) const
  {
    return bytes != other.bytes || changed != other.changed;
  }
};

FileVersion
VersionOf(const std::string & file, std::error_code & failure)
{
  FileVersion version;
  version.bytes = std::filesystem::file_size(file, failure);
  version.changed = failure ? version.changed : std::filesystem::last_write_time(file, failure);
  return version;
}

GaussNewtonRegistrationVoxels::Layout
FindLayoutOf(const std::string & fileName, const std::optional<NiftiFileHeader> & header)
{
  return header ? GaussNewtonRegistrationVoxels::FindLayout(fileName, *header)
                : GaussNewtonRegistrationVoxels::FindLayout(*ReadHeader(fileName));
}

} // namespace

struct UncompressedImageIO::Layout : GaussNewtonRegistrationVoxels::Layout
{
  std::string fileName; ///< of the header
  FileVersion version;  ///< of the file with the voxels
};

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
  return FindLayoutOf(fileName, ReadNiftiHeader(fileName)).obstacle;
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
  const auto nifti = ReadNiftiHeader(m_FileName);
  const auto io = nifti ? ImageIOBase::Pointer() : ReadHeader(m_FileName);
  static_cast<GaussNewtonRegistrationVoxels::Layout &>(*m_Layout) =
    nifti ? GaussNewtonRegistrationVoxels::FindLayout(m_FileName, *nifti)
          : GaussNewtonRegistrationVoxels::FindLayout(*io);
  if (!m_Layout->obstacle.empty())
  {
    ThrowBadFile(m_FileName + ": cannot be read in parts: " + m_Layout->obstacle +
                 ". Write it without compression as .nii, .nrrd or .mha, or read it as a whole");
  }
  if (nifti)
  {
    DescribeNifti(*nifti, *this);
  }
  else
  {
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
  }

  std::error_code     failure;
  const std::uint64_t bytes = this->GetImageSizeInComponents() * m_Layout->componentBytes;
  const FileVersion   version = VersionOf(m_Layout->file, failure);
  const std::uint64_t found = version.bytes;
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
  if (m_Layout->fileName == m_FileName && m_Layout->version != version)
  {
    ThrowChanged(m_Layout->file);
  }
  m_Layout->fileName = m_FileName;
  m_Layout->version = version;
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

  std::error_code   failure;
  const FileVersion version = VersionOf(m_Layout->file, failure);
  if (failure || version != m_Layout->version)
  {
    ThrowChanged(m_Layout->file);
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
        SwapNiftiBytes(to, part, m_Layout->componentBytes);
      }
      if (m_Layout->isRescaled)
      {
        RescaleNiftiValues(
          m_Layout->type, to, part, m_Layout->slope, m_Layout->intercept, this->GetComponentType(), memory);
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
