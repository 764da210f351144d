// SPDX-License-Identifier: Apache-2.0
// A measure of the caller's own: one that computes half of the squared differences gives what that of the library does.
#include "problems.h"
#include "threads.h"

#include "gnr/CustomMeasure.h"
#include "gnr/Engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace
{

/** 1/2 w (m - f)^2, and what is done to the results. */
class SquaredDifferences : public gnr::CustomMeasure
{
public:
  using Spoil = std::function<void(double & value, float * force, float * curvature)>;

  explicit SquaredDifferences(Spoil spoil = [](double &, float *, float *) {})
    : spoil_(std::move(spoil))
  {}

  double
  compare(const Images & images, float * force, float * curvature) override
  {
    const auto &      size = images.grid.size;
    const std::size_t n = std::size_t(size[0]) * size[1] * (images.box.end[2] - images.box.begin[2]);
    double            value = 0.0;
    for (std::size_t i = 0; i < n; ++i)
    {
      const double w = images.weight ? images.weight[i] : 1.0, d = double(images.fixed[i]) - images.moving[i];
      value += 0.5 * w * d * d;
      if (force != nullptr)
      {
        force[i] = float(w * d);
        EXPECT_EQ(curvature[i], float(w));
      }
    }
    spoil_(value, force, curvature);
    return value;
  }

private:
  Spoil spoil_;
};

struct Pair
{
  Pair()
    : grid(problems::cube(32))
    , fixed(problems::image(grid,
                            [](double x, double y, double z) {
                              return problems::templateImage(x - 0.3 * std::sin(y), y + 0.2 * std::sin(z), z);
                            }))
    , moving(problems::image(grid, problems::templateImage))
  {}

  std::vector<float>
  run(const char * similarity, gnr::CustomMeasure * measure, std::shared_ptr<gnr::Communicator> communicator = nullptr)
  {
    gnr::Problem problem{ grid, {} };
    problem.options.device = problems::solveDevice();
    problem.options.periodic = true;
    problem.options.similarity = *gnr::SimilaritySum::read(similarity);
    problem.customMeasure = measure;
    problem.fixed = { fixed.data(), gnr::wholeOf(grid) };
    problem.moving = { moving.data(), gnr::wholeOf(grid) };
    std::vector<float> u(3 * grid.points());
    gnr::makeEngine(communicator)->run(problem)->read(gnr::Field::Displacement, { u.data(), gnr::wholeOf(grid) });
    return u;
  }

  gnr::Grid          grid;
  std::vector<float> fixed, moving;
};

TEST(CustomMeasure, OfSquaredDifferencesGivesWhatTheirsGives)
{
  Pair               pair;
  SquaredDifferences measure;
  const auto         expected = pair.run("ssd", nullptr);
  EXPECT_LT(problems::largestDifference(pair.run("custom", &measure), expected, pair.grid), 1e-3);
  EXPECT_LT(problems::largestDifference(pair.run("0.25*custom+0.75*ssd", &measure), expected, pair.grid), 1e-3);
  EXPECT_GT(problems::largestDifference(expected, std::vector<float>(expected.size()), pair.grid), 1.0)
    << "it tells nothing";
}

TEST(CustomMeasure, SeesThePlanesOfEachProcess)
{
  Pair                  pair;
  const auto            expected = pair.run("ssd", nullptr);
  gnr::test::ThreadTeam team(3);
  team.run([&](const std::shared_ptr<gnr::Communicator> & communicator) {
    SquaredDifferences measure;
    const auto         u = pair.run("custom", &measure, communicator); // each gets the whole
    EXPECT_LT(problems::largestDifference(u, expected, pair.grid), 1e-3) << communicator->rank();
  });
}

TEST(CustomMeasure, IsAskedForWhereItIsGivenAndTheOtherWayRound)
{
  Pair               pair;
  SquaredDifferences measure;
  EXPECT_THROW(pair.run("custom", nullptr), gnr::Error);
  EXPECT_THROW(pair.run("ssd", &measure), gnr::Error);
}

TEST(CustomMeasure, OfWrongNumbersEndsTheSolve)
{
  Pair                            pair;
  const float                     nan = std::numeric_limits<float>::quiet_NaN();
  const SquaredDifferences::Spoil spoils[] = {
    [=](double & value, float *, float *) { value = nan; },
    [=](double &, float * force, float *) { force != nullptr ? void(force[7] = nan) : void(); },
    [=](double &, float *, float * curvature) { curvature != nullptr ? void(curvature[7] = nan) : void(); },
    [=](double &, float *, float * curvature) { curvature != nullptr ? void(curvature[7] = -1.0F) : void(); },
  };
  for (const auto & spoil : spoils)
  {
    SquaredDifferences measure(spoil);
    try
    {
      pair.run("custom", &measure);
      ADD_FAILURE() << "nothing was thrown";
    }
    catch (const gnr::Error & error)
    {
      EXPECT_EQ(error.kind(), gnr::ErrorKind::NumericalFailure);
      EXPECT_EQ(std::string(error.what()).rfind("custom measure: ", 0), 0u) << error.what();
    }
  }
}

} // namespace
