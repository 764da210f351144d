/*=========================================================================
 *
 *  Copyright NumFOCUS
 *
 *  Licensed under the Apache License, Version 2.0 (the "License");
 *  you may not use this file except in compliance with the License.
 *  You may obtain a copy of the License at
 *
 *         https://www.apache.org/licenses/LICENSE-2.0.txt
 *
 *  Unless required by applicable law or agreed to in writing, software
 *  distributed under the License is distributed on an "AS IS" BASIS,
 *  WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 *  See the License for the specific language governing permissions and
 *  limitations under the License.
 *
 *=========================================================================*/
#ifndef gnrapp_ProcessLauncher_h
#define gnrapp_ProcessLauncher_h

#include "CommandLineError.h"

#include <optional>
#include <string>

namespace gnrapp
{

/** What `--processes N` means: starts this program again, with the same arguments, as N processes that MPI connects,
 * and waits for them. SIGINT, SIGTERM and SIGHUP reach them all. Standard error gets one message, theirs if they have
 * one.
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
               char *              argv[]);

} // namespace gnrapp

#endif
