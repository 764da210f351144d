// SPDX-License-Identifier: Apache-2.0
#include "worker/Host.h"

#include "registration/Archive.h"

#include <sys/socket.h>
#include <unistd.h>

namespace gnr
{
namespace worker
{

using launched::Arrival;
using launched::Frame;
using launched::SharedFile;
using launched::Word;

Host::Host(const launched::SharedFolder & folder)
  : folder_(folder)
  , channel_(launched::Channel::connectTo(folder.pathOf(SharedFile::Socket)))
  , listener_([this] { listen(); })
{}

Host::~Host()
{
  isLeaving_ = true;
  shutdown(channel_.descriptor(), SHUT_RD); // wakes the thread; what was sent arrives all the same
  listener_.join();
}

void
Host::listen()
{
  for (;;)
  {
    Frame         frame;
    const Arrival arrival = channel_.receive(frame, launched::beatMilliseconds);
    if (isLeaving_)
    {
      return;
    }
    if (arrival == Arrival::Nothing)
    {
      send(Word::Beat);
      continue;
    }
    const std::lock_guard<std::mutex> lock(mutex_);
    if (arrival == Arrival::Closed)
    {
      folder_.removeAll();
      if (!isWaiting_)
      {
        _exit(0); // the launcher ends the others
      }
      tasks_.push_back({ Word::End, {} });
      arrived_.notify_one();
      return;
    }
    switch (frame.word)
    {
      case Word::Save:
        isSaveAsked_ = true;
        break;
      case Word::Stop:
        request_ = Request::Stop;
        break;
      case Word::Abort:
        request_ = Request::Abort;
        break;
      case Word::Run:
        request_ = Request::Continue;
        [[fallthrough]];
      default:
        tasks_.push_back(frame);
        arrived_.notify_one();
    }
  }
}

Frame
Host::nextTask()
{
  std::unique_lock<std::mutex> lock(mutex_);
  isWaiting_ = true;
  arrived_.wait(lock, [this] { return !tasks_.empty(); });
  isWaiting_ = false;
  const Frame task = tasks_.front();
  tasks_.pop_front();
  return task;
}

void
Host::onEvent(const Event & event)
{
  if (event.kind == Event::Kind::InputsRead)
  {
    inputsRead_();
  }
  send(Word::Happened, pack(event));
}

} // namespace worker
} // namespace gnr
