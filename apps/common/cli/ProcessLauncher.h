// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_ProcessLauncher_h
#define gnrapp_ProcessLauncher_h

#include "CommandLineError.h"

#include <optional>
#include <string>

namespace gnrapp
{

/** What the launcher has to know of the run that it starts. */
struct SharedRun
{
  bool               hasCheckpoint = false;
  std::optional<int> requeueExitCode;
};

/** What `--processes N` means: starts this program again, with the same arguments, as N processes that MPI connects,
 * and waits for them. SIGINT, SIGTERM and SIGHUP reach them all, and with a checkpoint SIGUSR1, SIGUSR2 and SIGTERM as
 * what SignalRequests takes them for. Standard error gets one message, theirs if they have one.
 *
 * Nothing is returned where this program shall go on itself: a launcher has started it, or N is 1 or not given.
 *
 * \param program as in `gnr-register`, which begins the messages.
 * \param outputFolder where the results go: if the processes make it and leave it empty, one that was killed could not
 * remove it, and it goes.
 * Throws CommandLineError where no launcher is found, where the processes do not tell why they have failed, or where a
 * launcher has started another number of them. */
std::optional<ExitCode>
RunAsProcesses(const std::string & program,
               std::optional<int>  processes,
               const std::string & outputFolder,
               const SharedRun &   run,
               char *              argv[]);

} // namespace gnrapp

#endif
