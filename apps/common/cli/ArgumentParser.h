// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_ArgumentParser_h
#define gnrapp_ArgumentParser_h

#include <CLI/CLI.hpp>

#include <limits>
#include <string>
#include <vector>

namespace gnrapp
{

/** CLI11 with the habits of these programs: `--help` that fits into 96 columns and shows every default, `--version`,
 * and errors as CommandLineError. */
class ArgumentParser : public CLI::App
{
public:
  /** \param footer examples and explanations below the options of `--help` */
  ArgumentParser(const std::string & program, const std::string & description, const std::string & footer);

  /** False if `--help` or `--version` was asked for and has been answered. Throws CommandLineError for whatever cannot
   * be understood, unknown options first. `required` are names of options and positional arguments that must be given.
   */
  bool
  Parse(int argc, const char * const * argv, const std::vector<std::string> & required);

  /** The same for arguments that are required because of others; after Parse(). */
  void
  Require(const std::vector<std::string> & names);

private:
  std::string
  SeeHelp() const;
};

/** Adds what `--help` shows: group, placeholder of the value, default (may be empty). */
CLI::Option *
Describe(CLI::Option *       option,
         const std::string & group,
         const std::string & placeholder,
         const std::string & defaultText);

/** A whole number from `minimum` to `maximum`, which is not named if it is the largest `int`. */
CLI::Validator
WholeNumber(int minimum, int maximum = std::numeric_limits<int>::max());

/** The number of threads: more than a machine can have makes the OpenMP library end the program. */
CLI::Validator
ThreadCount();

/** One of a few words. */
CLI::Validator
OneOf(const std::vector<std::string> & words);

/** Shortest text of a number, e.g. "0.002", "50". */
std::string
NumberText(double value);

} // namespace gnrapp

#endif
