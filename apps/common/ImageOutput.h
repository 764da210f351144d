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
#ifndef gnrapp_ImageOutput_h
#define gnrapp_ImageOutput_h

#include "ImageInput.h"
#include "OutputFiles.h"

#include <string>

namespace gnrapp
{

/** Throws CommandLineError unless `path` ends in a format that is written as one file: .nii, .nii.gz, .nrrd or .mha. */
void
CheckImageName(const std::string & path);

/** Writes an image under a temporary name of `files`. Formats other than .nii are compressed, .nii.gz with `threads`
 * threads. Throws CommandLineError naming the file. Instantiated for all scalar pixel types of ITK, and for fields of
 * float vectors. */
template <typename TImage>
void
WriteImage(const TImage * image, const std::string & path, OutputFiles & files, unsigned int threads);

/** Writes a displacement field (vectors in LPS) as the NIfTI standard has it: five axes, intent 1006 (DISPVECT),
 * vectors in RAS. */
void
WriteDispvect(const FieldType * field, const std::string & path, OutputFiles & files, unsigned int threads);

} // namespace gnrapp

#endif
