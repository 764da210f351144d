// SPDX-License-Identifier: Apache-2.0
// Local correlation [L2]-[L4], assembled from the kernels as the solver does it, against the definitions in double
// precision.
#include "windows.h"

using namespace gnr;
using namespace gnr::test;

namespace
{

using KernelsLocalCorrelation = BackendTest;
using Doubles = std::vector<double>;

const Extents     extents{ 11, 9, 10 };
const std::size_t points = extents.points();
constexpr Real    scale = Real(0.7), leastWeight = Real(0.2);

// Means of values up to 1 round less than ten times (the terms of a sum are of one sign); divided by a weight of at
// least 0.2 and by an epsilon^2 of 0.1, three factors deep.
constexpr double rounding = 10 * epsilon / 2 * 5 * 10 * 3;

/** The definition, with a window of its own in every sum. */
class Definition
{
public:
  Definition(const Window & x, const Window & y, const Window & z, const Values & weight, double epsilonSquared)
    : windows_{ x, y, z }
    , weight_(weight.begin(), weight.end())
    , epsilonSquared_(epsilonSquared)
    , omega_(sum(weight_))
  {}

  /** g * a, periodic. */
  Doubles
  sum(const Doubles & a) const
  {
    Doubles     result(points, 0.0);
    std::size_t n = 0;
    for (int k = 0; k < extents.nz; ++k)
    {
      for (int j = 0; j < extents.ny; ++j)
      {
        for (int i = 0; i < extents.nx; ++i, ++n)
        {
          for (int r = -windows_[2].radius; r <= windows_[2].radius; ++r)
          {
            for (int q = -windows_[1].radius; q <= windows_[1].radius; ++q)
            {
              for (int p = -windows_[0].radius; p <= windows_[0].radius; ++p)
              {
                const int x = (i + p + 2 * extents.nx) % extents.nx, y = (j + q + 2 * extents.ny) % extents.ny,
                          z = (k + r + 2 * extents.nz) % extents.nz;
                result[n] += double(windows_[0].weight[std::abs(p)]) * double(windows_[1].weight[std::abs(q)]) *
                             double(windows_[2].weight[std::abs(r)]) * a[x + extents.nx * (y + extents.ny * z)];
              }
            }
          }
        }
      }
    }
    return result;
  }

  /** g * (w a b) / omega. */
  Doubles
  mean(const Doubles & a, const Doubles & b) const
  {
    Doubles product(points);
    for (std::size_t i = 0; i < points; ++i)
    {
      product[i] = weight_[i] * a[i] * b[i];
    }
    product = sum(product);
    for (std::size_t i = 0; i < points; ++i)
    {
      product[i] /= omega_[i];
    }
    return product;
  }

  Doubles
  covariance(const Doubles & a, const Doubles & b) const
  {
    const Doubles one(points, 1.0), ab = mean(a, b), meanA = mean(a, one), meanB = mean(b, one);
    Doubles       result(points);
    for (std::size_t i = 0; i < points; ++i)
    {
      result[i] = ab[i] - meanA[i] * meanB[i];
    }
    return result;
  }

  /** (scale/2) sum omega [1 - c^2/(V F)]. */
  double
  value(const Doubles & f, const Doubles & m) const
  {
    const Doubles ff = covariance(f, f), mm = covariance(m, m), mf = covariance(m, f);
    double        total = 0.0;
    for (std::size_t i = 0; i < points; ++i)
    {
      if (omega_[i] >= leastWeight)
      {
        const double V = mm[i] + epsilonSquared_, F = ff[i] + epsilonSquared_, c = mf[i] + epsilonSquared_;
        total += 0.5 * scale * omega_[i] * (1 - c * c / (V * F));
      }
    }
    return total;
  }

  /** The second derivative along t where gain and offset of every window stay: sum omega kappa G(t^2). */
  double
  bound(const Doubles & f, const Doubles & m, const Doubles & t) const
  {
    const Doubles ff = covariance(f, f), mm = covariance(m, m), mf = covariance(m, f), tt = mean(t, t);
    double        total = 0.0;
    for (std::size_t i = 0; i < points; ++i)
    {
      if (omega_[i] >= leastWeight)
      {
        const double V = mm[i] + epsilonSquared_, F = ff[i] + epsilonSquared_, c = mf[i] + epsilonSquared_;
        total += omega_[i] * scale * c * c / (V * V * F) * tt[i];
      }
    }
    return total;
  }

private:
  Window  windows_[3];
  Doubles weight_;
  double  epsilonSquared_;
  Doubles omega_;
};

/** What the solver does with the kernels. */
class Measure
{
public:
  Measure(Kernels & kernels, const Values & f, const Values & m, const Values * weight, Real epsilonSquared)
    : kernels_(kernels)
    , f_(kernels, f)
    , m_(kernels, m)
    , w_(kernels, weight == nullptr ? Values(points, Real(1)) : *weight)
    , omega_(kernels, convolved(w_.data()))
    , weight_(weight == nullptr ? nullptr : w_.data())
    , sums_{ moment(m_, nullptr), moment(f_, nullptr), moment(m_, &m_), moment(f_, &f_), moment(m_, &f_) }
  {
    value = kernels.localCorrelation(moments(), epsilonSquared, scale, leastWeight, points);
    again = kernels.localCorrelationDerivatives(moments(), epsilonSquared, scale, leastWeight, points);
    const Array<Real> gu(kernels, convolved(sums_[1]->data())), gus(kernels, convolved(sums_[3]->data())),
      gt(kernels, convolved(sums_[4]->data()));
    kernels.correlationForce(f_.data(), m_.data(), weight_, gu.data(), gus.data(), gt.data(), gt.data(), points);
    force = gt.get();
    const Array<Real> K(kernels, gus.get());
    kernels.multiply(1, w_.data(), K.data(), K.data(), points);
    curvature = K.get();
  }

