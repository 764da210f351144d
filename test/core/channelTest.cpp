// SPDX-License-Identifier: Apache-2.0
#include "registration/launched/Channel.h"

#include <gtest/gtest.h>

#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <utility>

namespace
{

using gnr::launched::Arrival;
using gnr::launched::Channel;
using gnr::launched::Frame;
using gnr::launched::Word;

struct Pair
{
  Pair()
  {
    int ends[2] = { -1, -1 };
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    sender = Channel(ends[0]);
    receiver = Channel(ends[1]);
  }
  Channel sender;
  Channel receiver;
};

TEST(Channel, BringsWhatWasSent)
{
  const Pair pair;
  Frame      frame;
  EXPECT_EQ(pair.receiver.receive(frame, 0), Arrival::Nothing);
  ASSERT_TRUE(pair.sender.send(Word::Happened, "abc"));
  ASSERT_TRUE(pair.sender.send(Word::Stop));
  ASSERT_EQ(pair.receiver.receive(frame, 0), Arrival::Frame);
  EXPECT_EQ(frame.word, Word::Happened);
  EXPECT_EQ(frame.body, "abc");
  ASSERT_EQ(pair.receiver.receive(frame, 0), Arrival::Frame);
  EXPECT_EQ(frame.word, Word::Stop);
  EXPECT_EQ(frame.body, "");
}

/** Lengths that no message has were taken as they came, and ended the process for want of memory. */
TEST(Channel, WhatIsNoFrameClosesIt)
{
  for (const std::uint64_t length : { std::uint64_t(1) << 27, std::uint64_t(1) << 40, ~std::uint64_t(0) })
  {
    const Pair pair;
    char       header[16] = {};
    std::memcpy(header + 8, &length, sizeof(length));
    ASSERT_EQ(write(pair.sender.descriptor(), header, sizeof(header)), static_cast<ssize_t>(sizeof(header)));
    Frame frame;
    EXPECT_EQ(pair.receiver.receive(frame, 0), Arrival::Closed);
  }
}

TEST(Channel, HalfAFrameIsTheEnd)
{
  Pair pair;
  {
    const Channel       sender = std::move(pair.sender);
    const std::uint64_t header[2] = { 0, 100 };
    ASSERT_EQ(write(sender.descriptor(), header, sizeof(header)), static_cast<ssize_t>(sizeof(header)));
  }
  Frame frame;
  EXPECT_EQ(pair.receiver.receive(frame, 0), Arrival::Closed);
}

} // namespace
