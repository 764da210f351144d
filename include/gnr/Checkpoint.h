// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_Checkpoint_h
#define gnr_Checkpoint_h

#include "GaussNewtonRegistrationExport.h"

#include <string>

namespace gnr
{

/** The files of Options::checkpoint (doc/parallel.md#checkpoints): a saved solve, and the one before, which counts
 * where the last is damaged. A registration leaves them when it ends, because its results are not in files yet. */
struct GaussNewtonRegistration_EXPORT CheckpointFiles
{
  /** \param prefix Options::checkpoint */
  explicit CheckpointFiles(const std::string & prefix);

  std::string last;
  std::string previous;
  std::string unfinished; ///< while one is written

  /** Whether there is something to go on from. */
  bool
  exist() const;
  /** When the results are safe. */
  void
  remove() const;
};

} // namespace gnr

#endif
