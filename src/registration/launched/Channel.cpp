// SPDX-License-Identifier: Apache-2.0
#include "registration/launched/Channel.h"

#include "gnr/Error.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace gnr
{
namespace launched
{
namespace
{

#ifndef MSG_NOSIGNAL
constexpr int MSG_NOSIGNAL = 0;
#endif

constexpr std::uint64_t longestBody = std::uint64_t(64) << 20; // bytes; a report has some thousands

struct Header
{
  Word          word;
  std::uint64_t bytes;
};

[[noreturn]] void
fail(const std::string & what)
{
  throw Error(ErrorKind::OutOfResources, "several processes: " + what + ": " + std::strerror(errno));
}

sockaddr_un
addressOf(const std::string & path)
{
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path))
  {
    throw Error(ErrorKind::BadInput,
                "several processes: the name " + path +
                  " is too long for a socket; let TMPDIR name a folder with a shorter one");
  }
  std::memcpy(address.sun_path, path.c_str(), path.size());
  return address;
}

int
makeSocket()
{
  const int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0)
  {
    fail("the system gives no socket");
  }
  return descriptor;
}

/** False if the other end is closed. */
bool
readAll(int descriptor, void * data, std::size_t bytes)
{
  for (char * to = static_cast<char *>(data); bytes > 0;)
  {
    const ssize_t got = recv(descriptor, to, bytes, 0);
    if (got > 0)
    {
      to += got;
      bytes -= static_cast<std::size_t>(got);
    }
    else if (got == 0 || errno != EINTR)
    {
      return false;
    }
  }
  return true;
}

} // namespace

Channel::Channel(int socket)
  : socket_(socket)
{}

Channel::~Channel()
{
  if (socket_ >= 0)
  {
    close(socket_);
  }
}

Channel::Channel(Channel && other) noexcept
  : socket_(std::exchange(other.socket_, -1))
{}

Channel &
Channel::operator=(Channel && other) noexcept
{
  std::swap(socket_, other.socket_);
  return *this;
}

Channel
Channel::listenAt(const std::string & path)
{
  const sockaddr_un address = addressOf(path);
  Channel           channel(makeSocket());
  if (bind(channel.socket_, reinterpret_cast<const sockaddr *>(&address), sizeof(address)) != 0 ||
      listen(channel.socket_, 1) != 0)
  {
    fail("no socket can be made at " + path);
  }
  return channel;
}

Channel
Channel::connectTo(const std::string & path)
{
  const sockaddr_un address = addressOf(path);
  Channel           channel(makeSocket());
  if (connect(channel.socket_, reinterpret_cast<const sockaddr *>(&address), sizeof(address)) != 0)
  {
    fail("nobody listens at " + path);
  }
  return channel;
}

Channel
Channel::accept() const
{
  Channel channel(accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC));
  if (!channel.isOpen())
  {
    fail("a worker could not be heard");
  }
  return channel;
}

bool
Channel::send(Word word, const std::string & body) const
{
  Header header;
  std::memset(&header, 0, sizeof(header)); // with its padding
  header.word = word;
  header.bytes = body.size();
  std::string frame(reinterpret_cast<const char *>(&header), sizeof(header));
  frame += body;
  for (std::size_t at = 0; at < frame.size();)
  {
    const ssize_t sent = ::send(socket_, frame.data() + at, frame.size() - at, MSG_NOSIGNAL);
    if (sent >= 0)
    {
      at += static_cast<std::size_t>(sent);
    }
    else if (errno != EINTR)
    {
      return false;
    }
  }
  return true;
}

Arrival
Channel::receive(Frame & frame, int milliseconds) const
{
  pollfd    entry{ socket_, POLLIN, 0 };
  const int ready = poll(&entry, 1, milliseconds);
  if (ready < 0 && errno != EINTR)
  {
    fail("a worker cannot be heard any more");
  }
  if (ready <= 0)
  {
    return Arrival::Nothing;
  }
  Header header{};
  if (!readAll(socket_, &header, sizeof(header)))
  {
    return Arrival::Closed;
  }
  if (header.bytes > longestBody)
  {
    return Arrival::Closed;
  }
  frame.word = header.word;
  frame.body.resize(header.bytes);
  return readAll(socket_, frame.body.data(), frame.body.size()) ? Arrival::Frame : Arrival::Closed;
}

} // namespace launched
} // namespace gnr
