// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_NiftiIntent_h
#define gnrapp_NiftiIntent_h

#include <string>

namespace gnrapp
{

/** What the voxels of a NIfTI file mean. */
enum class NiftiIntent : int
{
  DisplacementVector = 1006, ///< vectors in RAS, as the standard has it
  Vector = 1007              ///< ITK writes its vectors under this code as they are, in LPS
};

/** Changes the code in the header of an uncompressed NIfTI file. Throws CommandLineError naming the file. */
void
SetNiftiIntent(const std::string & path, NiftiIntent intent);

} // namespace gnrapp

#endif
