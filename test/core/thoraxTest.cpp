// SPDX-License-Identifier: Apache-2.0
// A chest that breathes by a known motion, registered as a density and as an intensity.
#include "thorax.h"

#include "gnr/Error.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace
{

using gnr::Density;
using problems::Thorax;

TEST(Thorax, DensitiesTellVolumesWhereIntensitiesDoNot)
{
  Thorax               thorax(4.0);
  gnr::Report          report;
  const Thorax::Errors density = thorax.run(&report);
  thorax.options.density = Density::None;
  const Thorax::Errors intensity = thorax.run();
  EXPECT_LT(density.map, 0.3);
  EXPECT_LT(density.map, 0.75 * intensity.map);
  EXPECT_LT(density.determinant, 0.03);
  EXPECT_LT(density.determinant, 0.5 * intensity.determinant);
  ASSERT_TRUE(report.massDrift.has_value());
  EXPECT_LT(*report.massDrift, 1e-3);
  EXPECT_EQ(report.foldedVoxels, 0u);
}

// Of CT numbers the density is (HU + 1000)/1055, with nothing below vacuum or beyond bone.
TEST(Thorax, CtNumbersAreDensities)
{
  Thorax thorax(8.0);
  thorax.solveToTheEnd();
  thorax.options.density = Density::Ct;
  for (std::vector<float> * image : { &thorax.fixed, &thorax.moving })
  {
    for (float & value : *image)
    {
      value = 1055.0F * value - 1000.0F;
    }
  }
  const std::vector<float> expected = thorax.displacement();
  EXPECT_GT(problems::largestDifference(expected, std::vector<float>(expected.size()), thorax.grid), 1.0);
  // What is outside of the table of a scanner.
  for (float & value : thorax.fixed)
  {
    value = value < -999.9F ? -3024.0F : value;
  }
  EXPECT_LT(problems::largestDifference(thorax.displacement(), expected, thorax.grid), 0.01);
}

// Where a transform has let the moving image grow to 1.25 times its volume, its density is 0.8 of what it shows.
TEST(Thorax, AVolumeChangeBeforehandScalesTheDensity)
{
  Thorax thorax(8.0);
  thorax.solveToTheEnd();
  thorax.options.density = Density::Ct;
  const auto toCt = [](std::vector<float> & image, float factor) {
    for (float & value : image)
    {
      value = 1055.0F * factor * value - 1000.0F;
    }
  };
  toCt(thorax.fixed, 1.0F);
  Thorax grown = thorax;
  toCt(thorax.moving, 1.0F);
  toCt(grown.moving, 0.8F);
  grown.volumeChange = 1.25;
  EXPECT_LT(problems::largestDifference(thorax.displacement(), grown.displacement(), thorax.grid), 0.01);
}

TEST(Thorax, ValuesThatAreNoDensitiesAreRefused)
{
  Thorax     thorax(12.0);
  const auto messageOf = [&](Density density) -> std::string {
    thorax.options.density = density;
    try
    {
      thorax.displacement();
    }
    catch (const gnr::Error & error)
    {
      EXPECT_EQ(error.kind(), gnr::ErrorKind::BadInput);
      return error.what();
    }
    return {};
  };
  EXPECT_NE(messageOf(Density::Ct).find("FixedImage: its values"), std::string::npos) << messageOf(Density::Ct);
  thorax.moving[0] = -1.0F;
  EXPECT_NE(messageOf(Density::Given).find("MovingImage: its values"), std::string::npos);
  thorax.moving[0] = 0.0F;
  thorax.volumeChange = 0.0;
  EXPECT_NE(messageOf(Density::Given).find("changes volumes by 0"), std::string::npos);
}

} // namespace
