// SPDX-License-Identifier: Apache-2.0
#include "NiftiInput.h"

#include "common/cli/CommandLineError.h"
#include "GzipFile.h"
#include "InputFile.h"

#include "itkNiftiVoxels.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <vector>

namespace gnrapp
{
namespace
{

constexpr std::uint64_t mostExpansion = 1040;                  // of deflate, a little more than it can
constexpr std::uint64_t mostTrailing = std::uint64_t(1) << 20; // bytes after the voxels, which some programs leave

std::string
Lower(std::string text)
{
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

/** The ending that says what is in the file: of `a.HDR.gz`, `.hdr`. */
std::string
EndingOf(const std::string & path)
{
  const std::filesystem::path name(Lower(path));
  return (name.extension() == ".gz" ? name.stem().extension() : name.extension()).string();
}

/** The other file of a pair: `to` has the letters of the ending, `.hdr` or `.img`, and the case of those of `path`. */
std::string
OtherOfPair(const std::string & path, std::string to)
{
  const std::string gz = Lower(path).substr(path.size() - 3) == ".gz" ? path.substr(path.size() - 3) : "";
  const std::string stem = path.substr(0, path.size() - gz.size() - to.size());
  if (std::isupper(static_cast<unsigned char>(path[stem.size() + 1])))
  {
    std::transform(to.begin(), to.end(), to.begin(), [](unsigned char c) { return std::toupper(c); });
  }
  for (const std::string & end : { gz, std::string(gz.empty() ? ".gz" : "") })
  {
    if (std::filesystem::exists(stem + to + end))
    {
      return stem + to + end;
    }
  }
  return stem + to + gz;
}

std::string
HeaderFile(const std::string & path)
{
  return EndingOf(path) == ".img" ? OtherOfPair(path, ".hdr") : path;
}

std::string
VoxelFile(const std::string & path)
{
  return EndingOf(path) == ".hdr" ? OtherOfPair(path, ".img") : path;
}

/** Refuses a file that is shorter than its header says, without reading it. */
void
CheckLength(const std::string & path, const itk::NiftiFileHeader & header)
{
  const std::uint64_t found = std::filesystem::file_size(path);
  const std::string   head = ReadFileHead(path, 2);
  const bool          isCompressed = head == "\x1f\x8b";
  if (!isCompressed && found < header.end)
  {
    throw CommandLineError(path + ": the file is truncated (" + std::to_string(found) + " bytes of " +
                           std::to_string(header.end) + "). Copy or export it again");
  }
  if (isCompressed && found < header.end / mostExpansion)
  {
    throw CommandLineError(path + ": the file is truncated: " + std::to_string(found) +
                           " compressed bytes cannot hold the " + std::to_string(header.end) +
                           " of which its header tells. Copy or export it again");
  }
}

} // namespace

bool
IsNiftiName(const std::string & path)
{
  const std::string ending = EndingOf(path);
  return ending == ".nii" || ending == ".hdr" || ending == ".img";
}

std::vector<std::string>
NiftiFilesOf(const std::string & path)
{
  const std::string header = HeaderFile(path);
  const std::string voxels = VoxelFile(path);
  return header == voxels ? std::vector<std::string>{ path } : std::vector<std::string>{ header, voxels };
}

itk::NiftiFileHeader
ReadNiftiHeader(const std::string & path)
{
  const std::string remedy = "Give both files of the pair, or one file (.nii.gz)";
  const std::string headerFile = HeaderFile(path);
  const std::string voxelFile = VoxelFile(path);
  CheckRegularFile(headerFile, "the header of an image", remedy);
  CheckRegularFile(voxelFile, "the voxels of an image", remedy);
  const std::string head = ReadGzipHead(headerFile, itk::niftiFileHeaderBytes);
  const auto        header = itk::ParseNiftiFileHeader(head);
  if (!header)
  {
    const bool isDamaged = ReadFileHead(headerFile, 2) == "\x1f\x8b" && head.size() < itk::niftiFileHeaderBytes;
    throw CommandLineError(
      headerFile +
      (isDamaged ? ": the file is damaged or truncated (its compressed stream breaks off or fails its check sum). Copy "
                   "or export it again"
                 : ": is not an image in a known format: it has no NIfTI header. Give NIfTI (.nii, .nii.gz), NRRD or "
                   "MetaImage"));
  }
  if (!header->fault.empty())
  {
    throw CommandLineError(headerFile + ": its header " + header->fault +
                           ". Export the image again, or correct its header");
  }
  const bool isNamedAsPair = EndingOf(path) != ".nii";
  if (header->isPair != isNamedAsPair)
  {
    throw CommandLineError(headerFile + ": its header says that the voxels are in " +
                           (header->isPair ? "another file. Name the pair .hdr and .img"
                                           : "the same file. Let its name end in .nii or .nii.gz"));
  }
  CheckLength(voxelFile, *header);
  return *header;
}

bool
NiftiInput::CanReadFile(const char * path)
{
  return IsNiftiName(path);
}

void
NiftiInput::ReadImageInformation()
{
  m_Header = ReadNiftiHeader(m_FileName);
  itk::DescribeNifti(m_Header, *this);
}

void
NiftiInput::Read(void * buffer)
{
  const std::string path = VoxelFile(m_FileName);
  const auto        type = itk::NiftiTypeInFile(m_Header);
  const auto        components = static_cast<std::size_t>(this->GetNumberOfComponents());
  const auto        voxels = static_cast<std::size_t>(this->GetImageSizeInPixels());
  const std::size_t valueBytes = m_Header.valueBytes;
  if (type == itk::IOComponentEnum::UNKNOWNCOMPONENTTYPE ||
      m_Header.end - m_Header.begin != voxels * components * valueBytes)
  {
    throw CommandLineError(path + ": holds colours or complex numbers. Give an image with one real value per voxel");
  }
  const bool        isRescaled = itk::IsNiftiRescaled(m_Header);
  const std::size_t memoryBytes = this->GetComponentSize();
  auto * const      memory = static_cast<char *>(buffer);
  std::size_t       done = 0; // values
  std::size_t       notFinite = 0;
  // Values of one component, which follow one another in the file.
  const auto put = [&](char * values, std::size_t count) {
    if (m_Header.swap)
    {
      itk::SwapNiftiBytes(values, count, valueBytes);
    }
    for (std::size_t i = 0; m_Header.floatBytes > 0 && i < count; ++i)
    {
      const bool isFinite = m_Header.floatBytes == sizeof(float)
                              ? std::isfinite(itk::NiftiNumberAt<float>(values + i * sizeof(float), false))
                              : std::isfinite(itk::NiftiNumberAt<double>(values + i * sizeof(double), false));
      notFinite += isFinite ? 0 : 1;
    }
    char * to = memory + (done % voxels * components + done / voxels) * memoryBytes;
    if (isRescaled)
    {
      itk::RescaleNiftiValues(
        type, values, count, m_Header.slope, m_Header.intercept, this->GetComponentType(), to, components);
    }
    else if (components == 1)
    {
      std::memcpy(to, values, count * valueBytes);
    }
    else
    {
      for (std::size_t i = 0; i < count; ++i)
      {
        std::memcpy(to + i * components * memoryBytes, values + i * valueBytes, valueBytes);
      }
    }
    done += count;
  };

  std::uint64_t     position = 0;
  std::vector<char> pending; // what has arrived but is no whole value yet, and then its aligned copy
  const auto        take = [&](const char * data, std::size_t bytes) {
    const std::uint64_t start = position;
    position += bytes;
    if (position <= m_Header.begin || start >= m_Header.end)
    {
      return;
    }
    const std::uint64_t from = m_Header.begin > start ? m_Header.begin - start : 0;
    const std::uint64_t to = std::min<std::uint64_t>(bytes, m_Header.end - start);
    pending.insert(pending.end(), data + from, data + to);
    std::size_t used = 0;
    for (std::size_t left = pending.size() / valueBytes; left > 0;)
    {
      const std::size_t count = std::min(left, voxels - done % voxels);
      put(pending.data() + used * valueBytes, count);
      used += count;
      left -= count;
    }
    pending.erase(pending.begin(), pending.begin() + static_cast<std::ptrdiff_t>(used * valueBytes));
  };
  const GzipContent content = ScanGzip(path, take, 0, m_Header.end + mostTrailing);
  if (content.bytes > m_Header.end + mostTrailing)
  {
    throw CommandLineError(path + ": holds more than the " + std::to_string(m_Header.end) +
                           " bytes of which its header tells. Export the image again, or correct its header");
  }
  if (!content.intact)
  {
    throw CommandLineError(path + ": the file is damaged or truncated (its compressed stream breaks off or fails its " +
                           "check sum after " + std::to_string(content.bytes) + " bytes). Copy or export it again");
  }
  if (content.bytes < m_Header.end)
  {
    throw CommandLineError(path + ": the file is truncated (" + std::to_string(content.bytes) + " bytes of " +
                           std::to_string(m_Header.end) + "). Copy or export it again");
  }
  if (notFinite > 0)
  {
    throw CommandLineError(path + ": holds " + std::to_string(notFinite) +
                           " values that are NaN or infinite. Replace them by numbers, e.g. 0 outside the object");
  }
}

void
NiftiInput::WriteImageInformation()
{
  itkExceptionMacro("This class only reads");
}

void
NiftiInput::Write(const void *)
{
  itkExceptionMacro("This class only reads");
}

} // namespace gnrapp
