// SPDX-License-Identifier: Apache-2.0
#include "model/similarity/MutualInformation.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace gnr
{
namespace
{

constexpr double unitOfEntropy =
  0.006;                       // s: a variance, as of squared differences; by measurement (doc/measurements.md)
constexpr double prior = 0.01; // share of the mass that lies in all cells alike: none is empty
// Information beyond so many times its mean is that of narrow peaks, which holds over a fraction of a usual step.
constexpr double mostInformation = 4.0;

/** p with the prior: of what is in each class of m, and in each cell. */
struct Shares
{
  explicit Shares(const JointHistogram & p)
    : cells(p)
    , rows(p.bins())
  {
    std::vector<double> & values = cells.values();
    const double          mass = std::accumulate(values.begin(), values.end(), 0.0);
    for (double & share : values)
    {
      share += prior * mass / static_cast<double>(values.size());
    }
    for (int i = 0; i < p.bins(); ++i)
    {
      for (int j = 0; j < p.bins(); ++j)
      {
        rows[i] += cells.at(i, j);
      }
    }
  }

  /** log p(j | i), and 0 where nothing has any weight. */
  double
  logarithm(int i, int j) const
  {
    return rows[i] > 0.0 ? std::log(cells.at(i, j) / rows[i]) : 0.0;
  }

  JointHistogram      cells;
  std::vector<double> rows;
};

/** Fisher information of p(j | i) about the intensity of m, at each node i, up to so many times the mean over p. */
std::vector<double>
informationOf(const Shares & p, const JointHistogram & logarithms)
{
  const int           bins = logarithms.bins();
  std::vector<double> information(bins);
  double              sum = 0.0, mass = 0.0;
  for (int i = 0; i < bins; ++i)
  {
    const int    before = std::max(i - 1, 0), after = std::min(i + 1, bins - 1);
    const double length = (after - before) * logarithms.movingStep();
    for (int j = 0; j < bins; ++j)
    {
      const double slope = (logarithms.at(after, j) - logarithms.at(before, j)) / length;
      information[i] += std::exp(logarithms.at(i, j)) * slope * slope;
    }
    sum += p.rows[i] * information[i];
    mass += p.rows[i];
  }
  const double most = mass > 0.0 ? mostInformation * sum / mass : 0.0;
  for (double & value : information)
  {
    value = std::min(value, most);
  }
  return information;
}

} // namespace

double
MutualInformation::valueOf(const JointHistogram & p) const
{
  const Shares shares(p);
  double       entropy = 0.0;
  for (int i = 0; i < p.bins(); ++i)
  {
    for (int j = 0; j < p.bins(); ++j)
    {
      entropy -= shares.cells.at(i, j) * shares.logarithm(i, j);
    }
  }
  return unitOfEntropy * entropy;
}

void
MutualInformation::differentiate(const JointHistogram & p, JointHistogram & force, JointHistogram & curvature) const
{
  const Shares shares(p);
  for (int i = 0; i < p.bins(); ++i)
  {
    for (int j = 0; j < p.bins(); ++j)
    {
      force.at(i, j) = shares.logarithm(i, j);
    }
  }
  const std::vector<double> information = informationOf(shares, force);
  for (int i = 0; i < p.bins(); ++i)
  {
    for (int j = 0; j < p.bins(); ++j)
    {
      force.at(i, j) *= unitOfEntropy;
      curvature.at(i, j) = unitOfEntropy * information[i];
    }
  }
}

} // namespace gnr
