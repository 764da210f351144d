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
#ifndef gnrapp_SlicerOutput_h
#define gnrapp_SlicerOutput_h

#include "common/ImageInput.h"
#include "common/OutputFiles.h"
#include "common/RegistrationFilter.h"

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
