// SPDX-License-Identifier: Apache-2.0
#include "parallel/mpi/Leftovers.h"

#include "parallel/mpi/Beats.h"

#include <algorithm>
#include <memory>
#include <new>
#include <utility>
#include <vector>

namespace gnr
{
namespace mpi
{
namespace
{

struct Arrival
{
  MPI_Request             request;
  std::unique_ptr<char[]> memory;
};

struct State
{
  std::vector<MPI_Comm> communicators;
  std::vector<Arrival>  arrivals;
};

/** Never destroyed: MPI may write until it is finalised, which comes last. */
State &
state()
{
  static State * const all = new State;
  return *all;
}

} // namespace

void
addLeftovers(MPI_Comm communicator)
{
  state().communicators.push_back(communicator);
}

void
drainLeftovers()
{
  const std::lock_guard<std::mutex> lock(mpiMutex());
  auto &                            arrivals = state().arrivals;
  for (const MPI_Comm communicator : state().communicators)
  {
    int        is = 0;
    MPI_Status status;
    while (MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, communicator, &is, &status) == MPI_SUCCESS && is != 0)
    {
      int bytes = 0;
      MPI_Get_count(&status, MPI_BYTE, &bytes);
      Arrival arrival{ MPI_REQUEST_NULL, std::unique_ptr<char[]>(new (std::nothrow) char[bytes]) };
      if (arrival.memory == nullptr ||
          MPI_Irecv(
            arrival.memory.get(), bytes, MPI_BYTE, status.MPI_SOURCE, status.MPI_TAG, communicator, &arrival.request) !=
            MPI_SUCCESS)
      {
        return; // another time
      }
      arrivals.push_back(std::move(arrival));
    }
  }
  const auto hasArrived = [](Arrival & arrival) {
    int done = 0;
    return MPI_Test(&arrival.request, &done, MPI_STATUS_IGNORE) == MPI_SUCCESS && done != 0;
  };
  arrivals.erase(std::remove_if(arrivals.begin(), arrivals.end(), hasArrived), arrivals.end());
}

} // namespace mpi
} // namespace gnr
