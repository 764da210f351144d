// SPDX-License-Identifier: Apache-2.0
// Densities: what a change of volume makes of a state, with its derivatives [T5].
#include "problems.h"

#include "model/Objective.h"
#include "model/Structure.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

namespace
{

using gnr::Buffer;
using problems::Bench;
using problems::direction;

// Intensity, half density, what has been measured of CT, density.
class Densities : public testing::TestWithParam<double>
{};
INSTANTIATE_TEST_SUITE_P(Exponents, Densities, testing::Values(0.0, 0.5, 0.55, 1.0));

double
blob(double x, double y, double z)
{
  return 0.2 + std::exp(2.0 * (std::cos(x - 2.8) + std::cos(y - 3.3) + std::cos(z - 3.1) - 3.0));
}

/** A density on its way. */
struct Carried
{
  Carried(int n, double exponent, const problems::Scalar & initial = blob)
    : bench(problems::cube(n))
    , scratch(bench.domain().vector())
    , m0(bench.scalar(initial))
    , trajectory(bench.domain(), gnr::Interpolation::Cubic)
    , state{ m0.data(), exponent }
  {
    trajectory.expect(exponent);
  }

  void
  follow(const Buffer & v, int steps)
  {
    trajectory.setVelocity(bench.domain().view(v), steps, bench.domain().view(scratch));
    trajectory.solve(state);
  }
  std::vector<gnr::Real>
  end()
  {
    return bench.read(trajectory.end(state), bench.domain().points());
  }
  /** Mean of m^{1/a}. */
  double
  mass(const gnr::Real * m)
  {
    double sum = 0.0;
    for (const gnr::Real value : bench.read(m, bench.domain().points()))
    {
      sum += std::pow(std::max(0.0, double(value)), 1.0 / state.exponent);
    }
    return sum / bench.domain().points();
  }
  /** <L vt, l> against <vt, L^T l>, relative. */
  double
  adjointError(const Buffer & v, const Buffer & vt, int steps)
  {
    follow(v, steps);
    Buffer mt = bench.domain().scalar(), b = bench.domain().vector();
    trajectory.prepareBackward(bench.domain().view(v), bench.domain().view(scratch));
    trajectory.incrementalState(state, bench.domain().view(vt), mt.data());
    Buffer       lambda = bench.scalar([](double x, double y, double z) {
      return std::cos(2 * x + 0.7) + std::sin(2 * y - 0.4) * std::cos(z) + 0.3 * std::cos(2 * z + 0.2);
    });
    const double forward = bench.inner(mt, lambda);
    trajectory.integrateAdjoint(state, lambda.data(), false, bench.domain().view(b));
    const double backward = -bench.inner(vt, b);
    return std::abs(forward - backward) / std::abs(forward);
  }

