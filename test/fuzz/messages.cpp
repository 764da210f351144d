// SPDX-License-Identifier: Apache-2.0
// What a host and its first worker hear of one another: frames, and the structures in them.
#include "fuzzing.h"

#include "registration/Archive.h"
#include "registration/launched/Channel.h"

#include <sys/socket.h>

namespace
{

template <typename T>
void
Unpack(const std::string & body)
{
  gnr::unpack<T>(body);
}

} // namespace

int
LLVMFuzzerTestOneInput(const std::uint8_t * data, std::size_t size)
{
  constexpr std::size_t fits = 100000; // in the buffer of a socket
  int                   ends[2];
  if (size > fits || socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
  {
    return -1;
  }
  const gnr::launched::Channel receiver(ends[0]);
  if (write(ends[1], data, size) != static_cast<ssize_t>(size))
  {
    std::abort();
  }
  close(ends[1]);
  gnr::launched::Frame frame;
  try
  {
    while (receiver.receive(frame, 0) == gnr::launched::Arrival::Frame)
    {
      for (const auto unpack :
           { Unpack<gnr::Report>, Unpack<gnr::MemoryPlan>, Unpack<gnr::Event>, Unpack<std::string> })
      {
        try
        {
          unpack(frame.body);
        }
        catch (const gnr::Error &)
        {}
      }
    }
  }
  catch (const gnr::Error &)
  {}
  return 0;
}
