// SPDX-License-Identifier: Apache-2.0
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
