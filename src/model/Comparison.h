// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_model_Comparison_h
#define gnr_model_Comparison_h

#include "model/similarity/Measure.h"

#include "gnr/Options.h"

#include <vector>

namespace gnr
{

/** Two fields that are to be alike, on the domain. They must live as long as what uses them. */
struct Channel
{
  ChannelField fixed;
  ChannelField moving;
  double       scale = 1.0;    ///< of its part in a sum
  double       exponent = 0.0; ///< of the moving one as a State
};

/** A measure with its weight in a sum. */
struct WeightedMeasure
{
  std::shared_ptr<const Measure> measure;
  double                         weight = 1.0;
};
using WeightedMeasures = std::vector<WeightedMeasure>;

WeightedMeasures
makeMeasures(const SimilaritySum & similarity, CustomMeasure * custom = nullptr);

/** A pair of images on one grid as a measure sees them. */
struct Comparison
{
  std::shared_ptr<const Measure> measure;
  std::vector<Channel>           channels;
  Descriptors                    ofFixed{}; ///< that the channels are, if they are not the images
  Descriptors                    ofMoving{};
};

/** Adds one for descriptors that were made beforehand, and must live as long as the result. */
void
compare(const WeightedMeasures &  measures,
        const Descriptors &       fixed,
        const Descriptors &       moving,
        std::vector<Comparison> & comparisons);

/** Adds one for each measure. The images must live as long as the result; the moving one is carried with that exponent,
 * but not what describes it. Collective. */
void
compare(const WeightedMeasures &  measures,
        Domain &                  domain,
        const Real *              fixed,
        const Real *              moving,
        double                    exponent,
        std::vector<Comparison> & comparisons);
inline std::vector<Comparison>
compare(const WeightedMeasures & measures,
        Domain &                 domain,
        const Real *             fixed,
        const Real *             moving,
        double                   exponent = 0.0)
{
  std::vector<Comparison> comparisons;
  compare(measures, domain, fixed, moving, exponent, comparisons);
  return comparisons;
}

} // namespace gnr

#endif
