// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_parallel_Messenger_h
#define gnr_parallel_Messenger_h

#include "kernels/kernels.h"

#include "gnr/Communicator.h"

#include <cstddef>
#include <vector>

namespace gnr
{

/** Messages between the arrays of the kernels of different processes, on the path that their communicator has.
 *
 * Staged ones go in rounds: round r moves piece r of every message, so that sender and receiver agree without a word. A
 * GPU copies the pieces of the next round to host memory, and those of the last one from it, while those of this one
 * are on their way; for that there are two halves of Kernels::messageMemory(), which take turns. */
class Messenger
{
public:
  Messenger(Kernels & kernels, Communicator & communicator)
    : kernels_(kernels)
    , communicator_(communicator)
  {}

  /** As Communicator::startExchange(), for messages in memory of the kernels. */
  void
  start(Purpose purpose, const std::vector<Message> & send, const std::vector<Message> & receive);
  /** What is received is there for all kernels that are called from now on. */
  void
  finish();

private:
  bool
  isStaged() const;
  /** Pieces of a round where they are in the arrays. */
  std::vector<Message>
  piecesOf(const std::vector<Message> & messages, std::size_t round) const;
  /** The same where they are in host memory. */
  std::vector<Message>
  onHost(std::vector<Message> pieces, std::size_t round, std::size_t offset) const;
  void
  startRound(std::size_t round);
  void
  copyOut(std::size_t round);
  void
  copyIn(std::size_t round);

  Kernels &            kernels_;
  Communicator &       communicator_;
  Purpose              purpose_ = Purpose::Halo;
  std::vector<Message> send_;
  std::vector<Message> receive_;
  std::size_t          rounds_ = 0;
  char *               memory_ = nullptr; ///< two halves: pieces that are sent, then those that are received
  std::size_t          sendBytes_ = 0;    ///< of one half
  std::size_t          halfBytes_ = 0;
};

} // namespace gnr

#endif
