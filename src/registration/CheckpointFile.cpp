// SPDX-License-Identifier: Apache-2.0
#include "registration/CheckpointFile.h"

#include "gnr/Error.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <vector>

namespace gnr
{
namespace
{

constexpr mode_t      fileMode = 0666;
constexpr std::size_t piece = std::size_t(1) << 20;

std::string
folderOf(const std::string & path)
{
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

} // namespace

void
Digest::add(const void * data, std::size_t bytes)
{
  const auto * const begin = static_cast<const unsigned char *>(data);
  std::uint64_t      value = value_;
  for (const unsigned char * byte = begin; byte != begin + bytes; ++byte)
  {
    value = (value ^ *byte) * 0x100000001b3ULL;
  }
  value_ = value;
}

std::string
Digest::text() const
{
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(value_));
  return text;
}

CheckpointFiles::CheckpointFiles(const std::string & prefix)
  : last(prefix + ".gnr")
  , previous(prefix + ".previous.gnr")
  , unfinished(prefix + ".unfinished.gnr")
{}

bool
CheckpointFiles::exist() const
{
  return access(last.c_str(), F_OK) == 0 || access(previous.c_str(), F_OK) == 0;
}

void
CheckpointFiles::remove() const
{
  for (const std::string & file : { unfinished, previous, last })
  {
    unlink(file.c_str());
  }
}

CheckpointWriter::CheckpointWriter(const CheckpointFiles & files)
  : files_(files)
{
  unlink(files_.unfinished.c_str()); // of a run that was killed
  file_ = open(files_.unfinished.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, fileMode);
  error_ = file_ < 0 ? errno : 0;
}

CheckpointWriter::~CheckpointWriter()
{
  if (file_ >= 0)
  {
    close(file_);
    unlink(files_.unfinished.c_str());
  }
}

void
CheckpointWriter::writeAll(const void * data, std::size_t bytes)
{
  const char * next = static_cast<const char *>(data);
  while (bytes > 0 && error_ == 0)
  {
    const ssize_t written = ::write(file_, next, bytes);
    if (written < 0 && errno != EINTR)
    {
      error_ = errno;
    }
    const std::size_t count = written > 0 ? static_cast<std::size_t>(written) : 0;
    next += count;
    bytes -= count;
  }
}

void
CheckpointWriter::write(const void * data, std::size_t bytes)
{
  digest_.add(data, bytes);
  writeAll(data, bytes);
}

std::string
CheckpointWriter::commit(bool keepsPrevious)
{
  const std::uint64_t sum = digest_.value();
  writeAll(&sum, sizeof sum);
  const auto check = [this](int result) { error_ = error_ == 0 && result != 0 ? errno : error_; };
  if (error_ == 0)
  {
    check(fsync(file_));
  }
  if (error_ == 0)
  {
    check(close(file_)); // a network file system tells only now that it was full
    file_ = -1;
  }
  if (error_ == 0 && !keepsPrevious && access(files_.last.c_str(), F_OK) == 0)
  {
    check(std::rename(files_.last.c_str(), files_.previous.c_str()));
  }
  if (error_ == 0)
  {
    check(std::rename(files_.unfinished.c_str(), files_.last.c_str()));
  }
  if (error_ != 0)
  {
    unlink(files_.unfinished.c_str());
    return std::strerror(error_);
  }
  const int folder = open(folderOf(files_.last).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder >= 0)
  {
    fsync(folder); // some file systems cannot, and need not
    close(folder);
  }
  return "";
}

CheckpointReader::CheckpointReader(const std::string & path)
  : path_(path)
  , stream_(path, std::ios::binary)
{
  struct stat status{};
  if (stat(path.c_str(), &status) != 0)
  {
    state_ = errno == ENOENT ? State::Missing : State::Unreadable;
    return;
  }
  if (!stream_ || !S_ISREG(status.st_mode))
  {
    state_ = State::Unreadable;
    return;
  }
  state_ = isComplete() ? State::Good : State::Damaged;
  stream_.clear();
  stream_.seekg(0);
}

bool
CheckpointReader::isComplete()
{
  stream_.seekg(0, std::ios::end);
  const std::streamoff size = stream_.tellg();
  std::uint64_t        sum = 0;
  if (!stream_ || size < static_cast<std::streamoff>(sizeof sum))
  {
    return false;
  }
  stream_.seekg(0);
  Digest            digest;
  std::vector<char> part(piece);
  for (std::streamoff left = size - static_cast<std::streamoff>(sizeof sum); left > 0;)
  {
    const auto count = std::min<std::streamoff>(left, static_cast<std::streamoff>(part.size()));
    if (!stream_.read(part.data(), count))
    {
      return false;
    }
    digest.add(part.data(), static_cast<std::size_t>(count));
    left -= count;
  }
  return stream_.read(reinterpret_cast<char *>(&sum), sizeof sum) && sum == digest.value();
}

void
CheckpointReader::read(void * data, std::size_t bytes)
{
  if (!stream_.read(static_cast<char *>(data), static_cast<std::streamsize>(bytes)))
  {
    throw Error(ErrorKind::BadInput,
                "checkpoint: " + path_ + " has changed while it was read, or is none; delete it, or give another name");
  }
}

std::string
CheckpointReader::readUntil(const std::string & line)
{
  constexpr int mostLines = 1000;
  std::string   text;
  std::string   next;
  for (int i = 0; i < mostLines && std::getline(stream_, next) && next.size() < piece; ++i)
  {
    text += next + '\n';
    if (next == line)
    {
      return text;
    }
  }
  return "";
}

} // namespace gnr
