// SPDX-License-Identifier: Apache-2.0
// The CPU backend gives the same bits for any number of threads, and again when it is asked again.
#include "spectralTesting.h"
#include "windows.h"

#include <cstdint>
#include <cstring>
#include <functional>

using namespace gnr;
using namespace gnr::test;

namespace
{

/** Everything that one call produced, as bytes. */
template <typename T>
std::vector<unsigned char>
bytesOf(const std::vector<T> & values)
{
  std::vector<unsigned char> bytes(values.size() * sizeof(T));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

using Call = std::function<std::vector<unsigned char>(Kernels &)>;

void
expectSameBits(const Call & call)
{
  const auto                       one = makeCpuKernels(1);
  const std::vector<unsigned char> expected = call(*one);
  EXPECT_EQ(call(*one), expected) << "one thread, again";
  for (const int threads : { 2, 3, 5 })
  {
    const auto kernels = makeCpuKernels(threads);
    for (int repeat = 0; repeat < 3; ++repeat)
    {
      EXPECT_EQ(call(*kernels), expected) << threads << " threads";
    }
  }
}

// Large enough that all threads take part in every loop (CpuKernels::threadsFor).
const Grid            grid{ { 70, 64, 60 }, { 0.9, 1.3, 2.1 } };
constexpr std::size_t length = 300007;

} // namespace

TEST(KernelsThreads, Reductions)
{
  for (const std::size_t n : { std::size_t(1), std::size_t(8191), std::size_t(8193), length })
  {
    const Values x = randomValues(n, -1, 1, 1), y = randomValues(n, -1, 1, 2), w = randomValues(n, 0, 1, 3);
    expectSameBits([&](Kernels & k) {
      const Array<Real> u(k, x), v(k, y), weight(k, w);
      return bytesOf(std::vector<double>{ k.sum(u.data(), n),
                                          k.dot(u.data(), v.data(), n),
                                          k.dotSum(u.data(), v.data(), weight.data(), n),
                                          k.maximumAbsolute(u.data(), n),
                                          k.squaredDistance(u.data(), v.data(), nullptr, n),
                                          k.squaredDistance(u.data(), v.data(), weight.data(), n) });
    });
  }
}

TEST(KernelsThreads, Statistics)
{
  const Values values = randomValues(grid.points(), -1, 1, 1);
  expectSameBits([&](Kernels & k) {
    const Array<Real> x(k, values);
    Region            region;
    std::copy(grid.size.begin(), grid.size.end(), region.end);
    region.begin[2] = 3;
    const Statistics s = k.statistics(x.data(), extentsOf(grid), region);
    return bytesOf(
      std::vector<double>{ s.minimum, s.maximum, s.sum, double(s.notPositive), double(s.notFinite), double(s.count) });
  });
}

TEST(KernelsThreads, PointKernels)
{
  const std::size_t n = grid.points();
  const Extents     e = extentsOf(grid);
  const double      inverse[3] = { 1 / grid.spacing[0], 1 / grid.spacing[1], 1 / grid.spacing[2] };
  const Values m = randomValues(n, -1, 1, 1), v = randomValues(3 * n, -3, 3, 2), old = randomValues(3 * n, -1, 1, 3);
  expectSameBits([&](Kernels & k) {
    PaddedArray f(k, e, 5, 5, 5);
    f.setPeriodic(m);
    const Array<Real> velocity(k, v), out(k, n), b(k, old);
    k.gradientDot(f.view(), inverse, { velocity.data(), n }, Real(1.1), 0, out.data());
    k.derivative(f.view(), 2, inverse[2], Real(0.3), 1, out.data());
    k.scaledGradient(f.view(), inverse, out.data(), Real(0.7), 1, { b.data(), n });
    return bytesOf(b.get());
  });
  expectSameBits([&](Kernels & k) {
    PaddedArray f(k, e, 5, 5, 5), g(k, e, 5, 5, 5);
    f.setPeriodic(m);
    g.setPeriodic(Values(v.begin(), v.begin() + n));
    const Padded      d[3] = { f.view(), g.view(), f.view() };
    const Array<Real> t(k, 6 * n), z(k, v);
    k.addGradientDyad(f.view(), inverse, nullptr, Real(0.7), 0, { t.data(), n });
    k.addGradientDyad(g.view(), inverse, nullptr, Real(0.7), 1, { t.data(), n });
    k.tensorProduct({ t.data(), n }, { z.data(), n }, Real(0.01), 1, { z.data(), n }, n);
    k.pushForward(d, grid.spacing.data(), { z.data(), n });
    k.pullBackAdjoint(d, grid.spacing.data(), { z.data(), n });
    return bytesOf(z.get());
  });
  expectSameBits([&](Kernels & k) {
    const Window window = gaussianWindow(2.0);
    return bytesOf(convolve(k, e, window, window, window, m));
  });
  for (const Interpolation kind : { Interpolation::Linear, Interpolation::Cubic })
  {
    expectSameBits([&](Kernels & k) {
      PaddedArray f(k, e, 5, 5, 5);
      f.setPeriodic(m);
      const Array<Real> d(k, v), factor(k, m), out(k, n);
      k.interpolate(f.view(), { d.data(), n }, factor.data(), kind, out.data());
      return bytesOf(out.get());
    });
  }
  expectSameBits([&](Kernels & k) {
    PaddedArray f(k, e, 1, 1, 1);
    f.setPeriodic(m);
    const Padded      u[3] = { f.view(), f.view(), f.view() };
    const Array<Real> out(k, n);
    k.jacobianDeterminant(u, inverse, out.data());
    return bytesOf(out.get());
  });
}

TEST(KernelsThreads, Elementwise)
{
  const std::size_t n = length;
  const Values      x = randomValues(n, -1, 1, 1), y = randomValues(n, -1, 1, 2), z = randomValues(n, -1, 1, 3);
  expectSameBits([&](Kernels & k) {
    const Array<Real> a(k, x), b(k, y), c(k, z), d(k, x), e(k, y), f(k, z);
    k.krylovUpdate(Real(0.3), a.data(), b.data(), c.data(), d.data(), f.data(), n);
    k.krylovDirection(Real(0.7), d.data(), f.data(), Real(0.1), a.data(), e.data(), n);
    k.axpby(Real(0.9), a.data(), Real(1.7), e.data(), n);
    k.combine(Real(0.1), a.data(), Real(0.2), e.data(), f.data(), n);
    k.multiply(Real(1.3), e.data(), f.data(), f.data(), n);
    k.multiplyAdd(Real(1.3), e.data(), b.data(), Real(0.7), f.data(), n);
    k.power(Real(0.55), e.data(), n);
    k.scaleAndShift(Real(1.3), f.data(), Real(0.3), f.data(), n);
    k.weightedDifference(f.data(), b.data(), a.data(), f.data(), n);
    k.growth(f.data(), b.data(), Real(0.25), b.data(), n);
    return bytesOf(joined(a.get(), b.get(), f.get()));
  });
}

TEST(KernelsThreads, LocalCorrelation)
{
  const std::size_t n = length;
  const Values      sums = randomValues(5 * n, 0.1, 1, 1), weights = randomValues(n, 0.1, 1, 2);
  expectSameBits([&](Kernels & k) {
    const Array<Real>  s(k, sums), omega(k, weights), force(k, n);
    Real * const       p = s.data();
    const LocalMoments moments{ p, p + n, p + 2 * n, p + 3 * n, p + 4 * n, omega.data() };
    const Real         a = Real(k.localCorrelation(moments, Real(0.1), 1, Real(0.2), n));
    const Real         b = Real(k.localCorrelationDerivatives(moments, Real(0.1), 1, Real(0.2), n));
    k.correlationForce(p, p + n, omega.data(), p + 2 * n, p + 3 * n, p + 4 * n, force.data(), n);
    return bytesOf(joined(s.get(), force.get(), { a, b }));
  });
}

TEST(KernelsThreads, SelfSimilarity)
{
  const std::size_t n = grid.points();
  const Values      m = randomValues(n, -1, 1, 1), fields = randomValues(3 * n, 0, 3, 2);
  expectSameBits([&](Kernels & k) {
    PaddedArray f(k, extentsOf(grid), 1, 1, 1);
    f.setPeriodic(m);
    const int         a[3] = { 1, -1, 0 }, b[3] = { 0, 1, -1 };
    const Array<Real> data(k, fields), out(k, n);
    k.shiftedSquaredDifference(f.view(), a, b, out.data());
    k.selfSimilarity(data.data(), n, 3, out.data(), Real(0.1), Real(2), n);
    const Array<std::uint8_t> bytes(k, n);
    k.toBytes(data.data(), bytes.data(), n);
    k.fromBytes(bytes.data(), out.data(), n);
    return bytesOf(joined(data.get(), out.get(), {}));
  });
}

TEST(KernelsThreads, JointHistogram)
{
  const std::size_t n = grid.points();
  const Values      m = randomValues(n, -1, 1, 1), f = randomValues(n, -1, 1, 2), w = randomValues(n, 0, 1, 3);
  const int         bins = 20;
  expectSameBits([&](Kernels & k) {
    const Array<Real>          x(k, m), y(k, f), weight(k, w), table(k, Values(m.begin(), m.begin() + bins * bins));
    std::vector<std::uint64_t> counts(bins * bins);
    k.jointHistogram(x.data(), y.data(), weight.data(), n, -0.8, 0.9, counts.data(), bins);
    k.lookUp(x.data(), y.data(), table.data(), -0.8, 0.9, bins, true, x.data(), n);
    std::vector<unsigned char>       bytes = bytesOf(counts);
    const std::vector<unsigned char> values = bytesOf(x.get());
    bytes.insert(bytes.end(), values.begin(), values.end());
    return bytes;
  });
}

TEST(KernelsThreads, Transforms)
{
  const Values v = randomValues(3 * grid.points(), -1, 1, 1);
  Symbol       symbol = makeSymbol(grid, Symbol::Kind::InverseRegularization);
  symbol.gamma = 4.0;
  const Values scalar(v.begin(), v.begin() + grid.points());
  const Grid   coarse{ { 36, 32, 30 }, { 1, 1, 1 } };
  expectSameBits([&](Kernels & k) { return bytesOf(applySymbolTo(k, grid, v, symbol)); });
  expectSameBits([&](Kernels & k) { return bytesOf(resample(k, grid, coarse, scalar)); });
}

TEST(KernelsThreads, Extension)
{
  const Extents e{ 50, 40, 30 }, box{ 70, 64, 60 };
  const Values  image = randomValues(e.points(), -1, 1, 1);
  expectSameBits([&](Kernels & k) {
    const Array<Real> in(k, image), out(k, box.points());
    k.extendPeriodically(in.data(), e, box, out.data());
    return bytesOf(out.get());
  });
}
