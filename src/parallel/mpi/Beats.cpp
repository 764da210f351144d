// SPDX-License-Identifier: Apache-2.0
#include "parallel/mpi/Beats.h"

#include "parallel/Silence.h"
#include "parallel/mpi/Runtime.h"

#include <mpi.h>

#include <atomic>
#include <condition_variable>
#include <csignal>
#include <memory>
#include <optional>
#include <thread>

namespace gnr
{
namespace mpi
{
namespace
{

constexpr int beatTag = 1;

class Beats
{
public:
  explicit Beats(MPI_Comm communicator)
    : limit_(silenceLimit())
    , communicator_(communicator)
  {
    MPI_Comm_set_errhandler(communicator_, MPI_ERRORS_RETURN); // a connection that is lost shows as silence
    int rank = 0, size = 1;
    MPI_Comm_rank(communicator_, &rank);
    MPI_Comm_size(communicator_, &size);
    for (int peer = rank == 0 ? 1 : 0; peer < (rank == 0 ? size : 1); ++peer)
    {
      peers_.emplace_back(peer);
    }
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); // signals are for the other threads
    try
    {
      thread_ = std::thread([this] { run(); });
    }
    catch (...)
    {
      pthread_sigmask(SIG_SETMASK, &before, nullptr);
      throw;
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

  ~Beats()
  {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      isEnding_ = true;
    }
    ending_.notify_one();
    thread_.join();
  }

  std::vector<int>
  silent()
  {
    if (!hasSilent_)
    {
      return {};
    }
    const std::lock_guard<std::mutex> lock(mutex_);
    return silent_;
  }

private:
  struct Peer
  {
    explicit Peer(int number)
      : rank(number)
    {}
    int         rank;
    Silence     silence;
    MPI_Request beat = MPI_REQUEST_NULL; ///< on its way there
  };

  void
  run()
  {
    std::unique_lock<std::mutex> lock(mutex_);
    while (!ending_.wait_for(lock, beatPeriod, [this] { return isEnding_; }))
    {
      lock.unlock();
      locked([this] { exchange(); });
      lock.lock();
      silent_.clear();
      for (Peer & peer : peers_)
      {
        const double seconds = peer.silence.look();
        if (limit_ && seconds > *limit_)
        {
          silent_.push_back(peer.rank);
        }
      }
      hasSilent_ = !silent_.empty();
    }
  }

  void
  exchange()
  {
    for (Peer & peer : peers_)
    {
      int isThere = 1;
      if (MPI_Test(&peer.beat, &isThere, MPI_STATUS_IGNORE) == MPI_SUCCESS && isThere != 0)
      {
        MPI_Isend(nullptr, 0, MPI_BYTE, peer.rank, beatTag, communicator_, &peer.beat);
      }
    }
    int        is = 0;
    MPI_Status status;
    while (MPI_Iprobe(MPI_ANY_SOURCE, beatTag, communicator_, &is, &status) == MPI_SUCCESS && is != 0 &&
           MPI_Recv(nullptr, 0, MPI_BYTE, status.MPI_SOURCE, beatTag, communicator_, MPI_STATUS_IGNORE) == MPI_SUCCESS)
    {
      peers_[status.MPI_SOURCE - peers_.front().rank].silence.heard(); // of the first, or of all others in turn
    }
  }

  std::optional<double>   limit_;
  MPI_Comm                communicator_;
  std::vector<Peer>       peers_;
  std::mutex              mutex_;
  std::condition_variable ending_;
  bool                    isEnding_ = false;
  std::vector<int>        silent_;
  std::atomic<bool>       hasSilent_{ false };
  std::thread             thread_;
};

std::unique_ptr<Beats> &
beats()
{
  static auto * const only =
    new std::unique_ptr<Beats>; // a program that ends without endBeats() leaves the thread alone
  return *only;
}

} // namespace

std::mutex &
mpiMutex()
{
  static auto * const mutex = new std::mutex; // outlives all threads
  return *mutex;
}

void
beginBeats()
{
  int size = 1;
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  if (size == 1)
  {
    return;
  }
  MPI_Comm    communicator = MPI_COMM_NULL;
  MPI_Request request = MPI_REQUEST_NULL;
  Patience    patience(true);
  MPI_Comm_idup(MPI_COMM_WORLD, &communicator, &request);
  for (int done = 0; done == 0; patience.wait())
  {
    MPI_Test(&request, &done, MPI_STATUS_IGNORE);
  }
  beats() = std::make_unique<Beats>(communicator);
}

void
endBeats()
{
  beats().reset();
}

std::vector<int>
silentRanks()
{
  return beats() ? beats()->silent() : std::vector<int>();
}

} // namespace mpi
} // namespace gnr
