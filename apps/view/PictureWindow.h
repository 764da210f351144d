// SPDX-License-Identifier: Apache-2.0
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
