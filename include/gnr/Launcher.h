// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_Launcher_h
#define gnr_Launcher_h

#include "GaussNewtonRegistrationExport.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace gnr
{

/** What a launcher (mpirun, mpiexec, srun) is to start. */
struct Launch
{
  int processes = 1;
  /** The program and its arguments. A name without a slash is looked up on PATH. */
  std::vector<std::string> command;
  /** Variables to set for the processes, in addition to this process's own environment. */
  std::vector<std::pair<std::string, std::string>> environment;
  /** Connect standard input and output by pipes, see input() and output(). Otherwise the processes read nothing, and
   * print to this process's standard output. */
  bool pipes = false;
};

class ScratchFolder; // src/parallel

/** How the processes ended. */
struct LaunchEnd
{
  int         exitCode = 0; ///< of the first process that failed; 0 if none did
  int         signal = 0;   ///< that ended a process; 0 if none did
  std::string complaints;   ///< of the launcher itself; worth reading only if no process says what happened
};

/** Starts a program as several MPI processes; the user does not have to call mpirun.
 *
 * The launcher is the one named by the environment variable GNR_MPIEXEC (which may hold options, separated by blanks).
 * If it is not set, it is the launcher this library was built with, else the first of mpirun, mpiexec and srun on PATH.
 * More processes than processors and running as root (the only user in many containers) are allowed. No process is
 * bound to a processor, because its threads would be bound as well. Variables that another launcher or MPI library left
 * in the environment are removed. On one machine Open MPI keeps its files in folders of this object, which the next
 * Launcher of the same user removes if all were killed. */
class GaussNewtonRegistration_EXPORT Launcher
{
public:
  /** Starts the processes. Throws Error(BadInput), saying what to install, if there is no launcher, and
   * Error(OutOfResources) if the system refuses. */
  explicit Launcher(const Launch & launch);
  /** Ends the processes that still run. */
  ~Launcher();
  Launcher(const Launcher &) = delete;
  Launcher &
  operator=(const Launcher &) = delete;

  /** The command that was started, for messages. */
  const std::string &
  command() const
  {
    return command_;
  }

  /** Receives what the processes print to standard error, line by line, without the launcher's own messages. */
  using LineCallback = std::function<void(const std::string & line)>;

  /** File descriptors of the standard input of rank 0 and of the standard output of all ranks; -1 without pipes.
   * Closing the first is its end of file. The destructor closes both. */
  int
  input() const
  {
    return input_;
  }
  int
  output() const
  {
    return output_;
  }
  void
  closeInput();

  /** Sends a signal to the launcher, which passes it on and, after a second, ends the processes that have not ended by
   * themselves. May be called in a signal handler. */
  void
  signal(int number) const;

  /** Waits until all processes have ended. */
  LaunchEnd
  wait(const LineCallback & onErrorLine);

private:
  void
  takeErrors(const LineCallback & onErrorLine, bool atEnd);

  std::vector<std::unique_ptr<ScratchFolder>> scratch_; ///< of the MPI library; goes last

  std::string command_;
  int         pid_ = -1;
  int         input_ = -1;
  int         output_ = -1;
  int         errors_ = -1;
  std::string unfinishedLine_;
  std::string complaints_;
  bool        inBlock_ = false;
};

} // namespace gnr

#endif
