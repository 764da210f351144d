// SPDX-License-Identifier: Apache-2.0
#include "model/similarity/MutualInformation.h"

#include <cmath>
#include <cstddef>
#include <vector>

namespace gnr
{
namespace
{

/** p_i. */
std::vector<double>
marginalOfMoving(const JointHistogram & p)
{
  std::vector<double> marginal(p.bins());
  for (int i = 0; i < p.bins(); ++i)
  {
    for (int j = 0; j < p.bins(); ++j)
    {
      marginal[i] += p.at(i, j);
    }
  }
  return marginal;
}

/** log(p_ij / p_i), zero where the intensities never meet. */
JointHistogram
logarithms(const JointHistogram & p)
{
  const std::vector<double> marginal = marginalOfMoving(p);
  JointHistogram            result(p.bins());
  for (int i = 0; i < p.bins(); ++i)
  {
    for (int j = 0; j < p.bins(); ++j)
    {
      result.at(i, j) = p.at(i, j) > 0.0 ? std::log(p.at(i, j) / marginal[i]) : 0.0;
    }
  }
  return result;
}

} // namespace

double
MutualInformation::valueOf(const JointHistogram & p) const
{
  const JointHistogram logarithm = logarithms(p);
  double               entropy = 0.0;
  for (int i = 0; i < p.bins(); ++i)
  {
    for (int j = 0; j < p.bins(); ++j)
    {
      entropy -= p.at(i, j) * logarithm.at(i, j);
    }
  }
  return entropy;
}

void
MutualInformation::differentiate(const JointHistogram & p, JointHistogram & force, JointHistogram & curvature) const
{
  const std::vector<double> marginal = marginalOfMoving(p);
  force = logarithms(p);
  for (int i = 0; i < p.bins(); ++i)
  {
    // sum_j p(j|i) (d log p(j|i) / dm)^2, by differences over the neighbours at which the intensities meet
    double information = 0.0;
    for (int j = 0; j < p.bins(); ++j)
    {
      if (!(p.at(i, j) > 0.0))
      {
        continue;
      }
      const int below = i > 0 && p.at(i - 1, j) > 0.0 ? i - 1 : i;
      const int above = i + 1 < p.bins() && p.at(i + 1, j) > 0.0 ? i + 1 : i;
      if (below < above)
      {
        const double slope = (force.at(above, j) - force.at(below, j)) / ((above - below) * p.movingStep());
        information += p.at(i, j) / marginal[i] * slope * slope;
      }
    }
    for (int j = 0; j < p.bins(); ++j)
    {
      curvature.at(i, j) = information;
    }
  }
}

} // namespace gnr
