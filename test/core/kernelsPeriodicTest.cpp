// SPDX-License-Identifier: Apache-2.0
// Backends that wrap give for a field as it is what they give for a copy of it with halos: the same neighbours, and so
// the same bits.
#include "testing.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

using namespace gnr;
using namespace gnr::test;

namespace
{

/** Up to three fields, with halos or as they are. */
class Surrounded
{
public:
  Surrounded(Kernels & kernels, const Extents & e, const std::vector<Values> & fields, int halo, bool isPeriodic)
  {
    for (const Values & values : fields)
    {
      if (isPeriodic)
      {
        bare_.push_back(std::make_unique<Array<Real>>(kernels, values));
        Padded view;
        view.origin = bare_.back()->data();
        view.interior = e;
        view.rowStride = e.nx;
        view.planeStride = view.rowStride * e.ny;
        view.isPeriodic = true;
        views_.push_back(view);
      }
      else
      {
        padded_.push_back(std::make_unique<PaddedArray>(kernels, e, halo, halo + 1, halo + 2));
        padded_.back()->setPeriodic(values);
        views_.push_back(padded_.back()->view());
      }
    }
  }

  const Padded *
  data() const
  {
    return views_.data();
  }
  const Padded &
  operator[](int field) const
  {
    return views_[field];
  }

private:
  std::vector<std::unique_ptr<Array<Real>>> bare_;
  std::vector<std::unique_ptr<PaddedArray>> padded_;
  std::vector<Padded>                       views_;
};

/** A kernel on fields, with an array of three fields that it may read and change. */
using Use = std::function<void(Kernels &, const Surrounded &, const Array<Real> &)>;

class PeriodicFields
{
public:
  PeriodicFields(Kernels & kernels, const Extents & extents)
    : kernels_(kernels)
    , extents_(extents)
    , n_(extents.points())
  {}

  void
  expectTheSame(const std::string & name, int fields, int halo, const Use & use) const
  {
    std::vector<Values> values;
    for (int f = 0; f < fields; ++f)
    {
      values.push_back(randomValues(n_, -1, 1, 1 + f));
    }
    Values results[2];
    for (const bool isPeriodic : { false, true })
    {
      const Surrounded  in(kernels_, extents_, values, halo, isPeriodic);
      const Array<Real> out(kernels_, randomValues(3 * n_, -1, 1, 9));
      use(kernels_, in, out);
      results[isPeriodic] = out.get();
    }
    EXPECT_EQ(maximumDifference(results[0], results[1]), 0.0) << name << " on " << extents_.nx << " points along x";
  }

  /** Both kinds of interpolation, and that of three fields, at displacements up to a length. */
  void
  expectTheSameInterpolation(double length) const
  {
    const Values      displacement = randomValues(3 * n_, -length, length, 20);
    const Array<Real> d(kernels_, displacement);
    const int         halo = static_cast<int>(length) + 3;
    for (const Interpolation kind : { Interpolation::Linear, Interpolation::Cubic })
    {
      expectTheSame("interpolate", 1, halo, [&](Kernels & k, const Surrounded & f, const Array<Real> & out) {
        k.interpolate(f[0], { d.data(), n_ }, out.data() + n_, kind, out.data());
      });
    }
    expectTheSame("interpolateVector", 3, halo, [&](Kernels & k, const Surrounded & f, const Array<Real> & out) {
      const Real scale[3] = { 1, Real(-0.5), 2 };
      k.interpolateVector(f.data(), { d.data(), n_ }, scale, { out.data(), n_ });
    });
  }

private:
  Kernels &   kernels_;
  Extents     extents_;
  std::size_t n_;
};

} // namespace

TEST(KernelsPeriodicFields, AreReadLikeFieldsWithHalos)
{
  const double inverse[3] = { 1.0, 0.7, 1.6 }, spacing[3] = { 0.2, 0.3, 0.25 };
  for (const Backend backend : allBackends())
  {
    const auto kernels = makeBackend(backend);
    if (!kernels->readsPeriodicFields())
    {
      continue;
    }
    // No multiple of a block; and fewer points than a stencil has.
    for (const Extents & e : { Extents{ 37, 11, 35 }, Extents{ 5, 3, 2 } })
    {
      const std::size_t    n = e.points();
      const PeriodicFields periodic(*kernels, e);
      periodic.expectTheSame("gradientDot", 1, 4, [&](Kernels & k, const Surrounded & f, const Array<Real> & out) {
        const Array<Real> v(k, out.get());
        k.gradientDot(f[0], inverse, { v.data(), n }, Real(0.7), Real(1), out.data());
      });
      periodic.expectTheSame("scaledGradient", 1, 4, [&](Kernels & k, const Surrounded & f, const Array<Real> & out) {
        const Array<Real> lambda(k, randomValues(n, -1, 1, 5));
        k.scaledGradient(f[0], inverse, lambda.data(), Real(0.7), Real(0), { out.data(), n });
      });
      for (int axis = 0; axis < 3; ++axis)
      {
        periodic.expectTheSame("derivative", 1, 4, [&](Kernels & k, const Surrounded & f, const Array<Real> & out) {
          k.derivative(f[0], axis, inverse[axis], Real(1), Real(1), out.data());
        });
      }
      periodic.expectTheSame(
        "jacobianDeterminant", 3, 1, [&](Kernels & k, const Surrounded & f, const Array<Real> & out) {
          k.jacobianDeterminant(f.data(), inverse, out.data());
        });
      periodic.expectTheSame("squaredGradient", 1, 1, [&](Kernels & k, const Surrounded & f, const Array<Real> & out) {
        k.squaredGradient(f[0], inverse, Real(1), out.data());
      });
      periodic.expectTheSame(
        "weightedLaplacian", 2, 1, [&](Kernels & k, const Surrounded & f, const Array<Real> & out) {
          k.weightedLaplacian(f[0], f[1], inverse, Real(0.5), Real(1), out.data());
        });
      periodic.expectTheSame("Jacobians", 3, 4, [&](Kernels & k, const Surrounded & f, const Array<Real> & out) {
        k.pushForward(f.data(), spacing, { out.data(), n });
        k.pullBackAdjoint(f.data(), spacing, { out.data(), n });
      });
      periodic.expectTheSame(
        "shiftedSquaredDifference", 1, 2, [&](Kernels & k, const Surrounded & f, const Array<Real> & out) {
          const int a[3] = { 1, -2, 0 }, b[3] = { 0, 1, -1 };
          k.shiftedSquaredDifference(f[0], a, b, out.data());
        });
      periodic.expectTheSame("convolveAcross", 1, 6, [&](Kernels & k, const Surrounded & f, const Array<Real> & out) {
        Window z;
        z.radius = 6;
        for (int q = 0; q <= z.radius; ++q)
        {
          z.weight[q] = Real(1) / 13;
        }
        k.convolveAcross(f[0], z, out.data());
      });
      periodic.expectTheSameInterpolation(2.9);
      periodic.expectTheSameInterpolation(41.0); // further than the grid is long
    }
  }
}
