// SPDX-License-Identifier: Apache-2.0
#include "model/Comparison.h"

#include <cstddef>
#include <utility>

namespace gnr
{

WeightedMeasures
makeMeasures(const SimilaritySum & similarity, CustomMeasure * custom)
{
  WeightedMeasures measures;
  for (const SimilaritySum::Part & part : similarity.parts)
  {
    measures.push_back({ makeMeasure(part.measure, custom), part.weight });
  }
  return measures;
}

void
compare(const WeightedMeasures &  measures,
        const Descriptors &       fixed,
        const Descriptors &       moving,
        std::vector<Comparison> & comparisons)
{
  for (const auto & [measure, weight] : measures)
  {
    Comparison comparison{ measure, {} };
    for (std::size_t k = 0; k < fixed.size(); ++k)
    {
      comparison.channels.push_back({ ChannelField(fixed[k]), ChannelField(moving[k]), weight * measure->unit() });
    }
    comparisons.push_back(std::move(comparison));
  }
}

void
compare(const WeightedMeasures &  measures,
        Domain &                  domain,
        const Real *              fixed,
        const Real *              moving,
        double                    exponent,
        std::vector<Comparison> & comparisons)
{
  for (const auto & [measure, weight] : measures)
  {
    Comparison   comparison{ measure, {} };
    const double scale = weight * measure->unit();
    comparison.ofFixed = measure->describe(domain, fixed);
    comparison.ofMoving = measure->describe(domain, moving);
    for (std::size_t k = 0; k < comparison.ofFixed.size(); ++k)
    {
      comparison.channels.push_back(
        { ChannelField(comparison.ofFixed[k]), ChannelField(comparison.ofMoving[k]), scale });
    }
    if (comparison.channels.empty())
    {
      comparison.channels.push_back({ fixed, moving, scale, exponent });
    }
    comparisons.push_back(std::move(comparison));
  }
}

} // namespace gnr
