// SPDX-License-Identifier: Apache-2.0
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

/** The library of Fourier transforms with version and licence, "FFTW 3.3.10 (GPL)". */
std::string
FftLibrary();

/** "Release", "Debug", ... */
std::string
BuildType();

/** What an exception of ITK says, without its file names, object addresses and line breaks. */
std::string
PlainDescription(const std::string & itkDescription);

} // namespace gnrapp

#endif
