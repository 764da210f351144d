// SPDX-License-Identifier: Apache-2.0
// Every rank runs the same tests in the same order; rank 0 alone tells of those that pass.
// --die: rank size-1 is killed while the others wait; --stop: it is stopped; --fail: it announces a failure (run.py
// looks at what happens).
#include "gnr/Communicator.h"
#include "gnr/Error.h"

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <string>
#include <thread>

namespace
{

int
failOrDie(const std::string & what)
{
  try
  {
    const auto communicator = gnr::makeMpiCommunicator();
    double     value = 1.0;
    communicator->sum(&value, 1);
    try
    {
      if (communicator->rank() == communicator->size() - 1)
      {
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
        if (what != "--fail")
        {
          std::puts("will be killed or stopped");
          std::fflush(stdout);
          std::raise(what == "--die" ? SIGKILL : SIGSTOP);
        }
        communicator->announceFailure(gnr::ErrorKind::NumericalFailure, "not a number");
        return 4;
      }
      communicator->sum(&value, 1);
      std::puts("the sum has succeeded");
      return 0;
    }
    catch (const gnr::Error & error)
    {
      std::printf("rank %d: error %d: %s\n", communicator->rank(), static_cast<int>(error.kind()), error.what());
      return error.kind() == gnr::ErrorKind::NumericalFailure ? 4 : 3;
    }
  }
  catch (const gnr::Error & error)
  {
    std::printf("%s\n", error.what());
    return 2;
  }
}

} // namespace

int
main(int argc, char * argv[])
{
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "--die" || what == "--stop" || what == "--fail")
  {
    return failOrDie(what);
  }
  testing::InitGoogleTest(&argc, argv);
  if (gnr::makeMpiCommunicator()->rank() != 0)
  {
    // Only what fails; the default printer would tell everything once for each rank.
    class Failures : public testing::EmptyTestEventListener
    {
      void
      OnTestPartResult(const testing::TestPartResult & result) override
      {
        if (result.failed())
        {
          std::printf(
            "%s:%d: %s\n", result.file_name() ? result.file_name() : "", result.line_number(), result.message());
        }
      }
    };
    auto & listeners = testing::UnitTest::GetInstance()->listeners();
    delete listeners.Release(listeners.default_result_printer());
    listeners.Append(new Failures);
  }
  return RUN_ALL_TESTS();
}