  Bench           bench;
  Buffer          scratch, m0;
  gnr::Trajectory trajectory;
  gnr::State      state;
};

TEST_P(Densities, keepTheirMass)
{
  if (GetParam() == 0.0)
  {
    return; // an intensity has none
  }
  const auto drift = [](double exponent, double amplitude, int steps) {
    Carried      s(64, exponent);
    const Buffer v = s.bench.vector(problems::smoothVelocity(amplitude));
    s.follow(v, steps);
    return std::abs(s.mass(s.trajectory.end(s.state)) / s.mass(s.m0.data()) - 1.0);
  };
  EXPECT_LT(drift(GetParam(), 0.8, 4), 1e-3);
  // Two voxels a step at four steps; of second order in time, as far as the interpolation lets it.
  const double coarse = drift(GetParam(), 1.6, 2), fine = drift(GetParam(), 1.6, 4);
  EXPECT_LT(fine, coarse / 2.5) << coarse << " " << fine;
}

// A flow that only moves: whole voxels, so that there is nothing to interpolate.
TEST_P(Densities, doNotChangeWhereVolumeDoesNot)
{
  Carried      s(32, GetParam());
  const double h = s.bench.domain().grid().spacing[0];
  const auto   constant = [](double value) { return [=](double, double, double) { return value; }; };
  s.follow(s.bench.vector({ { constant(4 * h), constant(0.0), constant(-4 * h) } }), 4);
  const auto expected = problems::sample(s.bench.domain().grid(),
                                         [=](double x, double y, double z) { return blob(x - 4 * h, y, z + 4 * h); });
  const auto end = s.end();
  for (std::size_t i = 0; i < end.size(); ++i)
  {
    ASSERT_NEAR(end[i], expected[i], 3e-5);
  }
}

// v = a (sin x, sin y, sin z) is v = a (x, y, z) at the origin, which stays: m(1) = e^{-s} m0 there, s = 3 exponent a,
// of which each of n steps has the terms of second order.
TEST_P(Densities, fallWithTheVolumeToThePower)
{
  const double a = 0.4, rate = 3.0 * GetParam() * a;
  for (const int steps : { 4, 8 })
  {
    Carried    s(32, GetParam());
    const auto sine = [=](int axis) {
      return [=](double x, double y, double z) { return a * std::sin(axis == 0 ? x : axis == 1 ? y : z); };
    };
    s.follow(s.bench.vector({ { sine(0), sine(1), sine(2) } }), steps);
    const double x = rate / steps, ofStep = 1.0 - x + 0.5 * x * x;
    EXPECT_NEAR(s.end()[0] / blob(0, 0, 0), std::pow(ofStep, steps), 1e-5);
  }
}

// Half densities: the adjoint of the flow v is the state of the flow -v, by the same operations.
TEST(Density, halfDensitiesHaveOneEquationBothWays)
{
  Carried s(32, 0.5), back(32, 0.5);
  Buffer  v = s.bench.vector(problems::smoothVelocity(0.5)), lambda = s.bench.scalar(blob);
  Buffer  b = s.bench.domain().vector();
  Buffer  minus = back.bench.domain().vector();
  s.follow(v, 4);
  s.trajectory.prepareBackward(s.bench.domain().view(v), s.bench.domain().view(s.scratch));
  s.trajectory.integrateAdjoint(s.state, lambda.data(), false, s.bench.domain().view(b));
  Buffer same = back.bench.vector(problems::smoothVelocity(0.5));
  back.bench.kernels().axpby(-1, same.data(), 0, minus.data(), minus.size());
  back.follow(minus, 4);
  const auto adjoint = s.bench.read(lambda.data(), s.bench.domain().points());
  const auto state = back.end();
  for (std::size_t i = 0; i < state.size(); ++i)
  {
    ASSERT_NEAR(adjoint[i], state[i], 2e-6);
  }
}

TEST_P(Densities, incrementalStateAndAdjointAreTransposes)
{
  double error[2];
  for (int i = 0; i < 2; ++i)
  {
    Carried      s(32 << i, GetParam(), problems::templateImage);
    const Buffer v = s.bench.vector(problems::smoothVelocity(0.5));
    const Buffer vt = s.bench.vector(direction(0.4));
    error[i] = s.adjointError(v, vt, 4 << i);
  }
  EXPECT_LT(error[1], 2e-3);
  EXPECT_LT(error[1], error[0] / 3.0) << error[0] << " " << error[1];
}

// At rest every operator is the transpose of its partner, to rounding.
TEST_P(Densities, atRestTheyAreExactTransposes)
{
  Carried      s(32, GetParam(), problems::templateImage);
  const Buffer v = s.bench.vector(problems::smoothVelocity(0.0)), vt = s.bench.vector(direction(0.4));
  EXPECT_LT(s.adjointError(v, vt, 4), 1e-5);
}

/** D of two densities, with its derivatives. */
struct Compared
{
  Compared(int n, int nt, double exponent)
    : bench(problems::cube(n))
    , transform(bench.domain())
    , steps(nt)
    , fixed(bench.scalar([](double x, double y, double z) {
      return 0.5 + problems::templateImage(x - 0.2 * std::sin(y), y + 0.15 * std::sin(z), z - 0.1 * std::cos(x));
    }))
    , moving(bench.scalar([](double x, double y, double z) { return 0.5 + problems::templateImage(x, y, z); }))
    , objective(
        transform,
        optionsWith(nt),
        gnr::ImageSet{ gnr::compare(gnr::makeMeasures({}), bench.domain(), fixed.data(), moving.data(), exponent) })
    , v(bench.vector(problems::smoothVelocity(0.5)))
    , scratch(bench.domain().vector())
  {}

