// SPDX-License-Identifier: Apache-2.0
#include "world.h"

#include "parallel/MpiPlugin.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

using namespace gnr;
using namespace gnr::test;

namespace
{

std::shared_ptr<Communicator>
world()
{
  return makeMpiCommunicator(std::nullopt, shortPieces);
}

/** What the fixed tree gives: pairs at distance 1, then 2, 4, ... */
double
treeSum(std::vector<double> values)
{
  const int size = static_cast<int>(values.size());
  for (int distance = 1; distance < size; distance *= 2)
  {
    for (int rank = 0; rank + distance < size; rank += 2 * distance)
    {
      values[rank] += values[rank + distance];
    }
  }
  return values[0];
}

double
randomValue(int rank, int i)
{
  std::mt19937 generator(1000 * rank + i);
  return std::normal_distribution<double>(0.0, std::pow(10.0, rank))(generator);
}

/** Children of a rank in a binomial tree of `size`: ranks that add one bit below its lowest. */
int
children(int rank, int size)
{
  int number = 0;
  for (int bit = 1; bit < size && !(rank & bit); bit *= 2)
  {
    number += rank + bit < size;
  }
  return number;
}

} // namespace

TEST(World, KnowsItself)
{
  const auto communicator = world();
  EXPECT_TRUE(isMpiInitialized());
  if (const auto launched = launchedProcesses())
  {
    EXPECT_EQ(communicator->size(), *launched);
  }
  EXPECT_LT(communicator->rank(), communicator->size());
  // All ranks of this test are on one machine, in their order.
  EXPECT_EQ(communicator->rankOnMachine(), communicator->rank());
  EXPECT_EQ(communicator->sizeOnMachine(), communicator->size());
  // A name and a version, as in "Open MPI 4.1.4".
  EXPECT_NE(communicator->description().find_first_of("0123456789"), std::string::npos) << communicator->description();
  EXPECT_EQ(communicator->description().find('\n'), std::string::npos) << communicator->description();
}

TEST(Reduction, HasClosedForms)
{
  const auto   communicator = world();
  const double n = communicator->size(), r = communicator->rank();
  for (const int count : { 1, 3, 1000 }) // 8000 bytes: 8 pieces
  {
    std::vector<double> sum(count), minimum(count), maximum(count);
    for (int i = 0; i < count; ++i)
    {
      sum[i] = (r + 1) * (i + 1);
      minimum[i] = std::fabs(r - i % communicator->size()) - i;
      maximum[i] = i - std::fabs(r - i % communicator->size());
    }
    communicator->sum(sum.data(), sum.size());
    communicator->minimum(minimum.data(), minimum.size());
    communicator->maximum(maximum.data(), maximum.size());
    for (int i = 0; i < count; ++i)
    {
      EXPECT_EQ(sum[i], (i + 1) * n * (n + 1) / 2);
      EXPECT_EQ(minimum[i], -i);
      EXPECT_EQ(maximum[i], i);
    }
  }
  communicator->sum(nullptr, 0);
}

TEST(Reduction, HasTheBitsOfItsTreeOnAllRanks)
{
  const auto communicator = world();
  for (int i = 0; i < 20; ++i)
  {
    std::vector<double> all;
    for (int rank = 0; rank < communicator->size(); ++rank)
    {
      all.push_back(randomValue(rank, i));
    }
    double value = all[communicator->rank()];
    communicator->sum(&value, 1);
    EXPECT_EQ(value, treeSum(all));
    EXPECT_TRUE(isSameOnAll(*communicator, &value, sizeof(value)));
  }
}

TEST(Reduction, KeepsNotANumber)
{
  const auto communicator = world();
  for (int rank = 0; rank < communicator->size(); ++rank)
  {
    for (const bool isMaximum : { true, false })
    {
      const double own = rank == communicator->rank() ? std::numeric_limits<double>::quiet_NaN() : 1.0;
      double       values[3] = { 2.0, own, 3.0 };
      isMaximum ? communicator->maximum(values, 3) : communicator->minimum(values, 3);
      EXPECT_EQ(values[0], 2.0);
      EXPECT_TRUE(std::isnan(values[1])) << "of rank " << rank << ", " << isMaximum;
      EXPECT_EQ(values[2], 3.0);
    }
  }
}

TEST(Broadcast, ReachesAllFromEveryRoot)
{
  const auto communicator = world();
  for (int root = 0; root < communicator->size(); ++root)
  {
    for (const std::size_t size : { 0, 1, 999, 1000, 1001, 12345 })
    {
      const Bytes sent = letter(root, 0, 1, size);
      Bytes       bytes = communicator->rank() == root ? sent : Bytes(size, 0);
      communicator->broadcast(bytes.data(), bytes.size(), root);
      EXPECT_EQ(bytes, sent) << "from " << root;
    }
  }
}

