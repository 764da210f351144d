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
#ifndef gnrapp_NiftiCheck_h
#define gnrapp_NiftiCheck_h

#include <string>

namespace gnrapp
{

/** Refuses a single-file NIfTI image (.nii, .nii.gz) that is truncated or damaged, or that holds NaN or infinite
 * values.
 *
 * The reader of ITK does not say so: it fills the missing part with zeros, ignores the check sum, and replaces values
 * that are not finite by zeros. Throws CommandLineError naming the file; a file with another header is left to the
 * reader. */
void
CheckNiftiFile(const std::string & path);

} // namespace gnrapp

#endif
