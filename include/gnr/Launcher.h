// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_Launcher_h
#define gnr_Launcher_h

#include "GaussNewtonRegistrationExport.h"

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace gnr
{

/** What a launcher (mpirun, mpiexec, srun) shall start. */
struct Launch
{
  int processes = 1;
  /** The program and its arguments; with a slash in its name, or found on PATH. */
  std::vector<std::string> command;
  /** Set for the processes, beside what this one has. */
  std::vector<std::pair<std::string, std::string>> environment;
  /** Through pipes, which input() and output() give; else nothing comes in, and what the processes print goes where
   * this one's standard output goes. */
  bool pipes = false;
};

/** How the processes have ended. */
struct LaunchEnd
{
  int         exitCode = 0; ///< of the first one that failed; 0: none did
  int         signal = 0;   ///< that has ended one; 0: none has
  std::string complaints; ///< of the launcher itself; they are worth reading only where no process tells what happened
};

/** Starts a program as several processes of MPI, so that the user need not call mpirun.
 *
 * The launcher is the one that the environment variable GNR_MPIEXEC names (it may hold options, separated by blanks),
 * else the one that this was built with, else mpirun, mpiexec or srun, whichever PATH has first. More processes than
 * processors are allowed, root is (containers have no other user), no process is bound to a processor (its threads
 * would be, too), and what another launcher or MPI library has put into the environment is taken out. */
class GaussNewtonRegistration_EXPORT Launcher
{
public:
  /** Starts them. Throws Error(BadInput) where there is no launcher, and says what to install; Error(OutOfResources)
   * where the system refuses. */
  explicit Launcher(const Launch & launch);
  /** Ends what still runs. */
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

  /** What the processes print on standard error: line by line, without what is of the launcher. */
  using LineCallback = std::function<void(const std::string & line)>;

  /** Standard input of rank 0, and the standard output of all; -1 without pipes. Closing the first is its end of file;
   * both are closed by the destructor. */
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

  /** A signal to the launcher, which tells the processes, and ends after a second those that do not end by
   * themselves. May be called in a signal handler. */
  void
  signal(int number) const;

  /** Until all have ended. */
  LaunchEnd
  wait(const LineCallback & onErrorLine);

private:
  void
  takeErrors(const LineCallback & onErrorLine, bool atEnd);

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
