// SPDX-License-Identifier: Apache-2.0
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
