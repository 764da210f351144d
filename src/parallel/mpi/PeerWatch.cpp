// SPDX-License-Identifier: Apache-2.0
#include "parallel/mpi/PeerWatch.h"

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

namespace gnr
{
namespace mpi
{
namespace
{

/** When a process was started, in ticks of the machine; 0: there is none of this number, or it has ended and nobody has
 * asked for its exit status yet. */
std::uint64_t
startOf(std::int64_t pid)
{
  std::ifstream stream("/proc/" + std::to_string(pid) + "/stat");
  std::string   text;
  std::getline(stream, text);
  const auto name = text.rfind(") "); // the name of the program may hold anything
  if (name == std::string::npos)
  {
    return 0;
  }
  std::istringstream fields(text.substr(name + 2));
  std::string        field, state;
  fields >> state;
  for (int i = 4; i <= 21; ++i)
  {
    fields >> field;
  }
  std::uint64_t started = 0;
  fields >> started;
  return state == "Z" || state == "X" ? 0 : started;
}

} // namespace

Peer
thisPeer(int rank, int worldRank)
{
  Peer        self{ rank, worldRank, getpid(), startOf(getpid()), 0, {}, {} };
  struct stat status{};
  if (stat("/proc/self/ns/pid", &status) == 0)
  {
    self.nameSpace = status.st_ino;
  }
  gethostname(self.host.data(), self.host.size() - 1);
  std::string machine;
  std::getline(std::ifstream("/proc/sys/kernel/random/boot_id"), machine); // names may be those of containers
  if (machine.empty())
  {
    self.machine = self.host;
  }
  machine.copy(self.machine.data(), self.machine.size() - 1);
  return self;
}

PeerWatch::PeerWatch(const Peer & self, const std::vector<Peer> & all)
{
  for (const Peer & peer : all)
  {
    // /proc may hide the processes of others.
    if (peer.rank != self.rank && peer.machine == self.machine && peer.nameSpace == self.nameSpace &&
        peer.started != 0 && startOf(peer.pid) == peer.started)
    {
      peers_.push_back(peer);
    }
  }
}

std::vector<int>
PeerWatch::dead() const
{
  std::vector<int> ranks;
  for (const Peer & peer : peers_)
  {
    if (startOf(peer.pid) != peer.started)
    {
      ranks.push_back(static_cast<int>(peer.rank));
    }
  }
  return ranks;
}

} // namespace mpi
} // namespace gnr
