// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_Observer_h
#define gnr_Observer_h

#include "gnr/Report.h"

#include "GaussNewtonRegistrationExport.h"

#include <string>

namespace gnr
{

/** What has happened in a run. */
struct Event
{
  enum class Kind
  {
    Level,     ///< a solve begins: `level` holds its number, grid and beta
    Iteration, ///< a Newton step is done: `iteration`
    Progress,  ///< `progress`: share of the work done, 0 ... 1, never falling
    Message,   ///< `message`: a warning or a fallback that the user should see
    InputsRead ///< the images, the weights and the initial velocity have been copied: the caller's may go
  };
  Kind            kind = Kind::Progress;
  LevelRecord     level;
  IterationRecord iteration;
  double          progress = 0.0;
  std::string     message;
};

/** What an observer wants next. */
enum class Request
{
  Continue,
  Save, ///< write a checkpoint, if Options::checkpoint is set, and go on; to be asked for once
  Stop, ///< end the solve, keep the result so far; a checkpoint is written, too
  Abort ///< end the solve, throw Error(Aborted)
};

/** Told of all that happens; asked, also inside Krylov iterations, whether to go on. Both on the thread of the run. */
class GaussNewtonRegistration_EXPORT Observer
{
public:
  virtual ~Observer() = default;
  virtual void
  onEvent(const Event &)
  {}
  virtual Request
  poll()
  {
    return Request::Continue;
  }
};

} // namespace gnr

#endif
