// SPDX-License-Identifier: Apache-2.0
// The kernels that compute nothing count what they are asked for; the rehearsal of a solve does not depend on what they
// return.
#include "kernels/Buffer.h"
#include "kernels/CountingKernels.h"
#include "registration/Rehearsal.h"

#include "gnr/Options.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <vector>

using namespace gnr;

namespace
{

/** Two rounds of everything, no repair. */
class TwoRounds : public Script
{
public:
  bool
  ends(Loop loop, int rounds) override
  {
    return loop == Loop::Repair || rounds >= 2;
  }
  double
  measured(Quantity quantity) override
  {
    return quantity == Quantity::Displacement ? 5.0 : 1.0;
  }
};

class Counting : public testing::Test
{
protected:
  Counting() { kernels_->memory().reserve(FieldMemory::endless); }

  Buffer
  array(std::size_t n) const
  {
    return Buffer(*kernels_, n);
  }
  Padded
  padded(const Extents & interior, int halo) const
  {
    Padded result;
    result.interior = interior;
    for (int a = 0; a < 3; ++a)
    {
      result.halo[a] = halo;
    }
    return result;
  }
  /** Since the last question. */
  KernelWork
  counted()
  {
    const KernelWork work = kernels_->work();
    kernels_->clearWork();
    return work;
  }

