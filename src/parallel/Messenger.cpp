// SPDX-License-Identifier: Apache-2.0
#include "parallel/Messenger.h"

#include <algorithm>

namespace gnr
{
namespace
{

/** So that pieces lie as well for copies as whole arrays do. */
std::size_t
rounded(std::size_t bytes)
{
  return Arena::whole(bytes);
}

} // namespace

bool
Messenger::isStaged() const
{
  return communicator_.messagePath() == MessagePath::Staged;
}

void
Messenger::start(Purpose purpose, const std::vector<Message> & send, const std::vector<Message> & receive)
{
  purpose_ = purpose;
  send_ = send;
  receive_ = receive;
  if (!isStaged())
  {
    kernels_.synchronize(); // kernels may be at work in this memory
    communicator_.startExchange(purpose, send, receive);
    return;
  }
  const std::size_t piece = communicator_.messagePiece();
  std::size_t       receiveBytes = 0;
  rounds_ = 1;
  sendBytes_ = 0;
  for (const Message & message : send)
  {
    rounds_ = std::max(rounds_, (message.bytes + piece - 1) / piece);
    sendBytes_ += rounded(std::min(message.bytes, piece));
  }
  for (const Message & message : receive)
  {
    rounds_ = std::max(rounds_, (message.bytes + piece - 1) / piece);
    receiveBytes += rounded(std::min(message.bytes, piece));
  }
  halfBytes_ = sendBytes_ + receiveBytes;
  if (!kernels_.hasHostMemory())
  {
    memory_ = static_cast<char *>(kernels_.messageMemory(halfBytes_ * std::min<std::size_t>(rounds_, 2)));
  }
  copyOut(0);
  kernels_.synchronize();
  startRound(0);
  copyOut(1);
}

void
Messenger::finish()
{
  if (!isStaged())
  {
    communicator_.finishExchange();
    return;
  }
  for (std::size_t round = 0; round < rounds_; ++round)
  {
    communicator_.finishExchange();
    if (round + 1 < rounds_)
    {
      // The next pieces are on the host, and the half that they will be received in is empty.
      kernels_.synchronize();
      startRound(round + 1);
    }
    copyIn(round);
    copyOut(round + 2);
  }
}

std::vector<Message>
Messenger::piecesOf(const std::vector<Message> & messages, std::size_t round) const
{
  const std::size_t    begin = round * communicator_.messagePiece();
  std::vector<Message> pieces;
  for (const Message & message : messages)
  {
    if (begin < message.bytes)
    {
      pieces.push_back({ static_cast<char *>(message.data) + begin,
                         std::min(message.bytes - begin, communicator_.messagePiece()),
                         message.rank });
    }
  }
  return pieces;
}

std::vector<Message>
Messenger::onHost(std::vector<Message> pieces, std::size_t round, std::size_t offset) const
{
  if (!kernels_.hasHostMemory())
  {
    char * next = memory_ + round % 2 * halfBytes_ + offset;
    for (Message & piece : pieces)
    {
      piece.data = next;
      next += rounded(piece.bytes);
    }
  }
  return pieces;
}

void
Messenger::startRound(std::size_t round)
{
  communicator_.startExchange(
    purpose_, onHost(piecesOf(send_, round), round, 0), onHost(piecesOf(receive_, round), round, sendBytes_));
}

void
Messenger::copyOut(std::size_t round)
{
  if (round < rounds_ && !kernels_.hasHostMemory())
  {
    const std::vector<Message> pieces = piecesOf(send_, round), host = onHost(pieces, round, 0);
    for (std::size_t i = 0; i < pieces.size(); ++i)
    {
      kernels_.startCopyToHost(pieces[i].data, host[i].data, pieces[i].bytes);
    }
  }
}

void
Messenger::copyIn(std::size_t round)
{
  if (!kernels_.hasHostMemory())
  {
    const std::vector<Message> pieces = piecesOf(receive_, round), host = onHost(pieces, round, sendBytes_);
    for (std::size_t i = 0; i < pieces.size(); ++i)
    {
      kernels_.startCopyFromHost(host[i].data, pieces[i].data, pieces[i].bytes);
    }
  }
}

} // namespace gnr
