// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_TransformFileCheck_h
#define gnrapp_TransformFileCheck_h

#include <string>

namespace gnrapp
{

/** Refuses a file of ITK transforms (.tfm, .txt, .mat, .h5) that is damaged, before a library parses it: names that are
 * none, numbers that are not finite or too few for a grid, sizes beyond the file. Throws CommandLineError naming the
 * file and what is wrong. */
void
CheckTransformFile(const std::string & path);

} // namespace gnrapp

#endif
