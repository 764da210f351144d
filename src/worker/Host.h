// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_worker_Host_h
#define gnr_worker_Host_h

#include "registration/launched/Channel.h"
#include "registration/launched/SharedFolder.h"

#include "gnr/Observer.h"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

namespace gnr
{
namespace worker
{

/** The process that has started the workers, as the first of them sees it.
 *
 * A thread listens to it all the time, and lets it know that this process lives. Where it is no more, this process ends
 * at once if it is at work, and nothing is left in the folder. */
class Host : public Observer
{
public:
  explicit Host(const launched::SharedFolder & folder);
  /** To be called when there is nothing to do any more, or to be undone. */
  ~Host() override;

  bool
  send(launched::Word word, const std::string & body = std::string()) const
  {
    const std::lock_guard<std::mutex> lock(sending_);
    return channel_.send(word, body);
  }

  /** Called when the images have been copied, before the host is told. */
  void
  setOnInputsRead(std::function<void()> function)
  {
    inputsRead_ = std::move(function);
  }

  /** The next thing to do; End where the host has gone. */
  launched::Frame
  nextTask();

  void
  onEvent(const Event & event) override;
  Request
  poll() override
  {
    const Request request = request_;
    return request == Request::Continue && isSaveAsked_.exchange(false) ? Request::Save : request;
  }

private:
  void
  listen();

  const launched::SharedFolder & folder_;
  launched::Channel              channel_;
  mutable std::mutex             sending_;
  std::atomic<Request>           request_{ Request::Continue };
  std::atomic<bool>              isSaveAsked_{ false };
  std::atomic<bool>              isLeaving_{ false };
  std::mutex                     mutex_;
  std::condition_variable        arrived_;
  std::deque<launched::Frame>    tasks_;
  bool                           isWaiting_ = false;
  std::function<void()>          inputsRead_ = [] {};
  std::thread                    listener_;
};

} // namespace worker
} // namespace gnr

#endif