  std::unique_ptr<Kernels>         real_ = makeReferenceKernels();
  TwoRounds                        script_;
  std::unique_ptr<CountingKernels> kernels_ = makeCountingKernels(*real_, script_, false);
};

TEST_F(Counting, EveryArrayOnceForEachValue)
{
  const Buffer x = array(100), y = array(100), z = array(100);
  kernels_->axpby(Real(2), x.data(), Real(1), y.data(), 100);
  EXPECT_EQ(counted().bytes, 100 * (4 + 8)); // reads x and y, writes y
  kernels_->axpby(Real(2), x.data(), Real(0), y.data(), 100);
  EXPECT_EQ(counted().bytes, 100 * (4 + 4)); // y is not read
  kernels_->axpby(Real(0), x.data(), Real(1), y.data(), 100);
  EXPECT_EQ(counted().bytes, 100 * (4 + 8)); // another factor
  kernels_->combine(Real(1), x.data(), Real(0), y.data(), z.data(), 100);
  EXPECT_EQ(counted().bytes, 100 * 12);
  kernels_->squaredDistance(x.data(), y.data(), z.data(), 100);
  EXPECT_EQ(counted().bytes, 100 * 12);
  kernels_->squaredDistance(x.data(), y.data(), nullptr, 100);
  EXPECT_EQ(counted().bytes, 100 * 8); // no weight
  kernels_->dot(x.data(), y.data(), 100);
  kernels_->dot(x.data(), y.data(), 50);
  const KernelWork two = counted();
  EXPECT_EQ(two.bytes, 150 * 8);
  EXPECT_EQ(two.calls, 2);
}

TEST_F(Counting, StencilsCountTheInterior)
{
  const Extents e{ 10, 11, 12 };
  const double  n = 10 * 11 * 12;
  const double  inverseSpacing[3] = { 1.0, 1.0, 1.0 };
  const Padded  f = padded(e, 4);
  const Buffer  d = array(3 * e.points()), v = array(3 * e.points()), out = array(e.points());
  kernels_->pad(out.data(), f);
  EXPECT_EQ(counted().bytes, 18 * 19 * 12 * 8.0); // the planes with their rims
  const VectorView view{ v.data(), e.points() };
  kernels_->scaledGradient(f, inverseSpacing, out.data(), Real(1), Real(0), view);
  EXPECT_EQ(counted().bytes, n * (4 + 4 + 12));
  kernels_->scaledGradient(f, inverseSpacing, out.data(), Real(1), Real(1), view);
  EXPECT_EQ(counted().bytes, n * (4 + 4 + 24));
  kernels_->interpolate(f, { d.data(), e.points() }, nullptr, Interpolation::Cubic, out.data());
  const KernelWork one = counted();
  EXPECT_EQ(one.bytes, 0);
  EXPECT_EQ(one.interpolationBytes, n * (4 + 12 + 4));
  EXPECT_EQ(one.interpolations, n);
  const Padded three[3] = { f, f, f };
  const Real   scale[3] = { 1, 1, 1 };
  kernels_->interpolateVector(three, { d.data(), e.points() }, scale, view);
  const KernelWork vector = counted();
  EXPECT_EQ(vector.interpolationBytes, n * (12 + 12 + 12));
  EXPECT_EQ(vector.interpolations, 3 * n);
}

TEST_F(Counting, AFilterIsATransformThereAndOneBack)
{
  const Extents  e{ 16, 10, 12 };
  SpectrumLayout layout;
  layout.size[0] = 16;
  layout.size[1] = 10;
  layout.size[2] = 12;
  layout.setRows(0, 10);
  const Buffer        x = array(e.points());
  const ComplexBuffer spectrum(*kernels_, 9 * 10 * 12);
  Complex * const     data = spectrum.data();
  kernels_->forwardPlanes(x.data(), e, data, 9);
  kernels_->applySymbol(&data, 1, layout, Symbol());
  kernels_->backwardPlanes(data, 9, e, x.data());
  // Of half a row of 16 reals 9 complex numbers are kept, where 8 would hold as many.
  const double     n = 16 * 10 * 12;
  const KernelWork work = counted();
  EXPECT_NEAR(work.transforms, n * (4.0 / 3.0 + 2.0 / 3.0 * 9.0 / 8.0), 1e-9 * n);
  EXPECT_NEAR(work.transformBytes, n * (16.0 + 8.0 * 9.0 / 8.0), 1e-9 * n);
}

TEST_F(Counting, KnowsWhatIsZero)
{
  const Buffer x = array(300), y = array(100);
  EXPECT_GT(kernels_->maximumAbsolute(x.data(), 100), 0.0);
  kernels_->fill(x.data(), 300, Real(0));
  EXPECT_EQ(kernels_->maximumAbsolute(x.data(), 100), 0.0);
  EXPECT_EQ(kernels_->maximumAbsolute(x.data() + 200, 100), 0.0);
  kernels_->copy(x.data(), y.data(), 100);
  EXPECT_EQ(kernels_->maximumAbsolute(x.data(), 100), 0.0) << "it was only read";
  kernels_->axpby(Real(1), y.data(), Real(1), x.data() + 100, 100);
  EXPECT_GT(kernels_->maximumAbsolute(x.data() + 100, 100), 0.0);
  kernels_->fill(y.data(), 100, Real(0));
  kernels_->gradientDyad({ x.data(), 100 }, nullptr, { x.data(), 100 }, VectorView{ y.data(), 100 }, 100);
  EXPECT_GT(kernels_->maximumAbsolute(y.data(), 100), 0.0);
  kernels_->fill(y.data(), 100, Real(1));
  EXPECT_GT(kernels_->maximumAbsolute(y.data(), 100), 0.0);
}

bool
operator==(const KernelWork & a, const KernelWork & b)
{
  return a.bytes == b.bytes && a.interpolations == b.interpolations && a.interpolationBytes == b.interpolationBytes &&
         a.transforms == b.transforms && a.transformBytes == b.transformBytes && a.calls == b.calls;
}

// The script alone leads a rehearsal: kernels may return any numbers.
TEST(Rehearsing, WhatKernelsReturnDecidesNothing)
{
  MemoryPlan plan;
  plan.imageGrid.size = { { 30, 33, 31 } };
  plan.solverGrid.size = { { 40, 42, 40 } };
  plan.reachesBorder = plan.hasMovingWeight = true;
  for (const auto strategy : { BetaStrategy::Fixed, BetaStrategy::Continuation, BetaStrategy::Search })
  {
    for (const auto preconditioner : { Preconditioner::InvA, Preconditioner::InvH0, Preconditioner::TwoLevelInvH0 })
    {
      Options options;
      options.betaStrategy = strategy;
      options.preconditioner = preconditioner;
      options.stallRate = 0.01;
      const auto host = makeReferenceKernels();
      Tally      tallies[2];
      MemoryPlan plans[2] = { plan, plan };
      for (int i = 0; i < 2; ++i)
      {
        TwoRounds    script;
        std::mt19937 random(i);
        const auto   number = [&] { return 1e-3 + 0.999 * static_cast<double>(random()) / 4294967296.0; };
        Rehearsal    rehearsal(plan, options, std::make_shared<CountingCommunicator>(1, 3), *host, script, number);
        rehearsal.solve();
        rehearsal.results();
        rehearsal.addTo(plans[i]);
        tallies[i] = rehearsal.tally();
      }
      EXPECT_TRUE(tallies[0].work == tallies[1].work);
      EXPECT_FALSE(tallies[0].exchanges < tallies[1].exchanges || tallies[1].exchanges < tallies[0].exchanges);
      EXPECT_EQ(plans[0].phases, plans[1].phases);
      EXPECT_GT(tallies[0].work.interpolations, 0.0);
    }
  }
}

} // namespace
