// SPDX-License-Identifier: Apache-2.0
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