  double value, again;
  Values force;
  Values curvature;

  static Window
  window(int axis)
  {
    return gaussianWindow(axis == 0 ? 1.0 : (axis == 1 ? 0.6 : 0.9));
  }

private:
  Values
  convolved(const Real * data) const
  {
    Values values(points);
    kernels_.copyToHost(data, values.data(), points * sizeof(Real));
    return convolve(kernels_, extents, window(0), window(1), window(2), values);
  }
  /** g * (w a b). */
  std::unique_ptr<Array<Real>>
  moment(const Array<Real> & a, const Array<Real> * b) const
  {
    const Array<Real> product(kernels_, points);
    kernels_.multiply(1, w_.data(), a.data(), product.data(), points);
    if (b != nullptr)
    {
      kernels_.multiply(1, product.data(), b->data(), product.data(), points);
    }
    return std::make_unique<Array<Real>>(kernels_, convolved(product.data()));
  }
  LocalMoments
  moments() const
  {
    return { sums_[0]->data(), sums_[1]->data(), sums_[2]->data(),
             sums_[3]->data(), sums_[4]->data(), weight_ == nullptr ? nullptr : omega_.data() };
  }

  Kernels &                    kernels_;
  Array<Real>                  f_, m_, w_, omega_;
  const Real *                 weight_;
  std::unique_ptr<Array<Real>> sums_[5];
};

Doubles
doublesOf(const Values & values)
{
  return { values.begin(), values.end() };
}

Values
fixedImage()
{
  return randomValues(points, 0, 1, 1);
}

/** Correlated with the fixed image, but not strongly. */
Values
movingImage()
{
  Values       m = randomValues(points, 0, 1, 2);
  const Values f = fixedImage();
  for (std::size_t i = 0; i < points; ++i)
  {
    m[i] = Real(0.5) * m[i] + Real(0.5) * f[i];
  }
  return m;
}

/** Zero in one half of the box but for its rim, so that windows there have less than the least weight. */
Values
weights()
{
  Values w = randomValues(points, 0.3, 1, 3);
  for (std::size_t i = 0; i < points; ++i)
  {
    w[i] = static_cast<int>(i % extents.nx) < extents.nx / 2 ? Real(0) : w[i];
  }
  return w;
}

Definition
definition(const Values & weight, double epsilonSquared)
{
  return { Measure::window(0), Measure::window(1), Measure::window(2), weight, epsilonSquared };
}

} // namespace

TEST_P(KernelsLocalCorrelation, ValueAndForceAreThoseOfTheDefinition)
{
  const Values f = fixedImage(), m = movingImage(), w = weights(), one(points, Real(1));
  for (const bool weighted : { false, true })
  {
    const Measure    measure(kernels, f, m, weighted ? &w : nullptr, Real(0.1));
    const Definition exact = definition(weighted ? w : one, Real(0.1));
    const double     count = double(points);
    EXPECT_NEAR(measure.value / count, exact.value(doublesOf(f), doublesOf(m)) / count, rounding);
    EXPECT_NEAR(measure.again / count, measure.value / count, rounding);
    // Central differences in double precision: h^2 in 10^-8. The force sums up derivatives of size 1/epsilon^2.
    const double h = 1e-4;
    double       largest = 0.0;
    for (std::size_t i = 0; i < points; i += 97)
    {
      Doubles after = doublesOf(m), before = doublesOf(m);
      after[i] += h;
      before[i] -= h;
      const double slope = (exact.value(doublesOf(f), after) - exact.value(doublesOf(f), before)) / (2 * h);
      largest = std::max(largest, std::abs(slope));
      EXPECT_NEAR(measure.force[i], -slope, 10 * rounding);
    }
    EXPECT_GT(largest, 0.05) << "a comparison of zeros";
  }
}

TEST_P(KernelsLocalCorrelation, ForceIsTheDerivativeOfTheValue)
{
  // (D(m + h t) - D(m - h t)) / 2h = -<force, t> + O(h^2)
  const Values f = fixedImage(), m = movingImage(), w = weights(), t = randomValues(points, -1, 1, 5);
  const double slope = -innerProduct(Measure(kernels, f, m, &w, Real(0.1)).force, t);
  double       error[2];
  for (int halving = 0; halving < 2; ++halving)
  {
    const Real h = halving == 0 ? Real(0.2) : Real(0.1);
    double     values[2];
    for (const int side : { 0, 1 })
    {
      Values moved = m;
      for (std::size_t i = 0; i < points; ++i)
      {
        moved[i] += (side == 0 ? -h : h) * t[i];
      }
      values[side] = Measure(kernels, f, moved, &w, Real(0.1)).value;
    }
    error[halving] = std::abs((values[1] - values[0]) / (2 * double(h)) - slope);
  }
  EXPECT_NEAR(observedOrder(error[0], error[1], 2.0), 2.0, 0.2);
}

