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
#ifndef gnrapp_InputFile_h
#define gnrapp_InputFile_h

#include <string>

namespace gnrapp
{

/** Throws CommandLineError if there is no such file, or a folder of that name: readers do not say so clearly.
 * \param what it should be, as in `an image file`
 * \param remedy a sentence without its full stop */
void
CheckInputFile(const std::string & path, const std::string & what, const std::string & remedy);

} // namespace gnrapp

#endif
