// SPDX-License-Identifier: Apache-2.0
#include "registration/launched/SharedFolder.h"

#include "gnr/Error.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

namespace gnr
{
namespace launched
{
namespace
{

// Name of a folder: prefix, process, a dash, what mkdtemp() makes of it.
constexpr const char * prefix = "gnr-workers-";

std::optional<std::size_t>
roomIn(const std::string & folder)
{
  struct statvfs status{};
  if (access(folder.c_str(), W_OK | X_OK) != 0 || statvfs(folder.c_str(), &status) != 0)
  {
    return std::nullopt;
  }
  return static_cast<std::size_t>(status.f_bavail) * status.f_frsize;
}

std::string
megabytes(std::size_t bytes)
{
  return std::to_string((bytes + 999999) / 1000000) + " MB";
}

/** Hosts that were killed together with their workers could not remove theirs. A lock tells them from those that live,
 * also in another container that shares the folder, where numbers of processes say nothing. */
void
removeLeftovers(const std::string & parent)
{
  std::error_code none;
  for (const auto & entry : std::filesystem::directory_iterator(parent, none))
  {
    struct stat status{};
    if (entry.path().filename().string().rfind(prefix, 0) != 0 || lstat(entry.path().c_str(), &status) != 0 ||
        !S_ISDIR(status.st_mode) || status.st_uid != geteuid())
    {
      continue;
    }
    const SharedFolder folder(entry.path().string());
    const int          lock = open(folder.pathOf(SharedFile::Lock).c_str(), O_RDWR | O_CLOEXEC);
    if (lock >= 0) // otherwise it is being made, or removed
    {
      if (flock(lock, LOCK_EX | LOCK_NB) == 0)
      {
        folder.removeAll();
      }
      close(lock);
    }
  }
}

} // namespace

SharedFolder::SharedFolder(std::size_t bytes)
  : isOwner_(true)
{
  const char * const       variable = std::getenv("TMPDIR");
  std::vector<std::string> parents{ "/dev/shm", variable != nullptr && *variable != '\0' ? variable : "/tmp" };
  std::string              told;
  const std::size_t        needed = bytes + bytes / 64 + (std::size_t{ 1 } << 20); // file systems have their own needs
  for (const std::string & parent : parents)
  {
    const auto room = roomIn(parent);
    if (room)
    {
      removeLeftovers(parent);
    }
    if (room && *room >= needed)
    {
      path_ = parent + "/" + prefix + std::to_string(getpid()) + "-XXXXXX";
      if (mkdtemp(path_.data()) != nullptr)
      {
        nameFiles();
        lock_ = open(pathOf(SharedFile::Lock).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
        if (lock_ >= 0 && flock(lock_, LOCK_EX | LOCK_NB) == 0)
        {
          return;
        }
        if (lock_ >= 0)
        {
          close(lock_);
        }
        removeAll();
      }
      told += (told.empty() ? "" : ", ") + parent + ": " + std::strerror(errno);
    }
    else
    {
      told += (told.empty() ? "" : ", ") + parent + (room ? " has " + megabytes(*room) : " cannot be written");
    }
  }
  throw Error(ErrorKind::OutOfResources,
              "several processes: no room for " + megabytes(needed) + " of images between the processes (" + told +
                "); let TMPDIR name a folder with more room, or use one process");
}

SharedFolder::SharedFolder(const std::string & path)
  : path_(path)
  , isOwner_(false)
{
  nameFiles();
}

SharedFolder::~SharedFolder()
{
  if (isOwner_)
  {
    removeAll();
    close(lock_);
  }
}

void
SharedFolder::nameFiles()
{
  std::size_t i = 0;
  for (const char * name : { "job",
                             "socket",
                             "fixed",
                             "moving",
                             "fixed-weight",
                             "moving-weight",
                             "incompressibility",
                             "velocity",
                             "result",
                             "lock" })
  {
    files_[i++] = path_ + "/" + name;
  }
}

void
SharedFolder::remove(SharedFile file) const
{
  unlink(pathOf(file).c_str());
}

void
SharedFolder::removeAll() const
{
  for (const std::string & file : files_)
  {
    unlink(file.c_str());
  }
  rmdir(path_.c_str());
}

MappedFile
MappedFile::map(int descriptor, std::size_t bytes, int protection, const std::string & path)
{
  MappedFile file;
  file.bytes_ = bytes;
  file.data_ = mmap(nullptr, bytes, protection, MAP_SHARED, descriptor, 0);
  const int reason = errno;
  close(descriptor);
  if (file.data_ == MAP_FAILED)
  {
    file.data_ = nullptr;
    throw Error(ErrorKind::OutOfResources, path + ": cannot be had in memory: " + std::strerror(reason));
  }
  return file;
}

MappedFile
MappedFile::create(const std::string & path, std::size_t bytes)
{
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
  // Room is taken now: to write where there is none ends the program.
  int reason = descriptor < 0 ? errno : posix_fallocate(descriptor, 0, static_cast<off_t>(bytes));
  if (reason != 0)
  {
    if (descriptor >= 0)
    {
      close(descriptor);
      unlink(path.c_str());
    }
    throw Error(ErrorKind::OutOfResources,
                path + ": no room for " + megabytes(bytes) + " (" + std::strerror(reason) +
                  "); let TMPDIR name a folder with more room, or use one process");
  }
  return map(descriptor, bytes, PROT_READ | PROT_WRITE, path);
}

MappedFile
MappedFile::open(const std::string & path, std::size_t bytes)
{
  const int   descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat status{};
  if (descriptor < 0 || fstat(descriptor, &status) != 0 || static_cast<std::size_t>(status.st_size) != bytes)
  {
    const int reason = errno;
    if (descriptor >= 0)
    {
      close(descriptor);
      throw Error(ErrorKind::OutOfResources, path + ": has not the size that it should have; run it again");
    }
    throw Error(ErrorKind::OutOfResources, path + ": cannot be read: " + std::strerror(reason));
  }
  return map(descriptor, bytes, PROT_READ, path);
}

MappedFile::~MappedFile()
{
  if (data_ != nullptr)
  {
    munmap(data_, bytes_);
  }
}

MappedFile::MappedFile(MappedFile && other) noexcept
  : data_(std::exchange(other.data_, nullptr))
  , bytes_(std::exchange(other.bytes_, 0))
{}

MappedFile &
MappedFile::operator=(MappedFile && other) noexcept
{
  std::swap(data_, other.data_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

} // namespace launched
} // namespace gnr
