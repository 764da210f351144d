// SPDX-License-Identifier: Apache-2.0
// Every kernel of the fast backends against the reference, on sizes that are no multiples of a vector register, a row
// block or a cache line. Tolerances count roundings of epsilon / 2 on the largest intermediate value.
#include "agreement.h"
#include "windows.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

using namespace gnr;
using namespace gnr::test;

namespace
{

using KernelsAgreement = AgreementTest;

const Grid pointGrids[] = { { { 9, 12, 10 }, { 1.0, 1.0, 1.0 } },
                            { { 33, 18, 20 }, { 0.9, 1.3, 2.1 } },
                            { { 30, 21, 14 }, { 2.0, 0.7, 1.1 } },
                            { { 65, 17, 5 }, { 0.5, 0.6, 3.0 } } };

/** The largest sum of absolute weights of the 8th-order difference, 2 (4/5 + 1/5 + 4/105 + 1/280). */
constexpr double differenceWeights = 2.084;

} // namespace

TEST_P(KernelsAgreement, Algebra)
{
  const Values x = randomValues(n, -2, 2, 1), y = randomValues(n, -2, 2, 2), z = randomValues(n, -2, 2, 3);
  const Values p = randomValues(n, -2, 2, 4), q = randomValues(n, -2, 2, 5), r = randomValues(n, -2, 2, 6);
  const Real   a = Real(0.7), b = Real(-1.3), mean = Real(0.11);
  // at most three roundings each of values up to 2 (0.7 + 1.3) + 2
  const double rounding = 3 * epsilon / 2 * 6;
  EXPECT_LE(difference([&](Kernels & k) {
              const Array<Real> u(k, x), v(k, y);
              k.axpby(a, u.data(), b, v.data(), n);
              k.multiply(a, u.data(), v.data(), v.data(), n);
              k.scaleAndShift(b, v.data(), a, v.data(), n);
              k.clamp(Real(-3.3), Real(2.2), v.data(), n);
              return v.get();
            }),
            4 * rounding);
  EXPECT_LE(difference([&](Kernels & k) {
              const Array<Real> u(k, x), v(k, y), w(k, z);
              k.multiplyAdd(a, u.data(), v.data(), b, w.data(), n);
              k.power(Real(0.55), w.data(), n);
              return w.get();
            }),
            4 * std::pow(rounding, 0.55)); // the slope is infinite at zero
  EXPECT_LE(difference([&](Kernels & k) {
              const Array<Real> u(k, x);
              k.saturate(Real(-0.4), Real(0.9), Real(1.1), u.data(), n);
              return u.get();
            }),
            rounding);
  EXPECT_LE(difference([&](Kernels & k) {
              const Array<Real> u(k, x), v(k, y), w(k, n);
              k.combine(a, u.data(), b, v.data(), w.data(), n);
              return w.get();
            }),
            rounding);
  EXPECT_LE(difference([&](Kernels & k) {
              const Array<Real> dP(k, p), dAp(k, q), dQ(k, r), dX(k, x), dR(k, z);
              k.krylovUpdate(a, dP.data(), dAp.data(), dQ.data(), dX.data(), dR.data(), n);
              return joined(dX.get(), dR.get(), dR.get());
            }),
            rounding);
  EXPECT_LE(difference([&](Kernels & k) {
              const Array<Real> dZ(k, z), dR(k, r), dP(k, p), dAp(k, q);
              k.krylovDirection(b, dZ.data(), dR.data(), mean, dP.data(), dAp.data(), n);
              return joined(dP.get(), dAp.get(), dAp.get());
            }),
            rounding);
}