TEST(Exchange, GoesAroundTheRingBothWays)
{
  const auto communicator = world();
  const int  n = communicator->size(), r = communicator->rank();
  if (n == 1)
  {
    communicator->startExchange(Purpose::Halo, {}, {});
    communicator->finishExchange();
    return;
  }
  const int up = (r + 1) % n, down = (r + n - 1) % n;
  for (const std::size_t size : { 1, 5000, 2000000 })
  {
    Bytes toUp = letter(r, up, 1, size), toDown = letter(r, down, 2, size + 7);
    Bytes fromDown(size), fromUp(size + 7);
    // With two ranks both go to the same one: in the order of the list.
    communicator->startExchange(Purpose::Halo,
                                { { toUp.data(), toUp.size(), up }, { toDown.data(), toDown.size(), down } },
                                { { fromDown.data(), size, down }, { fromUp.data(), size + 7, up } });
    double one = 1.0; // other calls may come between
    communicator->sum(&one, 1);
    EXPECT_EQ(one, n);
    communicator->finishExchange();
    EXPECT_EQ(fromDown, letter(down, r, 1, size));
    EXPECT_EQ(fromUp, letter(up, r, 2, size + 7));
  }
}

TEST(Exchange, GoesFromAllToAllWithSeveralMessagesEach)
{
  const auto communicator = world();
  const int  n = communicator->size(), r = communicator->rank();
  const auto size = [](int from, int to, int number) {
    return static_cast<std::size_t>(1 + 700 * from + 1300 * to + 37 * number);
  };
  for (int round = 0; round < 3; ++round)
  {
    std::vector<Bytes>   sent, received;
    std::vector<Message> send, receive;
    sent.reserve(3 * n);
    received.reserve(3 * n);
    for (int other = 0; other < n; ++other)
    {
      for (int number = 0; number < 3 && other != r; ++number)
      {
        sent.push_back(letter(r, other, number + round, size(r, other, number)));
        send.push_back({ sent.back().data(), sent.back().size(), other });
        received.push_back(Bytes(size(other, r, number)));
        receive.push_back({ received.back().data(), received.back().size(), other });
      }
    }
    communicator->startExchange(Purpose::Transpose, send, receive);
    communicator->finishExchange();
    for (std::size_t i = 0; i < receive.size(); ++i)
    {
      EXPECT_EQ(received[i], letter(receive[i].rank, r, static_cast<int>(i % 3) + round, received[i].size()));
    }
  }
}

TEST(Exchange, CountsWhatItSends)
{
  const auto          communicator = world();
  const std::uint64_t n = communicator->size(), r = communicator->rank();
  for (int purpose = 0; purpose < numberOfPurposes; ++purpose)
  {
    EXPECT_EQ(communicator->traffic(static_cast<Purpose>(purpose)).messages, 0u);
  }
  std::vector<double> values(300); // 3 pieces, 1 message
  communicator->sum(values.data(), values.size());
  const std::uint64_t messages = (r > 0) + children(static_cast<int>(r), static_cast<int>(n));
  EXPECT_EQ(communicator->traffic(Purpose::Reduction).messages, messages);
  EXPECT_EQ(communicator->traffic(Purpose::Reduction).bytes, messages * 300 * 8);

  std::vector<Bytes>   sent(n, Bytes(10 + r)), received(n);
  std::vector<Message> send, receive;
  for (std::uint64_t other = 0; other < n; ++other)
  {
    if (other != r)
    {
      received[other].resize(10 + other);
      send.push_back({ sent[other].data(), 10 + r, static_cast<int>(other) });
      receive.push_back({ received[other].data(), 10 + other, static_cast<int>(other) });
    }
  }
  communicator->startExchange(Purpose::Halo, send, receive);
  communicator->finishExchange();
  EXPECT_EQ(communicator->traffic(Purpose::Halo).messages, n - 1);
  EXPECT_EQ(communicator->traffic(Purpose::Halo).bytes, (n - 1) * (10 + r));
  EXPECT_EQ(communicator->traffic(Purpose::Transpose).messages, 0u);

  // Up the tree and down again: 2 (n - 1) messages on all ranks together.
  double all = static_cast<double>(messages);
  communicator->sum(&all, 1);
  EXPECT_EQ(all, 2.0 * (n - 1));
}

TEST(Exchange, OfOneCommunicatorDoesNotMeetThatOfAnother)
{
  const auto a = world(), b = world();
  const int  n = a->size(), r = a->rank();
  if (n == 1)
  {
    GTEST_SKIP() << "needs two processes";
  }
  const int up = (r + 1) % n, down = (r + n - 1) % n;
  Bytes     toA = letter(r, up, 1, 100), toB = letter(r, up, 2, 100), fromA(100), fromB(100);
  a->startExchange(Purpose::Halo, { { toA.data(), 100, up } }, { { fromA.data(), 100, down } });
  b->startExchange(Purpose::Halo, { { toB.data(), 100, up } }, { { fromB.data(), 100, down } });
  b->finishExchange();
  a->finishExchange();
  EXPECT_EQ(fromA, letter(down, r, 1, 100));
  EXPECT_EQ(fromB, letter(down, r, 2, 100));
}

TEST(World, CanBeMadeOftenerThanMpiHasCommunicators)
{
  if (world()->size() > 3)
  {
    GTEST_SKIP() << "fewer processes show it sooner";
  }
  for (int i = 0; i < 1100; ++i) // two each, and MPICH has 2048 at a time
  {
    world();
  }
  double     one = 1.0;
  const auto communicator = world();
  communicator->sum(&one, 1);
  EXPECT_EQ(one, communicator->size());
}
