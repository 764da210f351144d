// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_registration_Incompressibility_h
#define gnr_registration_Incompressibility_h

#include "registration/Preprocessing.h"

namespace gnr
{

/** How strongly what the moving image shows resists a change of its volume, on the voxels of the image, as weights from
 * 0 to 1 of the largest [S3]; empty where nothing does. */
struct VolumeWeights
{
  Buffer field;
  double largest = 1.0;
};

/** The image of weights, or what CT numbers say [P3]. \param moving the first moving image as it was given; empty: it
 * is of labels. Throws Error(BadInput) naming the image and the remedy. Collective. */
VolumeWeights
readVolumeWeights(const InputImages & input,
                  const Options &     options,
                  const Buffer &      moving,
                  const Statistics &  statistics,
                  const BoxPart &     part,
                  Kernels &           kernels,
                  Communicator &      communicator);

} // namespace gnr

#endif
