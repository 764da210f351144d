/*=========================================================================
 *
 *  Copyright NumFOCUS
 *
 *  Licensed under the Apache License, Version 2.0 (the "License");
 *  you may not use this file except in compliance with the License.
 *  You may obtain a copy of the License at
 *
 *         https://www.apache.org/licenses/LICENSE-2.0.txt
 *
 *  Unless required by applicable law or agreed to in writing, software
 *  distributed under the License is distributed on an "AS IS" BASIS,
 *  WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 *  See the License for the specific language governing permissions and
 *  limitations under the License.
 *
 *=========================================================================*/
#ifndef gnrapp_SlabOutput_h
#define gnrapp_SlabOutput_h

#include "ImageInput.h"
#include "Processes.h"

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
