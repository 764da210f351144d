// SPDX-License-Identifier: Apache-2.0
// What one velocity for several channels is made of: the structure tensor [C1], [C2] and the transport of vectors
// [C3], [C4].
#include "testing.h"

using namespace gnr;
using namespace gnr::test;

namespace
{

using KernelsChannels = BackendTest;

constexpr double spacing[3] = { 0.5, 1.0, 2.0 };
constexpr double inverse[3] = { 2.0, 1.0, 0.5 };

/** Gradient of the displacement in voxels, d_a = sum_b slope[a][b] i_b; the Jacobian that belongs to it with `spacing`,
 * J_ab = delta_ab + slope[a][b] spacing_a / spacing_b. All numbers are multiples of 1/32, so that sums are exact. */
constexpr double slope[3][3] = { { 0.25, -0.5, 0.125 }, { 0.375, -0.25, 0.5 }, { -0.125, 0.25, 0.75 } };
constexpr double jacobian[3][3] = { { 1.25, -0.25, 0.03125 }, { 0.75, 0.75, 0.25 }, { -0.5, 0.5, 1.75 } };

double
determinant()
{
  const auto & j = jacobian;
  return j[0][0] * (j[1][1] * j[2][2] - j[1][2] * j[2][1]) - j[0][1] * (j[1][0] * j[2][2] - j[1][2] * j[2][0]) +
         j[0][2] * (j[1][0] * j[2][1] - j[1][1] * j[2][0]);
}

/** Three arrays of the affine displacement. */
class Affine
{
public:
  Affine(Kernels & kernels, const Extents & e)
  {
    for (int a = 0; a < 3; ++a)
    {
      arrays_.push_back(std::make_unique<PaddedArray>(kernels, e, 4, 4 + a, 5));
      arrays_.back()->setFunction(
        [=](int i, int j, int k) { return slope[a][0] * i + slope[a][1] * j + slope[a][2] * k; });
      views[a] = arrays_.back()->view();
    }
  }

  Padded views[3];

private:
  std::vector<std::unique_ptr<PaddedArray>> arrays_;
};

} // namespace

TEST_P(KernelsChannels, DyadOfALinearImage)
{
  // The gradient of m = 0.5 x - y + 0.25 z (mm) is exact up to the rounding of the weights of the stencil on values up
  // to 20: 16 epsilon times 20 / spacing. What is there before is added.
  const Extents e{ 9, 7, 6 };
  PaddedArray   m(kernels, e, 4, 4, 4);
  m.setFunction([](int i, int j, int k) { return 0.5 * 0.5 * i - 1.0 * j + 0.25 * 2.0 * k; });
  const double      g[3] = { 0.5, -1.0, 0.25 };
  const std::size_t n = e.points();
  const Values      w = randomValues(n, 0, 2, 1);
  const Array<Real> weight(kernels, w), t(kernels, 6 * n); // holds NaN on the reference backend: not read
  kernels.addGradientDyad(m.view(), inverse, nullptr, Real(3), 0, { t.data(), n });
  kernels.addGradientDyad(m.view(), inverse, weight.data(), Real(2), Real(0.5), { t.data(), n });
  const Values out = t.get();
  int          component = 0;
  for (int row = 0; row < 3; ++row)
  {
    for (int column = row; column < 3; ++column, ++component)
    {
      for (std::size_t i = 0; i < n; ++i)
      {
        ASSERT_NEAR(out[component * n + i], (1.5 + 2 * w[i]) * g[row] * g[column], 16 * epsilon * 20 * 2 * 5.5 * 2);
      }
    }
  }
}

