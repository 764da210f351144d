// SPDX-License-Identifier: Apache-2.0
#include "parallel/Messenger.h"

namespace gnr
{

void
Messenger::start(Purpose purpose, const std::vector<Message> & send, const std::vector<Message> & receive)
{
  if (kernels_.hasHostMemory())
  {
    communicator_.startExchange(purpose, send, receive);
    return;
  }
  std::size_t bytes = 0;
  for (const std::vector<Message> * messages : { &send, &receive })
  {
    for (const Message & message : *messages)
    {
      bytes += message.bytes;
    }
  }
  staged_.resize(bytes);
  receive_ = receive;
  std::vector<Message> hostSend = send, hostReceive = receive;
  char *               next = staged_.data();
  for (std::vector<Message> * messages : { &hostSend, &hostReceive })
  {
    for (Message & message : *messages)
    {
      if (messages == &hostSend)
      {
        kernels_.copyToHost(message.data, next, message.bytes);
      }
      message.data = next;
      next += message.bytes;
    }
  }
  communicator_.startExchange(purpose, hostSend, hostReceive);
}

void
Messenger::finish()
{
  communicator_.finishExchange();
  const char * next = staged_.data() + staged_.size();
  for (auto message = receive_.rbegin(); message != receive_.rend(); ++message)
  {
    next -= message->bytes;
    kernels_.copyFromHost(next, message->data, message->bytes);
  }
  receive_.clear();
}

} // namespace gnr