TEST_P(KernelsAgreement, PreconditionerAlgebra)
{
  const Values x = randomValues(3 * n, -2, 2, 1), y = randomValues(3 * n, -2, 2, 2), w = randomValues(n, 0, 1, 3);
  const Values p = randomValues(3 * n, -2, 2, 4);
  // g (g . p) with values up to 2: 2 * 12, six roundings
  const double rounding = 6 * epsilon / 2 * 24;
  for (const bool weighted : { false, true })
  {
    EXPECT_LE(difference([&](Kernels & k) {
                const Array<Real> g(k, x), direction(k, p), weight(k, w), out(k, 3 * n);
                k.gradientDyad(
                  { g.data(), n }, weighted ? weight.data() : nullptr, { direction.data(), n }, { out.data(), n }, n);
                return out.get();
              }),
              rounding);
  }
  EXPECT_LE(difference([&](Kernels & k) {
              const Array<Real> dP(k, p), dH(k, y), dX(k, x), dR(k, y);
              k.descend(Real(0.7), dP.data(), dH.data(), dX.data(), dR.data(), 3 * n);
              return joined(dX.get(), dR.get(), dR.get());
            }),
            rounding);
}

TEST_P(KernelsAgreement, Stiffening)
{
  // both sides of the knee, scale s^4 = cap at s = 1.5
  const Values s = randomValues(n, 0, 3, 1);
  const Real   scale = Real(0.4), cap = scale * Real(1.5 * 1.5 * 1.5 * 1.5);
  double       sums[2] = { 0.0, 0.0 };
  int          which = 0;
  EXPECT_LE(difference([&](Kernels & k) {
              const Array<Real> squared(k, s), weight(k, n);
              k.stiffen(squared.data(), scale, cap, weight.data(), n, &sums[which]);
              sums[which++] /= double(n);
              return weight.get();
            }),
            4 * epsilon * cap);
  EXPECT_LE(difference([&](Kernels & k) {
              const Array<Real> both(k, s);
              k.stiffen(both.data(), scale, cap, both.data(), n, nullptr);
              return both.get();
            }),
            4 * epsilon * cap);
  EXPECT_NEAR(sums[0], sums[1], 8 * epsilon * cap * 1.5);
}

TEST_P(KernelsAgreement, Reductions)
{
  const Values x = randomValues(n, -1, 2, 1), y = randomValues(n, -1, 2, 2), w = randomValues(n, 0, 1, 3);
  Region       region;
  for (int axis = 0; axis < 3; ++axis)
  {
    region.begin[axis] = 1;
    region.end[axis] = grid.size[axis] - 1;
  }
  const auto call = [&](Kernels & k) {
    const Array<Real> u(k, x), v(k, y), weight(k, w);
    const Statistics  s = k.statistics(u.data(), extents, region);
    const double      count = double(n);
    return std::vector<double>{ k.sum(u.data(), n) / count,
                                k.dot(u.data(), v.data(), n) / count,
                                k.dotSum(u.data(), v.data(), weight.data(), n) / count,
                                k.squaredDistance(u.data(), v.data(), nullptr, n) / count,
                                k.squaredDistance(u.data(), v.data(), weight.data(), n) / count,
                                k.maximumAbsolute(u.data(), n),
                                s.minimum,
                                s.maximum,
                                s.sum / count,
                                double(s.notPositive),
                                double(s.count) };
  };
  const auto reference = makeReferenceKernels();
  const auto other = makeBackend(backend);
  // terms up to 9, each rounded three times at most before the n of them are added in double
  const double summation = double(n) * std::numeric_limits<double>::epsilon() / 2;
  EXPECT_LE(maximumDifference(call(*reference), call(*other)), 9 * (3 * epsilon / 2 + summation));
}

TEST_P(KernelsAgreement, PadIsBitwise)
{
  for (const int halo : { 4, 11 })
  {
    EXPECT_EQ(difference([&](Kernels & k) {
                PaddedArray f(k, extents, halo, halo + 1, halo + 2);
                f.setPeriodic(randomValues(n, -1, 1, 1));
                Values all;
                for (int z = -halo - 2; z < extents.nz + halo + 2; ++z)
                {
                  for (int y = -halo - 1; y < extents.ny + halo + 1; ++y)
                  {
                    for (int x = -halo; x < extents.nx + halo; ++x)
                    {
                      all.push_back(f.at(x, y, z));
                    }
                  }
                }
                return all;
              }),
              0.0);
  }
}