TEST_P(KernelsChannels, TensorOfADyadIsTheDyad)
{
  // T = g g^T: T p = g (g . p), what gradientDyad() computes; values up to 2, 24 in all, ten roundings
  const std::size_t n = 1003;
  const Values      g = randomValues(3 * n, -2, 2, 1), p = randomValues(3 * n, -2, 2, 2);
  Values            t;
  for (int row = 0; row < 3; ++row)
  {
    for (int column = row; column < 3; ++column)
    {
      for (std::size_t i = 0; i < n; ++i)
      {
        t.push_back(g[row * n + i] * g[column * n + i]);
      }
    }
  }
  const Array<Real> gradient(kernels, g), vector(kernels, p), tensor(kernels, t), a(kernels, 3 * n), b(kernels, 3 * n);
  kernels.gradientDyad({ gradient.data(), n }, nullptr, { vector.data(), n }, { a.data(), n }, n);
  kernels.tensorProduct({ tensor.data(), n }, { vector.data(), n }, 1, 0, { b.data(), n }, n);
  EXPECT_LE(maximumDifference(a.get(), b.get()), 10 * epsilon * 24);
  // out = p, and b p is added
  kernels.tensorProduct({ tensor.data(), n }, { vector.data(), n }, 2, 3, { vector.data(), n }, n);
  const Values dyad = a.get(), out = vector.get();
  for (std::size_t i = 0; i < 3 * n; ++i)
  {
    ASSERT_NEAR(out[i], 2 * dyad[i] + 3 * p[i], 12 * epsilon * 54);
  }
}

TEST_P(KernelsChannels, JacobianOfAnAffineMap)
{
  // Stencil weights on displacements up to 10 voxels round to 16 epsilon times 10 times the largest ratio of spacings,
  // 4; the inverse of J has entries below 1, its determinant is about 2.
  const Extents     e{ 7, 6, 5 };
  const std::size_t n = e.points();
  const Affine      d(kernels, e);
  const double      tolerance = 16 * epsilon * 10 * 4 * 6;
  const Values      z = randomValues(3 * n, -1, 1, 3);
  const Array<Real> pushed(kernels, z), pulled(kernels, z);
  kernels.pushForward(d.views, spacing, { pushed.data(), n });
  kernels.pullBackAdjoint(d.views, spacing, { pulled.data(), n });
  const Values x = pushed.get(), y = pulled.get();
  for (std::size_t i = 0; i < n; ++i)
  {
    for (int a = 0; a < 3; ++a)
    {
      double image = 0.0, transposed = 0.0;
      for (int b = 0; b < 3; ++b)
      {
        image += jacobian[a][b] * double(x[b * n + i]);
        transposed += jacobian[b][a] * double(z[b * n + i]);
      }
      ASSERT_NEAR(image, z[a * n + i], tolerance);
      ASSERT_NEAR(y[a * n + i], determinant() * transposed, tolerance);
    }
  }
}

TEST_P(KernelsChannels, PullBackIsAdjointToPushForwardUpToTheDeterminant)
{
  // <J^-1 z, det(J) J^T p> = det(J) <z, p> at every point, whatever J is, so z and p may change places.
  const Extents     e{ 13, 10, 9 };
  const std::size_t n = e.points();
  PaddedArray       f(kernels, e, 4, 4, 4), g(kernels, e, 4, 4, 4), h(kernels, e, 4, 4, 4);
  f.setPeriodic(randomValues(n, -0.05, 0.05, 1));
  g.setPeriodic(randomValues(n, -0.05, 0.05, 2));
  h.setPeriodic(randomValues(n, -0.05, 0.05, 3));
  const Padded d[3] = { f.view(), g.view(), h.view() };
  const Values z = randomValues(3 * n, 0.5, 1, 4), p = randomValues(3 * n, 0.5, 1, 5);
  const auto   pairing = [&](const Values & pushed, const Values & pulled) {
    const Array<Real> a(kernels, pushed), b(kernels, pulled);
    kernels.pushForward(d, spacing, { a.data(), n });
    kernels.pullBackAdjoint(d, spacing, { b.data(), n });
    const Values        x = a.get(), y = b.get();
    std::vector<double> product(n, 0.0);
    for (std::size_t i = 0; i < 3 * n; ++i)
    {
      product[i % n] += double(x[i]) * double(y[i]);
    }
    return product;
  };
  // slopes up to 0.05 * 2.084 * 4: all products below 10, forty roundings
  EXPECT_LE(maximumDifference(pairing(z, p), pairing(p, z)), 40 * epsilon * 10);
}

GNR_TEST_EVERY_BACKEND(KernelsChannels);
