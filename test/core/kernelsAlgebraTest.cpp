// SPDX-License-Identifier: Apache-2.0
#include "testing.h"

#include "kernels/Buffer.h"

#include "gnr/Error.h"

using namespace gnr;
using namespace gnr::test;

namespace
{

using KernelsMemory = BackendTest;
using KernelsAlgebra = BackendTest;
using KernelsSimilarity = BackendTest;

constexpr size_t length = 1003; // not a multiple of a vector register

/** Whole numbers -50 ... 50: sums and products of a few of them are exact, so that results are compared for equality.
 */
Values
wholeNumbers(unsigned seed, std::size_t n = length)
{
  Values values = randomValues(n, -50.0, 50.0, seed);
  for (Real & value : values)
  {
    value = std::round(value);
  }
  return values;
}

template <typename Formula>
Values
expected(Formula formula, std::size_t n = length)
{
  Values values(n);
  for (std::size_t i = 0; i < n; ++i)
  {
    values[i] = static_cast<Real>(formula(i));
  }
  return values;
}

} // namespace

TEST_P(KernelsMemory, CopiesReturnWhatWasStored)
{
  const Values      values = randomValues(length, -1.0, 1.0, 1);
  const Array<Real> array(kernels, values);
  EXPECT_EQ(array.get(), values);
}

TEST_P(KernelsMemory, ScalarsAndInterleavedVectorsOfTheCallerComeBack)
{
  const std::vector<float> in{ 1, 2, 3, 4, 5, 6 };
  const Array<Real>        scalars(kernels, 6);
  kernels.fromHost(in.data(), 1, 1.0, scalars.data(), 6);
  EXPECT_EQ(scalars.get(), (Values{ 1, 2, 3, 4, 5, 6 }));
  std::vector<float> out(6);
  kernels.toHost(scalars.data(), 0.5, out.data(), 1, 6);
  EXPECT_EQ(out, (std::vector<float>{ 0.5F, 1, 1.5F, 2, 2.5F, 3 }));

  const Array<Real> component(kernels, 2); // of (1 2 3) (4 5 6)
  for (int c = 0; c < 3; ++c)
  {
    kernels.fromHost(in.data() + c, 3, -2.0, component.data(), 2);
    EXPECT_EQ(component.get(), (Values{ Real(-2 * (c + 1)), Real(-2 * (c + 4)) }));
    kernels.toHost(component.data(), -0.5, out.data() + c, 3, 2);
  }
  EXPECT_EQ(out, in);
}

TEST_P(KernelsMemory, NothingCanBeAllocated)
{
  void * const memory = kernels.allocate(0);
  EXPECT_NO_THROW(kernels.deallocate(memory));
  EXPECT_NO_THROW(kernels.deallocate(nullptr));
}

TEST_P(KernelsMemory, TooMuchMemoryIsAnErrorThatSaysSo)
{
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "AddressSanitizer ends the program where the allocator would return null";
#else
  try
  {
    kernels.allocate(std::size_t(1) << 62);
    FAIL() << "2^62 bytes cannot exist";
  }
  catch (const Error & error)
  {
    EXPECT_EQ(error.kind(), ErrorKind::OutOfResources);
    EXPECT_NE(std::string(error.what()).find("memory"), std::string::npos) << error.what();
  }
#endif
}

TEST_P(KernelsMemory, DescribesItself)
{
  EXPECT_FALSE(kernels.description().empty());
}

TEST_P(KernelsMemory, BuffersAreCounted)
{
  EXPECT_EQ(kernels.allocatedBytes(), 0u);
  {
    Buffer        a(kernels, 100);
    ComplexBuffer b(kernels, 10);
    EXPECT_EQ(kernels.allocatedBytes(), 120 * sizeof(Real));
    Buffer moved(std::move(a));
    EXPECT_FALSE(a);
    EXPECT_EQ(moved.size(), 100u);
    EXPECT_EQ(kernels.allocatedBytes(), 120 * sizeof(Real));
    moved = Buffer(kernels, 7); // the old array goes when the new one is there
    EXPECT_EQ(kernels.allocatedBytes(), 27 * sizeof(Real));
    EXPECT_EQ(kernels.peakBytes(), 127 * sizeof(Real));
    moved.reset();
    EXPECT_EQ(kernels.allocatedBytes(), 20 * sizeof(Real));
  }
  EXPECT_EQ(kernels.allocatedBytes(), 0u);
  EXPECT_EQ(kernels.peakBytes(), 127 * sizeof(Real));
}

