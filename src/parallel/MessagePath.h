// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_parallel_MessagePath_h
#define gnr_parallel_MessagePath_h

#include "kernels/kernels.h"

#include "gnr/Communicator.h"

#include <string>

namespace gnr
{

/** How it was decided. */
struct MessagePathChoice
{
  std::string words;             ///< for the report; empty where there is no GPU, or one process
  bool        isRefusal = false; ///< the user has asked for another path, and `words` tell why it is not taken
};

/** Decides how messages between arrays travel, and tells the communicator: directly from one GPU to the other only
 * where the user allows it (environment variable GNR_TRANSPORT=direct) on all processes, all of their MPI libraries say
 * that they can, and a test of messages between all of them came out right. Collective.
 *
 * Throws Error(BadInput) where the variable has another value than `staged` and `direct`. */
MessagePathChoice
chooseMessagePath(Kernels & kernels, Communicator & communicator);

/** Number of processes that compute on the same GPU as this one; 1 where there is none. Collective. */
int
processesOnDevice(const Kernels & kernels, Communicator & communicator);

} // namespace gnr

#endif
