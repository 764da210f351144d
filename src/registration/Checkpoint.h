// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_registration_Checkpoint_h
#define gnr_registration_Checkpoint_h

#include "registration/CheckpointFile.h"
#include "registration/InputImages.h"
#include "registration/SolveState.h"

#include "gnr/Checkpoint.h"
#include "gnr/Communicator.h"
#include "gnr/Options.h"

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gnr
{

/** What a solve must have in common with another to go on from it: the options that its result depends on, and the
 * images. */
struct SolveIdentity
{
  std::string version;
  Grid        grid;
  Options     options; ///< without those that may differ
  /** Name and digest of each image, and of the landmarks; 0: there is none. */
  std::vector<std::pair<std::string, std::uint64_t>> images;

  /** What differs, in words; nothing: they are of one problem. */
  std::optional<std::string>
  differenceTo(const SolveIdentity & now) const;
};

/** The checkpoints of one registration: looks for one to go on from, and writes them. [Jeon et al., USENIX ATC 2019:
 * most failures of long jobs come from outside, and a restart must not depend on the allocation.]
 *
 * A file has a header in JSON, for people; then what solvers read: the identity, the state and the planes of its fields
 * in the order of the grid, and a checksum. */
class Checkpoint
{
public:
  /** Options::checkpoint is set, and the images are there. Throws Error(BadInput) where the folder is missing or cannot
   * be written. Collective. */
  Checkpoint(const Options & options, const InputImages & input, Communicator & communicator);

  /** Looks for a checkpoint. Throws Error(BadInput) where it is of something else, or all that there is is damaged.
   * Collective. */
  bool
  find();
  /** What find() has found: the state follows. */
  ByteSource
  source();
  /** What the user should know of that. */
  const std::vector<std::string> &
  notes() const
  {
    return notes_;
  }

  /** Whether the interval is over. Collective. \param seconds of this process since its start */
  bool
  isDue(double seconds) const;
  /** Writes one. \param levels of the pyramid. Returns what the user should know if that fails, the first time.
   * Collective. */
  std::optional<std::string>
  write(SolveState & state, int levels, Kernels & kernels, double seconds);
  /** Whether the last write() has succeeded. */
  bool
  isWritten() const
  {
    return isWritten_;
  }
  const std::string &
  file() const
  {
    return files_.last;
  }

private:
  void
  checkFolder() const;
  /** Whether a file is complete; it is then open, behind its identity. Throws where it is of something else. */
  bool
  open(const std::string & path);
  std::string
  headerOf(const SolveState & state, int levels) const;

  CheckpointFiles                   files_;
  double                            interval_;
  Communicator &                    communicator_;
  SolveIdentity                     identity_;
  std::unique_ptr<CheckpointReader> reader_; ///< of the first process
  std::vector<std::string>          notes_;
  bool                              isLastDamaged_ = false;
  bool                              isWritten_ = false;
  bool                              hasFailed_ = false;
  double                            lastSeconds_ = 0.0; ///< of the last one that was written, or tried
};

} // namespace gnr

#endif
