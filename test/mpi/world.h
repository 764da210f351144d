// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_test_mpi_world_h
#define gnr_test_mpi_world_h

#include "gnr/Communicator.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <vector>

namespace gnr
{
namespace test
{

/** So that messages of the tests go in several pieces. */
constexpr std::size_t shortPieces = 1000;

using Bytes = std::vector<unsigned char>;

/** What rank `from` sends to rank `to` as its `number`-th message. */
inline Bytes
letter(int from, int to, int number, std::size_t size)
{
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i)
  {
    bytes[i] = static_cast<unsigned char>(i + 31 * from + 57 * to + 101 * number + i / 251);
  }
  return bytes;
}

inline double
seconds()
{
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/** The same bytes on all ranks? By an all-to-all exchange, the answer is for all. */
inline bool
isSameOnAll(Communicator & communicator, const void * data, std::size_t size)
{
  Bytes                own(static_cast<const unsigned char *>(data), static_cast<const unsigned char *>(data) + size);
  std::vector<Bytes>   others(communicator.size(), Bytes(size));
  std::vector<Message> send, receive;
  for (int rank = 0; rank < communicator.size(); ++rank)
  {
    if (rank != communicator.rank())
    {
      send.push_back({ own.data(), size, rank });
      receive.push_back({ others[rank].data(), size, rank });
    }
  }
  communicator.startExchange(Purpose::Images, send, receive);
  communicator.finishExchange();
  double differences = 0.0;
  for (int rank = 0; rank < communicator.size(); ++rank)
  {
    differences += rank != communicator.rank() && others[rank] != own;
  }
  communicator.sum(&differences, 1);
  return differences == 0.0;
}

} // namespace test
} // namespace gnr

#endif
