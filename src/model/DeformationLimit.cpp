// SPDX-License-Identifier: Apache-2.0
#include "model/DeformationLimit.h"

#include "model/Differences.h"

#include <cmath>
#include <optional>

namespace gnr
{
namespace
{

/** The weight at a limit, and the largest one, behind it, for intensities from 0 to 1. They do not go with beta: what a
 * weaker regularisation leaves to the wall, the wall must hold. A largest weight of more costs Krylov iterations, which
 * no preconditioner here saves, and changes few voxels. */
struct Wall
{
  double atLimit;
  double most;
};
// The grid cannot carry a steeper map, whatever the images say.
constexpr Wall gradientWall{ 0.02, 0.04 };
// Anatomies do differ in volume, ventricles by a factor of eight: this one yields.
constexpr Wall   divergenceWall{ 0.004, 0.02 };
constexpr double hessianFactor = 2.0;
constexpr Halo   nextNeighbours{ { 1, 1, 1 } };

double
scaleOf(const Wall & wall, const std::optional<double> & limit)
{
  return limit ? wall.atLimit / std::pow(*limit, 8) : 0.0;
}

} // namespace

DeformationLimit::DeformationLimit(Domain & domain, const Options & options, double intensityRange)
  : domain_(domain)
  , intensity_(intensityRange * intensityRange)
  , gradientScale_(intensity_ * scaleOf(gradientWall, options.gradientLimit))
  , divergenceScale_(intensity_ * scaleOf(divergenceWall, options.divergenceLimit))
{}

void
DeformationLimit::raise(double scale, double cap, const Real * squared, Buffer & weight, double * sum)
{
  if (!weight)
  {
    weight = domain_.scalar();
  }
  double own = 0.0;
  domain_.kernels().stiffen(
    squared, Real(scale), Real(cap), weight.data(), domain_.points(), sum != nullptr ? &own : nullptr);
  if (sum != nullptr)
  {
    *sum += own;
  }
}

void
DeformationLimit::evaluate(const ConstVectorView & v, double * sum)
{
  Kernels & kernels = domain_.kernels();
  Buffer    squared = domain_.scalar();
  if (gradientScale_ > 0.0)
  {
    for (int c = 0; c < 3; ++c)
    {
      kernels.squaredGradient(
        domain_.padded(v[c], nextNeighbours), domain_.inverseSpacing(), c == 0 ? Real(0) : Real(1), squared.data());
    }
    if (!gradientWeight_)
    {
      gradientHalo_ = domain_.keptHalo(nextNeighbours);
    }
    gradientHalo_.forget();
    raise(gradientScale_, intensity_ * gradientWall.most, squared.data(), gradientWeight_, sum);
  }
  if (divergenceScale_ > 0.0)
  {
    divergence(domain_, v, squared.data());
    kernels.multiply(Real(1), squared.data(), squared.data(), squared.data(), domain_.points());
    raise(divergenceScale_, intensity_ * divergenceWall.most, squared.data(), divergenceWeight_, sum);
  }
}

double
DeformationLimit::value(const ConstVectorView & v)
{
  if (!isActive())
  {
    return 0.0;
  }
  double sum = 0.0;
  evaluate(v, &sum);
  return domain_.average(sum);
}

void
DeformationLimit::add(Real a, const ConstVectorView & f, bool accumulate, const VectorView & out)
{
  if (!accumulate)
  {
    domain_.kernels().fill(out.data, 3 * domain_.points(), Real(0));
  }
  if (isAtRest_)
  {
    return;
  }
  Kernels &            kernels = domain_.kernels();
  const double * const inverseSpacing = domain_.inverseSpacing();
  const bool           isLimited = gradientScale_ > 0.0, isDivergenceLimited = divergenceScale_ > 0.0;
  const Buffer         d = isDivergenceLimited ? domain_.scalar() : Buffer();
  const Padded         weight =
    isLimited ? domain_.padded(gradientWeight_.data(), nextNeighbours, 1, &gradientHalo_) : Padded();
  // Each component is padded once, for both.
  for (int c = 0; c < 3 && isActive(); ++c)
  {
    const Padded component = domain_.padded(f[c], isDivergenceLimited ? differenceHalo() : nextNeighbours);
    if (isLimited)
    {
      // A face carries the weights of both sides, each with a half.
      kernels.weightedLaplacian(component, weight, inverseSpacing, a / 2, Real(1), out[c]);
    }
    if (isDivergenceLimited)
    {
      kernels.derivative(component, c, inverseSpacing[c], Real(1), Real(c == 0 ? 0 : 1), d.data());
    }
  }
  if (isDivergenceLimited)
  {
    subtractGradient(domain_, a, divergenceWeight_.data(), d.data(), out);
  }
}

void
DeformationLimit::addGradient(const ConstVectorView & v, bool accumulate, const VectorView & b)
{
  isAtRest_ = false;
  if (isActive())
  {
    evaluate(v, nullptr);
  }
  add(Real(1), v, accumulate, b);
}

void
DeformationLimit::addHessian(const ConstVectorView & p, bool accumulate, const VectorView & q)
{
  add(Real(hessianFactor), p, accumulate, q);
}

} // namespace gnr
