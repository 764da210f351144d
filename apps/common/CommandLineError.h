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
