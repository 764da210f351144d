// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_parallel_MpiPlugin_h
#define gnr_parallel_MpiPlugin_h

#include "gnr/Communicator.h"

namespace gnr
{

/** Counts of MPI are ints: longer messages go in pieces. */
constexpr std::size_t longestMpiMessage = std::size_t(1) << 30;

/** As the public one; tests choose shorter pieces. */
std::shared_ptr<Communicator>
makeMpiCommunicator(std::optional<int> fortranHandle, std::size_t longestMessage);

} // namespace gnr

#endif
