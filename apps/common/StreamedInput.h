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
#ifndef gnrapp_StreamedInput_h
#define gnrapp_StreamedInput_h

#include "RegistrationFilter.h"
#include "RegistrationSettings.h"

namespace gnrapp
{

/** Connects the filter with readers of the images, masks and starts that the settings name: each process then reads no
 * more than its part of them. The sources must live as long as the filter updates. Throws CommandLineError naming the
 * file, if that cannot be read in parts, and GaussNewtonRegistrationError, if it is too short. */
ImageSources
SetStreamedInputs(RegistrationFilterType * filter, const RegistrationSettings & settings);

} // namespace gnrapp

#endif
