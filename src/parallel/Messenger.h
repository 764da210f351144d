// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_parallel_Messenger_h
#define gnr_parallel_Messenger_h

#include "kernels/kernels.h"

#include "gnr/Communicator.h"

#include <vector>

namespace gnr
{

/** Messages between the arrays of the kernels of different processes.
 *
 * Arrays in host memory are sent as they are; those of a GPU are copied to host memory before, and from it behind. */
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
  void
  finish();

private:
  Kernels &            kernels_;
  Communicator &       communicator_;
  std::vector<char>    staged_; ///< what is sent, then what is received
  std::vector<Message> receive_;
};

} // namespace gnr

#endif
