// SPDX-License-Identifier: Apache-2.0
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
