// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_VtiOutput_h
#define gnrapp_VtiOutput_h

#include "common/io/OutputFiles.h"
#include "view/RegistrationResult.h"

#include <string>

namespace gnrapp
{

/** Writes fixed and warped image, displacement (mm, LPS) and determinant as point data of one VTK image, with the
 * origin, spacing and direction of the fixed image, under a temporary name of `files`. Throws CommandLineError naming
 * the file. */
void
WriteVti(const RegistrationResult & result, const std::string & path, OutputFiles & files);

} // namespace gnrapp

#endif
