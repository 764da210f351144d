// SPDX-License-Identifier: Apache-2.0
#include "SignalRequests.h"

#include <atomic>

namespace gnrapp
{
namespace
{

constexpr int     requestSignals[] = { SIGUSR1, SIGUSR2, SIGTERM };
std::atomic<bool> isSaveAsked{ false };
std::atomic<bool> isEndAsked{ false };
static_assert(std::atomic<bool>::is_always_lock_free);

extern "C" void
TakeRequest(int number)
{
  (number == SIGUSR1 ? isSaveAsked : isEndAsked) = true;
}

} // namespace

SignalRequests::SignalRequests()
{
  struct sigaction action{};
  action.sa_handler = TakeRequest;
  action.sa_flags = SA_RESTART; // what is read or written goes on
  sigemptyset(&action.sa_mask);
  for (const int number : requestSignals)
  {
    Previous previous{ number, {} };
    sigaction(number, nullptr, &previous.action);
    if (previous.action.sa_handler != SIG_IGN)
    {
      sigaction(number, &action, nullptr);
      m_Previous.push_back(previous);
    }
  }
}

SignalRequests::~SignalRequests()
{
  for (const Previous & previous : m_Previous)
  {
    sigaction(previous.number, &previous.action, nullptr);
  }
}

gnr::Request
SignalRequests::Next()
{
  if (isEndAsked)
  {
    return gnr::Request::Stop;
  }
  return isSaveAsked.exchange(false) ? gnr::Request::Save : gnr::Request::Continue;
}

} // namespace gnrapp
