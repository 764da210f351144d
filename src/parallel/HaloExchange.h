// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_parallel_HaloExchange_h
#define gnr_parallel_HaloExchange_h

#include "kernels/kernels.h"

#include "gnr/Communicator.h"

namespace gnr
{

/** Fills the z halo of an array whose interior planes already have their x and y halos (Kernels::pad), periodically
 * along z. Whole padded planes travel, so the corners come right without a further step. */
void
exchangeHalo(const Padded & field, Kernels & kernels, Communicator & communicator);

} // namespace gnr

#endif
