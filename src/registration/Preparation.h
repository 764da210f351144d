// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_registration_Preparation_h
#define gnr_registration_Preparation_h

#include "model/Comparison.h"
#include "registration/FinestGrid.h"
#include "registration/Preprocessing.h"
#include "registration/Progress.h"

#include "gnr/Problem.h"

#include <memory>
#include <vector>

namespace gnr
{

/** What the solves begin with. */
struct Preparation
{
  std::unique_ptr<FinestGrid>   finest;
  SolverImages                  images;   ///< on the finest grid
  Buffer                        initial;  ///< the velocity of the solver that was given; empty: none
  std::vector<WeightedMeasures> measures; ///< to compare each pair by
  std::vector<LandmarkPair>     landmarks;
};

/** Adds a comparison for each measure, of the images of a pair or of the words of its labels, which must live as long
 * as the result. Collective. */
void
compare(const WeightedMeasures &  measures,
        const SolverPair &        pair,
        Domain &                  domain,
        std::vector<Comparison> & comparisons);

/** Reads what the caller has, and makes the solver's images and velocity of it. Throws Error(BadInput) naming the image
 * and the remedy. Collective. */
Preparation
prepare(const InputImages & input,
        const SolverBox &   box,
        const Options &     options,
        Kernels &           kernels,
        Communicator &      communicator,
        Progress &          progress);

/** What to compare the images by, where the user leaves it open the measure that suits a pair. If that is one for
 * images of one contrast whose intensities lie along different curves, `changes` says what brings the moving ones to
 * that of the fixed image [D4]: none, or one for each pair. Collective. */
SimilarityList
chooseSimilarity(const Preparation &            prepared,
                 const Options &                options,
                 Progress &                     progress,
                 std::vector<IntensityChange> & changes);

/** Makes these changes to the moving images. */
void
changeIntensities(const std::vector<IntensityChange> & changes, Preparation & prepared);

} // namespace gnr

#endif
