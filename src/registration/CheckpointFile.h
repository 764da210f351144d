// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_registration_CheckpointFile_h
#define gnr_registration_CheckpointFile_h

#include "gnr/Checkpoint.h"

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <string>

namespace gnr
{

/** FNV-1a, 64 bits: the same for the same bytes, however they are cut into pieces. Finds what was damaged by chance,
 * not what somebody has forged. */
class Digest
{
public:
  void
  add(const void * data, std::size_t bytes);

  std::uint64_t
  value() const
  {
    return value_;
  }
  /** 16 hexadecimal digits. */
  std::string
  text() const;

private:
  std::uint64_t value_ = 0xcbf29ce484222325ULL;
};

/** Writes a checkpoint beside its place, with a checksum at its end, and puts it there when it is complete and on the
 * disk. The first error counts; what is written after it goes nowhere. */
class CheckpointWriter
{
public:
  explicit CheckpointWriter(const CheckpointFiles & files);
  /** Removes what was not put in place. */
  ~CheckpointWriter();
  CheckpointWriter(const CheckpointWriter &) = delete;
  CheckpointWriter &
  operator=(const CheckpointWriter &) = delete;

  void
  write(const void * data, std::size_t bytes);

  /** \param keepsPrevious the last file is of no use, and shall not take the place of the one before.
   * Returns what went wrong, in words of the system; empty: nothing. */
  std::string
  commit(bool keepsPrevious);

private:
  void
  writeAll(const void * data, std::size_t bytes);

  const CheckpointFiles & files_;
  int                     file_ = -1;
  int                     error_ = 0; ///< errno
  Digest                  digest_;
};

/** Reads one that is complete, as its checksum says. */
class CheckpointReader
{
public:
  enum class State
  {
    Missing,
    Damaged,
    Unreadable, ///< the system does not let us
    Good
  };

  /** Reads all of it, for the checksum. */
  explicit CheckpointReader(const std::string & path);

  State
  state() const
  {
    return state_;
  }
  /** The next bytes. Throws Error(BadInput) where there are not so many. */
  void
  read(void * data, std::size_t bytes);
  /** Up to, and with, a line; empty if there is none such near the beginning. */
  std::string
  readUntil(const std::string & line);

private:
  bool
  isComplete();

  std::string   path_;
  std::ifstream stream_;
  State         state_ = State::Missing;
};

} // namespace gnr

#endif
