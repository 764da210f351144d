// SPDX-License-Identifier: Apache-2.0
#include "parallel/MessagePath.h"

#include "kernels/Buffer.h"
#include "parallel/Messenger.h"

#include "gnr/Error.h"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <vector>

namespace gnr
{
namespace
{

bool
asksForDirect()
{
  const char * const value = std::getenv("GNR_TRANSPORT");
  const std::string  word = value != nullptr ? value : "staged";
  if (word != "staged" && word != "direct")
  {
    throw Error(ErrorKind::BadInput,
                "environment variable GNR_TRANSPORT: '" + word +
                  "' is not allowed; use staged (the default) or direct (an MPI library that knows CUDA)");
  }
  return word == "direct";
}

/** Of how many processes something is true. Collective. */
int
countTrue(Communicator & communicator, bool value)
{
  double number = value ? 1.0 : 0.0;
  communicator.sum(&number, 1);
  return static_cast<int>(number);
}

/** What the lowest process has to say that has to say something. Collective. */
std::optional<std::string>
firstWords(Communicator & communicator, const std::optional<std::string> & own)
{
  double first = own ? communicator.rank() : communicator.size();
  communicator.minimum(&first, 1);
  const int rank = static_cast<int>(first);
  if (rank == communicator.size())
  {
    return std::nullopt;
  }
  return "process " + std::to_string(rank) + ": " + communicator.broadcastText(own.value_or(""), rank);
}

// Below and above what MPI libraries send without asking, whose ways through the memory of a GPU are different ones.
constexpr std::size_t fewValues = 1000, manyValues = 300000;

Real
testValue(int from, int to, std::size_t i)
{
  return Real(static_cast<int>((i * 7 + from * 31 + to * 57) % 4093)) + Real(0.5);
}

/** Sends numbers between the arrays of all processes: few to everybody, many to the neighbours. Who is told of them
 * wrongly says so. Collective. */
std::optional<std::string>
testDirectMessages(Kernels & kernels, Communicator & communicator)
{
  const int own = communicator.rank(), ranks = communicator.size();
  for (const std::size_t n : { fewValues, manyValues })
  {
    std::vector<int> peers;
    for (int rank = 0; rank < ranks; ++rank)
    {
      const bool isNeighbour = (rank + 1) % ranks == own || (own + 1) % ranks == rank;
      if (rank != own && (n == fewValues || isNeighbour))
      {
        peers.push_back(rank);
      }
    }
    const Buffer         sent(kernels, n * peers.size()), received(kernels, n * peers.size());
    std::vector<Message> send, receive;
    std::vector<Real>    values(n * peers.size());
    for (std::size_t p = 0; p < peers.size(); ++p)
    {
      for (std::size_t i = 0; i < n; ++i)
      {
        values[p * n + i] = testValue(own, peers[p], i) / 2;
      }
      send.push_back({ sent.data() + p * n, n * sizeof(Real), peers[p] });
      receive.push_back({ received.data() + p * n, n * sizeof(Real), peers[p] });
    }
    kernels.copyFromHost(values.data(), sent.data(), values.size() * sizeof(Real));
    kernels.fill(received.data(), received.size(), Real(0));
    // By a kernel, which may still be at work when the message is sent.
    kernels.scaleAndShift(Real(2), sent.data(), Real(0), sent.data(), sent.size());
    Messenger messenger(kernels, communicator);
    messenger.start(Purpose::Images, send, receive);
    messenger.finish();
    kernels.copyToHost(received.data(), values.data(), values.size() * sizeof(Real));

    std::optional<std::string> complaint;
    for (std::size_t p = 0; p < peers.size() && !complaint; ++p)
    {
      for (std::size_t i = 0; i < n && !complaint; ++i)
      {
        if (values[p * n + i] != testValue(peers[p], own, i)) // also where it is not a number
        {
          complaint = "a test message of " + std::to_string(n * sizeof(Real)) + " bytes from process " +
                      std::to_string(peers[p]) + " did not arrive as it was sent";
        }
      }
    }
    if (const auto first = firstWords(communicator, complaint))
    {
      return first;
    }
  }
  return std::nullopt;
}

} // namespace

MessagePathChoice
chooseMessagePath(Kernels & kernels, Communicator & communicator)
{
  const bool wantsDirect = asksForDirect();
  if (communicator.size() == 1)
  {
    return {};
  }
  if (countTrue(communicator, !kernels.hasHostMemory()) == 0)
  {
    communicator.setMessagePath(MessagePath::Host);
    return {};
  }
  communicator.setMessagePath(MessagePath::Staged);
  const std::string staged = "staged through pinned host memory";
  if (countTrue(communicator, wantsDirect) == 0)
  {
    return { staged, false };
  }
  std::optional<std::string> obstacle;
  if (!wantsDirect)
  {
    obstacle = "GNR_TRANSPORT=direct is not in its environment";
  }
  else if (kernels.hasHostMemory())
  {
    obstacle = "it computes on " + kernels.description();
  }
  else
  {
    obstacle = communicator.refusesDeviceMemory();
  }
  auto refusal = firstWords(communicator, obstacle);
  if (!refusal)
  {
    communicator.setMessagePath(MessagePath::Direct);
    refusal = testDirectMessages(kernels, communicator);
  }
  if (refusal)
  {
    communicator.setMessagePath(MessagePath::Staged);
    return { staged + ", not directly as GNR_TRANSPORT asks: " + *refusal, true };
  }
  return { "direct: " + communicator.description() + " reads and writes the memory of the GPUs", false };
}

int
processesOnDevice(const Kernels & kernels, Communicator & communicator)
{
  const std::optional<DeviceIdentity> device = kernels.device();
  constexpr std::size_t               numbers = std::tuple_size<DeviceIdentity>::value;
  std::vector<double>                 all((numbers + 1) * communicator.size());
  double * const                      own = all.data() + (numbers + 1) * communicator.rank();
  if (device)
  {
    own[0] = 1.0;
    std::copy(device->begin(), device->end(), own + 1);
  }
  communicator.sum(all.data(), all.size());
  int processes = 0;
  for (int rank = 0; rank < communicator.size(); ++rank)
  {
    processes += std::equal(own, own + numbers + 1, all.data() + (numbers + 1) * rank) ? 1 : 0;
  }
  return device ? processes : 1;
}

} // namespace gnr
