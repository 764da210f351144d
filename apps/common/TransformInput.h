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
#ifndef gnrapp_TransformInput_h
#define gnrapp_TransformInput_h

#include "itkTransform.h"

#include <string>

namespace gnrapp
{

using TransformType = itk::Transform<double, 3, 3>;

/** Reads an ITK transform file (.tfm, .txt, .mat, .h5), or a displacement field (.nii, .nii.gz, .nrrd, .mha, .mhd) as a
 * DisplacementFieldTransform. Several transforms are composed as itk::CompositeTransform does
 * in the order of the file: the last one is applied to a point first. Throws CommandLineError naming the file. */
TransformType::Pointer
ReadTransform(const std::string & path);

/** The transform, or an AffineTransform of the same map if it is linear and of a class that no reader of transform
 * files knows by name: MatrixOffsetTransformBase, as ANTs and c3d write it, or Rigid3DTransform, the inverse of rigid
 * ones. */
TransformType::Pointer
WithKnownClass(TransformType * transform);

} // namespace gnrapp

#endif
