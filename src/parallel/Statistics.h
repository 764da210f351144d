// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_parallel_Statistics_h
#define gnr_parallel_Statistics_h

#include "kernels/types.h"

#include "gnr/Communicator.h"

namespace gnr
{

/** The statistics of all processes together, from those of each. Collective. */
Statistics
reduce(const Statistics & own, Communicator & communicator);

} // namespace gnr

#endif
