// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_InputFile_h
#define gnrapp_InputFile_h

#include <string>
#include <vector>

namespace gnrapp
{

/** Throws CommandLineError if there is no such file, or a folder of that name: readers do not say so clearly.
 * \param what it should be, as in `an image file`
 * \param remedy a sentence without its full stop */
void
CheckInputFile(const std::string & path, const std::string & what, const std::string & remedy);

/** The file, and those that hold its voxels: of a pair .hdr, .img the other one, of .mhd and .nhdr the one that its
 * header names. */
std::vector<std::string>
FilesOf(const std::string & path);

} // namespace gnrapp

#endif
