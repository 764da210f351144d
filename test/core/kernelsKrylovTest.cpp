// SPDX-License-Identifier: Apache-2.0
// The numbers of conjugate gradients, on the host and where the arrays are.
#include "testing.h"

#include "kernels/KrylovNumbers.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>

using namespace gnr;
using namespace gnr::test;

namespace
{

using KernelsKrylov = BackendTest;

/** Fields of a loop for a matrix that is diagonal: A + Q, A = `regular` but for the mean, preconditioned by A^-1. */
class DiagonalSystem
{
public:
  DiagonalSystem(Kernels & kernels, std::size_t points, const Values & right)
    : kernels_(kernels)
    , points_(points)
    , r(kernels, right)
    , z(kernels, 3 * points)
    , p(kernels, 3 * points)
    , ap(kernels, 3 * points)
    , q(kernels, 3 * points)
    , x(kernels, Values(3 * points, Real(0)))
    , diagonal(kernels, 3 * points)
    , numbers(kernels.makeKrylovNumbers({ points, double(points), false, [](double *) {} }))
  {
    Values values(3 * points);
    for (std::size_t i = 0; i < values.size(); ++i)
    {
      values[i] = Real(1 + i % 4); // four eigenvalues: solved after four steps
    }
    diagonal.set(values);
  }

  /** q = D p, z = r. */
  void
  multiply()
  {
    kernels_.multiply(Real(1), diagonal.data(), p.data(), q.data(), 3 * points_);
  }
  void
  precondition()
  {
    kernels_.copy(r.data(), z.data(), 3 * points_);
  }
  /** Steps for D x = r, or with ap for (I + D) x = r. \param watched ends where the numbers say so. */
  void
  run(int steps, double share, bool withSum, bool watched)
  {
    Real * const sum = withSum ? ap.data() : nullptr;
    precondition();
    numbers->start(r.data(), z.data(), share, std::nullopt, p.data(), sum);
    for (int i = 0; i < steps; ++i)
    {
      if (watched && (!numbers->state().isGoing || numbers->state().rz <= numbers->state().target))
      {
        return;
      }
      multiply();
      numbers->advance(p.data(), q.data(), sum, x.data(), r.data());
      precondition();
      numbers->turn(r.data(), z.data(), p.data(), sum);
    }
  }

private:
  Kernels &   kernels_;
  std::size_t points_;

public:
  Array<Real>                    r, z, p, ap, q, x, diagonal;
  std::unique_ptr<KrylovNumbers> numbers;
};

/** Without a mean in any component, so that A = I has its recurrence. */
Values
rightSide(std::size_t points)
{
  Values values = randomValues(3 * points, -1.0, 1.0, 5);
  for (std::size_t o = 0; o < values.size(); o += points)
  {
    double sum = 0.0;
    for (std::size_t i = 0; i < points; ++i)
    {
      sum += values[o + i];
    }
    for (std::size_t i = 0; i < points; ++i)
    {
      values[o + i] -= static_cast<Real>(sum / double(points));
    }
  }
  return values;
}

constexpr std::size_t pointsOfMany = 70001; // sums of many blocks

} // namespace

// Conjugate gradients end after as many steps as there are eigenvalues.
TEST_P(KernelsKrylov, SolvesAfterAsManyStepsAsThereAreEigenvalues)
{
  for (const std::size_t points : { std::size_t(7), std::size_t(1000), pointsOfMany })
  {
    const Values   b = randomValues(3 * points, -1.0, 1.0, 3);
    DiagonalSystem loop(kernels, points, b);
    loop.run(4, 0.0, false, false);
    const Values x = loop.x.get();
    double       worst = 0.0;
    for (std::size_t i = 0; i < x.size(); ++i)
    {
      worst = std::max(worst, std::abs(double(x[i]) - double(b[i]) / double(1 + i % 4)));
    }
    EXPECT_LT(worst, 30 * epsilon) << points; // of numbers below one, by four steps
    EXPECT_EQ(loop.numbers->state().iterations, 4);
    EXPECT_TRUE(loop.numbers->state().isFinite);
    // -<r_0, x>, in the mean over the points.
    double slope = 0.0;
    for (std::size_t i = 0; i < x.size(); ++i)
    {
      slope -= double(b[i]) * x[i] / double(points);
    }
    EXPECT_NEAR(loop.numbers->state().slope / slope, 1.0, 1e-5);
  }
}

