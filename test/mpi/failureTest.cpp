// SPDX-License-Identifier: Apache-2.0
// One rank fails while the others wait for it, in each kind of call: all must learn the words of that one, soon, and
// nothing may be written in their memory afterwards.
#include "world.h"

#include "parallel/MpiPlugin.h"

#include "gnr/Error.h"

#include <algorithm>
#include <functional>
#include <thread>
#include <utility>

using namespace gnr;
using namespace gnr::test;

namespace
{

// The machine may be busy with other things; a hang lasts for ever.
constexpr double soon = 5.0;

const std::string words = "no memory for 17 bytes; take fewer";

void
pause(int milliseconds)
{
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
}

/** Every rank in turn fails, after a while; the others are in `call`, which would wait for the failed one (or for
 * someone who waits for it). */
void
failInTurn(
  const std::function<void(Communicator &, int failing)> & call,
  std::size_t                                              piece = shortPieces,
  const std::function<void(Communicator &)> &              before = [](Communicator &) {})
{
  for (int failing = 0;; ++failing)
  {
    const auto communicator = makeMpiCommunicator(std::nullopt, piece);
    if (failing == communicator->size() || communicator->size() == 1)
    {
      return;
    }
    if (communicator->rank() == failing)
    {
      before(*communicator);
      pause(20);
      communicator->announceFailure(ErrorKind::OutOfResources, words);
      // Its own error is on its way; a call that comes nevertheless must not wait.
      double value = 0.0;
      EXPECT_THROW(communicator->sum(&value, 1), Error);
      continue;
    }
    const double      begin = seconds();
    const std::string expected =
      "process " + std::to_string(failing) + " of " + std::to_string(communicator->size()) + ": " + words;
    for (int repeated = 0; repeated < 2; ++repeated) // and all later calls
    {
      try
      {
        call(*communicator, failing);
        ADD_FAILURE() << "rank " << communicator->rank() << " has not learned of the failure of rank " << failing;
      }
      catch (const Error & error)
      {
        EXPECT_EQ(error.kind(), ErrorKind::OutOfResources);
        EXPECT_EQ(error.what(), expected);
      }
    }
    communicator->announceFailure(ErrorKind::BadInput, "the error of another one");
    EXPECT_LT(seconds() - begin, soon);
  }
}

/** One round of messages of all to all but oneself. */
struct AllToAll
{
  AllToAll(Communicator & communicator, std::size_t size)
    : sent(communicator.size(), Bytes(size, 1))
    , received(communicator.size(), Bytes(size, 2))
  {
    for (int other = 0; other < communicator.size(); ++other)
    {
      if (other != communicator.rank())
      {
        send.push_back({ sent[other].data(), size, other });
        receive.push_back({ received[other].data(), size, other });
      }
    }
  }

  std::vector<Bytes>   sent, received;
  std::vector<Message> send, receive;
};

// Below and above what MPI libraries send without asking.
constexpr std::size_t small = 100, large = 3000000;

} // namespace

TEST(Failure, ReachesTheOthersInASum)
{
  failInTurn([](Communicator & communicator, int) {
    std::vector<double> values(1000, 1.0);
    communicator.sum(values.data(), values.size());
  });
}

TEST(Failure, ReachesTheOthersInAMaximum)
{
  failInTurn([](Communicator & communicator, int) {
    double value = 1.0;
    communicator.maximum(&value, 1);
  });
}

TEST(Failure, ReachesTheOthersInABroadcastFromTheFailedOne)
{
  for (const std::size_t size : { small, large })
  {
    failInTurn([size](Communicator & communicator, int failing) {
      Bytes bytes(size);
      communicator.broadcast(bytes.data(), size, failing);
    });
  }
}

TEST(Failure, ReachesARootThatNobodyAnswers)
{
  // One piece, too large to go unasked, to the next rank, which may be the failed one or be waiting for itself.
  failInTurn(
    [](Communicator & communicator, int) {
      Bytes bytes(large);
      communicator.broadcast(bytes.data(), large, communicator.rank());
    },
    large);
}

