// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_parallel_mpi_PeerWatch_h
#define gnr_parallel_mpi_PeerWatch_h

#include <mpi.h>

#include <cstdint>
#include <vector>

namespace gnr
{
namespace mpi
{

/** The processes of one machine that see one another in /proc: MPI does not tell when one of them is killed, and not
 * every launcher then ends the others. */
class PeerWatch
{
public:
  /** Collective over `machine`. \param rank of this process in the communicator whose ranks dead() tells. */
  PeerWatch(MPI_Comm machine, int rank);

  /** Ranks of those that have ended. */
  std::vector<int>
  dead() const;

private:
  struct Peer
  {
    std::int64_t  rank;
    std::int64_t  pid;
    std::uint64_t started;   ///< tells it from a later process of the same number
    std::uint64_t nameSpace; ///< numbers of processes mean something in one name space only
  };

  std::vector<Peer> peers_;
};

} // namespace mpi
} // namespace gnr

#endif