// The same numbers from every backend as from the reference, step by step; with ap the residual of (A + Q) x = r.
TEST_P(KernelsKrylov, AgreesWithTheReference)
{
  const auto reference = makeReferenceKernels();
  for (const bool withSum : { false, true })
  {
    const Values b = rightSide(pointsOfMany);
    for (int steps = 0; steps <= 3; ++steps)
    {
      DiagonalSystem own(kernels, pointsOfMany, b), other(*reference, pointsOfMany, b);
      own.run(steps, 1e-6, withSum, false);
      other.run(steps, 1e-6, withSum, false);
      const KrylovState & a = own.numbers->state();
      const KrylovState & e = other.numbers->state();
      EXPECT_NEAR(a.rz / e.rz, 1.0, 1e-5) << steps;
      EXPECT_NEAR(a.target / e.target, 1.0, 1e-6);
      EXPECT_NEAR(a.slope, e.slope, 1e-6);
      EXPECT_EQ(a.iterations, steps);
      const Values mine = own.p.get(), theirs = other.p.get();
      double       worst = 0.0;
      for (std::size_t i = 0; i < mine.size(); ++i)
      {
        worst = std::max(worst, std::abs(double(mine[i]) - double(theirs[i])));
      }
      EXPECT_LT(worst, 30 * epsilon) << steps << " steps";
    }
  }
}

// Whoever does not look at the numbers has the same bits in x as who stops where they say so.
TEST_P(KernelsKrylov, StepsBehindTheEndChangeNothing)
{
  for (const bool withSum : { false, true })
  {
    const Values   b = rightSide(1000);
    DiagonalSystem watched(kernels, 1000, b), blind(kernels, 1000, b);
    watched.run(9, 1e-2, withSum, true);
    const int needed = watched.numbers->state().iterations;
    EXPECT_GT(needed, 0);
    EXPECT_LT(needed, 4);
    if (blind.numbers->isAtHand())
    {
      continue; // on the host somebody looks
    }
    blind.run(9, 1e-2, withSum, false);
    EXPECT_EQ(blind.x.get(), watched.x.get());
    EXPECT_EQ(blind.numbers->state().iterations, needed);
    EXPECT_EQ(blind.numbers->state().slope, watched.numbers->state().slope);
  }
}

TEST_P(KernelsKrylov, EndsWhereTheCurvatureIsNoneOrNoNumber)
{
  const Values   b = randomValues(3 * 100, -1.0, 1.0, 3);
  DiagonalSystem flat(kernels, 100, b);
  flat.diagonal.set(Values(300, Real(0)));
  flat.run(1, 0.0, false, false);
  EXPECT_FALSE(flat.numbers->state().isGoing && !flat.numbers->isAtHand()); // the host looks before it turns
  EXPECT_TRUE(flat.numbers->state().isFinite);
  EXPECT_EQ(flat.x.get(), Values(300, Real(0)));

  DiagonalSystem wrong(kernels, 100, b);
  wrong.diagonal.set(Values(300, notANumber));
  wrong.precondition();
  wrong.numbers->start(wrong.r.data(), wrong.z.data(), 0.0, std::nullopt, wrong.p.data(), nullptr);
  wrong.multiply();
  wrong.numbers->advance(wrong.p.data(), wrong.q.data(), nullptr, wrong.x.data(), wrong.r.data());
  EXPECT_FALSE(wrong.numbers->state().isFinite);
  EXPECT_FALSE(wrong.numbers->state().isGoing);
  EXPECT_EQ(wrong.x.get(), Values(300, Real(0)));
  EXPECT_EQ(wrong.r.get(), b);
}

TEST_P(KernelsKrylov, CountsTheStepsOfAllLoops)
{
  const Values   b = randomValues(3 * 100, -1.0, 1.0, 3);
  DiagonalSystem loop(kernels, 100, b);
  EXPECT_EQ(loop.numbers->state().iterationsOfAll, 0);
  loop.run(2, 0.0, false, false);
  loop.r.set(b);
  loop.run(3, 0.0, false, false);
  EXPECT_EQ(loop.numbers->state().iterations, 3);
  EXPECT_EQ(loop.numbers->state().iterationsOfAll, 5);
}

// A known <r, z> is taken instead of one that is found: here four times as large, which doubles nothing but the target.
TEST_P(KernelsKrylov, TakesAKnownProduct)
{
  const Values   b(3 * 64, Real(1));
  DiagonalSystem loop(kernels, 64, b);
  loop.precondition();
  loop.numbers->start(loop.r.data(), loop.z.data(), 0.25, 12.0, loop.p.data(), nullptr);
  EXPECT_EQ(loop.numbers->state().rz, 12.0);
  EXPECT_EQ(loop.numbers->state().target, 3.0);
  loop.numbers->start(loop.r.data(), loop.z.data(), 0.25, std::nullopt, loop.p.data(), nullptr);
  EXPECT_EQ(loop.numbers->state().rz, 3.0); // one in each of three components
}

GNR_TEST_EVERY_BACKEND(KernelsKrylov);
