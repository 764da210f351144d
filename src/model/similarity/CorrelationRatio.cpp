// SPDX-License-Identifier: Apache-2.0
#include "model/similarity/CorrelationRatio.h"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace gnr
{
namespace
{

constexpr double noise = 0.005; // e, of intensities from 0 to 1: a constant image has no correlation

struct Moments
{
  double              mass = 0.0;
  double              mean = 0.0;
  double              variance = 0.0;      ///< of m, plus e^2
  double              explained = 0.0;     ///< var(T(f))
  double              fixedVariance = 0.0; ///< F
  std::vector<double> means;               ///< T at the nodes of f
};

Moments
momentsOf(const JointHistogram & p)
{
  const int           bins = p.bins();
  Moments             s;
  std::vector<double> shares(bins), sums(bins); // <w h_j>, <w h_j m>: splines reproduce a linear function
  double              squares = 0.0, fixedSum = 0.0, fixedSquares = 0.0;
  for (int i = 0; i < bins; ++i)
  {
    const double x = p.moving(i);
    for (int j = 0; j < bins; ++j)
    {
      shares[j] += p.at(i, j);
      sums[j] += p.at(i, j) * x;
      squares += p.at(i, j) * x * x;
    }
  }
  s.means.assign(bins, 0.0);
  double sum = 0.0, explained = 0.0;
  for (int j = 0; j < bins; ++j)
  {
    s.mass += shares[j];
    sum += sums[j];
    fixedSum += shares[j] * p.fixed(j);
    fixedSquares += shares[j] * p.fixed(j) * p.fixed(j);
    if (shares[j] > 0.0)
    {
      s.means[j] = sums[j] / shares[j];
      explained += sums[j] * s.means[j];
    }
  }
  if (!(s.mass > 0.0))
  {
    s.variance = 1.0;
    return s;
  }
  s.mean = sum / s.mass;
  // sum_i x_i^2 B_i(m) = m^2 + step^2/3
  const double step = p.movingStep();
  s.variance = std::max(squares / s.mass - step * step / 3.0 - s.mean * s.mean, 0.0) + noise * noise;
  s.explained = std::clamp(explained / s.mass - s.mean * s.mean, 0.0, s.variance);
  s.fixedVariance = std::max(fixedSquares / s.mass - fixedSum * fixedSum / (s.mass * s.mass), 0.0);
  return s;
}

} // namespace

double
CorrelationRatio::valueOf(const JointHistogram & p) const
{
  const Moments s = momentsOf(p);
  return 0.5 * s.mass * s.fixedVariance * (1.0 - s.explained / s.variance);
}

void
CorrelationRatio::differentiate(const JointHistogram & p, JointHistogram & force, JointHistogram & curvature) const
{
  const Moments s = momentsOf(p);
  const double  ratio = s.explained / s.variance, unit = s.fixedVariance / s.variance;
  for (int i = 0; i < p.bins(); ++i)
  {
    const double x = p.moving(i);
    for (int j = 0; j < p.bins(); ++j)
    {
      force.at(i, j) = unit * ((s.means[j] - s.mean) * x - ratio * (0.5 * x - s.mean) * x);
      curvature.at(i, j) = unit * ratio;
    }
  }
}

} // namespace gnr
