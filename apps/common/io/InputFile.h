// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_InputFile_h
#define gnrapp_InputFile_h

#include <cstddef>
#include <string>
#include <vector>

namespace gnrapp
{

/** Throws CommandLineError if there is no such file, or a folder of that name: readers do not say so clearly.
 * \param what it should be, as in `an image file`
 * \param remedy a sentence without its full stop */
void
CheckInputFile(const std::string & path, const std::string & what, const std::string & remedy);

/** The same for a file that is read more than once: no pipe and no device. */
void
CheckRegularFile(const std::string & path, const std::string & what, const std::string & remedy);

/** Whether there is a file of this name; none has a name that the system cannot have. */
bool
IsRegularFile(const std::string & path);

/** The first bytes, or all of a shorter file. Throws CommandLineError if it cannot be opened. */
std::string
ReadFileHead(const std::string & path, std::size_t bytes);

} // namespace gnrapp

#endif
