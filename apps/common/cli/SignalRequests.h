// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_SignalRequests_h
#define gnrapp_SignalRequests_h

#include "gnr/Observer.h"

#include <csignal>
#include <vector>

namespace gnrapp
{

/** While it lives, the signals of a batch system are requests to a run that writes checkpoints: SIGUSR1 to write one
 * and go on, SIGTERM and SIGUSR2 (which launchers of MPI pass on) to write one and end with the result so far. Those
 * that the parent chose to ignore stay ignored. One object at a time; after OutputFiles, whose answer to these signals
 * it takes the place of. */
class SignalRequests
{
public:
  SignalRequests();
  ~SignalRequests();
  SignalRequests(const SignalRequests &) = delete;
  SignalRequests &
  operator=(const SignalRequests &) = delete;

  /** What has been asked for since the last call. Once told to end, for ever. */
  static gnr::Request
  Next();

private:
  struct Previous
  {
    int              number;
    struct sigaction action;
  };
  std::vector<Previous> m_Previous;
};

} // namespace gnrapp

#endif
