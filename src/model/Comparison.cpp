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

std::vector<Comparison>
compare(const WeightedMeasures & measures, Domain & domain, const Real * fixed, const Real * moving)
{
  std::vector<Comparison> comparisons;
  for (const auto & [measure, weight] : measures)
  {
    Comparison   comparison{ measure, {}, weight * measure->unit() };
    Buffer       ofFixed = measure->describe(domain, fixed);
    Buffer       ofMoving = measure->describe(domain, moving);
    const Real * fields[2] = { ofFixed ? ofFixed.data() : fixed, ofMoving ? ofMoving.data() : moving };
    for (int k = 0; k < measure->channels(); ++k)
    {
      const std::size_t offset = k * domain.points();
      comparison.channels.push_back({ fields[0] + offset, fields[1] + offset });
    }
    comparison.descriptors.push_back(std::move(ofFixed));
    comparison.descriptors.push_back(std::move(ofMoving));
    comparisons.push_back(std::move(comparison));
  }
  return comparisons;
}

std::vector<Comparison>
compareIntensities(const Real * fixed, const Real * moving)
{
  std::vector<Comparison> comparisons;
  comparisons.push_back({ makeMeasure(SimilarityMeasure::SumOfSquares), { { fixed, moving } } });
  return comparisons;
}

} // namespace gnr
