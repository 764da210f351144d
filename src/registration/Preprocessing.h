// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_registration_Preprocessing_h
#define gnr_registration_Preprocessing_h

#include "kernels/Buffer.h"

#include "gnr/Options.h"
#include "gnr/Registration.h"

namespace gnr
{

/** What the user handed over, on the image grid. `data` of a weight is null where there is none. */
struct InputImages
{
  Grid      grid;
  HostImage fixed;
  HostImage moving;
  HostImage fixedWeight;
  HostImage movingWeight;
};

/** What the solver works on: normalised images on the padded, periodic grid. Weights are empty where they are one. */
struct SolverImages
{
  Grid   grid;
  Buffer fixed;
  Buffer moving;
  Buffer fixedWeight;
  Buffer movingWeight;
};

/** Checks the input, brings the intensities to a common scale and pads the grid [P1]. Throws Error(BadInput) naming the
 * image and the remedy. */
SolverImages
prepareImages(const InputImages & input, const Options & options, Kernels & kernels);

/** Smallest even number >= n without prime factors above 7. */
int
fourierSize(int n);

} // namespace gnr

#endif
