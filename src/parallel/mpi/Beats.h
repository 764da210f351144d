// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_parallel_mpi_Beats_h
#define gnr_parallel_mpi_Beats_h

#include <mutex>
#include <vector>

namespace gnr
{
namespace mpi
{

/** Held during every call of MPI, never while waiting: MPI is initialised for one thread at a time, and beats have
 * their own. */
std::mutex &
mpiMutex();

template <typename Function>
auto
locked(Function function) -> decltype(function())
{
  const std::lock_guard<std::mutex> lock(mpiMutex());
  return function();
}

/** Lets the processes of MPI_COMM_WORLD tell one another that they live: the first listens to all, all to the first.
 * Only where this plugin has initialised MPI, and so is the only one that calls it. Collective. Throws
 * std::system_error where there is no thread to be had. */
void
beginBeats();

/** Before MPI is finalised. */
void
endBeats();

/** Ranks of MPI_COMM_WORLD that have not been heard of for longer than silenceLimit(). */
std::vector<int>
silentRanks();

} // namespace mpi
} // namespace gnr

#endif
