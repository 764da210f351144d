// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_parallel_mpi_MpiCommunicator_h
#define gnr_parallel_mpi_MpiCommunicator_h

#include "parallel/mpi/PeerWatch.h"

#include "gnr/Communicator.h"
#include "gnr/Error.h"

#include <mpi.h>

#include <memory>
#include <string>
#include <vector>

namespace gnr
{
namespace mpi
{

/** Processes that MPI connects.
 *
 * Messages are non-blocking and from one process to another, whatever the call, so that every wait is a loop that also
 * looks for the news of a failure; those travel on a communicator of their own. Who learns of a failure, or has one,
 * withdraws its receives, waits until its sends are through (whoever has failed receives them, to no purpose), and says
 * so
 * ("quiet"): then nothing is read or written any more in memory that the caller may free. */
class MpiCommunicator : public Communicator
{
public:
  /** Collective over `parent`, of which duplicates are made.
   * \param longestMessage longer ones go in pieces of so many bytes. */
  MpiCommunicator(MPI_Comm parent, std::size_t longestMessage);
  ~MpiCommunicator() override;
  MpiCommunicator(const MpiCommunicator &) = delete;
  MpiCommunicator &
  operator=(const MpiCommunicator &) = delete;

  int
  rank() const override
  {
    return rank_;
  }
  int
  size() const override
  {
    return size_;
  }
  int
  rankOnMachine() const override
  {
    return rankOnMachine_;
  }
  int
  sizeOnMachine() const override
  {
    return sizeOnMachine_;
  }
  std::string
  description() const override;
  std::optional<std::string>
  refusesDeviceMemory() const override;
  void
  sum(double * values, std::size_t count) override;
  void
  minimum(double * values, std::size_t count) override;
  void
  maximum(double * values, std::size_t count) override;
  void
  broadcast(void * data, std::size_t bytes, int root) override;
  void
  finishExchange() override;
  void
  announceFailure(ErrorKind kind, const std::string & message) override;
  std::vector<int>
  lost() const override;

protected:
  void
  start(const std::vector<Message> & send, const std::vector<Message> & receive) override;

private:
  /** Messages under way. */
  struct Pending
  {
    std::vector<MPI_Request> requests;
    std::vector<int>         peers;
    std::vector<bool>        isReceive;
  };

  /** The same bits on all and from run to run. */
  template <typename Operation>
  void
  reduce(double * values, std::size_t count, Operation operation);
  template <typename Begin>
  void
  inPieces(std::size_t bytes, int peer, bool isReceive, Pending & pending, Begin begin);
  void
  send(const void * data, std::size_t bytes, int peer, int tag, Pending & pending);
  void
  receive(void * data, std::size_t bytes, int peer, int tag, Pending & pending);
  void
  wait(Pending & pending);
  /** At the beginning of every call. */
  void
  enter();
  /** Throws if a failure has been announced. */
  void
  lookForFailure();
  /** Throws if a process of this machine is no more. */
  void
  lookForDeath();
  /** Throws if a process, of whatever machine, has been silent for too long. */
  void
  lookForSilence();
  std::vector<int>
  silent() const;
  [[noreturn]] void
  fail(ErrorKind kind, const std::string & message);
  void
  tellAll(ErrorKind kind, const std::string & message);
  /** Until nothing is read or written in the memory of messages any more. */
  void
  becomeQuiet();
  void
  check(int code, const char * function);
  std::string
  whoIs(int rank) const;

  MPI_Comm                   data_ = MPI_COMM_NULL;
  MPI_Comm                   news_ = MPI_COMM_NULL;
  int                        rank_ = 0;
  int                        size_ = 1;
  int                        rankOnMachine_ = 0;
  int                        sizeOnMachine_ = 1;
  bool                       crowded_ = false;
  std::size_t                longestMessage_;
  int                        exceptions_;
  Pending                    exchange_;
  Pending                    call_;
  std::vector<double>        other_; ///< values of a child in a reduction
  std::unique_ptr<Error>     failure_;
  std::unique_ptr<PeerWatch> watch_;
  std::vector<Peer>          peers_; ///< all, this one included
};

} // namespace mpi
} // namespace gnr

#endif