  static gnr::Options
  optionsWith(int steps)
  {
    gnr::Options options = problems::ssdOptions();
    options.timeSteps = steps;
    options.gradientLimit.reset();
    options.divergenceLimit.reset();
    return options;
  }
  double
  distance(const Buffer & w, double epsilon)
  {
    Buffer trial = bench.domain().vector();
    bench.kernels().combine(1, v.data(), static_cast<gnr::Real>(epsilon), w.data(), trial.data(), trial.size());
    objective.setVelocity(bench.domain().view(trial), steps, bench.domain().view(scratch));
    return objective.distance();
  }
  Buffer
  gradient()
  {
    Buffer b = bench.domain().vector();
    objective.setVelocity(bench.domain().view(v), steps, bench.domain().view(scratch));
    objective.gradientOfTerms(bench.domain().view(v), bench.domain().view(b));
    return b;
  }
  Buffer
  hessian(const Buffer & w)
  {
    Buffer q = bench.domain().vector();
    objective.hessianOfTerms(bench.domain().view(w), bench.domain().view(q));
    return q;
  }

  Bench                 bench;
  gnr::FourierTransform transform;
  int                   steps;
  Buffer                fixed, moving;
  gnr::Objective        objective;
  Buffer                v, scratch;
};

TEST_P(Densities, taylorRemainderIsOfSecondOrder)
{
  Compared     s(64, 8, GetParam());
  const Buffer w = s.bench.vector(direction(0.4)), b = s.gradient();
  const double slope = s.bench.inner(b, w);
  problems::expectSecondOrderRemainder([&](double e) { return s.distance(w, e); }, slope);
  const double e = 1e-2, difference = (s.distance(w, e) - s.distance(w, -e)) / (2 * e);
  EXPECT_NEAR(slope / difference, 1.0, 1e-2);
}

TEST_P(Densities, hessianIsSymmetricAndNotNegative)
{
  Compared     s(64, 8, GetParam());
  const Buffer x = s.bench.vector(direction(0.4)), y = s.bench.vector(direction(1.3));
  s.gradient();
  const Buffer hx = s.hessian(x), hy = s.hessian(y);
  const double a = s.bench.inner(hx, y), b = s.bench.inner(x, hy);
  const double scale = std::sqrt(s.bench.inner(hx, x) * s.bench.inner(hy, y));
  EXPECT_GT(s.bench.inner(hx, x), 0.0);
  EXPECT_GT(s.bench.inner(hy, y), 0.0);
  EXPECT_LE(std::abs(a - b), 1e-3 * scale) << a << " " << b;
}

// The structure of the preconditioners is the Hessian at zero velocity.
TEST_P(Densities, structureIsTheHessianAtRest)
{
  Compared s(32, 4, GetParam());
  s.bench.kernels().fill(s.v.data(), s.v.size(), 0);
  s.gradient();
  gnr::Structure structure(s.bench.domain());
  s.objective.structure(structure);
  const Buffer x = s.bench.vector(direction(0.4)), hx = s.hessian(x);
  Buffer       tx = s.bench.domain().vector();
  structure.apply(x.data(), tx.data());
  s.bench.kernels().axpby(-1, hx.data(), 1, tx.data(), tx.size());
  EXPECT_LT(std::sqrt(s.bench.inner(tx, tx)), 1e-5 * std::sqrt(s.bench.inner(hx, hx)));
}

} // namespace
