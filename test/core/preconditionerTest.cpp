// SPDX-License-Identifier: Apache-2.0
// The preconditioners [K2], [K3]: what they invert, their symmetry, and that the solve does not depend on them.
#include "problems.h"

#include "model/Objective.h"
#include "optimization/Preconditioner.h"
#include "optimization/ZeroVelocityHessian.h"

#include "gnr/Engine.h"

#include <gtest/gtest.h>

#include <cmath>

namespace
{

using gnr::Buffer;
using gnr::Preconditioner;
using problems::Bench;

constexpr Preconditioner iterative[] = { Preconditioner::InvH0, Preconditioner::TwoLevelInvH0 };

double
fixedImage(double x, double y, double z)
{
  return problems::templateImage(x - 0.3 * std::sin(y), y + 0.2 * std::sin(z), z - 0.2 * std::cos(x));
}

gnr::Options
withBeta(double beta)
{
  gnr::Options options;
  options.beta = beta;
  options.gamma = 1.0;
  options.gradientLimit.reset();
  options.divergenceLimit.reset();
  return options;
}

struct Fixture
{
  explicit Fixture(double beta,
                   double amplitude = 0.0,
                   double (*movingImage)(double, double, double) = problems::templateImage)
    : bench(problems::cube(24))
    , transform(bench.domain())
    , fixed(bench.scalar(fixedImage))
    , moving(bench.scalar(movingImage))
    , problem(transform,
              withBeta(beta),
              gnr::ImageSet{ gnr::compare(gnr::makeMeasures({}), bench.domain(), fixed.data(), moving.data()) })
    , v(bench.vector(problems::smoothVelocity(amplitude)))
  {
    Buffer scratch = bench.domain().vector();
    problem.setVelocity(bench.domain().view(v), 4, bench.domain().view(scratch));
    problem.gradientOfTerms(bench.domain().view(v), bench.domain().view(scratch));
  }

  /** M r of a fresh preconditioner, with inner solves as exact as they get. */
  Buffer
  apply(Preconditioner kind, const Buffer & r)
  {
    const auto m = gnr::makePreconditioner(kind, problem);
    Buffer     z = bench.domain().vector();
    m->refresh(1e-6);
    m->apply(r.data(), z.data());
    return z;
  }

  double
  relativeDifference(const Buffer & a, const Buffer & b)
  {
    Buffer d = bench.domain().vector();
    bench.kernels().combine(1, a.data(), -1, b.data(), d.data(), d.size());
    return std::sqrt(bench.inner(d, d) / bench.inner(b, b));
  }