TEST_P(KernelsAgreement, Differences)
{
  const Values m = randomValues(n, -1, 1, 1), v = randomValues(3 * n, -2, 2, 2), old = randomValues(3 * n, -1, 1, 3);
  // 8 products and sums, 3 axes, scaling: 14 roundings
  const double rounding = 14 * epsilon / 2 * (2 * differenceWeights * steepest * 1.5 + 1);
  for (const Real b : { Real(0), Real(0.6) })
  {
    EXPECT_LE(difference([&](Kernels & k) {
                PaddedArray f(k, extents, 4, 4, 4);
                f.setPeriodic(m);
                const Array<Real> velocity(k, v), out(k, Values(old.begin(), old.begin() + n));
                k.gradientDot(f.view(), inverse, { velocity.data(), n }, Real(1.5), b, out.data());
                return out.get();
              }),
              rounding);
    for (int axis = 0; axis < 3; ++axis)
    {
      EXPECT_LE(difference([&](Kernels & k) {
                  PaddedArray f(k, extents, 5, 4, 6);
                  f.setPeriodic(m);
                  const Array<Real> out(k, Values(old.begin(), old.begin() + n));
                  k.derivative(f.view(), axis, inverse[axis], Real(-0.8), b, out.data());
                  return out.get();
                }),
                rounding);
    }
  }
  for (const Real b : { Real(0), Real(1) })
  {
    EXPECT_LE(difference([&](Kernels & k) {
                PaddedArray f(k, extents, 4, 4, 4);
                f.setPeriodic(m);
                const Array<Real> lambda(k, Values(v.begin(), v.begin() + n)), out(k, old);
                k.scaledGradient(f.view(), inverse, lambda.data(), Real(0.3), b, { out.data(), n });
                return out.get();
              }),
              rounding);
  }
}

TEST_P(KernelsAgreement, LimitDifferences)
{
  const Values m = randomValues(n, -1, 1, 1), w = randomValues(n, 0, 1, 2), old = randomValues(n, -1, 1, 3);
  const double squares = inverse[0] * inverse[0] + inverse[1] * inverse[1] + inverse[2] * inverse[2];
  for (const Real b : { Real(0), Real(1) })
  {
    EXPECT_LE(difference([&](Kernels & k) {
                PaddedArray f(k, extents, 1, 1, 1);
                f.setPeriodic(m);
                const Array<Real> out(k, old);
                k.squaredGradient(f.view(), inverse, b, out.data());
                return out.get();
              }),
              12 * epsilon / 2 * (4 * squares + 1));
    EXPECT_LE(difference([&](Kernels & k) {
                PaddedArray f(k, extents, 1, 2, 1), weight(k, extents, 4, 1, 3);
                f.setPeriodic(m);
                weight.setPeriodic(w);
                const Array<Real> out(k, old);
                k.weightedLaplacian(f.view(), weight.view(), inverse, Real(0.7), b, out.data());
                return out.get();
              }),
              16 * epsilon / 2 * (8 * squares + 1));
  }
}

TEST_P(KernelsAgreement, Channels)
{
  const Values m = randomValues(n, -1, 1, 1), w = randomValues(n, 0, 2, 2), old = randomValues(6 * n, -1, 1, 3);
  const Values p = randomValues(3 * n, -2, 2, 4);
  // as Differences: 14 roundings of each slope, a product of two with a weight up to 2 and a = 0.7
  const double steep = differenceWeights * std::max({ inverse[0], inverse[1], inverse[2] });
  for (const Real b : { Real(0), Real(0.6) })
  {
    for (const bool weighted : { false, true })
    {
      EXPECT_LE(difference([&](Kernels & k) {
                  PaddedArray f(k, extents, 4, 5, 4);
                  f.setPeriodic(m);
                  const Array<Real> weight(k, w), t(k, old);
                  k.addGradientDyad(
                    f.view(), inverse, weighted ? weight.data() : nullptr, Real(0.7), b, { t.data(), n });
                  return t.get();
                }),
                30 * epsilon / 2 * (2 * 0.7 * steep * steep + 1));
    }
    for (const bool inPlace : { false, true })
    {
      // three products up to 2 in size, times 1.3: five roundings; two more for b
      EXPECT_LE(difference([&](Kernels & k) {
                  const Array<Real> t(k, old), vector(k, p), out(k, Values(old.begin(), old.begin() + 3 * n));
                  Real * const      to = inPlace ? vector.data() : out.data();
                  k.tensorProduct({ t.data(), n }, { vector.data(), n }, Real(1.3), b, { to, n }, n);
                  return inPlace ? vector.get() : out.get();
                }),
                7 * epsilon / 2 * (1.3 * 6 + 2));
    }
  }
}