TEST(KernelsCpu, NeedsAThread)
{
  for (const int threads : { 0, -1 })
  {
    try
    {
      makeCpuKernels(threads);
      FAIL() << threads << " threads were accepted";
    }
    catch (const Error & error)
    {
      EXPECT_EQ(error.kind(), ErrorKind::BadInput);
      EXPECT_NE(std::string(error.what()).find(std::to_string(threads)), std::string::npos) << error.what();
    }
  }
}

TEST_P(KernelsAlgebra, FillAndCopy)
{
  const Array<Real> x(kernels, length), y(kernels, length);
  kernels.fill(x.data(), length, Real(2.5));
  EXPECT_EQ(x.get(), Values(length, Real(2.5)));
  kernels.copy(x.data(), y.data(), length);
  EXPECT_EQ(y.get(), Values(length, Real(2.5)));
  kernels.fill(x.data(), 0, Real(1)); // no value is touched
  EXPECT_EQ(x.get(), Values(length, Real(2.5)));
}

TEST_P(KernelsAlgebra, ElementwiseKernelsGiveTheirFormula)
{
  const Values      a = wholeNumbers(1), b = wholeNumbers(2), c = wholeNumbers(3);
  const Array<Real> x(kernels, a), y(kernels, b), out(kernels, length);

  kernels.axpby(3, x.data(), -2, y.data(), length);
  EXPECT_EQ(y.get(), expected([&](int i) { return 3 * a[i] - 2 * b[i]; }));

  y.set(b);
  kernels.combine(3, x.data(), -2, y.data(), out.data(), length);
  EXPECT_EQ(out.get(), expected([&](int i) { return 3 * a[i] - 2 * b[i]; }));
  kernels.combine(3, x.data(), -2, y.data(), y.data(), length); // in place of the second
  EXPECT_EQ(y.get(), out.get());
  y.set(b);
  kernels.combine(3, x.data(), -2, y.data(), x.data(), length); // in place of the first
  EXPECT_EQ(x.get(), out.get());

  x.set(a);
  kernels.scaleAndShift(-4, x.data(), 7, out.data(), length);
  EXPECT_EQ(out.get(), expected([&](int i) { return -4 * a[i] + 7; }));
  kernels.scaleAndShift(-4, x.data(), 7, x.data(), length);
  EXPECT_EQ(x.get(), out.get());

  x.set(a);
  kernels.multiply(2, x.data(), y.data(), out.data(), length);
  EXPECT_EQ(out.get(), expected([&](int i) { return 2 * a[i] * b[i]; }));
  kernels.multiply(2, x.data(), y.data(), x.data(), length);
  EXPECT_EQ(x.get(), out.get());

  x.set(a);
  out.set(c);
  kernels.multiplyAdd(2, x.data(), y.data(), 3, out.data(), length);
  EXPECT_EQ(out.get(), expected([&](int i) { return 2 * a[i] * b[i] + 3 * c[i]; }));
  out.set(Values(length, notANumber));
  kernels.multiplyAdd(2, x.data(), y.data(), 0, out.data(), length);
  EXPECT_EQ(out.get(), expected([&](int i) { return 2 * a[i] * b[i]; }));
}

TEST_P(KernelsAlgebra, PowersOfWhatIsNotNegative)
{
  const Values      a = wholeNumbers(1);
  const Array<Real> x(kernels, a);
  kernels.power(Real(0.5), x.data(), length);
  const Values root = x.get();
  for (std::size_t i = 0; i < length; ++i)
  {
    ASSERT_NEAR(root[i], std::sqrt(std::max(0.0, double(a[i]))), 1e-5) << a[i];
  }
}

TEST_P(KernelsAlgebra, AxpbyWithZeroDoesNotReadTheTarget)
{
  const Values      a = wholeNumbers(1);
  const Array<Real> x(kernels, a), y(kernels, Values(length, notANumber));
  kernels.axpby(5, x.data(), 0, y.data(), length);
  EXPECT_EQ(y.get(), expected([&](int i) { return 5 * a[i]; }));
}

