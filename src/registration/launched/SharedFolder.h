// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_registration_launched_SharedFolder_h
#define gnr_registration_launched_SharedFolder_h

#include <array>
#include <cstddef>
#include <string>

namespace gnr
{
namespace launched
{

/** The files by which the host and the first worker share images. */
enum class SharedFile
{
  Job,
  Socket,
  Fixed,
  Moving,
  FixedWeight,
  MovingWeight,
  Incompressibility,
  Velocity,
  Result,
  Lock ///< that the host holds; the last, so that it is removed last
};
constexpr std::size_t numberOfSharedFiles = 10;

/** A folder that nobody else may enter. The host makes and removes it; the worker removes it if the host is no more. */
class SharedFolder
{
public:
  /** Makes one in /dev/shm if that has room for `bytes`, else in TMPDIR (/tmp). Removes those that hosts which were
   * killed have left. Throws Error(OutOfResources) where there is no room. */
  explicit SharedFolder(std::size_t bytes);
  /** That of the host. */
  explicit SharedFolder(const std::string & path);
  ~SharedFolder();
  SharedFolder(const SharedFolder &) = delete;
  SharedFolder &
  operator=(const SharedFolder &) = delete;

  const std::string &
  path() const
  {
    return path_;
  }
  const std::string &
  pathOf(SharedFile file) const
  {
    return files_[static_cast<std::size_t>(file)];
  }

  /** Frees the memory, or the room on the disk, of a file as soon as nobody has mapped it any more. */
  void
  remove(SharedFile file) const;

  /** Everything; may be called in a signal handler. */
  void
  removeAll() const;

private:
  void
  nameFiles();

  std::string                                  path_;
  std::array<std::string, numberOfSharedFiles> files_;
  bool                                         isOwner_;
  int                                          lock_ = -1;
};

/** A file in memory. */
class MappedFile
{
public:
  MappedFile() = default;
  /** A new file of zeros, to be written. Throws Error(OutOfResources) where there is no room. */
  static MappedFile
  create(const std::string & path, std::size_t bytes);
  /** To be read. Throws Error if it has not so many bytes. */
  static MappedFile
  open(const std::string & path, std::size_t bytes);
  ~MappedFile();
  MappedFile(MappedFile && other) noexcept;
  MappedFile &
  operator=(MappedFile && other) noexcept;

  float *
  data() const
  {
    return static_cast<float *>(data_);
  }
  std::size_t
  bytes() const
  {
    return bytes_;
  }

private:
  static MappedFile
  map(int descriptor, std::size_t bytes, int protection, const std::string & path);

  void *      data_ = nullptr;
  std::size_t bytes_ = 0;
};

} // namespace launched
} // namespace gnr

#endif
