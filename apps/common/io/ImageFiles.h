// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_ImageFiles_h
#define gnrapp_ImageFiles_h

#include <string>
#include <vector>

namespace gnrapp
{

/** Whether a name ends as that of an image that can be read. */
bool
IsImageName(const std::string & path);

/** Checks the header of an image; no library may see it before. Throws CommandLineError naming the file and the
 * remedy. */
void
CheckImageHeader(const std::string & path);

/** The file, and those that hold its voxels: of a pair .hdr, .img the other one, of .mhd and .nhdr the one that its
 * header names. Throws CommandLineError if that header is damaged. */
std::vector<std::string>
FilesOf(const std::string & path);

} // namespace gnrapp

#endif
