// SPDX-License-Identifier: Apache-2.0
#include "parallel/ScratchFolder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

namespace gnr
{
namespace
{

// Name of a folder: prefix, process, a dash, what mkdtemp() makes of it.
constexpr const char * prefix = "gnr-mpi-";

std::string
lockOf(const std::string & folder)
{
  return folder + "/lock";
}

void
removeLeftovers(const std::string & parent)
{
  std::error_code none;
  for (std::filesystem::directory_iterator entry(parent, none), end; !none && entry != end; entry.increment(none))
  {
    const std::string path = entry->path().string();
    struct stat       status{};
    if (entry->path().filename().string().rfind(prefix, 0) != 0 || lstat(path.c_str(), &status) != 0 ||
        !S_ISDIR(status.st_mode) || status.st_uid != geteuid())
    {
      continue;
    }
    const int lock = open(lockOf(path).c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (lock >= 0) // otherwise it is being made, or removed
    {
      if (flock(lock, LOCK_EX | LOCK_NB) == 0)
      {
        std::error_code ignored;
        std::filesystem::remove_all(path, ignored);
      }
      close(lock);
    }
  }
}

} // namespace

std::optional<ScratchFolder>
ScratchFolder::makeIn(const std::string & parent)
{
  if (access(parent.c_str(), W_OK | X_OK) != 0)
  {
    return std::nullopt;
  }
  removeLeftovers(parent);
  ScratchFolder folder;
  std::string   path = parent + "/" + prefix + std::to_string(getpid()) + "-XXXXXX";
  if (mkdtemp(path.data()) == nullptr)
  {
    return std::nullopt;
  }
  folder.path_ = path;
  folder.lock_ = open(lockOf(path).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (folder.lock_ < 0 || flock(folder.lock_, LOCK_EX | LOCK_NB) != 0)
  {
    return std::nullopt;
  }
  return folder;
}

ScratchFolder::~ScratchFolder()
{
  if (!path_.empty())
  {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  if (lock_ >= 0)
  {
    close(lock_);
  }
}

ScratchFolder::ScratchFolder(ScratchFolder && other) noexcept
  : path_(std::exchange(other.path_, std::string()))
  , lock_(std::exchange(other.lock_, -1))
{}

ScratchFolder &
ScratchFolder::operator=(ScratchFolder && other) noexcept
{
  std::swap(path_, other.path_);
  std::swap(lock_, other.lock_);
  return *this;
}

} // namespace gnr
