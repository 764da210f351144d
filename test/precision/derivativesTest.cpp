// SPDX-License-Identifier: Apache-2.0
// Derivatives of the objective in double precision, where rounding hides nothing: what is left is the discretisation.
//
// The optimality conditions are discretised after they are derived. So <g, w> differs from the derivative of the
// discrete objective, and <H x, y> from <x, H y>, by the discretisation error: second order in time, higher in space.
// It vanishes where the discrete operators are each other's transpose.
#include "problems.h"

#include "model/Objective.h"

#include <gtest/gtest.h>

#include <cmath>
#include <iostream>
#include <limits>

namespace
{

using problems::Bench;
using Velocity = std::array<problems::Scalar, 3>;

constexpr double epsilon = std::numeric_limits<double>::epsilon();

Velocity
direction(double phase)
{
  return {
    { [=](double x, double y, double z) { return std::cos(x + phase) * std::sin(y - phase) + 0.3 * std::sin(2 * z); },
      [=](double x, double y, double z) { return std::sin(z + 2 * phase) * std::cos(x) - 0.2 * std::cos(2 * y); },
      [=](double x, double y, double z) { return std::sin(x + y) * std::cos(z + phase) + 0.1; } }
  };
}

/** Up to 0.8 rad, with sources and sinks: |div v| up to 1, so that the growth of the adjoint counts. */
Velocity
stirring()
{
  return {
    { [](double x, double y, double z) { return 0.4 * std::sin(x + 0.3) + 0.4 * std::sin(z) * std::cos(y); },
      [](double x, double y, double z) { return 0.3 * std::sin(y - 0.5) + 0.4 * std::sin(x) * std::cos(z + 0.5); },
      [](double x, double y, double z) { return 0.3 * std::sin(z + 1.0) + 0.4 * std::sin(y + 0.2) * std::cos(x); } }
  };
}

struct Fixture
{
  Fixture(int n, int nt, const Velocity & velocity, const gnr::Options & o = {}, bool weighted = false)
    : bench(problems::cube(n), gnr::makeReferenceKernels())
    , transform(bench.domain())
    , options(o)
    , steps(nt)
    , fixed(bench.scalar([](double x, double y, double z) {
      return problems::templateImage(x - 0.2 * std::sin(y), y + 0.15 * std::sin(z), z - 0.1 * std::cos(x));
    }))
    , moving(bench.scalar(problems::templateImage))
    , weight(bench.scalar([](double x, double y, double) { return 0.5 + 0.4 * std::cos(x) * std::sin(y); }))
    , problem(transform,
              options,
              gnr::ImageSet{ gnr::compare(gnr::makeMeasures({}), bench.domain(), fixed.data(), moving.data()),
                             weighted ? weight.data() : nullptr })
    , v(bench.vector(velocity))
    , scratch(bench.domain().vector())
  {}

  /** D at v + e w, with the penalty of the limits. */
  double
  distance(const gnr::Buffer & w, double e)
  {
    gnr::Buffer trial = bench.domain().vector();
    bench.kernels().combine(1, v.data(), e, w.data(), trial.data(), trial.size());
    problem.setVelocity(bench.domain().view(trial), steps, bench.domain().view(scratch));
    return problem.distance() + problem.velocityPenalty(bench.domain().view(trial));
  }

  /** The gradient of D at v. */
  gnr::Buffer
  gradient()
  {
    gnr::Buffer b = bench.domain().vector();
    problem.setVelocity(bench.domain().view(v), steps, bench.domain().view(scratch));
    problem.gradientOfTerms(bench.domain().view(v), bench.domain().view(b));
    return b;
  }

  /** Q w at v; gradient() comes first. */
  gnr::Buffer
  hessianOfTerms(const gnr::Buffer & w)
  {
    gnr::Buffer q = bench.domain().vector();
    problem.hessianOfTerms(bench.domain().view(w), bench.domain().view(q));
    return q;
  }

  /** H w = A w + Q w at v; gradient() comes first. */
  gnr::Buffer
  hessian(const gnr::Buffer & w)
  {
    gnr::Buffer q = hessianOfTerms(w), aw = regularized(w);
    bench.kernels().axpby(1, aw.data(), 1, q.data(), q.size());
    return q;
  }

  gnr::Buffer
  regularized(const gnr::Buffer & w)
  {
    gnr::Buffer aw = bench.domain().vector();
    problem.regularizer().apply(w.data(), aw.data());
    return aw;
  }