TEST_P(KernelsAlgebra, ClampLimitsBothSides)
{
  const Array<Real> x(kernels, Values{ -3, -1, Real(-0.5), 0, Real(1.5), 2, 9 });
  kernels.clamp(-1, 2, x.data(), 7);
  EXPECT_EQ(x.get(), (Values{ -1, -1, Real(-0.5), 0, Real(1.5), 2, 2 }));
}

TEST_P(KernelsAlgebra, SaturateBendsWhatLiesBeyondTowardsABound)
{
  const Real        infinity = std::numeric_limits<Real>::infinity();
  const Real        inside = Real(0.1); // no binary fraction: would show arithmetic
  const Array<Real> x(kernels, Values{ -infinity, -4, -1, inside, 2, 5, 11, infinity });
  kernels.saturate(-1, 2, 3, x.data(), 8);
  // -1 - 3 t / (3 + t) for t = 3, 2 + 3 t / (3 + t) for t = 3, 9
  EXPECT_EQ(x.get(), (Values{ -4, Real(-2.5), -1, inside, 2, Real(3.5), Real(4.25), 5 }));
}

TEST_P(KernelsAlgebra, SumsOfWholeNumbersAreExact)
{
  const std::size_t n = 100003; // several blocks of a reduction and a rest
  const Values      a = wholeNumbers(3, n), b = wholeNumbers(4, n), c = wholeNumbers(5, n);
  const Array<Real> x(kernels, a), y(kernels, b), z(kernels, c);
  std::int64_t      sum = 0, dot = 0, dotSum = 0;
  for (std::size_t i = 0; i < n; ++i)
  {
    const std::int64_t p = std::lround(a[i]), q = std::lround(b[i]), s = std::lround(c[i]);
    sum += p;
    dot += p * q;
    dotSum += p * (q + s);
  }
  EXPECT_EQ(kernels.sum(x.data(), n), double(sum));
  EXPECT_EQ(kernels.dot(x.data(), y.data(), n), double(dot));
  EXPECT_EQ(kernels.dotSum(x.data(), y.data(), z.data(), n), double(dotSum));
  EXPECT_EQ(kernels.sum(x.data(), 0), 0.0);
  EXPECT_EQ(kernels.dot(x.data(), y.data(), 0), 0.0);
  EXPECT_EQ(kernels.maximumAbsolute(x.data(), 0), 0.0);
}

TEST_P(KernelsAlgebra, SumsAccumulateInDouble)
{
  // 0.1 is not a binary fraction; adding it 2^20 times in float would be off by a part in a thousand. A term may be
  // rounded to Real a few times (epsilon / 2 each for q + s, the product, the weight); the sum itself is one of
  // doubles.
  const std::size_t n = std::size_t(1) << 20;
  const Array<Real> x(kernels, Values(n, Real(0.1))), zero(kernels, Values(n, Real(0)));
  const double      value = Real(0.1);
  const double      summation = n * std::numeric_limits<double>::epsilon() / 2;
  const double      tolerance = 2 * epsilon + summation;
  EXPECT_NEAR(kernels.sum(x.data(), n) / (n * value), 1.0, summation);
  EXPECT_NEAR(kernels.dot(x.data(), x.data(), n) / (n * value * value), 1.0, tolerance);
  EXPECT_NEAR(kernels.dotSum(x.data(), x.data(), x.data(), n) / (2 * n * value * value), 1.0, tolerance);
  EXPECT_NEAR(kernels.squaredDistance(x.data(), zero.data(), nullptr, n) / (n * value * value), 1.0, tolerance);
  EXPECT_NEAR(
    kernels.squaredDistance(x.data(), zero.data(), x.data(), n) / (n * value * value * value), 1.0, tolerance);
}

TEST_P(KernelsAlgebra, MaximumAbsoluteFindsTheLargestAnywhere)
{
  for (const std::size_t where : { std::size_t(0), std::size_t(1), length / 2, length - 1 })
  {
    for (const Real sign : { Real(1), Real(-1) })
    {
      Values a = randomValues(length, -1.0, 1.0, 6);
      a[where] = sign * Real(1.25);
      const Array<Real> x(kernels, a);
      EXPECT_EQ(kernels.maximumAbsolute(x.data(), length), 1.25) << "at " << where;
    }
  }
}