TEST_P(KernelsAgreement, LocalCorrelation)
{
  // Sums of five fields with a weight in [0.1, 1]: means of values in [0.5, 1], second moments of [2, 3], so that
  // variances are at least 1 and covariances at most 3. Ten roundings of values up to 10 / 0.2.
  const Values weight = randomValues(n, 0.1, 1, 1);
  Values       sums = randomValues(5 * n, 0.5, 1, 2);
  for (std::size_t i = 0; i < 5 * n; ++i)
  {
    sums[i] = weight[i % n] * (i < 2 * n ? sums[i] : 2 * sums[i] + 1);
  }
  const Values fields = randomValues(6 * n, -1, 1, 3);
  for (const bool weighted : { false, true })
  {
    double values[2][2];
    int    which = 0;
    EXPECT_LE(
      difference([&](Kernels & k) {
        const Array<Real>  s(k, sums), omega(k, weight);
        Real * const       p = s.data();
        const LocalMoments moments{ p, p + n, p + 2 * n, p + 3 * n, p + 4 * n, weighted ? omega.data() : nullptr };
        values[which][0] = k.localCorrelation(moments, Real(0.1), Real(0.7), Real(0.2), n) / double(n);
        values[which][1] = k.localCorrelationDerivatives(moments, Real(0.1), Real(0.7), Real(0.2), n) / double(n);
        ++which;
        return s.get();
      }),
      10 * epsilon / 2 * 50);
    for (const int q : { 0, 1 })
    {
      EXPECT_NEAR(values[0][q], values[1][q], 10 * epsilon / 2 * 50);
    }
    const auto field = [&](int i) { return Values(fields.begin() + i * n, fields.begin() + (i + 1) * n); };
    EXPECT_LE(difference([&](Kernels & k) {
                const Array<Real> f(k, field(0)), m(k, field(1)), gu(k, field(2)), gus(k, field(3)), gt(k, field(4)),
                  w(k, weight);
                k.correlationForce(
                  f.data(), m.data(), weighted ? w.data() : nullptr, gu.data(), gus.data(), gt.data(), gt.data(), n);
                return gt.get();
              }),
              12 * epsilon / 2 * 5);
  }
}

TEST_P(KernelsAgreement, SelfSimilarity)
{
  const Values m = randomValues(n, -1, 1, 1), fields = randomValues(5 * n, 0, 3, 2), v = randomValues(n, 0, 2, 3);
  const int    a[3] = { 1, -2, 0 }, b[3] = { 0, 1, -1 };
  EXPECT_LE(difference([&](Kernels & k) {
              PaddedArray f(k, extents, 1, 2, 3);
              f.setPeriodic(m);
              const Array<Real> out(k, n);
              k.shiftedSquaredDifference(f.view(), a, b, out.data());
              return out.get();
            }),
            3 * epsilon / 2 * 4);
  // x exp(-x) <= 1/e: the roundings of the argument weigh little
  EXPECT_LE(difference([&](Kernels & k) {
              const Array<Real> data(k, fields), variance(k, v);
              k.selfSimilarity(data.data(), n, 5, variance.data(), Real(0.2), Real(1.5), n);
              return data.get();
            }),
            8 * epsilon / 2);
}