  Bench                 bench;
  gnr::FourierTransform transform;
  Buffer                fixed, moving;
  gnr::Objective        problem;
  Buffer                v;
};

// A constant image has no gradient: H0 = A.
TEST(Preconditioner, withoutGradientAllAreTheInverseOfA)
{
  Fixture      f(1e-2, 0.0, [](double, double, double) { return 0.7; });
  const Buffer r = f.bench.vector(problems::smoothVelocity(1.0));
  const Buffer expected = f.apply(Preconditioner::InvA, r);
  for (const Preconditioner kind : iterative)
  {
    EXPECT_LT(f.relativeDifference(f.apply(kind, r), expected), 1e-5);
  }
}

// At v = 0 the Hessian is H0: M inverts it, up to the mean of the residual that A does not see.
TEST(Preconditioner, invertsTheHessianAtZeroVelocity)
{
  Fixture f(0.1);
  Buffer  x = f.bench.vector(problems::smoothVelocity(1.0)), hx = f.bench.domain().vector();
  f.problem.hessian(f.bench.domain().view(x), f.bench.domain().view(hx));
  EXPECT_LT(f.relativeDifference(f.apply(Preconditioner::InvH0, hx), x), 1e-3);
  // x has two of twelve frequencies: the coarse grid carries it, and its products with the image's gradient.
  EXPECT_LT(f.relativeDifference(f.apply(Preconditioner::TwoLevelInvH0, hx), x), 1e-2);
  EXPECT_GT(f.relativeDifference(f.apply(Preconditioner::InvA, hx), x), 0.1) << "the test tells nothing";
}

TEST(Preconditioner, symmetricAndPositive)
{
  Fixture      f(0.1, 0.5);
  const Buffer a = f.bench.vector(problems::smoothVelocity(1.0));
  const Buffer b = f.bench.vector({ { [](double x, double y, double) { return std::sin(2 * x - y); },
                                      [](double x, double, double z) { return std::cos(5 * x) * std::sin(9 * z); },
                                      [](double, double y, double z) { return std::cos(y + 3 * z); } } });
  for (const Preconditioner kind : { Preconditioner::InvA, Preconditioner::InvH0, Preconditioner::TwoLevelInvH0 })
  {
    const Buffer ma = f.apply(kind, a), mb = f.apply(kind, b);
    const double scale = std::sqrt(f.bench.inner(ma, a) * f.bench.inner(mb, b));
    EXPECT_GT(f.bench.inner(ma, a), 0.0);
    EXPECT_GT(f.bench.inner(mb, b), 0.0);
    EXPECT_NEAR(f.bench.inner(ma, b) / scale, f.bench.inner(mb, a) / scale, 2e-3);
  }
}

// (A + G W G^T) x = r with a weight, checked by putting x back.
TEST(ZeroVelocityHessian, solvesItsSystem)
{
  Fixture                  f(0.05);
  const Buffer             weight = f.bench.scalar([](double x, double, double) { return 0.5 + 0.5 * std::cos(x); });
  gnr::Structure           structure(f.bench.domain());
  gnr::ZeroVelocityHessian h0(f.bench.domain(), f.problem.regularizer(), structure);
  structure.addImage(f.moving.data(), 0.0, weight.data(), 1.0);
  const Buffer r = f.bench.vector(problems::smoothVelocity(1.0));
  Buffer       x = f.bench.domain().vector(), scratch(f.bench.kernels(), 4 * x.size());
  f.bench.kernels().copy(r.data(), x.data(), x.size());
  h0.solve(x.data(), 1e-5, 200, scratch.data());
  const int iterations = h0.takeIterations();
  EXPECT_LT(iterations, 200);

  Buffer back = f.bench.domain().vector(), q = f.bench.domain().vector();
  // the gradient of the template in closed form: sin 2x / 3, ...
  const Buffer      gradient = f.bench.vector({ { [](double a, double, double) { return std::sin(2 * a) / 3; },
                                                  [](double, double b, double) { return std::sin(2 * b) / 3; },
                                                  [](double, double, double c) { return std::sin(2 * c) / 3; } } });
  const std::size_t n = f.bench.domain().points();
  f.problem.regularizer().apply(x.data(), back.data());
  f.bench.kernels().gradientDyad({ gradient.data(), n }, weight.data(), { x.data(), n }, f.bench.domain().view(q), n);
  f.bench.kernels().axpby(1, q.data(), 1, back.data(), back.size());
  EXPECT_LT(f.relativeDifference(back, r), 1e-3);
}

/** A registration on one grid, by squared differences: only where the Hessian is that of the objective at its minimum
 * does a small gradient say that the objective is as low as there. */
gnr::Report
registered(Preconditioner kind)
{
  const gnr::Grid          grid = problems::cube(32);
  const std::vector<float> fixed = problems::image(grid, fixedImage);
  const std::vector<float> moving = problems::image(grid, problems::templateImage);
  gnr::Options             options = problems::ssdOptions();
  options.beta = 1e-4;
  options.periodic = true;
  options.levels = 1;
  options.gradientLimit.reset();
  options.divergenceLimit.reset();
  options.gradientTolerance = 1e-3;
  options.objectiveTolerance = 0.0;
  options.preconditioner = kind;
  gnr::Problem problem{ grid, options };
  problem.fixed = { fixed.data(), gnr::wholeOf(problem.grid) };
  problem.moving = { moving.data(), gnr::wholeOf(problem.grid) };
  return gnr::makeEngine()->run(problem)->report();
}

TEST(Preconditioner, theMinimumDoesNotDependOnIt)
{
  const gnr::Report reference = registered(Preconditioner::InvA);
  const double      objective = reference.levels.back().iterations.back().objective;
  const auto        inner = [](const gnr::Report & report) {
    int sum = 0;
    for (const gnr::IterationRecord & step : report.levels.back().iterations)
    {
      sum += step.innerIterations;
    }
    return sum;
  };
  EXPECT_EQ(inner(reference), 0);
  for (const Preconditioner kind : iterative)
  {
    const gnr::Report report = registered(kind);
    EXPECT_EQ(report.reason, gnr::StopReason::GradientTolerance);
    EXPECT_NEAR(report.levels.back().iterations.back().objective / objective, 1.0, 0.02);
    EXPECT_GT(inner(report), 0);
  }
}

} // namespace
