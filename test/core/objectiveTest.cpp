// SPDX-License-Identifier: Apache-2.0
// Derivatives of the reduced objective: gradient against differences of the objective, symmetry and sign of the
// Hessian.
#include "problems.h"

#include "model/Objective.h"

#include <gtest/gtest.h>

namespace
{

using problems::Bench;
using problems::direction;

struct Fixture
{
  Fixture(int n, int nt, double amplitude, gnr::Options o = {})
    : bench(problems::cube(n))
    , transform(bench.domain())
    , options(fill(o, nt))
    , fixed(bench.scalar([](double x, double y, double z) {
      return problems::templateImage(x - 0.2 * std::sin(y), y + 0.15 * std::sin(z), z - 0.1 * std::cos(x));
    }))
    , moving(bench.scalar(problems::templateImage))
    , problem(transform,
              options,
              gnr::ImageSet{ gnr::compare(gnr::makeMeasures({}), bench.domain(), fixed.data(), moving.data()) })
    , v(bench.vector(problems::smoothVelocity(amplitude)))
    , scratch(bench.domain().vector())
  {
    problem.setVelocity(bench.domain().view(v), nt, bench.domain().view(scratch));
  }

  static gnr::Options
  fill(gnr::Options o, int nt)
  {
    o.timeSteps = nt;
    return o;
  }

  /** J at v + epsilon w. */
  double
  objective(const gnr::Buffer & w, double epsilon)
  {
    gnr::Buffer trial = bench.domain().vector(), av = bench.domain().vector();
    bench.kernels().combine(1, v.data(), static_cast<gnr::Real>(epsilon), w.data(), trial.data(), trial.size());
    problem.setVelocity(bench.domain().view(trial), options.timeSteps, bench.domain().view(scratch));
    problem.regularizer().apply(trial.data(), av.data());
    return problem.distance() + 0.5 * bench.inner(trial, av) + problem.velocityPenalty(bench.domain().view(trial));
  }

  /** g at v. */
  gnr::Buffer
  gradient()
  {
    gnr::Buffer g = bench.domain().vector(), av = bench.domain().vector();
    problem.setVelocity(bench.domain().view(v), options.timeSteps, bench.domain().view(scratch));
    problem.gradientOfTerms(bench.domain().view(v), bench.domain().view(g));
    problem.regularizer().apply(v.data(), av.data());
    bench.kernels().axpby(1, av.data(), 1, g.data(), g.size());
    return g;
  }

  /** H w at v; gradient() comes first. */
  gnr::Buffer
  hessian(const gnr::Buffer & w)
  {
    gnr::Buffer q = bench.domain().vector(), aw = bench.domain().vector();
    problem.hessianOfTerms(bench.domain().view(w), bench.domain().view(q));
    problem.regularizer().apply(w.data(), aw.data());
    bench.kernels().axpby(1, aw.data(), 1, q.data(), q.size());
    return q;
  }

  Bench                 bench;
  gnr::FourierTransform transform;
  gnr::Options          options;
  gnr::Buffer           fixed, moving;
  gnr::Objective        problem;
  gnr::Buffer           v, scratch;
};

/** Relative error of <g, w> against a central difference of J. */
double
gradientError(int n, int nt)
{
  Fixture           s(n, nt, 0.5);
  const gnr::Buffer w = s.bench.vector(direction(0.4));
  const gnr::Buffer g = s.gradient();
  const double      exact = s.bench.inner(g, w);
  // Small enough for the third derivative, large enough for the rounding of J in float.
  const double epsilon = 1e-2;
  const double difference = (s.objective(w, epsilon) - s.objective(w, -epsilon)) / (2 * epsilon);
  return std::abs(difference - exact) / std::abs(difference);
}

TEST(Objective, gradientIsTheDerivativeOfTheObjective)
{
  EXPECT_LE(gradientError(64, 8), 1e-2);
}

TEST(Objective, gradientErrorFallsWithResolutionAndTimeSteps)
{
  const double coarse = gradientError(16, 2), middle = gradientError(32, 4), fine = gradientError(64, 8);
  RecordProperty("coarse", std::to_string(coarse));
  std::cout << "relative gradient errors: " << coarse << " " << middle << " " << fine << "\n";
  EXPECT_LT(middle, coarse / 2);
  EXPECT_LT(fine, middle / 2);
}

TEST(Objective, taylorRemainderIsOfSecondOrder)
{
  Fixture           s(64, 8, 0.5);
  const gnr::Buffer w = s.bench.vector(direction(0.4));
  const gnr::Buffer g = s.gradient();
  problems::expectSecondOrderRemainder([&](double e) { return s.objective(w, e); }, s.bench.inner(g, w));
}

TEST(Objective, hessianIsSymmetric)
{
  Fixture           s(64, 8, 0.5);
  const gnr::Buffer x = s.bench.vector(direction(0.4)), y = s.bench.vector(direction(1.3));
  s.gradient();
  const gnr::Buffer hx = s.hessian(x), hy = s.hessian(y);
  const double      a = s.bench.inner(hx, y), b = s.bench.inner(x, hy);
  std::cout << "<Hx,y> " << a << " <x,Hy> " << b << "\n";
  EXPECT_LE(std::abs(a - b), 1e-4 * std::abs(a));
}

TEST(Objective, hessianIsPositive)
{
  Fixture s(32, 4, 0.5);
  s.gradient();
  for (const double phase : { 0.1, 0.7, 1.9 })
  {
    const gnr::Buffer x = s.bench.vector(direction(phase));
    const gnr::Buffer hx = s.hessian(x);
    EXPECT_GT(s.bench.inner(hx, x), 0.0);
  }
}

// At v = 0 every discrete operator is the exact transpose of its partner, up to rounding.
TEST(Objective, hessianAtZeroVelocityIsSymmetricToRounding)
{
  Fixture           s(32, 4, 0.0);
  const gnr::Buffer x = s.bench.vector(direction(0.4)), y = s.bench.vector(direction(1.3));
  s.gradient();
  const gnr::Buffer hx = s.hessian(x), hy = s.hessian(y);
  const double      scale = std::sqrt(s.bench.inner(hx, hx) * s.bench.inner(y, y));
  EXPECT_LE(std::abs(s.bench.inner(hx, y) - s.bench.inner(x, hy)), 1e-6 * scale);
}

} // namespace
