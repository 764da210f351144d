// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_CommandLineError_h
#define gnrapp_CommandLineError_h

#include <stdexcept>
#include <string>

/** What gnr-register and gnr-apply share. */
namespace gnrapp
{

/** Exit codes of the command line tools (doc/command-line.md). */
enum class ExitCode : int
{
  Success = 0,
  BadInput = 2, ///< usage, or data that cannot be used
  OutOfResources = 3,
  NumericalFailure = 4,
  TimeLimit = 5 ///< a result was written
};

/** An error that ends the program: `<file or option>: <what>. <remedy>`, and the exit code. */
class CommandLineError : public std::runtime_error
{
public:
  explicit CommandLineError(const std::string & message, ExitCode exitCode = ExitCode::BadInput)
    : std::runtime_error(message)
    , m_ExitCode(exitCode)
  {}

  ExitCode
  GetExitCode() const
  {
    return m_ExitCode;
  }

private:
  ExitCode m_ExitCode;
};

} // namespace gnrapp

#endif