  Bench                 bench;
  gnr::FourierTransform transform;
  gnr::Options          options;
  int                   steps;
  gnr::Buffer           fixed, moving, weight;
  gnr::Objective        problem;
  gnr::Buffer           v, scratch;
};

/** |<Hx, y> - <x, Hy>| / (||Hx|| ||y||) */
double
asymmetry(Bench & bench, const gnr::Buffer & x, const gnr::Buffer & hx, const gnr::Buffer & y, const gnr::Buffer & hy)
{
  return std::abs(bench.inner(hx, y) - bench.inner(x, hy)) / std::sqrt(bench.inner(hx, hx) * bench.inner(y, y));
}

/** Errors when points and time steps double twice, and the two observed orders. */
struct Refinement
{
  double coarse, middle, fine;

  void
  expectSecondOrder(const char * what) const
  {
    const double first = std::log2(coarse / middle), second = std::log2(middle / fine);
    std::cout << what << ": " << coarse << " " << middle << " " << fine << ", orders " << first << " " << second
              << "\n";
    // Second order in time, more in space; 16 points and 2 steps are not yet fine enough for the limit.
    EXPECT_GE(first, 1.7) << what;
    EXPECT_GE(second, 1.9) << what;
  }
};

/** The derivative of D at v along w, by a central difference. */
double
derivative(Fixture & s, const gnr::Buffer & w)
{
  const double e = 1e-5;
  return (s.distance(w, e) - s.distance(w, -e)) / (2 * e);
}

// D(v + e w) - D(v) = e (<g, w> + d) + C e^2 + ..., C = 0.016 and d = -4e-6 the discretisation error of the gradient:
// the remainder falls with e^2 until e d takes over at e = |d| / C; with d known, as long as there are digits. In
// float, D is rounded at 3e-11, more than the remainder below e = 4e-5.
TEST(DoublePrecisionDerivatives, taylorRemainderIsOfSecondOrder)
{
  Fixture           s(64, 8, stirring());
  const gnr::Buffer w = s.bench.vector(direction(0.4));
  const double      slope = s.bench.inner(s.gradient(), w), base = s.distance(w, 0.0);
  const double      d = derivative(s, w) - slope;
  double            previous = 0.0, previousCorrected = 0.0;
  for (double e = 0.1; e > 5e-6; e /= 4)
  {
    const double remainder = s.distance(w, e) - base - e * slope, corrected = remainder - e * d;
    if (previous != 0.0)
    {
      const double order = std::log2(std::abs(previous / remainder)) / 2;
      const double orderCorrected = std::log2(std::abs(previousCorrected / corrected)) / 2;
      std::cout << "epsilon " << e << ": remainder " << remainder << ", order " << order << ", without the error of g "
                << orderCorrected << "\n";
      if (e > 5e-3)
      {
        EXPECT_NEAR(order, 2.0, 0.05) << "epsilon " << e;
      }
      EXPECT_NEAR(orderCorrected, 2.0, 0.05) << "epsilon " << e;
    }
    previous = remainder;
    previousCorrected = corrected;
  }
}

/** Difference of <g, w> and the derivative of D, as a share of ||g|| ||w||. */
double
gradientError(int n, int nt)
{
  Fixture           s(n, nt, stirring());
  const gnr::Buffer w = s.bench.vector(direction(0.4)), g = s.gradient();
  const double      scale = std::sqrt(s.bench.inner(g, g) * s.bench.inner(w, w));
  return std::abs(s.bench.inner(g, w) - derivative(s, w)) / scale;
}

TEST(DoublePrecisionDerivatives, gradientIsOffByTheDiscretisationOnly)
{
  const Refinement error = { gradientError(16, 2), gradientError(32, 4), gradientError(64, 8) };
  error.expectSecondOrder("gradient");
  EXPECT_LE(error.fine, 1e-3);
}

/** Asymmetry of Q alone: A is symmetric to rounding and would only dilute it. */
double
hessianAsymmetry(int n, int nt)
{
  Fixture           s(n, nt, stirring());
  const gnr::Buffer x = s.bench.vector(direction(0.4)), y = s.bench.vector(direction(1.3));
  s.gradient();
  return asymmetry(s.bench, x, s.hessianOfTerms(x), y, s.hessianOfTerms(y));
}

TEST(DoublePrecisionDerivatives, hessianIsSymmetricUpToTheDiscretisation)
{
  const Refinement error = { hessianAsymmetry(16, 2), hessianAsymmetry(32, 4), hessianAsymmetry(64, 8) };
  error.expectSecondOrder("asymmetry of the Hessian");
  EXPECT_LE(error.fine, 1e-4);
}

struct Combination
{
  gnr::Regularization regularization;
  gnr::Interpolation  interpolation;
};

/** For the messages of GoogleTest. */
void
PrintTo(const Combination & c, std::ostream * stream)
{
  *stream << "H" << static_cast<int>(c.regularization)
          << (c.interpolation == gnr::Interpolation::Cubic ? " cubic" : " linear");
}

class DoublePrecisionSymmetry : public ::testing::TestWithParam<Combination>
{};

// For a constant v every point departs by the same distance d. Interpolation at d is then a convolution, and that at -d
// the convolution with the mirrored weights, w_q(t) = w_{1-q}(1-t): the transpose. The trapezoidal weights are the same
// on both ways and div v = 0, so Q = M^T W M exactly, whether d is a whole number of voxels or not.
TEST_P(DoublePrecisionSymmetry, hessianAtConstantVelocityIsSymmetricToRounding)
{
  constexpr int n = 24, nt = 3;
  gnr::Options  options;
  options.similarity = gnr::SimilarityMeasure::SumOfSquares;
  options.regularization = GetParam().regularization;
  options.interpolation = GetParam().interpolation;
  for (const double voxels : { 0.0, 1.0, 0.37 }) // a step
  {
    const double      speed = voxels * nt * 2 * problems::pi / n;
    const Velocity    constant = { { [=](double, double, double) { return speed; },
                                  [=](double, double, double) { return -0.6 * speed; },
                                  [=](double, double, double) { return 2 * speed; } } };
    Fixture           s(n, nt, constant, options, true);
    const gnr::Buffer x = s.bench.vector(direction(0.4)), y = s.bench.vector(direction(1.3));
    s.gradient();
    const gnr::Buffer hx = s.hessian(x), hy = s.hessian(y);
    const double      error = asymmetry(s.bench, x, hx, y, hy);
    std::cout << voxels << " voxels a step: asymmetry " << error << "\n";
    EXPECT_LE(error, 100 * epsilon) << voxels << " voxels a step";
    EXPECT_GT(s.bench.inner(hx, x), 0.0);
  }
}

INSTANTIATE_TEST_SUITE_P(,
                         DoublePrecisionSymmetry,
                         ::testing::Values(Combination{ gnr::Regularization::H1, gnr::Interpolation::Cubic },
                                           Combination{ gnr::Regularization::H2, gnr::Interpolation::Cubic },
                                           Combination{ gnr::Regularization::H3, gnr::Interpolation::Cubic },
                                           Combination{ gnr::Regularization::H1, gnr::Interpolation::Linear }),
                         [](const auto & i) {
                           return "H" + std::to_string(static_cast<int>(i.param.regularization)) +
                                  (i.param.interpolation == gnr::Interpolation::Cubic ? "Cubic" : "Linear");
                         });

// The regularisation is quadratic: <v + e w, A (v + e w)> - <v, A v> - 2 e <A v, w> = e^2 <w, A w>, to rounding of the
// terms on the left, for any e.
TEST(DoublePrecisionDerivatives, regularizationIsQuadraticToRounding)
{
  for (const auto order : { gnr::Regularization::H1, gnr::Regularization::H2, gnr::Regularization::H3 })
  {
    gnr::Options options;
    options.similarity = gnr::SimilarityMeasure::SumOfSquares;
    options.beta = 1e-3;
    options.regularization = order;
    Fixture           s(24, 1, problems::smoothVelocity(0.5), options);
    const gnr::Buffer w = s.bench.vector(direction(0.4));
    const gnr::Buffer av = s.regularized(s.v), aw = s.regularized(w);
    const double      vav = s.bench.inner(s.v, av), slope = s.bench.inner(w, av), waw = s.bench.inner(w, aw);
    for (const double e : { 1.0, 1e-2, 1e-4, 1e-6 })
    {
      gnr::Buffer trial = s.bench.domain().vector();
      s.bench.kernels().combine(1, s.v.data(), e, w.data(), trial.data(), trial.size());
      const double value = s.bench.inner(trial, s.regularized(trial));
      EXPECT_LE(std::abs(value - vav - 2 * e * slope - e * e * waw), 100 * epsilon * (value + vav))
        << "H" << static_cast<int>(order) << ", epsilon " << e;
    }
  }
}

} // namespace
