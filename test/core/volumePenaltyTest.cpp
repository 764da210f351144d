// SPDX-License-Identifier: Apache-2.0
// The resistance to a change of volume, by the determinant [S3] and by the divergence [S4], and its derivatives.
#include "problems.h"

#include "model/Objective.h"
#include "model/Structure.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string>

namespace
{

using gnr::Buffer;
using gnr::IncompressibilityForm;
using problems::Bench;
using problems::direction;

constexpr double scale = 0.7;

double
weight(double x, double, double)
{
  return 0.5 + 0.5 * std::cos(x);
}

/** v = a (sin x, sin y, sin z), under which the axes do not mix. */
std::array<problems::Scalar, 3>
expansion(double a)
{
  return { { [=](double x, double, double) { return a * std::sin(x); },
             [=](double, double y, double) { return a * std::sin(y); },
             [=](double, double, double z) { return a * std::sin(z); } } };
}

/** J of the penalty alone, without regularisation of what is measured here. */
struct Penalty
{
  Penalty(int n, int nt, IncompressibilityForm form, double volumeChange = 1.0, int velocityPoints = 0)
    : bench(problems::cube(n))
    , transform(bench.domain())
    , steps(nt)
    , field(bench.scalar(weight))
  {
    gnr::FourierTransform * ofVelocity = &transform;
    if (velocityPoints > 0)
    {
      coarse =
        std::make_unique<gnr::Domain>(problems::cube(velocityPoints), bench.kernels(), bench.domain().communicator());
      coarseTransform = std::make_unique<gnr::FourierTransform>(*coarse);
      ofVelocity = coarseTransform.get();
    }
    gnr::Options options = problems::ssdOptions();
    options.timeSteps = nt;
    options.gradientLimit.reset();
    options.divergenceLimit.reset();
    options.incompressibilityForm = form;
    gnr::ImageSet set;
    set.incompressibility = field.data();
    set.incompressibilityScale = scale;
    set.movingVolumeChange = volumeChange;
    objective = std::make_unique<gnr::Objective>(*ofVelocity, transform, options, set);
  }

  gnr::Domain &
  domain()
  {
    return objective->domain();
  }
  Buffer
  vector(const std::array<problems::Scalar, 3> & f)
  {
    Buffer result = domain().vector();
    for (int c = 0; c < 3; ++c)
    {
      const auto values = problems::sample(domain().grid(), f[c]);
      bench.kernels().copyFromHost(values.data(), domain().view(result)[c], values.size() * sizeof(gnr::Real));
    }
    return result;
  }
  void
  go(const Buffer & v)
  {
    const Buffer scratch = domain().vector();
    objective->setVelocity(domain().view(v), steps, domain().view(scratch));
  }
  double
  value(const Buffer & v)
  {
    go(v);
    return objective->distance() + objective->velocityPenalty(domain().view(v));
  }
  Buffer
  gradient(const Buffer & v)
  {
    Buffer b = domain().vector();
    go(v);
    objective->refreshWeight();
    objective->gradientOfTerms(domain().view(v), domain().view(b));
    return b;
  }
  Buffer
  hessian(const Buffer & w)
  {
    Buffer q = domain().vector();
    objective->hessianOfTerms(domain().view(w), domain().view(q));
    return q;
  }
  double
  inner(const Buffer & a, const Buffer & b)
  {
    return domain().inner(a.data(), b.data(), a.size());
  }

