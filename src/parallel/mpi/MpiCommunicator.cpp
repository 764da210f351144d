// SPDX-License-Identifier: Apache-2.0
#include "parallel/mpi/MpiCommunicator.h"

#include "parallel/Silence.h"
#include "parallel/mpi/Beats.h"
#include "parallel/mpi/DeviceMemory.h"
#include "parallel/mpi/Leftovers.h"
#include "parallel/mpi/Runtime.h"

#include <algorithm>
#include <exception>
#include <thread>
#include <utility>

namespace gnr
{
namespace mpi
{
namespace
{

enum Tag
{
  exchangeTag = 1,
  reductionTag,
  broadcastTag,
  failureTag,
  quietTag
};

// Of the words of a failure: so that they go at once, whether anybody is waiting for them or not.
constexpr std::size_t longestWords = 2000;
// After a failure: for messages that end only when their receivers, which may be busy with a computation, come; and for
// others to end theirs, by one who has none.
constexpr double quietSeconds = 30.0;
constexpr double courtesySeconds = 0.5;
constexpr double watchSeconds = 0.5;

double
larger(double a, double b)
{
  return a > b || a != a ? a : b; // not std::max(a, b), which would lose a NaN in b
}

double
smaller(double a, double b)
{
  return a < b || a != a ? a : b;
}

} // namespace

MpiCommunicator::MpiCommunicator(MPI_Comm parent, std::size_t longestMessage)
  : longestMessage_(longestMessage)
  , exceptions_(std::uncaught_exceptions())
{
  // Not the blocking calls: some libraries keep their processor busy in them, which the others may need.
  int         size = 1, worldRank = 0;
  MPI_Request request = MPI_REQUEST_NULL;
  check(locked([&] { return MPI_Comm_size(parent, &size); }), "MPI_Comm_size");
  crowded_ = static_cast<unsigned int>(size) > std::thread::hardware_concurrency();
  const auto finish = [&](auto begin, const char * function) {
    check(locked(begin), function);
    Patience patience(crowded_);
    for (int done = 0; done == 0; patience.wait())
    {
      check(locked([&] { return MPI_Test(&request, &done, MPI_STATUS_IGNORE); }), function);
    }
  };
  finish([&] { return MPI_Comm_idup(parent, &data_, &request); }, "MPI_Comm_idup");
  finish([&] { return MPI_Comm_idup(parent, &news_, &request); }, "MPI_Comm_idup");
  locked([&] {
    MPI_Comm_set_errhandler(data_, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(news_, MPI_ERRORS_RETURN);
    MPI_Comm_rank(data_, &rank_);
    MPI_Comm_rank(MPI_COMM_WORLD, &worldRank);
  });
  size_ = size;

  const Peer self = thisPeer(rank_, worldRank);
  peers_.resize(size_);
  finish(
    [&] {
      return MPI_Iallgather(&self, sizeof(Peer), MPI_BYTE, peers_.data(), sizeof(Peer), MPI_BYTE, data_, &request);
    },
    "MPI_Iallgather");
  const auto isHere = [&self](const Peer & peer) { return peer.machine == self.machine; };
  rankOnMachine_ = static_cast<int>(std::count_if(peers_.begin(), peers_.begin() + rank_, isHere));
  sizeOnMachine_ = static_cast<int>(std::count_if(peers_.begin(), peers_.end(), isHere));
  crowded_ = static_cast<unsigned int>(sizeOnMachine_) > std::thread::hardware_concurrency();
  watch_ = std::make_unique<PeerWatch>(self, peers_);
}

MpiCommunicator::~MpiCommunicator()
{
  if (!isUp())
  {
    return; // the host has finalised MPI before
  }
  // Whoever leaves by an exception, or in the middle of an exchange, lets the others wait unless it tells them.
  if (!failure_ && (std::uncaught_exceptions() > exceptions_ || !exchange_.requests.empty()))
  {
    announceFailure(ErrorKind::OutOfResources, "has given up the registration; see its own messages");
  }
  if (!failure_)
  {
    locked([this] {
      MPI_Comm_free(&news_);
      MPI_Comm_free(&data_);
    });
  }
}

std::string
MpiCommunicator::description() const
{
  return libraryName();
}

std::optional<std::string>
MpiCommunicator::refusesDeviceMemory() const
{
  return mpi::refusesDeviceMemory();
}

void
MpiCommunicator::sum(double * values, std::size_t n)
{
  reduce(values, n, [](double a, double b) { return a + b; });
}

void
MpiCommunicator::minimum(double * values, std::size_t n)
{
  reduce(values, n, smaller);
}

void
MpiCommunicator::maximum(double * values, std::size_t n)
{
  reduce(values, n, larger);
}

/** Up a binomial tree, whose shape depends on the number of processes alone, and down again: 2 (size - 1) messages in
 * all. */
template <typename Operation>
void
MpiCommunicator::reduce(double * values, std::size_t n, Operation operation)
{
  enter();
  if (size_ == 1 || n == 0)
  {
    return;
  }
  const std::size_t bytes = n * sizeof(double);
  for (int distance = 1; distance < size_; distance *= 2)
  {
    if (rank_ & distance)
    {
      count(Purpose::Reduction, 1, bytes);
      send(values, bytes, rank_ - distance, reductionTag, call_);
      wait(call_);
      break;
    }
    if (rank_ + distance < size_)
    {
      other_.resize(std::max(other_.size(), n));
      receive(other_.data(), bytes, rank_ + distance, reductionTag, call_);
      wait(call_);
      for (std::size_t i = 0; i < n; ++i)
      {
        values[i] = operation(values[i], other_[i]);
      }
    }
  }
  broadcast(values, bytes, 0);
}

void
MpiCommunicator::broadcast(void * data, std::size_t bytes, int root)
{
  enter();
  if (size_ == 1 || bytes == 0)
  {
    return;
  }
  // A binomial tree of the ranks counted from the root: the parent lacks the lowest bit.
  const int relative = (rank_ - root + size_) % size_;
  int       bit = 1;
  while (bit < size_ && !(relative & bit))
  {
    bit *= 2;
  }
  if (relative != 0)
  {
    receive(data, bytes, (relative - bit + root) % size_, broadcastTag, call_);
    wait(call_);
  }
  for (bit /= 2; bit > 0; bit /= 2)
  {
    if (relative + bit < size_)
    {
      count(Purpose::Reduction, 1, bytes);
      send(data, bytes, (relative + bit + root) % size_, broadcastTag, call_);
    }
  }
  wait(call_);
}

void
MpiCommunicator::start(const std::vector<Message> & sent, const std::vector<Message> & received)
{
  enter();
  for (const Message & message : received)
  {
    receive(message.data, message.bytes, message.rank, exchangeTag, exchange_);
  }
  for (const Message & message : sent)
  {
    send(message.data, message.bytes, message.rank, exchangeTag, exchange_);
  }
}

void
MpiCommunicator::finishExchange()
{
  enter();
  wait(exchange_);
}

/** Begins messages of at most longestMessage_ bytes: begin(offset, bytes, request). */
template <typename Begin>
void
MpiCommunicator::inPieces(std::size_t bytes, int peer, bool isReceive, Pending & pending, Begin begin)
{
  for (std::size_t done = 0; done < bytes;)
  {
    const std::size_t piece = std::min(bytes - done, longestMessage_);
    MPI_Request       request = MPI_REQUEST_NULL;
    begin(done, static_cast<int>(piece), &request);
    pending.requests.push_back(request);
    pending.peers.push_back(peer);
    pending.isReceive.push_back(isReceive);
    done += piece;
  }
}

void
MpiCommunicator::send(const void * data, std::size_t bytes, int peer, int tag, Pending & pending)
{
  const char * first = static_cast<const char *>(data);
  inPieces(bytes, peer, false, pending, [&](std::size_t offset, int piece, MPI_Request * request) {
    check(locked([&] { return MPI_Isend(first + offset, piece, MPI_BYTE, peer, tag, data_, request); }), "MPI_Isend");
  });
}

void
MpiCommunicator::receive(void * data, std::size_t bytes, int peer, int tag, Pending & pending)
{
  char * first = static_cast<char *>(data);
  inPieces(bytes, peer, true, pending, [&](std::size_t offset, int piece, MPI_Request * request) {
    check(locked([&] { return MPI_Irecv(first + offset, piece, MPI_BYTE, peer, tag, data_, request); }), "MPI_Irecv");
  });
}

void
MpiCommunicator::wait(Pending & pending)
{
  Patience patience(crowded_);
  double   watched = 0.0;
  for (;;)
  {
    int        done = 0;
    const auto test = [&] {
      return MPI_Testall(
        static_cast<int>(pending.requests.size()), pending.requests.data(), &done, MPI_STATUSES_IGNORE);
    };
    check(locked(test), "MPI_Testall");
    if (done != 0)
    {
      pending = Pending();
      return;
    }
    if (!patience.isShort())
    {
      drainLeftovers();
      lookForFailure();
    }
    if (patience.seconds() > watched + watchSeconds)
    {
      watched = patience.seconds();
      lookForDeath();
      lookForSilence();
    }
    patience.wait();
  }
}

void
MpiCommunicator::enter()
{
  checkThread();
  if (size_ > 1)
  {
    lookForFailure();
    lookForSilence();
  }
}

void
MpiCommunicator::lookForFailure()
{
  if (failure_)
  {
    throw *failure_;
  }
  int        is = 0;
  MPI_Status status;
  for (int look = 0; look < 2 && is == 0; ++look) // what has arrived may show at the second look only
  {
    check(locked([&] { return MPI_Iprobe(MPI_ANY_SOURCE, failureTag, news_, &is, &status); }), "MPI_Iprobe");
  }
  if (is == 0)
  {
    return;
  }
  std::string text;
  const auto  take = [&] {
    int length = 0;
    MPI_Get_count(&status, MPI_BYTE, &length);
    text.resize(length);
    return MPI_Recv(&text[0], length, MPI_BYTE, status.MPI_SOURCE, failureTag, news_, MPI_STATUS_IGNORE);
  };
  check(locked(take), "MPI_Recv");
  fail(static_cast<ErrorKind>(text.at(0)), text.substr(1));
}

void
MpiCommunicator::lookForDeath()
{
  const std::vector<int> dead = watch_->dead();
  if (!dead.empty())
  {
    const std::string words = whoIs(dead.front()) + " is no more: it was killed (not enough memory?) or has crashed";
    tellAll(ErrorKind::OutOfResources, words);
    fail(ErrorKind::OutOfResources, words);
  }
}

void
MpiCommunicator::lookForSilence()
{
  const std::vector<int> ranks = silent();
  if (!ranks.empty())
  {
    const Peer &      peer = peers_[ranks.front()];
    const std::string words =
      Silence::words(whoIs(ranks.front()) + " (number " + std::to_string(peer.pid) + " on " + peer.host.data() + ")",
                     silenceLimit().value_or(0.0));
    tellAll(ErrorKind::OutOfResources, words);
    fail(ErrorKind::OutOfResources, words);
  }
}

std::vector<int>
MpiCommunicator::silent() const
{
  std::vector<int> ranks;
  for (const int worldRank : silentRanks())
  {
    const auto is = [worldRank](const Peer & peer) { return peer.worldRank == worldRank; };
    const auto found = std::find_if(peers_.begin(), peers_.end(), is);
    if (found != peers_.end())
    {
      ranks.push_back(static_cast<int>(found->rank));
    }
  }
  return ranks;
}

std::vector<int>
MpiCommunicator::lost() const
{
  std::vector<int> ranks = watch_->dead();
  for (const int rank : silent())
  {
    ranks.push_back(rank);
  }
  return ranks;
}

void
MpiCommunicator::fail(ErrorKind kind, const std::string & message)
{
  noteFailure();
  failure_ = std::make_unique<Error>(kind, message);
  becomeQuiet();
  throw Error(kind, message);
}

void
MpiCommunicator::announceFailure(ErrorKind kind, const std::string & message)
{
  if (failure_)
  {
    return;
  }
  noteFailure();
  failure_ = std::make_unique<Error>(kind, message);
  tellAll(kind, whoIs(rank_) + ": " + message);
  becomeQuiet();
}

void
MpiCommunicator::tellAll(ErrorKind kind, const std::string & message)
{
  // Kept for ever: a process may look only later.
  const auto                        text = new std::string(static_cast<char>(kind) + message.substr(0, longestWords));
  const std::lock_guard<std::mutex> lock(mpiMutex());
  for (int peer = 0; peer < size_; ++peer)
  {
    MPI_Request request = MPI_REQUEST_NULL;
    if (peer != rank_ &&
        MPI_Isend(text->data(), static_cast<int>(text->size()), MPI_BYTE, peer, failureTag, news_, &request) ==
          MPI_SUCCESS)
    {
      MPI_Request_free(&request);
    }
  }
}

void
MpiCommunicator::becomeQuiet()
{
  Pending all = std::move(call_);
  all.requests.insert(all.requests.end(), exchange_.requests.begin(), exchange_.requests.end());
  all.peers.insert(all.peers.end(), exchange_.peers.begin(), exchange_.peers.end());
  all.isReceive.insert(all.isReceive.end(), exchange_.isReceive.begin(), exchange_.isReceive.end());
  call_ = Pending();
  exchange_ = Pending();
  const std::size_t n = all.requests.size();
  locked([&] {
    for (std::size_t i = 0; i < n; ++i)
    {
      if (all.isReceive[i] && all.requests[i] != MPI_REQUEST_NULL)
      {
        MPI_Cancel(&all.requests[i]); // has no effect on what is arriving already
      }
    }
  });
  addLeftovers(data_);
  std::vector<bool> isQuiet(size_, false);
  isQuiet[rank_] = true;
  bool     isDone = false;
  Patience patience(crowded_);
  double   watched = 0.0;
  for (;;)
  {
    drainLeftovers();
    const auto isPending = [](MPI_Request & request) {
      int done = 0;
      return request != MPI_REQUEST_NULL && MPI_Test(&request, &done, MPI_STATUS_IGNORE) == MPI_SUCCESS && done == 0;
    };
    const auto listen = [&] {
      if (!isDone && std::count_if(all.requests.begin(), all.requests.end(), isPending) == 0)
      {
        isDone = true;
        for (int peer = 0; peer < size_; ++peer)
        {
          MPI_Request request = MPI_REQUEST_NULL;
          if (peer != rank_ && MPI_Isend(nullptr, 0, MPI_BYTE, peer, quietTag, news_, &request) == MPI_SUCCESS)
          {
            MPI_Request_free(&request);
          }
        }
      }
      int        is = 0;
      MPI_Status status;
      while (MPI_Iprobe(MPI_ANY_SOURCE, quietTag, news_, &is, &status) == MPI_SUCCESS && is != 0)
      {
        MPI_Recv(nullptr, 0, MPI_BYTE, status.MPI_SOURCE, quietTag, news_, MPI_STATUS_IGNORE);
        isQuiet[status.MPI_SOURCE] = true;
      }
    };
    locked(listen);
    const bool areAll = std::find(isQuiet.begin(), isQuiet.end(), false) == isQuiet.end();
    if ((isDone && areAll) || patience.seconds() > (isDone ? courtesySeconds : quietSeconds))
    {
      return;
    }
    if (patience.seconds() > watched + watchSeconds)
    {
      watched = patience.seconds();
      for (const int peer : lost())
      {
        isQuiet[peer] = true;
        for (std::size_t i = 0; i < n; ++i)
        {
          if (all.peers[i] == peer)
          {
            all.requests[i] = MPI_REQUEST_NULL; // nobody is there to end it
          }
        }
      }
    }
    patience.wait();
  }
}

void
MpiCommunicator::check(int code, const char * function)
{
  if (code == MPI_SUCCESS)
  {
    return;
  }
  char text[MPI_MAX_ERROR_STRING] = "";
  int  length = 0;
  locked([&] { return MPI_Error_string(code, text, &length); });
  const std::string words = libraryName() + ": " + function + " has failed: " + std::string(text, length) +
                            "; a process or the network between the machines may have died";
  if (!failure_)
  {
    announceFailure(ErrorKind::OutOfResources, words);
  }
  throw Error(ErrorKind::OutOfResources, words);
}

std::string
MpiCommunicator::whoIs(int rank) const
{
  return "process " + std::to_string(rank) + " of " + std::to_string(size_);
}

} // namespace mpi
} // namespace gnr
