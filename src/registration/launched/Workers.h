// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_registration_launched_Workers_h
#define gnr_registration_launched_Workers_h

#include "registration/launched/Channel.h"
#include "registration/launched/Job.h"
#include "registration/launched/SharedFolder.h"

#include "gnr/Launcher.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace gnr
{
namespace launched
{

/** The processes of one job as the host sees them. */
class Workers
{
public:
  /** \param bytes of the largest set of files that are in `folder` at a time. Throws Error(OutOfResources). */
  Workers(const Job & job, std::size_t bytes);
  /** Ends them, and removes all files. */
  ~Workers();
  Workers(const Workers &) = delete;
  Workers &
  operator=(const Workers &) = delete;

  const SharedFolder &
  folder() const
  {
    return folder_;
  }

  /** Starts them when the files of the inputs are there. Throws Error where they do not come up. */
  void
  start();

  /** Says something, and waits for the answer.
   *
   * \param onFrame is called for every other frame that comes before, and with null every few milliseconds.
   * Throws the Error of the workers if they fail, Error(OutOfResources) if they end before they have answered, or are
   * silent. */
  Frame
  ask(const Frame & question, Word answer, const std::function<void(const Frame *)> & onFrame);

  void
  tell(const Frame & frame);

  /** Ends them without waiting for what they do. */
  void
  kill();

private:
  Frame
  waitFor(Word answer, const std::function<void(const Frame *)> & onFrame);
  [[noreturn]] void
  failed(const Frame & frame);
  [[noreturn]] void
  ended();
  /** The first worker has not been heard of for too long. */
  [[noreturn]] void
  silent();
  bool
  hasEnded(int milliseconds) const;
  /** Closes the connection, and waits until the processes have ended. */
  LaunchEnd
  finish(std::string & lines);

  Job                       job_;
  SharedFolder              folder_;
  Channel                   listener_;
  Channel                   channel_;
  std::unique_ptr<Launcher> launcher_;
  std::optional<double>     limit_ = silenceLimit(); ///< in seconds
};

} // namespace launched
} // namespace gnr

#endif