TEST_P(KernelsAgreement, Jacobians)
{
  // Displacements that leave the Jacobian J within 1/2 of the identity in the norm of the largest row sum, so that it
  // is inverted with a condition number up to 3: no entry of a cofactor exceeds 2.25 + 0.25, no determinant 4. Entries
  // round 14 times, products of two or three of them and the division less than 20 times more.
  const double largest = std::max({ grid.spacing[0], grid.spacing[1], grid.spacing[2] });
  const double amplitude = 0.5 / (differenceWeights * largest * steepest);
  const auto   padded = [&](Kernels & k) {
    std::vector<std::unique_ptr<PaddedArray>> d;
    for (int c = 0; c < 3; ++c)
    {
      d.push_back(std::make_unique<PaddedArray>(k, extents, 4 + c, 4, 6));
      d.back()->setPeriodic(randomValues(n, -amplitude, amplitude, 10 + c));
    }
    return d;
  };
  const Values z = randomValues(3 * n, -1, 1, 4);
  for (const bool forward : { true, false })
  {
    EXPECT_LE(difference([&](Kernels & k) {
                const auto        d = padded(k);
                const Padded      views[3] = { d[0]->view(), d[1]->view(), d[2]->view() };
                const Array<Real> vector(k, z);
                forward ? k.pushForward(views, grid.spacing.data(), { vector.data(), n })
                        : k.pullBackAdjoint(views, grid.spacing.data(), { vector.data(), n });
                return vector.get();
              }),
              40 * epsilon / 2 * 4 * 3);
  }
}

TEST_P(KernelsAgreement, Windows)
{
  // Values up to 1 and weights that sum to 1; a sum of 2 radius + 1 <= 33 terms, three times, rounds each term less
  // than 40 times.
  const Values f = randomValues(n, -1, 1, 1);
  for (const double sigma : { 0.4, 2.0, 6.0 })
  {
    const Window x = gaussianWindow(sigma), y = gaussianWindow(0.8 * sigma), z = gaussianWindow(0.9 * sigma);
    EXPECT_LE(difference([&](Kernels & k) { return convolve(k, extents, x, y, z, f); }), 40 * epsilon / 2);
  }
}

TEST_P(KernelsAgreement, VectorInterpolation)
{
  // displacements of both kinds: smooth ones, whose neighbours share a cell, and wild ones, whose do not
  const Values m = randomValues(3 * n, -1, 1, 1);
  for (const bool wild : { false, true })
  {
    Values d = randomValues(3 * n, -2.9, 2.9, 5);
    for (std::size_t i = 0; !wild && i < d.size(); ++i)
    {
      d[i] = static_cast<Real>(2.9 * std::sin(0.05 * double(i)));
    }
    const Real scale[3] = { Real(1), Real(-0.5), Real(2) };
    const auto padded = [&](Kernels & k) {
      std::vector<std::unique_ptr<PaddedArray>> f;
      for (int c = 0; c < 3; ++c)
      {
        f.push_back(std::make_unique<PaddedArray>(k, extents, 5, 5, 5));
        f.back()->setPeriodic(Values(m.begin() + c * n, m.begin() + (c + 1) * n));
      }
      return f;
    };
    // As for one field: weights of at most 1.25 along each axis, about 40 roundings.
    const double rounding = 40 * epsilon / 2 * 1.25 * 1.25 * 1.25 * 2;
    EXPECT_LE(difference([&](Kernels & k) {
                const auto        f = padded(k);
                const Padded      views[3] = { f[0]->view(), f[1]->view(), f[2]->view() };
                const Array<Real> departure(k, d), out(k, 3 * n);
                k.interpolateVector(views, { departure.data(), n }, scale, { out.data(), n });
                return out.get();
              }),
              rounding);
    EXPECT_LE(difference([&](Kernels & k) {
                const auto        f = padded(k);
                const Array<Real> departure(k, d), out(k, n);
                k.interpolate(f[0]->view(), { departure.data(), n }, nullptr, Interpolation::Cubic, out.data());
                return out.get();
              }),
              rounding);
  }
}

TEST_P(KernelsAgreement, Determinant)
{
  const double amplitude = 0.2; // slopes up to 0.2 / spacing
  EXPECT_LE(difference([&](Kernels & k) {
              PaddedArray x(k, extents, 1, 1, 1), y(k, extents, 1, 1, 1), z(k, extents, 1, 1, 1);
              x.setPeriodic(randomValues(n, -amplitude, amplitude, 1));
              y.setPeriodic(randomValues(n, -amplitude, amplitude, 2));
              z.setPeriodic(randomValues(n, -amplitude, amplitude, 3));
              const Padded      u[3] = { x.view(), y.view(), z.view() };
              const Array<Real> out(k, n);
              k.jacobianDeterminant(u, inverse, out.data());
              return out.get();
            }),
            // six products of three entries, each entry rounded three times
            14 * epsilon / 2 * 6 * (1 + amplitude * inverse[0]) * (1 + amplitude * inverse[1]) *
              (1 + amplitude * inverse[2]));
}

