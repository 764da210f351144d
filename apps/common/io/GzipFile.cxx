// SPDX-License-Identifier: Apache-2.0
#include "GzipFile.h"

#include "common/cli/CommandLineError.h"
#include "OutputFiles.h"

#include "itk_zlib.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <functional>
#include <memory>
#include <new>
#include <system_error>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

namespace gnrapp
{
namespace
{

constexpr std::size_t  blockBytes = std::size_t{ 1 } << 21;
constexpr unsigned int maximumThreads = 16; // a disk is slower than that

struct FileCloser
{
  void
  operator()(std::FILE * file) const
  {
    std::fclose(file);
  }
};
using File = std::unique_ptr<std::FILE, FileCloser>;

struct Block
{
  std::vector<Bytef> input;
  std::vector<Bytef> output;
  uLong              checkSum = 0;
  bool               failed = false;
};

/** A raw deflate stream that ends on a byte boundary and refers to nothing before it, so blocks can be joined. Runs in
 * threads, so it throws nothing. */
void
Deflate(Block & block, bool last) noexcept
{
  block.failed = true;
  z_stream stream{};
  if (deflateInit2(&stream, 1, Z_DEFLATED, -MAX_WBITS, 9, Z_RLE) != Z_OK)
  {
    return;
  }
  try
  {
    constexpr std::size_t flushBytes = 16;
    block.output.resize(deflateBound(&stream, static_cast<uLong>(block.input.size())) + flushBytes);
    stream.next_in = block.input.data();
    stream.avail_in = static_cast<uInt>(block.input.size());
    stream.next_out = block.output.data();
    stream.avail_out = static_cast<uInt>(block.output.size());
    const int code = deflate(&stream, last ? Z_FINISH : Z_SYNC_FLUSH);
    block.failed = !(code == (last ? Z_STREAM_END : Z_OK) && stream.avail_in == 0 && stream.avail_out > 0);
    block.output.resize(stream.total_out);
    block.checkSum = crc32(crc32(0, nullptr, 0), block.input.data(), static_cast<uInt>(block.input.size()));
  }
  catch (const std::bad_alloc &)
  {
    block.failed = true;
  }
  deflateEnd(&stream);
}

void
Write(std::FILE * file, const void * data, std::size_t bytes, const std::string & path)
{
  if (std::fwrite(data, 1, bytes, file) != bytes)
  {
    ThrowNotWritten(path, std::strerror(errno));
  }
}

void
PutLittleEndian(Bytef * out, std::uint32_t value)
{
  for (int i = 0; i < 4; ++i)
  {
    out[i] = static_cast<Bytef>(value >> (8 * i));
  }
}

/** For reading; plain files as well. */
gzFile
Open(const std::string & path, std::size_t offset = 0)
{
  const int    descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const bool   isThere = descriptor >= 0 && lseek(descriptor, static_cast<off_t>(offset), SEEK_SET) >= 0;
  const gzFile file = isThere ? gzdopen(descriptor, "rb") : nullptr;
  if (file == nullptr)
  {
    if (descriptor >= 0)
    {
      close(descriptor);
    }
    if (errno == ENOMEM)
    {
      throw std::bad_alloc();
    }
    throw CommandLineError(path + ": cannot be opened (" + std::strerror(errno) + "). Check its permissions");
  }
  return file;
}

/** Closes the file. A lack of memory is no damage of the file. */
void
Close(gzFile file, bool & isIntact)
{
  int error = Z_OK;
  gzerror(file, &error);
  const int closed = gzclose(file);
  if (error == Z_MEM_ERROR || closed == Z_MEM_ERROR)
  {
    throw std::bad_alloc();
  }
  isIntact = isIntact && (error == Z_OK || error == Z_STREAM_END) && closed == Z_OK;
}

} // namespace

void
CompressFile(const std::string & inputPath,
             const std::string & outputPath,
             const std::string & path,
             unsigned int        threads)
{
  const File input(std::fopen(inputPath.c_str(), "rb"));
  File       output(std::fopen(outputPath.c_str(), "wb"));
  if (!input || !output)
  {
    ThrowNotWritten(path, std::strerror(errno));
  }
  constexpr Bytef header[10] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255 };
  Write(output.get(), header, sizeof header, path);

  uLong              checkSum = crc32(0, nullptr, 0);
  std::uint64_t      total = 0;
  std::vector<Block> blocks(std::clamp(threads, 1u, maximumThreads));
  for (bool last = false; !last;)
  {
    std::size_t used = 0;
    for (; used < blocks.size() && !last; ++used)
    {
      auto & in = blocks[used].input;
      in.resize(blockBytes);
      in.resize(std::fread(in.data(), 1, blockBytes, input.get()));
      last = in.size() < blockBytes;
    }
    std::vector<std::thread> workers;
    workers.reserve(used);
    for (std::size_t i = 0; i < used; ++i)
    {
      const bool isLast = last && i + 1 == used;
      try
      {
        workers.emplace_back(Deflate, std::ref(blocks[i]), isLast);
      }
      catch (const std::system_error &) // no more threads to be had
      {
        Deflate(blocks[i], isLast);
      }
    }
    for (auto & worker : workers)
    {
      worker.join();
    }
    for (std::size_t i = 0; i < used; ++i)
    {
      if (blocks[i].failed)
      {
        throw CommandLineError(path + ": cannot be compressed for lack of memory", ExitCode::OutOfResources);
      }
      Write(output.get(), blocks[i].output.data(), blocks[i].output.size(), path);
      checkSum = crc32_combine(checkSum, blocks[i].checkSum, static_cast<z_off_t>(blocks[i].input.size()));
      total += blocks[i].input.size();
    }
  }
  Bytef trailer[8];
  PutLittleEndian(trailer, static_cast<std::uint32_t>(checkSum));
  PutLittleEndian(trailer + 4, static_cast<std::uint32_t>(total));
  Write(output.get(), trailer, sizeof trailer, path);
  if (std::ferror(input.get()) != 0 || std::fclose(output.release()) != 0)
  {
    ThrowNotWritten(path, std::strerror(errno));
  }
}

std::string
ReadGzipHead(const std::string & path, std::size_t bytes)
{
  const gzFile file = Open(path);
  std::string  head(bytes, '\0');
  const int    got = gzread(file, head.data(), static_cast<unsigned int>(bytes));
  bool         isIntact = true;
  Close(file, isIntact);
  head.resize(static_cast<std::size_t>(std::max(got, 0)));
  return head;
}

GzipContent
ScanGzip(const std::string &                                    path,
         const std::function<void(const char *, std::size_t)> & consume,
         std::size_t                                            offset,
         std::uint64_t                                          most)
{
  const gzFile file = Open(path, offset);
  gzbuffer(file, 1u << 17);
  GzipContent       content;
  std::vector<char> buffer(std::size_t{ 1 } << 18);
  int               got = 0;
  while (content.bytes <= most && (got = gzread(file, buffer.data(), static_cast<unsigned int>(buffer.size()))) > 0)
  {
    consume(buffer.data(), static_cast<std::size_t>(got));
    content.bytes += static_cast<std::uint64_t>(got);
  }
  content.intact = got == 0;
  Close(file, content.intact);
  return content;
}

} // namespace gnrapp
