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
#ifndef gnrapp_Program_h
#define gnrapp_Program_h

#include "CommandLineError.h"

#include <functional>
#include <string>

namespace gnrapp
{

/** Runs the body of a program: registers the image and transform formats, sends ITK's warnings to standard output, and
 * turns every exception into one line `<program>: error: <message>` on standard error and an exit code. */
int
RunProgram(const std::string & program, const std::function<ExitCode()> & body);

/** Starts the program anew with OMP_WAIT_POLICY=passive unless the user has set that variable: by default the OpenMP
 * threads of libgomp wait by spinning, which on a busy machine multiplies the processor time (measured: 3.4 times with
 * four programs a core). The variable is read when libgomp is loaded, before main(). Elsewhere than on Linux nothing
 * happens. To be called first in main(). */
void
LetThreadsSleep(char * argv[]);

/** The text of `--version`. */
std::string
VersionText(const std::string & program);

/** Version of this software, "x.y.z". */
std::string
SoftwareVersion();

/** Version of ITK, "x.y.z". */
std::string
ItkVersion();

/** "Release", "Debug", ... */
std::string
BuildType();

/** What an exception of ITK says, without its file names, object addresses and line breaks. */
std::string
PlainDescription(const std::string & itkDescription);

} // namespace gnrapp

#endif
