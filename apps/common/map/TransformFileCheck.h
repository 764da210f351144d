// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_TransformFileCheck_h
#define gnrapp_TransformFileCheck_h

#include <string>

#include "itkTransform.h"

namespace gnrapp
{

/** Refuses a file of ITK transforms (.tfm, .txt, .mat, .h5) that is damaged, before a library parses it: names that are
 * none, numbers that are not finite or too few for a grid, sizes beyond the file. Throws CommandLineError naming the
 * file and what is wrong. */
void
CheckTransformFile(const std::string & path);

/** Numbers of a transform, mm or cosines, have no larger amount: matrices of such numbers lead libraries astray. */
constexpr double largestOfTransform = 1e9;

/** The same for a transform that a library has read, by its numbers. */
void
CheckTransformNumbers(const std::string & path, const itk::TransformBaseTemplate<double> * transform);

} // namespace gnrapp

#endif
