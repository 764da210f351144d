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
#ifndef gnrapp_VtiOutput_h
#define gnrapp_VtiOutput_h

#include "common/OutputFiles.h"
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
