// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_SlabOutput_h
#define gnrapp_SlabOutput_h

#include "ImageInput.h"
#include "common/cli/Processes.h"

#include <string>

namespace gnrapp
{

/** Writes an image of which each process has a slab of planes into one file, one process after the other: MetaImage
 * without compression, which ITK can write in parts. Collective. `temporary` is the name under which it is written, the
 * same for all; `path` the one that messages name. Throws CommandLineError. Instantiated for float images and fields of
 * float vectors. */
template <typename TImage>
void
WriteSlabs(const TImage * image, const std::string & temporary, const std::string & path, Processes & processes);

} // namespace gnrapp

#endif
