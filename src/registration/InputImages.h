// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_registration_InputImages_h
#define gnr_registration_InputImages_h

#include "parallel/BoxPart.h"

#include "gnr/Communicator.h"
#include "gnr/Grid.h"

namespace gnr
{

/** What the user handed over, on the image grid. */
struct InputImages
{
  Grid       grid;
  InputImage fixed;
  InputImage moving;
  InputImage fixedWeight;
  InputImage movingWeight;
  InputImage velocity;

  /** Tells all processes who has what. Throws Error(BadInput) where an image is missing, has gaps, or planes that the
   * grid has not. Collective. */
  void
  share(Communicator & communicator);
};

} // namespace gnr

#endif
