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
#ifndef gnrapp_NiftiOrientation_h
#define gnrapp_NiftiOrientation_h

#include "itkNiftiFileHeader.h"

#include <string>

namespace gnrapp
{

/** A NIfTI header can say twice where the voxels lie, as qform and as sform, and how long they are, as pixdim and as
 * sform; programs differ in which one they take. Returns a sentence that says how far apart the two put the corners of
 * the image and which one was taken (itk::GeometryOf()), or nothing if they agree to a tenth of a voxel. */
std::string
DescribeOrientationConflict(const itk::NiftiFileHeader & header);

} // namespace gnrapp

#endif
