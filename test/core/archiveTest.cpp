// SPDX-License-Identifier: Apache-2.0
// Structures as bytes between processes.
#include "registration/Archive.h"

#include "gnr/Error.h"
#include "gnr/Report.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>

using namespace gnr;

TEST(Archive, GivesBackWhatItTook)
{
  Report report;
  report.device = "some device";
  report.levels.resize(2);
  report.levels[1].grid = { { { 3, 4, 5 } }, { { 0.1, 0.2, 0.3 } } };
  report.levels[1].iterations.resize(3);
  report.levels[1].iterations[2].objective = 0.25;
  report.phases = { { "one", 1.5 }, { "", 2.5 } };
  report.memoryPlan.availableBytes = 77;
  report.memoryPlan.deviceReason = "some reason";
  report.memoryPlan.phases = { { "solve", 1234567890123u } };
  report.traffic = { { "halo", { 1, 2 }, { 3, 4 } } };
  report.kernelTimes = { { "dot", 12, 3.5 } };
  report.messages = { "a", std::string(1000, 'b') };
  const std::string bytes = pack(report);
  const Report      back = unpack<Report>(bytes);
  EXPECT_EQ(back.device, "some device");
  EXPECT_EQ(back.levels[1].grid, report.levels[1].grid);
  EXPECT_EQ(back.levels[1].iterations[2].objective, 0.25);
  EXPECT_EQ(back.phases, report.phases);
  EXPECT_EQ(back.memoryPlan.availableBytes, report.memoryPlan.availableBytes);
  EXPECT_EQ(back.memoryPlan.phases, report.memoryPlan.phases);
  EXPECT_EQ(back.memoryPlan.deviceReason, "some reason");
  EXPECT_EQ(back.traffic[0].most.bytes, 4u);
  EXPECT_EQ(back.kernelTimes[0].name, "dot");
  EXPECT_EQ(back.kernelTimes[0].calls, 12u);
  EXPECT_EQ(back.kernelTimes[0].milliseconds, 3.5);
  EXPECT_EQ(back.messages, report.messages);
  EXPECT_EQ(pack(back).size(), bytes.size());
  for (const std::size_t length : { bytes.size() - 1, bytes.size() / 2, std::size_t(3) })
  {
    EXPECT_THROW(unpack<Report>(bytes.substr(0, length)), Error) << length;
  }
}
