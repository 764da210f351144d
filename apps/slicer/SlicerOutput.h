// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_SlicerOutput_h
#define gnrapp_SlicerOutput_h

#include "common/io/ImageInput.h"
#include "common/io/OutputFiles.h"
#include "common/run/RegistrationFilter.h"

#include <string>

namespace gnrapp
{

/** Displacement of the whole map x -> T(x + u(x)) on the grid of the fixed image: u itself without an initial transform
 * T. Physical vectors (LPS, mm). */
FieldType::Pointer
MakeTotalDisplacement(RegistrationFilterType * filter);

/** Displacement of its inverse p -> y + w(y), y = T^-1(p): on the grid of the fixed image the inverse displacement w
 * itself without an initial transform, on that of the moving image with one. Throws CommandLineError if T has no
 * inverse. */
FieldType::Pointer
MakeTotalInverseDisplacement(RegistrationFilterType * filter, const std::string & initialTransform);

/** Throws CommandLineError for a name that is neither of a transform file nor of an image. */
void
CheckTransformName(const std::string & path);

/** As an itk::DisplacementFieldTransform (.h5, .tfm, .txt), or as an image of vectors (.nrrd, .nii.gz, .nii, .mha); 3D
 * Slicer reads all of them as a transform. */
void
WriteDisplacementTransform(FieldType * field, const std::string & path, OutputFiles & files, unsigned int threads);

} // namespace gnrapp

#endif
