// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_parallel_Statistics_h
#define gnr_parallel_Statistics_h

#include "kernels/kernels.h"

#include "gnr/Communicator.h"

namespace gnr
{

/** The statistics of all processes together, from those of each. Collective. */
Statistics
reduce(const Statistics & own, Communicator & communicator);

/** Of a field on a slab of this extent, and on those of the other processes. Collective. */
Statistics
statisticsOf(const Real * field, const Extents & extents, Kernels & kernels, Communicator & communicator);

} // namespace gnr

#endif
