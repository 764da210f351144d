// SPDX-License-Identifier: Apache-2.0
#include "registration/ContrastRelation.h"

#include "registration/DetailAgreement.h"

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <vector>

namespace gnr
{
namespace
{

constexpr double foreground = 0.1;  // of the normalised range; the classes of a rising relation begin there
constexpr int    classes = 6;       // of equal width, up to 1
constexpr double leastShare = 0.02; // of what is looked at, for a class to count
constexpr double leastStep = 0.02;  // of the mean from a class to the next
constexpr int    leastClasses = 3;

constexpr int    medianClasses = 3000; // from -1 to 2
constexpr double leastMedian = 0.05;   // beyond, up to 1 - 0.05, its logarithm says little
// How far from one an exponent must be: anatomies that differ are another 1.26. Beyond, it is no matter of a curve.
constexpr double leastExponent = 1.4;
constexpr double mostExponent = 5.0;
constexpr double mostIntensity = 1.25;

/** The median of x where `inside` is one and not zero; `scratch` is overwritten. Nothing where there are no values.
 * Collective. */
std::optional<double>
medianOf(Domain & domain, const Buffer & x, const Buffer & inside, const Buffer & scratch)
{
  Kernels &                  kernels = domain.kernels();
  const std::size_t          n = domain.points();
  std::vector<std::uint64_t> own(medianClasses);
  kernels.scaleAndShift(Real(1), x.data(), Real(1), scratch.data(), n);
  kernels.clamp(Real(0), Real(3), scratch.data(), n);
  kernels.multiply(Real(1), inside.data(), scratch.data(), scratch.data(), n);
  kernels.histogram(scratch.data(), n, 0.0, 3.0, own.data(), medianClasses);
  std::vector<double> counts(own.begin(), own.end());
  counts[0] = 0.0; // what is outside
  domain.communicator().sum(counts.data(), counts.size());
  const double half = 0.5 * std::accumulate(counts.begin(), counts.end(), 0.0);
  double       below = 0.0;
  for (int i = 0; i < medianClasses; ++i)
  {
    if (below + counts[i] > half)
    {
      return (i + (half - below) / counts[i]) * 3.0 / medianClasses - 1.0;
    }
    below += counts[i];
  }
  return std::nullopt;
}

std::optional<double>
exponentBetween(const std::optional<double> & fixedMedian, const std::optional<double> & movingMedian)
{
  const auto tells = [](const std::optional<double> & median) {
    return median && *median > leastMedian && *median < 1.0 - leastMedian;
  };
  if (!tells(fixedMedian) || !tells(movingMedian))
  {
    return std::nullopt;
  }
  const double exponent = std::log(*fixedMedian) / std::log(*movingMedian);
  const double distance = std::abs(std::log(exponent));
  return distance > std::log(leastExponent) && distance < std::log(mostExponent) ? std::optional(exponent)
                                                                                 : std::nullopt;
}

} // namespace

void
raise(Kernels & kernels, const Buffer & image, double exponent)
{
  kernels.clamp(Real(0), Real(mostIntensity), image.data(), image.size());
  kernels.power(Real(exponent), image.data(), image.size());
}

ContrastComparison
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
  std::optional<double> exponent;
  {
    const Buffer counted = domain.scalar(); // one or zero, whatever the weight
    kernels.fill(counted.data(), n, Real(1));
    keepAbove(inside, 0.5, counted);
    const auto fixedMedian = medianOf(domain, images[0], counted, chosen);
    exponent = exponentBetween(fixedMedian, medianOf(domain, images[1], counted, chosen));
  }
  if (exponent)
  {
    raise(kernels, images[1], *exponent);
  }
  const bool rises = stepsBothWays(foreground, 1.0);
  return { rises ? ContrastRelation::Rising : falls ? ContrastRelation::Falling : ContrastRelation::Other, exponent };
}

} // namespace gnr
