// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_registration_Densities_h
#define gnr_registration_Densities_h

#include "registration/Preprocessing.h"

#include <array>

namespace gnr
{

/** Makes densities of both images, on one scale [P2], for the exponent of the options. \param statistics of each image
 * \param movingVolumeChange as in Problem. Throws Error(BadInput) naming the image whose values are none. Collective.
 */
void
makeDensities(SolverPair &                      pair,
              const std::array<Statistics, 2> & statistics,
              const PairNames &                 names,
              const Options &                   options,
              double                            movingVolumeChange,
              const BoxPart &                   part,
              Kernels &                         kernels,
              Communicator &                    communicator);

} // namespace gnr

#endif
