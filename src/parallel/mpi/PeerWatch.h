// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_parallel_mpi_PeerWatch_h
#define gnr_parallel_mpi_PeerWatch_h

#include <array>
#include <cstdint>
#include <vector>

namespace gnr
{
namespace mpi
{

/** Who a process is, for the others. */
struct Peer
{
  std::int64_t         rank;
  std::int64_t         worldRank; ///< in MPI_COMM_WORLD
  std::int64_t         pid;
  std::uint64_t        started;   ///< tells it from a later process of the same number
  std::uint64_t        nameSpace; ///< numbers of processes mean something in one name space only
  std::array<char, 64> machine;
  std::array<char, 64> host; ///< its name
};

/** This process. */
Peer
thisPeer(int rank, int worldRank);

/** The processes of one machine that see one another in /proc: MPI does not tell when one of them is killed, and not
 * every launcher then ends the others. */
class PeerWatch
{
public:
  /** \param all processes; those are watched that this one can see. */
  PeerWatch(const Peer & self, const std::vector<Peer> & all);

  /** Ranks of those that have ended. */
  std::vector<int>
  dead() const;

private:
  std::vector<Peer> peers_;
};

} // namespace mpi
} // namespace gnr

#endif
