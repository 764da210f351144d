// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_ChildProgram_h
#define gnrapp_ChildProgram_h

#include <string>
#include <vector>

namespace gnrapp
{

/** The program of that name in the folder of this one; where the system does not tell, the name, for the PATH. */
std::string
ProgramBeside(const std::string & name);

/** How a program has ended. */
struct ChildEnd
{
  int         exitCode = 0;
  int         signal = 0; ///< that ended it; 0: none
  std::string errors;     ///< what it has printed on standard error
};

/** Runs a program to its end, without input and without what it prints. One at a time. Throws CommandLineError where it
 * cannot be started. */
ChildEnd
RunChild(const std::vector<std::string> & arguments);

/** Sends a signal to the program that runs, if there is one; may be called in a signal handler. */
extern "C" void
ForwardToChild(int signalNumber);

} // namespace gnrapp

#endif
