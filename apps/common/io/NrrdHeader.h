// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_NrrdHeader_h
#define gnrapp_NrrdHeader_h

#include <string>

namespace gnrapp
{

/** Refuses an NRRD file (.nrrd, .nhdr) whose header is damaged, or promises voxels that are not there, before its
 * library reads it: that copies words into buffers of fixed size, and allocates what it is told. Throws
 * CommandLineError naming the file.
 * \returns the file that holds the voxels */
std::string
CheckNrrdHeader(const std::string & path);

} // namespace gnrapp

#endif
