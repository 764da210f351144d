// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_parallel_ScratchFolder_h
#define gnr_parallel_ScratchFolder_h

#include <optional>
#include <string>

namespace gnr
{

/** A folder that nobody else may enter, for what an MPI library leaves when its processes are killed: it goes with this
 * object, or, where this process is killed as well, with the next one of the same user. */
class ScratchFolder
{
public:
  /** Nothing where `parent` cannot be written. Removes those in it whose process is gone: their lock is free, also in
   * another container that shares the folder, where numbers of processes say nothing. */
  static std::optional<ScratchFolder>
  makeIn(const std::string & parent);
  ~ScratchFolder();
  ScratchFolder(ScratchFolder && other) noexcept;
  ScratchFolder &
  operator=(ScratchFolder && other) noexcept;

  const std::string &
  path() const
  {
    return path_;
  }

private:
  ScratchFolder() = default;

  std::string path_; ///< empty: moved from
  int         lock_ = -1;
};

} // namespace gnr

#endif
