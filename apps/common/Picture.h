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
#ifndef gnrapp_Picture_h
#define gnrapp_Picture_h

#include "RegistrationSettings.h"

#include <string>

namespace gnrapp
{

/** The program gnr-view beside this one. Throws CommandLineError saying what to install where it was not built: it
 * alone needs VTK. */
std::string
FindPictureProgram();

/** The file that gnr-view draws. */
std::string
PictureName(const RegistrationSettings & settings);

/** Has gnr-view draw PREFIX_quality.png from the files of a run, and prints the name. Throws CommandLineError with
 * the exit code of gnr-view where that fails; the files of the run stay. */
void
DrawPicture(const std::string & program, const RegistrationSettings & settings);

} // namespace gnrapp

#endif