TEST_P(KernelsAlgebra, KrylovKernelsGiveTheirFormulas)
{
  const Values p = wholeNumbers(1), ap = wholeNumbers(2), q = wholeNumbers(3);
  const Values x = wholeNumbers(4), r = wholeNumbers(6), z = wholeNumbers(7);
  {
    const Array<Real> dP(kernels, p), dAp(kernels, ap), dQ(kernels, q), dX(kernels, x), dR(kernels, r);
    kernels.krylovUpdate(3, dP.data(), dAp.data(), dQ.data(), dX.data(), dR.data(), length);
    EXPECT_EQ(dX.get(), expected([&](int i) { return x[i] + 3 * p[i]; }));
    EXPECT_EQ(dR.get(), expected([&](int i) { return r[i] - 3 * (q[i] + ap[i]); }));
    EXPECT_EQ(dP.get(), p);
    EXPECT_EQ(dAp.get(), ap);
    EXPECT_EQ(dQ.get(), q);
  }
  {
    const Array<Real> dZ(kernels, z), dR(kernels, r), dP(kernels, p), dAp(kernels, ap);
    kernels.krylovDirection(-2, dZ.data(), dR.data(), 5, dP.data(), dAp.data(), length);
    EXPECT_EQ(dP.get(), expected([&](int i) { return z[i] - 2 * p[i]; }));
    EXPECT_EQ(dAp.get(), expected([&](int i) { return r[i] - 5 - 2 * ap[i]; }));
    EXPECT_EQ(dZ.get(), z);
    EXPECT_EQ(dR.get(), r);
  }
}

TEST_P(KernelsSimilarity, DistanceAndDifferenceWithAndWithoutWeight)
{
  const Values a = wholeNumbers(1), b = wholeNumbers(2);
  Values       w = randomValues(length, 0.0, 3.0, 3);
  std::int64_t plain = 0, weighted = 0;
  for (std::size_t i = 0; i < length; ++i)
  {
    w[i] = std::round(w[i]);
    const std::int64_t d = std::lround(a[i]) - std::lround(b[i]);
    plain += d * d;
    weighted += std::lround(w[i]) * d * d;
  }
  const Array<Real> x(kernels, a), y(kernels, b), weight(kernels, w), out(kernels, length);
  EXPECT_EQ(kernels.squaredDistance(x.data(), y.data(), nullptr, length), double(plain));
  EXPECT_EQ(kernels.squaredDistance(x.data(), y.data(), weight.data(), length), double(weighted));
  kernels.weightedDifference(x.data(), y.data(), nullptr, out.data(), length);
  EXPECT_EQ(out.get(), expected([&](int i) { return a[i] - b[i]; }));
  kernels.weightedDifference(x.data(), y.data(), weight.data(), out.data(), length);
  EXPECT_EQ(out.get(), expected([&](int i) { return w[i] * (a[i] - b[i]); }));
}

TEST_P(KernelsSimilarity, FillingGivesItsFormulas)
{
  // Halves and quarters: exact in any precision.
  const Array<Real> sum(kernels, Values{ 3, 0, 1 }), weight(kernels, Values{ 1, 0, 0.5 }),
    out(kernels, Values{ 7, 7, 3 });
  kernels.normalizedMean(sum.data(), weight.data(), Real(0.5), out.data(), 3);
  EXPECT_EQ(out.get(), (Values{ Real(6.5 / 1.5), 7, 2.5 }));
  const Array<Real> w(kernels, Values{ 1, 0, 0.25 }), fill(kernels, Values{ 9, 9, 8 }),
    image(kernels, Values{ 2, 3, 4 });
  kernels.replaceUnweighted(w.data(), fill.data(), image.data(), 3);
  EXPECT_EQ(image.get(), (Values{ 2, 9, 7 }));
}

GNR_TEST_EVERY_BACKEND(KernelsMemory);
GNR_TEST_EVERY_BACKEND(KernelsAlgebra);
GNR_TEST_EVERY_BACKEND(KernelsSimilarity);
