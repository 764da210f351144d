// SPDX-License-Identifier: Apache-2.0
#include "model/similarity/Measure.h"

#include "model/similarity/CorrelationRatio.h"
#include "model/similarity/Custom.h"
#include "model/similarity/GlobalCorrelation.h"
#include "model/similarity/Labels.h"
#include "model/similarity/LocalCorrelation.h"
#include "model/similarity/MutualInformation.h"
#include "model/similarity/NormalizedGradient.h"
#include "model/similarity/SelfSimilarity.h"
#include "model/similarity/SumOfSquares.h"

#include <stdexcept>

namespace gnr
{

std::shared_ptr<const Measure>
makeMeasure(SimilarityMeasure measure, CustomMeasure * custom)
{
  switch (measure)
  {
    case SimilarityMeasure::SumOfSquares:
      return std::make_shared<SumOfSquaresMeasure>();
    case SimilarityMeasure::GlobalCorrelation:
      return std::make_shared<GlobalCorrelationMeasure>();
    case SimilarityMeasure::LocalCorrelation:
      return std::make_shared<LocalCorrelationMeasure>();
    case SimilarityMeasure::SelfSimilarity:
      return std::make_shared<SelfSimilarityMeasure>();
    case SimilarityMeasure::CorrelationRatio:
      return std::make_shared<HistogramMeasure<CorrelationRatio>>();
    case SimilarityMeasure::MutualInformation:
      return std::make_shared<HistogramMeasure<MutualInformation>>();
    case SimilarityMeasure::NormalizedGradient:
      return std::make_shared<NormalizedGradientMeasure>();
    case SimilarityMeasure::Labels:
      return std::make_shared<LabelsMeasure>();
    case SimilarityMeasure::Custom:
      return std::make_shared<CustomMeasureAdaptor>(custom);
    case SimilarityMeasure::Automatic:
      break;
  }
  throw std::logic_error("Measure: which one to take must have been decided");
}

} // namespace gnr
