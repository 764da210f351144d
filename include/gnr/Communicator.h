// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_Communicator_h
#define gnr_Communicator_h

#include "gnr/Error.h"

#include "GaussNewtonRegistrationExport.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gnr
{

/** What messages between processes are for: they are counted by purpose (doc/parallel.md). */
enum class Purpose
{
  Halo,      ///< planes of neighbouring slabs
  Transpose, ///< of the Fourier transform
  Reduction, ///< sums, extrema and broadcasts
  Images     ///< images and results between the slabs and those who have or want them
};
constexpr int numberOfPurposes = 4;

/** What one process has sent. */
struct Traffic
{
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;
};

/** How messages travel that lie in arrays of the kernels (doc/gpu.md, "Several GPUs"). */
enum class MessagePath
{
  Host,   ///< from where they are: all processes compute in host memory
  Staged, ///< those in the memory of a GPU through pinned host memory, in pieces
  Direct  ///< from the memory of a GPU: the MPI library reads and writes it
};

struct Exchange; // src/parallel

/** A piece of memory that goes to, or comes from, another process. */
struct Message
{
  void *      data = nullptr;
  std::size_t bytes = 0;
  int         rank = 0; ///< of the other process
};

/** The processes that share one registration.
 *
 * Only the three patterns of doc/mathematics.md, "Distribution", exist: messages between neighbours along z, messages
 * between all for the FFT transposition, and reductions in a fixed order. Memory is the host's unless
 * refusesDeviceMemory() says otherwise. Every call is collective, and throws Error where another process has failed:
 * with the kind and the words of that one. After that the communicator is of no use any more. One thread at a time. */
class GaussNewtonRegistration_EXPORT Communicator
{
public:
  virtual ~Communicator() = default;

  virtual int
  rank() const = 0;
  virtual int
  size() const = 0;
  /** This process among those on its machine, from 0: chooses its GPU. */
  virtual int
  rankOnMachine() const = 0;
  /** Processes on this machine, this one included. */
  virtual int
  sizeOnMachine() const = 0;
  /** What carries the messages, in words, as in `Open MPI 4.1.4`. */
  virtual std::string
  description() const = 0;

  /** Why the messages of an exchange may not lie in the memory of a GPU, in words; nothing: they may. */
  virtual std::optional<std::string>
  refusesDeviceMemory() const
  {
    return "they are not connected by an MPI library";
  }

  /** How messages between arrays travel, the same on all processes: to be set once, by all, before the first of them.
   */
  MessagePath
  messagePath() const
  {
    return messagePath_;
  }
  void
  setMessagePath(MessagePath path)
  {
    messagePath_ = path;
  }

  /** Bytes of one piece of a staged message; likewise. */
  std::size_t
  messagePiece() const
  {
    return messagePiece_;
  }
  void
  setMessagePiece(std::size_t bytes)
  {
    messagePiece_ = bytes;
  }

  /** In-place sum, minimum, maximum over all ranks of `count` doubles; the same bits on every rank and from run to run
   * (a fixed tree). */
  virtual void
  sum(double * values, std::size_t count) = 0;
  virtual void
  minimum(double * values, std::size_t count) = 0;
  virtual void
  maximum(double * values, std::size_t count) = 0;

  /** The bytes of `root` go to all. */
  virtual void
  broadcast(void * data, std::size_t bytes, int root) = 0;

  /** The text of `root`, of any length. */
  std::string
  broadcastText(std::string text, int root);

  /** Told of each halo exchange and transposition before its messages, for those who count what all processes send. */
  virtual void
  announce(const Exchange &)
  {}

  /** Begins to send and to receive; the memory must stay, and what is sent must not change, until finishExchange().
   * Messages between two ranks arrive in the order in which both list them, with the sizes that both know; none goes to
   * this process itself, and none is empty. One exchange at a time; other calls may come between. */
  void
  startExchange(Purpose purpose, const std::vector<Message> & send, const std::vector<Message> & receive);
  virtual void
  finishExchange() = 0;

  /** Tells all others that this process cannot go on: whatever they call, or wait in, throws this error. Not
   * collective, and not to be told of an error that another process has announced: that is ignored. */
  virtual void
  announceFailure(ErrorKind kind, const std::string & message) = 0;

  /** Ranks that have ended without a word, or have not been heard of for too long, as far as this process knows. */
  virtual std::vector<int>
  lost() const
  {
    return {};
  }
  /** Whether rank 0 and all others before this one are lost, so that this process has to speak for them. */
  bool
  standsInForTheFirst() const;

  /** What this process has sent so far. */
  const Traffic &
  traffic(Purpose purpose) const
  {
    return traffic_[static_cast<int>(purpose)];
  }

protected:
  virtual void
  start(const std::vector<Message> & send, const std::vector<Message> & receive) = 0;
  void
  count(Purpose purpose, std::uint64_t messages, std::uint64_t bytes);

private:
  std::array<Traffic, numberOfPurposes> traffic_;
  MessagePath                           messagePath_ = MessagePath::Staged;   // right for host memory, too
  std::size_t                           messagePiece_ = std::size_t(2) << 20; // doc/gpu.md, "Several GPUs"
};

/** The communicator of a single process. */
GaussNewtonRegistration_EXPORT std::shared_ptr<Communicator>
                               makeSelfCommunicator();

/** Processes that MPI connects, by the plugin gnr-mpi, which is opened for this.
 *
 * A duplicate is made, so that no message of the program meets one of ours. Initialises MPI if nobody has, and then
 * finalises it when the program ends. Collective.
 *
 * \param fortranHandle of an MPI communicator (MPI_Comm_c2f); unset: MPI_COMM_WORLD.
 * Throws Error(BadInput) where there is no such plugin or no MPI library, and says what to install. */
GaussNewtonRegistration_EXPORT std::shared_ptr<Communicator>
                               makeMpiCommunicator(std::optional<int> fortranHandle = std::nullopt);

/** True if this program has initialised MPI (and not finalised it); asks nothing of programs that have not loaded an
 * MPI library. */
GaussNewtonRegistration_EXPORT bool
isMpiInitialized();

/** Processes that a launcher (mpirun, mpiexec, srun) says it has started together with this one; unset: there was
 * none. Looks at the environment only. */
GaussNewtonRegistration_EXPORT std::optional<int>
                               launchedProcesses();

} // namespace gnr

#endif