  Bench                                  bench;
  gnr::FourierTransform                  transform;
  std::unique_ptr<gnr::Domain>           coarse;
  std::unique_ptr<gnr::FourierTransform> coarseTransform;
  int                                    steps;
  Buffer                                 field;
  std::unique_ptr<gnr::Objective>        objective;
};

class VolumePenalty : public testing::TestWithParam<IncompressibilityForm>
{};
INSTANTIATE_TEST_SUITE_P(Forms,
                         VolumePenalty,
                         testing::Values(IncompressibilityForm::Moving, IncompressibilityForm::Static),
                         [](const auto & form) { return std::string(gnr::nameOf(form.param)); });

// Along an axis dx/dt = -a sin x, so that tan(y/2) = e^{-a} tan(x/2) and dy/dx = sin y / sin x.
TEST(MovingVolumePenalty, isThatOfTheDeterminant)
{
  const double a = 0.4, change = 1.2;
  const int    n = 32;
  const auto   map = [=](double x) { return 2.0 * std::atan2(std::exp(-a) * std::sin(x / 2), std::cos(x / 2)); };
  const auto   slope = [=](double x) {
    return std::exp(-a) / (std::pow(std::cos(x / 2), 2) + std::exp(-2 * a) * std::pow(std::sin(x / 2), 2));
  };
  double expected = 0.0;
  for (const double value : problems::sample(problems::cube(n), [&](double x, double y, double z) {
         const double det = slope(x) * slope(y) * slope(z);
         return weight(map(x), 0, 0) * std::pow(std::sqrt(change * det) - 1.0, 2);
       }))
  {
    expected += 0.5 * scale * value / (double(n) * n * n);
  }
  double error[2];
  for (int i = 0; i < 2; ++i)
  {
    Penalty      s(n, 8 << i, IncompressibilityForm::Moving, change);
    const Buffer v = s.vector(expansion(a));
    s.go(v);
    s.objective->refreshWeight();
    error[i] = std::abs(s.objective->distance() / expected - 1.0);
    EXPECT_EQ(s.objective->massDrift(), 0.0);
  }
  EXPECT_LT(error[0], 2e-3);
  EXPECT_LT(error[1], error[0] / 3.0) << error[0] << " " << error[1];
}

// <f (div v - r)^2> with f = (1 + cos x) / 2 and div v = a (cos x + cos y + cos z).
TEST(StaticVolumePenalty, isThatOfTheDivergence)
{
  const double a = 0.4, change = 1.2, r = std::log(change);
  Penalty      s(32, 4, IncompressibilityForm::Static, change);
  const double expected = scale / 8 * (0.75 * a * a - 0.5 * r * a + 0.5 * r * r);
  EXPECT_NEAR(s.value(s.vector(expansion(a))) / expected, 1.0, 1e-5);
  EXPECT_EQ(s.objective->distance(), 0.0);
}

TEST(VolumePenalties, areAlikeForSmallMotions)
{
  double ratio[2];
  for (int i = 0; i < 2; ++i)
  {
    double value[2];
    for (const auto form : { IncompressibilityForm::Moving, IncompressibilityForm::Static })
    {
      Penalty s(32, 4, form);
      value[static_cast<int>(form)] = s.value(s.vector(problems::smoothVelocity(0.04 / (1 << i))));
    }
    ratio[i] = std::abs(value[0] / value[1] - 1.0);
  }
  EXPECT_LT(ratio[0], 0.05);
  EXPECT_LT(ratio[1], 0.6 * ratio[0]); // of first order
}

TEST_P(VolumePenalty, atRestThereIsNone)
{
  Penalty      s(24, 4, GetParam());
  const Buffer zero = s.vector(problems::smoothVelocity(0.0));
  EXPECT_EQ(s.value(zero), 0.0);
  const Buffer b = s.gradient(zero);
  EXPECT_EQ(s.inner(b, b), 0.0);
}

// Where a start has changed the volumes there is, and the gradient is exact.
TEST_P(VolumePenalty, atRestItIsThatOfTheStart)
{
  const double change = 1.3;
  Penalty      s(32, 4, GetParam(), change);
  const Buffer zero = s.vector(problems::smoothVelocity(0.0)), w = s.vector(direction(0.4));
  const bool   isMoving = GetParam() == IncompressibilityForm::Moving;
  const double expected =
    isMoving ? 0.25 * scale * std::pow(std::sqrt(change) - 1, 2) : scale / 16 * std::pow(std::log(change), 2);
  EXPECT_NEAR(s.value(zero) / expected, 1.0, 1e-5);
  const Buffer b = s.gradient(zero);
  // div v = a (cos x + cos y + cos z), det changes by -div v: <f> / 2 of (sqrt(D det) - 1)^2 and of its like.
  const double slope = s.inner(b, s.vector(expansion(1.0)));
  const double ofRate =
    isMoving ? -scale / 2 * (std::sqrt(change) - 1) * std::sqrt(change) : -scale / 4 * std::log(change);
  EXPECT_NEAR(slope / (0.25 * ofRate), 1.0, 1e-5);
  EXPECT_GT(s.inner(w, w), 0.0);
}

TEST_P(VolumePenalty, taylorRemainderIsOfSecondOrder)
{
  for (const double change : { 1.0, 1.2 })
  {
    for (const int velocityPoints : { 0, 32 })
    {
      Penalty      s(64, 8, GetParam(), change, velocityPoints);
      const Buffer v = s.vector(problems::smoothVelocity(0.5)), w = s.vector(direction(0.4)), b = s.gradient(v);
      const double slope = s.inner(b, w);
      const auto   valueAt = [&](double e) {
        Buffer trial = s.domain().vector();
        s.bench.kernels().combine(1, v.data(), static_cast<gnr::Real>(e), w.data(), trial.data(), trial.size());
        return s.value(trial);
      };
      problems::expectSecondOrderRemainder(valueAt, slope);
      const double e = 1e-2, difference = (valueAt(e) - valueAt(-e)) / (2 * e);
      EXPECT_NEAR(slope / difference, 1.0, 1e-2) << change << " " << velocityPoints;
    }
  }
}

TEST_P(VolumePenalty, hessianIsSymmetricAndNotNegative)
{
  Penalty      s(64, 16, GetParam());
  const Buffer v = s.vector(problems::smoothVelocity(0.3));
  const Buffer x = s.vector(direction(0.4)), y = s.vector(direction(1.3));
  s.gradient(v);
  const Buffer hx = s.hessian(x), hy = s.hessian(y);
  const double a = s.inner(hx, y), b = s.inner(x, hy);
  const double size = std::sqrt(s.inner(hx, x) * s.inner(hy, y));
  EXPECT_GT(s.inner(hx, x), 0.0);
  EXPECT_GT(s.inner(hy, y), 0.0);
  EXPECT_LE(std::abs(a - b), 1e-4 * size) << a << " " << b;
}

TEST_P(VolumePenalty, structureIsTheHessianAtRest)
{
  Penalty s(32, 4, GetParam());
  s.gradient(s.vector(problems::smoothVelocity(0.0)));
  gnr::Structure structure(s.domain());
  s.objective->structure(structure);
  const Buffer x = s.vector(direction(0.4)), hx = s.hessian(x);
  Buffer       tx = s.domain().vector();
  structure.apply(x.data(), tx.data());
  s.bench.kernels().axpby(-1, hx.data(), 1, tx.data(), tx.size());
  EXPECT_GT(s.inner(hx, hx), 0.0);
  EXPECT_LT(std::sqrt(s.inner(tx, tx)), 1e-5 * std::sqrt(s.inner(hx, hx)));
}

} // namespace