TEST(Failure, ReachesTheOthersInAnExchange)
{
  for (const std::size_t size : { small, large })
  {
    failInTurn([size](Communicator & communicator, int) {
      AllToAll all(communicator, size);
      communicator.startExchange(Purpose::Halo, all.send, all.receive);
      communicator.finishExchange();
    });
  }
}

TEST(Failure, ReachesThoseWhoComeLate)
{
  failInTurn([](Communicator & communicator, int) {
    pause(100); // a computation
    AllToAll all(communicator, small);
    communicator.startExchange(Purpose::Halo, all.send, all.receive);
    FAIL() << "begun although a process had failed long before";
  });
}

TEST(Failure, ReachesTheOthersInACallBetweenStartAndFinish)
{
  failInTurn([](Communicator & communicator, int) {
    AllToAll all(communicator, large);
    communicator.startExchange(Purpose::Halo, all.send, all.receive);
    double value = 1.0;
    communicator.sum(&value, 1);
  });
}

TEST(Failure, LeavesMemoryAlone)
{
  // All have sent, the failing one as well, so that messages are on their way when the news arrive; a second one from
  // each never comes.
  std::unique_ptr<AllToAll> sent;
  for (const std::size_t size : { small, large })
  {
    std::vector<Bytes> kept;
    failInTurn(
      [&kept, size](Communicator & communicator, int) {
        AllToAll             all(communicator, size), missing(communicator, small);
        std::vector<Message> receive = all.receive;
        receive.insert(receive.end(), missing.receive.begin(), missing.receive.end());
        try
        {
          communicator.startExchange(Purpose::Transpose, all.send, receive);
          communicator.finishExchange();
        }
        catch (const Error &)
        {
          for (Bytes & bytes : all.received)
          {
            std::fill(bytes.begin(), bytes.end(), 99);
            kept.push_back(std::move(bytes)); // in its place
          }
          throw;
        }
      },
      large,
      [&sent, size](Communicator & communicator) {
        sent = std::make_unique<AllToAll>(communicator, size);
        communicator.startExchange(Purpose::Transpose, sent->send, sent->receive);
      });
    // MPI moves on while another communicator is used.
    const auto communicator = makeMpiCommunicator();
    for (int i = 0; i < 100; ++i)
    {
      double one = 1.0;
      communicator->sum(&one, 1);
      ASSERT_EQ(one, communicator->size());
    }
    for (const Bytes & bytes : kept)
    {
      for (const unsigned char byte : bytes)
      {
        ASSERT_EQ(byte, 99);
      }
    }
  }
}

TEST(Failure, IsToldByAnExceptionThatNobodyAnnounces)
{
  for (int failing = 0;; ++failing)
  {
    auto      communicator = makeMpiCommunicator();
    const int size = communicator->size();
    if (failing == size || size == 1)
    {
      return;
    }
    if (communicator->rank() == failing)
    {
      try
      {
        const auto mine = std::move(communicator);
        throw std::runtime_error("something else");
      }
      catch (const std::runtime_error &)
      {}
      continue;
    }
    try
    {
      double value = 1.0;
      communicator->sum(&value, 1);
      ADD_FAILURE() << "not told";
    }
    catch (const Error & error)
    {
      EXPECT_NE(
        std::string(error.what()).find("process " + std::to_string(failing) + " of " + std::to_string(size) + ": "),
        std::string::npos)
        << error.what();
    }
  }
}

TEST(Failure, OfLongWordsIsTold)
{
  const auto communicator = makeMpiCommunicator();
  if (communicator->size() == 1)
  {
    communicator->announceFailure(ErrorKind::BadInput, "to nobody");
    return;
  }
  const std::string text(100000, 'x');
  if (communicator->rank() == 0)
  {
    communicator->announceFailure(ErrorKind::BadInput, text);
    return;
  }
  try
  {
    double value = 1.0;
    communicator->sum(&value, 1);
    ADD_FAILURE() << "not told";
  }
  catch (const Error & error)
  {
    EXPECT_EQ(error.kind(), ErrorKind::BadInput);
    EXPECT_EQ(std::string(error.what()).substr(0, 1000),
              ("process 0 of " + std::to_string(communicator->size()) + ": " + text).substr(0, 1000));
  }
}
