// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_FlirtTransform_h
#define gnrapp_FlirtTransform_h

#include "TransformInput.h"

#include <string>

namespace gnrapp
{

/** Whether a file is a matrix as FSL writes it: text that begins with a number. */
bool
IsFlirtFile(const std::string & path);

/** Reads a matrix of FSL's FLIRT, `flirt -ref REFERENCE -in INPUT -omat PATH`: 4 lines of 4 numbers that map points of
 * the input to points of the reference. FSL has its points in mm from the centre of the first voxel, along the axes of
 * the voxels, by the lengths of pixdim; where the orientation of an image has a positive determinant, the first axis
 * runs backwards from the last voxel. Returns the map from points of the reference to points of the input (LPS, mm), as
 * an initial transform of a registration of INPUT to REFERENCE. Throws CommandLineError naming the file. */
TransformType::Pointer
ReadFlirtTransform(const std::string & path, const FslImages & images);

} // namespace gnrapp

#endif
