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
#ifndef gnrapp_NiftiIntent_h
#define gnrapp_NiftiIntent_h

#include <string>

namespace gnrapp
{

/** What the voxels of a NIfTI file mean. */
enum class NiftiIntent : int
{
  DisplacementVector = 1006, ///< vectors in RAS, as the standard has it
  Vector = 1007              ///< ITK writes its vectors under this code as they are, in LPS
};

/** Changes the code in the header of an uncompressed NIfTI file. Throws CommandLineError naming the file. */
void
SetNiftiIntent(const std::string & path, NiftiIntent intent);

} // namespace gnrapp

#endif
