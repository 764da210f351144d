// SPDX-License-Identifier: Apache-2.0
// The symmetric form [Y1]-[Y4]: both images meet half way. Derivatives for each kind of term, and what it is for: with
// the images changed the velocity is the negative.
#include "problems.h"

#include "model/Objective.h"
#include "model/Structure.h"

#include "gnr/Engine.h"
#include "gnr/Error.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <tuple>
#include <vector>

namespace
{

using gnr::Buffer;
using gnr::Real;
using problems::Bench;

/** Terms of images at v, with weights of both sides. Densities are positive. */
struct Symmetric
{
  Symmetric(int n, const char * similarity, double exponent = 0.0, double amplitude = 0.5)
    : bench(problems::cube(n))
    , domain(bench.domain())
    , transform(domain)
    , fixed(bench.scalar([](double x, double y, double z) {
      return 1 + 0.5 * problems::templateImage(x - 0.2 * std::sin(y), y + 0.15 * std::sin(z), z - 0.1 * std::cos(x));
    }))
    , moving(bench.scalar([](double x, double y, double z) { return 1 + 0.5 * problems::templateImage(x, y, z); }))
    , fixedWeight(bench.scalar([](double x, double y, double) { return 0.7 + 0.2 * std::cos(x) * std::sin(y); }))
    , movingWeight(bench.scalar([](double, double y, double z) { return 0.6 + 0.3 * std::sin(y + z); }))
    , set{ gnr::compare(gnr::makeMeasures(*gnr::SimilaritySum::read(similarity)),
                        domain,
                        fixed.data(),
                        moving.data(),
                        exponent),
           fixedWeight.data(),
           movingWeight.data() }
    , objective(transform, options(), set)
    , v(bench.vector(problems::smoothVelocity(amplitude)))
    , scratch(domain.vector())
    , gradient(domain.vector())
  {
    setVelocity(v);
    objective.refreshWeight();
    value = objective.distance();
    objective.gradientOfTerms(domain.view(v), domain.view(gradient));
  }
  static gnr::Options
  options()
  {
    gnr::Options options;
    options.symmetric = true;
    options.timeSteps = 16;
    options.gradientLimit.reset();
    options.divergenceLimit.reset();
    return options;
  }
  void
  setVelocity(const Buffer & velocity)
  {
    objective.setVelocity(domain.view(velocity), objective.leastSteps(), domain.view(scratch));
  }
  double
  valueAt(const Buffer & w, double epsilon)
  {
    Buffer trial = domain.vector();
    bench.kernels().combine(1, v.data(), Real(epsilon), w.data(), trial.data(), trial.size());
    setVelocity(trial);
    return objective.distance();
  }
  Buffer
  hessian(const Buffer & p)
  {
    Buffer q = domain.vector();
    objective.hessianOfTerms(domain.view(p), domain.view(q));
    return q;
  }

