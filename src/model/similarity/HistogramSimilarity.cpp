// SPDX-License-Identifier: Apache-2.0
#include "model/similarity/HistogramSimilarity.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace gnr
{

HistogramSimilarity::HistogramSimilarity(Domain & domain, int mostBins)
  : Similarity(domain)
  , bins_(static_cast<int>(
      std::clamp(std::cbrt(static_cast<double>(domain.grid().points())), 16.0, static_cast<double>(mostBins))))
  , table_(domain.kernels(), static_cast<std::size_t>(bins_) * bins_)
  , curvature_(domain.scalar())
{}

JointHistogram
HistogramSimilarity::count(const Real * m, const Real * f)
{
  JointHistogram             p(bins_);
  std::vector<std::uint64_t> counts(p.values().size());
  domain_.kernels().jointHistogram(
    m, f, weight_, domain_.points(), JointHistogram::lower, JointHistogram::upper, counts.data(), bins_);
  const double quantum = std::ldexp(1.0, -24) / static_cast<double>(domain_.grid().points());
  std::transform(
    counts.begin(), counts.end(), p.values().begin(), [](std::uint64_t quanta) { return static_cast<double>(quanta); });
  domain_.communicator().sum(p.values().data(), p.values().size());
  for (double & share : p.values())
  {
    share *= quantum;
  }
  return p;
}

void
HistogramSimilarity::lookUp(JointHistogram & table, const Real * m, const Real * f, bool isDerivative, Real * out)
{
  Kernels &               kernels = domain_.kernels();
  const std::size_t       n = domain_.points();
  const std::vector<Real> values(table.values().begin(), table.values().end());
  kernels.copyFromHost(values.data(), table_.data(), values.size() * sizeof(Real));
  kernels.lookUp(m, f, table_.data(), JointHistogram::lower, JointHistogram::upper, bins_, isDerivative, out, n);
  if (weight_ != nullptr)
  {
    kernels.multiply(Real(1), weight_, out, out, n);
  }
}

double
HistogramSimilarity::value(const Real * m, const Real * f)
{
  return valueOf(count(m, f));
}

void
HistogramSimilarity::linearize(const Real * m, const Real * f, Real * lambda)
{
  JointHistogram force(bins_), curvature(bins_);
  differentiate(count(m, f), force, curvature);
  lookUp(force, m, f, true, lambda);
  lookUp(curvature, m, f, false, curvature_.data());
}

} // namespace gnr
