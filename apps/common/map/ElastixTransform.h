// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_ElastixTransform_h
#define gnrapp_ElastixTransform_h

#include "TransformInput.h"

#include <string>
#include <vector>

namespace gnrapp
{

/** Whether a text file is a parameter file of elastix: its first word is in parentheses. */
bool
IsElastixFile(const std::string & path);

/** Reads a transform parameter file of elastix (TransformParameters.0.txt) with the initial transforms that it names:
 * translations, Euler, similarity and affine transforms, and cubic B-splines, composed. They map fixed to moving points
 * in LPS, mm, as ITK's do. Throws CommandLineError naming the file and the parameter. */
TransformType::Pointer
ReadElastixTransform(const std::string & path);

/** The file, and those of the initial transforms that it names one after the other, as far as they are there. */
std::vector<std::string>
ElastixFilesOf(const std::string & path);

} // namespace gnrapp

#endif