  Bench                 bench;
  gnr::Domain &         domain;
  gnr::FourierTransform transform;
  Buffer                fixed, moving, fixedWeight, movingWeight;
  gnr::ImageSet         set;
  gnr::Objective        objective;
  Buffer                v, scratch, gradient;
  double                value = 0.0;
};

struct Kind
{
  const char * similarity;
  double       exponent;
};
// Channel by channel, with a window, in vector form, densities.
const Kind kinds[] = { { "ssd", 0.0 }, { "lncc", 0.0 }, { "mind", 0.0 }, { "ssd", 1.0 }, { "ssd", 0.5 } };

TEST(Symmetric, GradientIsTheDerivative)
{
  for (const auto & [similarity, exponent] : kinds)
  {
    Symmetric    s(48, similarity, exponent);
    const Buffer w = s.bench.vector(problems::direction(0.4));
    const double slope = s.bench.inner(s.gradient, w), e = 1e-2;
    const double difference = (s.valueAt(w, e) - s.valueAt(w, -e)) / (2 * e);
    // Of the discretisation, as one-sided; descriptors of 8 bits have steps of their own.
    EXPECT_NEAR(slope / difference, 1.0, 2e-2) << similarity << " " << exponent;
  }
}

TEST(Symmetric, HessianIsSymmetricAndPositive)
{
  for (const auto & [similarity, exponent] : kinds)
  {
    Symmetric    s(24, similarity, exponent);
    const Buffer x = s.bench.vector(problems::direction(0.4)), y = s.bench.vector(problems::direction(1.3));
    const Buffer hx = s.hessian(x), hy = s.hessian(y);
    const double xhx = s.bench.inner(x, hx), yhy = s.bench.inner(y, hy);
    EXPECT_GT(xhx, 0.0) << similarity;
    // The transports are transposes of each other up to their discretisation.
    EXPECT_NEAR(s.bench.inner(hx, y), s.bench.inner(x, hy), 2e-3 * std::sqrt(xhx * yhy)) << similarity << exponent;
  }
}

// At rest there is no transport to discretise: with equal images the Hessian is that of the one-sided form, and what
// the preconditioners know.
TEST(Symmetric, AtRestTheHessianIsThatOfTheStructure)
{
  for (const auto & [similarity, exponent] : kinds)
  {
    Symmetric      s(24, similarity, exponent, 0.0);
    const Buffer   p = s.bench.vector(problems::direction(0.4));
    Buffer         q = s.domain.vector();
    gnr::Structure structure(s.domain);
    s.objective.structure(structure);
    structure.apply(p.data(), q.data());
    const Buffer hp = s.hessian(p);
    s.bench.kernels().axpby(-1, hp.data(), 1, q.data(), q.size());
    EXPECT_LT(s.bench.inner(q, q), 1e-8 * s.bench.inner(hp, hp)) << similarity << exponent;
  }
}

TEST(Symmetric, EqualImagesHaveTheHessianOfOneSide)
{
  Bench                 bench(problems::cube(24));
  gnr::Domain &         domain = bench.domain();
  gnr::FourierTransform transform(domain);
  const Buffer          image = bench.scalar(problems::templateImage), p = bench.vector(problems::direction(0.4));
  const auto            product = [&](bool isSymmetric) {
    gnr::Options options = Symmetric::options();
    options.symmetric = isSymmetric;
    const gnr::ImageSet set{ gnr::compare(
      gnr::makeMeasures(*gnr::SimilaritySum::read("ssd")), domain, image.data(), image.data()) };
    gnr::Objective      objective(transform, options, set);
    Buffer              zero = bench.vector(problems::smoothVelocity(0.0)), q = domain.vector();
    objective.setVelocity(domain.view(zero), objective.leastSteps(), domain.view(q));
    objective.gradientOfTerms(domain.view(zero), domain.view(q));
    objective.hessianOfTerms(domain.view(p), domain.view(q));
    return q;
  };
  const Buffer one = product(false);
  Buffer       both = product(true);
  bench.kernels().axpby(-1, one.data(), 1, both.data(), both.size());
  EXPECT_LT(bench.inner(both, both), 1e-10 * bench.inner(one, one));
}

/** Two images of a body, the second deformed, of 28 x 24 x 20 voxels. */
struct Pair
{
  Pair()
  {
    grid.size = { { 28, 24, 20 } };
    for (int k = 0; k < grid.size[2]; ++k)
    {
      for (int j = 0; j < grid.size[1]; ++j)
      {
        for (int i = 0; i < grid.size[0]; ++i)
        {
          a.push_back(body(i, j, k));
          b.push_back(body(i + 1.5 * std::sin(0.2 * j), j - 1.2 * std::cos(0.15 * k), k + 0.8 * std::sin(0.2 * i)));
          weight.push_back(i < 6 ? 0.2F : 1.0F);
        }
      }
    }
  }
  static float
  body(double i, double j, double k)
  {
    const double x = (i - 14) / 9, y = (j - 12) / 8, z = (k - 10) / 7;
    const double inside = 1 / (1 + std::exp(12 * (x * x + y * y + z * z - 1)));
    return static_cast<float>(inside * (0.6 + 0.2 * std::sin(0.7 * i) * std::cos(0.6 * j) + 0.2 * std::sin(0.8 * k)));
  }
  std::vector<float>
  velocity(const char * similarity, bool isChanged, bool isMasked, bool isHalf)
  {
    gnr::Problem problem;
    problem.grid = grid;
    problem.options.device = problems::solveDevice();
    problem.options.similarity = *gnr::SimilarityList::read(similarity);
    problem.options.symmetric = true;
    problem.options.maximumIterations = 2;
    problem.options.velocityGrid = isHalf ? gnr::VelocityGrid::Half : gnr::VelocityGrid::Full;
    const gnr::Box all = gnr::wholeOf(grid);
    problem.fixed = { (isChanged ? b : a).data(), all };
    problem.moving = { (isChanged ? a : b).data(), all };
    if (isMasked)
    {
      (isChanged ? problem.movingWeight : problem.fixedWeight) = { weight.data(), all };
    }
    std::vector<float> v(3 * grid.points());
    const auto         solution = gnr::makeEngine()->run(problem);
    solution->read(gnr::Field::Velocity, { v.data(), all });
    return v;
  }

  gnr::Grid          grid;
  std::vector<float> a, b, weight;
};

// The arithmetic is the same with images and signs changed; differences in float are rounding.
TEST(Symmetric, ImagesThatChangePlacesGiveTheNegativeVelocity)
{
  Pair       pair;
  const auto sizeOf = [](const std::vector<float> & v) {
    double sum = 0.0;
    for (const float x : v)
    {
      sum += double(x) * x;
    }
    return std::sqrt(sum);
  };
  for (const auto & [similarity, isMasked, isHalf] :
       { std::tuple("ssd", false, false), std::tuple("lncc", true, false), std::tuple("mind", false, true) })
  {
    std::vector<float>       there = pair.velocity(similarity, false, isMasked, isHalf);
    const std::vector<float> back = pair.velocity(similarity, true, isMasked, isHalf);
    const double             size = sizeOf(there);
    EXPECT_GT(size / std::sqrt(double(there.size())), 0.1) << "nothing moves";
    for (std::size_t i = 0; i < there.size(); ++i)
    {
      there[i] += back[i];
    }
    EXPECT_LT(sizeOf(there), 1e-3 * size) << similarity;
  }
}

TEST(Symmetric, MeasuresThatAreNotSymmetricAreRefused)
{
  Pair pair;
  for (const char * similarity : { "ncc", "lncc+correlation-ratio" })
  {
    try
    {
      pair.velocity(similarity, false, false, false);
      ADD_FAILURE() << similarity << " was taken";
    }
    catch (const gnr::Error & error)
    {
      EXPECT_EQ(error.kind(), gnr::ErrorKind::BadInput);
      EXPECT_NE(std::string(error.what()).find("swapped"), std::string::npos) << error.what();
    }
  }
}

} // namespace
