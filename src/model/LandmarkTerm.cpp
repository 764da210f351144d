// SPDX-License-Identifier: Apache-2.0
#include "model/LandmarkTerm.h"

#include <array>
#include <cmath>
#include <cstddef>
#include <utility>

namespace gnr
{
namespace
{

/// Square of the difference of normalised intensities that an error of sigma is worth.
constexpr double squaredDifference = 0.01;

/// Of the edge of a cube as large as the box: landmarks are then met to half a millimetre in a body of 200 mm, and take
/// up to twice as many Krylov iterations as the images alone (doc/measurements.md, "Landmarks").
constexpr double shareOfBox = 0.1;

/** Per mm^2. */
double
stiffnessOf(const Grid & grid, const Options & options, double intensityRange)
{
  const double edge = std::cbrt(grid.length(0) * grid.length(1) * grid.length(2));
  const double sigma = options.landmarkSigma.value_or(shareOfBox * edge);
  return squaredDifference * intensityRange * intensityRange / (sigma * sigma);
}

std::vector<double>
numbersOf(const std::vector<LandmarkPair> & landmarks, std::array<double, 3> LandmarkPair::* point)
{
  std::vector<double> numbers;
  for (const LandmarkPair & pair : landmarks)
  {
    numbers.insert(numbers.end(), (pair.*point).begin(), (pair.*point).end());
  }
  return numbers;
}

} // namespace

LandmarkTerm::LandmarkTerm(Domain &                          domain,
                           const Options &                   options,
                           double                            intensityRange,
                           const std::vector<LandmarkPair> & landmarks)
  : domain_(domain)
  , stiffness_(stiffnessOf(domain.grid(), options, intensityRange))
  , paths_(domain, numbersOf(landmarks, &LandmarkPair::fixed))
  , targets_(numbersOf(landmarks, &LandmarkPair::moving))
{}

double
LandmarkTerm::value(const ConstVectorView & v)
{
  if (!isActive())
  {
    return 0.0;
  }
  const std::vector<double> ends = paths_.follow(v);
  double                    sum = 0.0;
  for (std::size_t i = 0; i < ends.size(); ++i)
  {
    sum += (ends[i] - targets_[i]) * (ends[i] - targets_[i]);
  }
  return 0.5 * stiffness_ * sum / (static_cast<double>(targets_.size()) / 3.0);
}

void
LandmarkTerm::add(std::vector<double> distances, bool accumulate, const VectorView & out) const
{
  if (!accumulate)
  {
    domain_.kernels().fill(out.data, 3 * domain_.points(), Real(0));
  }
  if (distances.empty())
  {
    return;
  }
  // Inner products are averages, so that a gradient is the derivative by a value at a grid point times their number.
  const double scale =
    stiffness_ / (static_cast<double>(targets_.size()) / 3.0) * static_cast<double>(domain_.grid().points());
  for (double & each : distances)
  {
    each *= scale;
  }
  paths_.pull(distances, out);
}

void
LandmarkTerm::addGradient(const ConstVectorView & v, bool accumulate, const VectorView & b)
{
  std::vector<double> distances = isActive() ? paths_.linearize(v) : std::vector<double>();
  for (std::size_t i = 0; i < distances.size(); ++i)
  {
    distances[i] -= targets_[i];
  }
  add(std::move(distances), accumulate, b);
}

void
LandmarkTerm::addHessian(const ConstVectorView & p, bool accumulate, const VectorView & q)
{
  add(isActive() ? paths_.push(p) : std::vector<double>(), accumulate, q);
}

} // namespace gnr