TEST_P(KernelsAgreement, Interpolation)
{
  const Values m = randomValues(n, -1, 1, 1), c = randomValues(n, -2, 2, 2);
  Values       d = randomValues(3 * n, -4, 4, 3);
  d[0] = -4; // both ends of what the halo allows
  d[1] = 4;
  d[n] = 4;
  d[2 * n + 1] = -4;
  for (const Interpolation kind : { Interpolation::Linear, Interpolation::Cubic })
  {
    for (const bool scaled : { false, true })
    {
      EXPECT_LE(difference([&](Kernels & k) {
                  PaddedArray f(k, extents, 6, 6, 6);
                  f.setPeriodic(m);
                  const Array<Real> displacement(k, d), factor(k, c), out(k, n);
                  k.interpolate(
                    f.view(), { displacement.data(), n }, scaled ? factor.data() : nullptr, kind, out.data());
                  return out.get();
                }),
                22 * epsilon / 2 * 1.96 * 2); // weights: see WeightsSumToOne; factor up to 2
    }
  }
}

TEST_P(KernelsAgreement, TransportAndSimilarity)
{
  const Values a = randomValues(n, -1, 1, 1), b = randomValues(n, -1, 1, 2), w = randomValues(n, 0, 2, 3);
  EXPECT_LE(difference([&](Kernels & k) {
              const Array<Real> x(k, a), y(k, b), c(k, n);
              k.growth(x.data(), y.data(), Real(0.3), c.data(), n);
              return c.get();
            }),
            6 * epsilon / 2 * 1.4);
  EXPECT_LE(difference([&](Kernels & k) {
              const Array<Real> x(k, a), y(k, b), weight(k, w), c(k, n);
              k.weightedDifference(x.data(), y.data(), weight.data(), c.data(), n);
              return c.get();
            }),
            2 * epsilon / 2 * 4);
  EXPECT_EQ(difference([&](Kernels & k) {
              const Array<Real> x(k, a), y(k, b), c(k, n);
              k.weightedDifference(x.data(), y.data(), nullptr, c.data(), n);
              return c.get();
            }),
            0.0); // one rounding of the exact difference
}

TEST_P(KernelsAgreement, Images)
{
  const Values  image = randomValues(n, -1, 1, 1);
  const Extents box{ extents.nx + 7, extents.ny, extents.nz + 10 };
  EXPECT_LE(difference([&](Kernels & k) {
              const Array<Real> in(k, image), out(k, box.points());
              k.extendPeriodically(in.data(), extents, box, out.data());
              return out.get();
            }),
            16 * epsilon / 2);
  EXPECT_EQ(difference([&](Kernels & k) {
              const Array<Real> in(k, image), out(k, box.points()), back(k, n);
              k.extendByConstant(in.data(), extents, box, Real(0.3), out.data());
              k.crop(out.data(), box, extents, back.data());
              Values       both = out.get();
              const Values cropped = back.get();
              both.insert(both.end(), cropped.begin(), cropped.end());
              return both;
            }),
            0.0);
  std::vector<std::uint64_t> counts[2];
  for (const bool isReference : { true, false })
  {
    const auto        kernels = makeBackend(isReference ? Backend::Reference : backend);
    const Array<Real> x(*kernels, image);
    counts[isReference].resize(100);
    kernels->histogram(x.data(), n, -0.9, 0.85, counts[isReference].data(), 100);
  }
  EXPECT_EQ(counts[0], counts[1]);
}

INSTANTIATE_TEST_SUITE_P(,
                         KernelsAgreement,
                         ::testing::Combine(::testing::ValuesIn(fastBackends()), ::testing::ValuesIn(pointGrids)),
                         sizeName);
