// SPDX-License-Identifier: Apache-2.0
// A program that uses MPI itself, with the thread level that its argument names: ours is a guest.
#include "gnr/Communicator.h"
#include "gnr/Error.h"

#include <gtest/gtest.h>

#include <mpi.h>

#include <cstdio>
#include <map>
#include <string>
#include <thread>

using namespace gnr;

namespace
{
int level = MPI_THREAD_SINGLE;
}

TEST(Guest, SharesAPartOfTheProcesses)
{
  int rank = 0, size = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  MPI_Comm part = MPI_COMM_NULL;
  MPI_Comm_split(MPI_COMM_WORLD, rank % 2, -rank, &part); // in reversed order
  const int members = rank % 2 == 0 ? (size + 1) / 2 : size / 2;
  {
    const auto communicator = makeMpiCommunicator(MPI_Comm_c2f(part));
    EXPECT_EQ(communicator->size(), members);
    EXPECT_EQ(communicator->rank(), members - 1 - rank / 2);
    double value = rank;
    communicator->sum(&value, 1);
    double expected = 0.0;
    for (int other = rank % 2; other < size; other += 2)
    {
      expected += other;
    }
    EXPECT_EQ(value, expected);
  }
  MPI_Comm_free(&part);
}

TEST(Guest, DoesNotTakeTheMessagesOfTheHost)
{
  int rank = 0, size = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  const int up = (rank + 1) % size, down = (rank + size - 1) % size;
  for (int tag = 0; tag < 10; ++tag)
  {
    int         mine = 100 * rank + tag, theirs = -1;
    MPI_Request requests[2];
    MPI_Irecv(&theirs, 1, MPI_INT, down, tag, MPI_COMM_WORLD, &requests[0]);
    const auto communicator = makeMpiCommunicator();
    double     value = 1.0;
    communicator->sum(&value, 1);
    MPI_Isend(&mine, 1, MPI_INT, up, tag, MPI_COMM_WORLD, &requests[1]);
    communicator->sum(&value, 1);
    MPI_Waitall(2, requests, MPI_STATUSES_IGNORE);
    EXPECT_EQ(theirs, 100 * down + tag);
    EXPECT_EQ(value, static_cast<double>(size) * size);
  }
}

TEST(Guest, LeavesMpiUp)
{
  makeMpiCommunicator();
  int finalized = 1;
  MPI_Finalized(&finalized);
  EXPECT_EQ(finalized, 0);
  EXPECT_TRUE(isMpiInitialized());
  MPI_Barrier(MPI_COMM_WORLD);
}

TEST(Guest, AsksForALevelThatOtherThreadsMayUse)
{
  // All ranks alike, so that none waits for another one.
  std::string message;
  std::thread([&message] {
    try
    {
      const auto communicator = makeMpiCommunicator();
      double     value = 1.0;
      communicator->sum(&value, 1);
      EXPECT_EQ(value, communicator->size());
    }
    catch (const Error & error)
    {
      EXPECT_EQ(error.kind(), ErrorKind::BadInput);
      message = error.what();
    }
  }).join();
  if (level >= MPI_THREAD_SERIALIZED)
  {
    EXPECT_EQ(message, "");
  }
  else
  {
    EXPECT_NE(message.find("MPI_THREAD_SERIALIZED"), std::string::npos) << message;
  }
}

int
main(int argc, char * argv[])
{
  const std::map<std::string, int> levels = { { "single", MPI_THREAD_SINGLE },
                                              { "funneled", MPI_THREAD_FUNNELED },
                                              { "serialized", MPI_THREAD_SERIALIZED },
                                              { "multiple", MPI_THREAD_MULTIPLE } };
  testing::InitGoogleTest(&argc, argv);
  if (isMpiInitialized()) // the library is loaded, and that is all
  {
    std::puts("isMpiInitialized() before MPI_Init");
    return 1;
  }
  MPI_Init_thread(&argc, &argv, levels.at(argv[1]), &level);
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (rank != 0)
  {
    auto & listeners = testing::UnitTest::GetInstance()->listeners();
    delete listeners.Release(listeners.default_result_printer());
  }
  const int result = RUN_ALL_TESTS();
  MPI_Finalize();
  if (isMpiInitialized())
  {
    std::puts("isMpiInitialized() after MPI_Finalize");
    return 1;
  }
  return result;
}
