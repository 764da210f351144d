// SPDX-License-Identifier: Apache-2.0
#include "registration/ContrastRelation.h"

#include "registration/DetailAgreement.h"

#include <array>
#include <optional>

namespace gnr
{
namespace
{

constexpr double foreground = 0.1;  // of the normalised range; the classes of a rising relation begin there
constexpr int    classes = 6;       // of equal width, up to 1
constexpr double leastShare = 0.02; // of what is looked at, for a class to count
constexpr double leastStep = 0.02;  // of the mean from a class to the next
constexpr int    leastClasses = 3;

} // namespace

ContrastRelation
relateContrasts(Domain &           finest,
                FourierTransform & transform,
                const Grid &       image,
                const Real *       fixed,
                const Real *       moving,
                const Real *       weight)
{
  Kernels &         kernels = finest.kernels();
  const PyramidGrid coarse = detailGrid(finest.grid(), image);
  Domain            domain(coarse.grid, kernels, finest.communicator(), coarse.origin);
  FourierTransform  coarseTransform(domain);
  const std::size_t n = domain.points();
  const auto        restricted = [&](const Real * field) {
    Buffer result = domain.scalar();
    transform.resample(field, coarseTransform, result.data(), 1);
    return result;
  };
  const Buffer images[2] = { restricted(fixed), restricted(moving) };
  // out *= 1 where x lies above the bound, else 0
  Buffer     above = domain.scalar();
  const auto keepAbove = [&](const Buffer & x, double bound, const Buffer & out) {
    constexpr Real steep = 1 << 20;
    kernels.scaleAndShift(steep, x.data(), Real(-steep * bound), above.data(), n);
    kernels.clamp(Real(0), Real(1), above.data(), n);
    kernels.multiply(Real(1), above.data(), out.data(), out.data(), n);
  };
  Buffer inside = domain.scalar();
  if (weight != nullptr)
  {
    transform.resample(weight, coarseTransform, inside.data(), 1);
    kernels.clamp(Real(0), Real(1), inside.data(), n);
  }
  else
  {
    kernels.fill(inside.data(), n, Real(1));
  }

  Buffer     chosen = domain.scalar();
  const auto steps = [&](const Buffer & x, const Buffer & y, double begin, double sign) {
    std::array<double, classes + 1> shares{}, sums{}; // above each bound, of all points
    for (int i = 0; i < classes; ++i)                 // the last bound has nothing that counts beyond it
    {
      kernels.copy(inside.data(), chosen.data(), n);
      if (i > 0)
      {
        keepAbove(x, begin + i * (1.0 - begin) / classes, chosen);
      }
      shares[i] = domain.average(kernels.sum(chosen.data(), n));
      sums[i] = domain.average(kernels.dot(chosen.data(), y.data(), n));
    }
    std::optional<double> before;
    int                   counted = 0;
    for (int i = 0; i < classes; ++i)
    {
      const double share = shares[i] - shares[i + 1];
      if (!(share > leastShare * shares[0]))
      {
        continue;
      }
      const double mean = (sums[i] - sums[i + 1]) / share;
      if (before && sign * (mean - *before) < leastStep)
      {
        return false;
      }
      before = mean;
      ++counted;
    }
    return counted >= leastClasses;
  };
  const auto stepsBothWays = [&](double begin, double sign) {
    const bool fixed = steps(images[1], images[0], begin, sign), moving = steps(images[0], images[1], begin, sign);
    return fixed && moving;
  };
  const bool falls = stepsBothWays(0.0, -1.0);
  keepAbove(images[0], foreground, inside);
  keepAbove(images[1], foreground, inside);
  const bool rises = stepsBothWays(foreground, 1.0);
  return rises ? ContrastRelation::Rising : falls ? ContrastRelation::Falling : ContrastRelation::Other;
}

} // namespace gnr
