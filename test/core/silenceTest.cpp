// SPDX-License-Identifier: Apache-2.0
// When a process that is not heard of is given up.
#include "parallel/Silence.h"

#include "gnr/Error.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <optional>

using namespace gnr;

TEST(SilenceOfAProcess, CountsInTimeThatThisOneIsAtWork)
{
  using std::chrono::seconds;
  const auto begin = std::chrono::steady_clock::now();
  Silence    silence;
  silence.look(begin);
  EXPECT_NEAR(silence.look(begin + seconds(1)), 1.0, 1e-2);
  EXPECT_NEAR(silence.look(begin + seconds(2)), 2.0, 1e-2);
  EXPECT_NEAR(silence.look(begin + seconds(3602)), 3.0, 1e-2) << "an hour of suspension is one look";
  silence.heard();
  EXPECT_NEAR(silence.look(begin + seconds(3603)), 1.0, 1e-2);
}

TEST(SilenceOfAProcess, HasALimitThatIsANumber)
{
  EXPECT_EQ(silenceLimit(), 60.0);
  for (const char * text : { "2.9", "-1", "soon", "5s", "nan" })
  {
    setenv("GNR_SILENCE_LIMIT", text, 1);
    EXPECT_THROW(silenceLimit(), Error) << text;
  }
  setenv("GNR_SILENCE_LIMIT", "7.5", 1);
  EXPECT_EQ(silenceLimit(), 7.5);
  setenv("GNR_SILENCE_LIMIT", "none", 1);
  EXPECT_EQ(silenceLimit(), std::nullopt);
  unsetenv("GNR_SILENCE_LIMIT");
}
