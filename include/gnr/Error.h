// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_Error_h
#define gnr_Error_h

#include "GaussNewtonRegistrationExport.h"

#include <stdexcept>
#include <string>

namespace gnr
{

/** Why a registration could not be carried out; decides the exit code of the command line (design: 2, 3, 4). */
enum class ErrorKind
{
  BadInput,         ///< the images or options cannot be used as they are
  OutOfResources,   ///< memory could not be had
  NumericalFailure, ///< the solve produced something that is not a number
  Aborted           ///< the observer asked for an abort; no result
};

/** Every error that leaves the core. The message says what is wrong and what to do. */
class GaussNewtonRegistration_EXPORT Error : public std::runtime_error
{
public:
  Error(ErrorKind kind, const std::string & message)
    : std::runtime_error(message)
    , kind_(kind)
  {}

  ErrorKind
  kind() const
  {
    return kind_;
  }

private:
  ErrorKind kind_;
};

} // namespace gnr

#endif
