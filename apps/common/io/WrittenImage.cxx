// SPDX-License-Identifier: Apache-2.0
#include "WrittenImage.h"

#include "GzipFile.h"
#include "InputFile.h"
#include "OutputFiles.h"

#include "itkNiftiFileHeader.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <vector>

namespace gnrapp
{
namespace
{

constexpr std::size_t longestHeader = 65536; // bytes, of what the programs write

/** Where the voxels of a NIfTI file begin. */
std::size_t
NiftiVoxelOffset(const std::string & header, const std::string & path)
{
  const auto parsed = itk::ParseNiftiFileHeader(header.substr(0, itk::niftiFileHeaderBytes));
  if (!parsed)
  {
    ThrowNotWritten(path, "its header is missing");
  }
  return parsed->begin;
}

/** Where the voxels of a MetaImage begin. */
std::size_t
MetaVoxelOffset(const std::string & header, const std::string & path)
{
  const std::string last = "ElementDataFile = LOCAL\n";
  const auto        found = header.find(last);
  if (found == std::string::npos)
  {
    ThrowNotWritten(path, "its header is missing");
  }
  return found + last.size();
}

/** What the header of a compressed MetaImage says about its length; nothing compressed: `bytes`. */
std::size_t
MetaVoxelBytes(const std::string & header, std::size_t bytes)
{
  const std::string key = "CompressedDataSize = ";
  const auto        found = header.find(key);
  return found == std::string::npos ? bytes : std::strtoull(header.c_str() + found + key.size(), nullptr, 10);
}

void
CheckNrrd(const std::string & temporary, const std::string & path, std::size_t bytes)
{
  const std::string header = ReadFileHead(temporary, longestHeader);
  const auto        end = header.find("\n\n");
  if (end == std::string::npos)
  {
    ThrowNotWritten(path, "its header is missing");
  }
  const GzipContent content = ScanGzip(temporary, [](const char *, std::size_t) {}, end + 2);
  if (!content.intact || content.bytes != bytes)
  {
    ThrowNotWritten(path, std::to_string(content.bytes) + " of " + std::to_string(bytes) + " bytes of voxels");
  }
}

} // namespace

void
CheckWrittenImage(const std::string & temporary, const std::string & path, std::size_t bytes)
{
  const std::string extension = std::filesystem::path(temporary).extension().string();
  if (extension == ".nrrd")
  {
    CheckNrrd(temporary, path, bytes);
    return;
  }
  const std::string header = ReadFileHead(temporary, longestHeader);
  const bool        isMeta = extension == ".mha";
  CheckWrittenBytes(temporary,
                    path,
                    isMeta ? MetaVoxelOffset(header, path) + MetaVoxelBytes(header, bytes)
                           : NiftiVoxelOffset(header, path) + bytes);
}

void
CheckWrittenSlab(const std::string & temporary,
                 const std::string & path,
                 std::size_t         fileBytes,
                 const void *        voxels,
                 std::size_t         offset,
                 std::size_t         bytes)
{
  const std::size_t begin = MetaVoxelOffset(ReadFileHead(temporary, longestHeader), path);
  CheckWrittenBytes(temporary, path, begin + fileBytes);
  // The file has its length from the first process on, so that only what is in it tells.
  std::ifstream     in(temporary, std::ios::binary);
  std::vector<char> piece(std::size_t{ 1 } << 20);
  in.seekg(static_cast<std::streamoff>(begin + offset));
  for (std::size_t done = 0; done < bytes; done += piece.size())
  {
    const std::size_t count = std::min(piece.size(), bytes - done);
    in.read(piece.data(), static_cast<std::streamsize>(count));
    if (!in || std::memcmp(piece.data(), static_cast<const char *>(voxels) + done, count) != 0)
    {
      ThrowNotWritten(path, std::to_string(done) + " of " + std::to_string(bytes) + " bytes of this process");
    }
  }
}

} // namespace gnrapp
