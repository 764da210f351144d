// SPDX-License-Identifier: Apache-2.0
// A chest that breathes by a known motion, registered as a density and as an intensity.
#include "problems.h"

#include "../../examples/ThoraxPhantom.h"

#include "gnr/Engine.h"
#include "gnr/Error.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

namespace
{

using gnr::Density;

struct Thorax
{
  explicit Thorax(double spacing)
  {
    const double lengths[3] = { 336.0, 252.0, 336.0 };
    for (int a = 0; a < 3; ++a)
    {
      grid.size[a] = static_cast<int>(std::lround(lengths[a] / spacing));
      grid.spacing[a] = spacing;
    }
    options = gnr::makeOptions(gnr::Preset::LungCt);
    options.density = Density::Given;
    // The motion is smooth, and there is no noise.
    options.regularization = gnr::Regularization::H2;
    options.beta = 1e-4;
    options.periodic = true; // as air is
    options.device = problems::solveDevice();
    const ThoraxPhantom phantom(0.7 * spacing);
    forEachPoint([&](const ThoraxPhantom::PointType & p) {
      fixed.push_back(static_cast<float>(phantom.Fixed(p)));
      moving.push_back(static_cast<float>(phantom.Moving(p)));
    });
  }

  void
  forEachPoint(const std::function<void(const ThoraxPhantom::PointType &)> & f) const
  {
    const auto at = [&](int axis, int i) { return (i - 0.5 * (grid.size[axis] - 1)) * grid.spacing[axis]; };
    for (int k = 0; k < grid.size[2]; ++k)
    {
      for (int j = 0; j < grid.size[1]; ++j)
      {
        for (int i = 0; i < grid.size[0]; ++i)
        {
          f({ { at(0, i), at(1, j), at(2, k) } });
        }
      }
    }
  }

  struct Errors
  {
    double map = 0.0;         ///< mean in the lungs, voxels
    double determinant = 0.0; ///< mean there, relative
  };

  /** So that solves which hardly differ do not stop at different steps; they agree to about the tolerance times the
   * motion of three voxels. */
  void
  solveToTheEnd()
  {
    options.gradientTolerance = 1e-3;
    options.objectiveTolerance = 0.0;
  }

  /** Displacement, x y z of each voxel in mm. */
  std::vector<float>
  displacement()
  {
    std::vector<float> u(3 * grid.points());
    const gnr::Problem problem = problemOf();
    gnr::makeEngine()->run(problem)->read(gnr::Field::Displacement, { u.data(), wholeOf(grid) });
    return u;
  }
  gnr::Problem
  problemOf() const
  {
    gnr::Problem problem{ grid, options, { fixed.data(), wholeOf(grid) }, { moving.data(), wholeOf(grid) } };
    problem.movingVolumeChange = volumeChange;
    return problem;
  }

  Errors
  run(gnr::Report * report = nullptr)
  {
    const auto         result = gnr::makeEngine()->run(problemOf());
    std::vector<float> u(3 * grid.points()), det(grid.points());
    result->read(gnr::Field::Displacement, { u.data(), wholeOf(grid) });
    result->read(gnr::Field::Determinant, { det.data(), wholeOf(grid) });
    if (report != nullptr)
    {
      *report = result->report();
    }
    const ThoraxPhantom phantom(1.0);
    Errors              errors;
    std::size_t         voxel = 0, counted = 0;
    forEachPoint([&](const ThoraxPhantom::PointType & p) {
      const ThoraxPhantom::PointType y = phantom.Map(p);
      if (ThoraxPhantom::Lung(y) < 0.0)
      {
        double squared = 0.0;
        for (int a = 0; a < 3; ++a)
        {
          squared += std::pow((p[a] + u[3 * voxel + a] - y[a]) / grid.spacing[a], 2);
        }
        errors.map += std::sqrt(squared);
        errors.determinant += std::abs(det[voxel] / phantom.Determinant(p) - 1.0);
        ++counted;
      }
      ++voxel;
    });
    errors.map /= counted;
    errors.determinant /= counted;
    return errors;
  }

  gnr::Grid          grid;
  gnr::Options       options;
  std::vector<float> fixed, moving;
  double             volumeChange = 1.0;
};

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
