// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_FailureTable_h
#define gnrapp_FailureTable_h

#include "CommandLineError.h"

#include <string>
#include <vector>

namespace gnrapp
{

/** Kinds of errors by what to do about them. */
enum class FailureClass
{
  Input,         ///< files, options, and what they say
  Resources,     ///< memory, threads, disk, devices
  Communication, ///< between processes
  Numerics,      ///< the solve
  Interruption   ///< from outside
};

/** One kind of error of the programs. */
struct Failure
{
  FailureClass kind;
  std::string  message; ///< the words by which it is known, as they are printed
  std::string  exitCode;
  std::string  cause;
  std::string  remedy;
  std::string  retry; ///< whether the same command may succeed later
};

/** What can go wrong, class by class. */
const std::vector<Failure> &
FailureTable();

/** The table as a section of a page, in Markdown. */
std::string
FailurePage();

} // namespace gnrapp

#endif
