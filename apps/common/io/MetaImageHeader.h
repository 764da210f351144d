// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_MetaImageHeader_h
#define gnrapp_MetaImageHeader_h

#include <string>

namespace gnrapp
{

/** Refuses a MetaImage (.mha, .mhd) whose header is damaged, or promises voxels that are not there, before its library
 * reads it: that takes data file names for formats, and allocates what it is told. Throws CommandLineError naming the
 * file.
 * \returns the file that holds the voxels */
std::string
CheckMetaImageHeader(const std::string & path);

} // namespace gnrapp

#endif
