// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_registration_Densities_h
#define gnr_registration_Densities_h

#include "registration/Preprocessing.h"

#include <array>
#include <string>
#include <vector>

namespace gnr
{

/** Throws Error(BadInput) where the values of an image cannot be CT numbers. \param remedy what else the user may do */
void
checkCt(const Statistics & statistics, const std::string & name, const std::string & remedy, Kernels & kernels);

/** What makeDensities() knows of the images. */
struct DensityInput
{
  const std::vector<std::array<Statistics, 2>> & statistics; ///< of the fixed and moving image of each pair
  const Buffer &                                 fixedWeight;
  const Buffer &                                 movingWeight;
  double                                         movingVolumeChange; ///< as in Problem
};

/** Makes densities of all pairs of images, on one scale [P2], and decides on the exponent where it is left open: how
 * mean density goes with volume between the insides of both weights, which are of the lungs [P4]. Throws
 * Error(BadInput) naming the image whose values are none, or what the exponent lacks. Collective. */
void
makeDensities(SolverImages &       images,
              const DensityInput & input,
              const Options &      options,
              const BoxPart &      part,
              Kernels &            kernels,
              Communicator &       communicator);

} // namespace gnr

#endif