TEST_P(KernelsLocalCorrelation, CurvatureIsThatOfGainAndOffsetThatStay)
{
  const Values f = fixedImage(), m = movingImage(), w = weights(), one(points, Real(1));
  const Values t = randomValues(points, -1, 1, 6);
  for (const bool weighted : { false, true })
  {
    const Measure    measure(kernels, f, m, weighted ? &w : nullptr, Real(0.1));
    const Definition exact = definition(weighted ? w : one, Real(0.1));
    Values           weightedSquares = t;
    for (std::size_t i = 0; i < points; ++i)
    {
      weightedSquares[i] *= measure.curvature[i];
    }
    const double count = double(points), bound = exact.bound(doublesOf(f), doublesOf(m), doublesOf(t));
    EXPECT_GT(bound / count, 0.01) << "a comparison of zeros";
    EXPECT_NEAR(innerProduct(t, weightedSquares) / count, bound / count, rounding);
  }
}

TEST_P(KernelsLocalCorrelation, GainAndOffsetChangeNothing)
{
  // With epsilon = 10^-4 beside local variances of about 0.05: 10^-8 / 0.05 = 2 10^-7. Variances of values up to 3
  // round to 9 * 10 epsilon, in units of 4 * 0.05 and of the smallest there are, a tenth of that.
  const Values f = fixedImage(), m = movingImage(), w = weights();
  Values       changed = f;
  for (Real & x : changed)
  {
    x = Real(2) * x + Real(1);
  }
  const double a = Measure(kernels, f, m, &w, Real(1e-8)).value, b = Measure(kernels, changed, m, &w, Real(1e-8)).value;
  EXPECT_GT(a, 0.05 * double(points) * 0.1);
  EXPECT_NEAR(a / b, 1.0, 9 * 10 * epsilon / 0.02);
  // and of two images that differ in nothing else the value is zero
  EXPECT_NEAR(Measure(kernels, changed, f, &w, Real(1e-8)).value / double(points), 0.0, 9 * 10 * epsilon / 0.02);
}

TEST_P(KernelsLocalCorrelation, WhatHasNoWeightIsNotSeen)
{
  Values        f = fixedImage(), m = movingImage();
  const Values  w = weights();
  const Measure before(kernels, f, m, &w, Real(0.1));
  for (std::size_t i = 0; i < points; ++i)
  {
    if (w[i] == Real(0))
    {
      f[i] = Real(100);
      m[i] = Real(-30);
    }
  }
  const Measure after(kernels, f, m, &w, Real(0.1));
  EXPECT_EQ(after.value, before.value);
  EXPECT_EQ(maximumDifference(after.force, before.force), 0.0);
  EXPECT_EQ(maximumDifference(after.curvature, before.curvature), 0.0);
}

TEST_P(KernelsLocalCorrelation, WindowsOfLittleWeightAreLeftOut)
{
  const std::size_t n = 5;
  const Values weight{ Real(0), Real(0.19), Real(0.2), Real(0.5), Real(1) }, ones(n, Real(0.5)), larger(n, Real(0.6));
  const Array<Real> m(kernels, ones), f(kernels, ones), mm(kernels, larger), ff(kernels, ones), mf(kernels, ones),
    omega(kernels, weight);
  const LocalMoments sums{ m.data(), f.data(), mm.data(), ff.data(), mf.data(), omega.data() };
  // F is the larger of r/2 - r^2/4 and -0.05, r = 1/omega, and V that of 0.6 r - r^2/4; c is r/2 - r^2/4; plus 0.1 each
  double expected = 0.0;
  for (int i = 2; i < 5; ++i)
  {
    const double r = 1.0 / weight[i], c = 0.5 * r - 0.25 * r * r;
    const double V = std::max(0.6 * r - 0.25 * r * r, -0.05) + 0.1, F = std::max(c, -0.05) + 0.1;
    expected += 0.5 * scale * weight[i] * (1 - (c + 0.1) * (c + 0.1) / (V * F));
  }
  EXPECT_NEAR(
    kernels.localCorrelation(sums, Real(0.1), scale, leastWeight, n), expected, 100 * epsilon * std::abs(expected));
  EXPECT_NEAR(kernels.localCorrelationDerivatives(sums, Real(0.1), scale, leastWeight, n),
              expected,
              100 * epsilon * std::abs(expected));
  for (const Values & values : { f.get(), ff.get(), mf.get() })
  {
    EXPECT_EQ(values[0], Real(0));
    EXPECT_EQ(values[1], Real(0));
    EXPECT_NE(values[4], Real(0));
  }
}

GNR_TEST_EVERY_BACKEND(KernelsLocalCorrelation);
