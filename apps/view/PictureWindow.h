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
#ifndef gnrapp_PictureWindow_h
#define gnrapp_PictureWindow_h

#include "view/QualityPicture.h"

namespace gnrapp
{

/** Throws CommandLineError where there is no display to open a window on. */
void
CheckDisplay();

/** Shows the picture until its window is closed. A click into a panel moves the planes of all panels to that voxel, the
 * wheel moves them through the plane under the mouse; r goes back to where they were, q ends. The picture keeps the
 * last planes. */
void
ShowWindow(QualityPicture & picture);

} // namespace gnrapp

#endif
