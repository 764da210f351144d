// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_registration_Evaluation_h
#define gnr_registration_Evaluation_h

#include "registration/Preparation.h"
#include "registration/SolveState.h"

#include <cstddef>
#include <optional>
#include <vector>

namespace gnr
{

/** What comes of the velocity that was found: the displacement, and what the report says of it. */
class Evaluation
{
public:
  Evaluation(Preparation & prepared, const Options & options, Progress & progress, SolveState & state)
    : finest_(*prepared.finest)
    , kernels_(finest_.domain.kernels())
    , images_(prepared.images)
    , measures_(prepared.measures)
    , landmarks_(prepared.landmarks)
    , options_(options)
    , progress_(progress)
    , state_(state)
    , report_(state.report)
  {}

  /** The displacement, in mm along the grid axes; lets go of the images. Collective. */
  Buffer
  run();
  /** Tells if a solve had nothing to go by, or if the images are not of one contrast. */
  void
  judge();

private:
  /** The displacement, and its det(I + grad u) over the image. The velocity is smoothed where it takes that below the
   * floor: the walls of the limits yield to the images [S2]. Memory: as integrateMap(). Collective. */
  Statistics
  integrateUnfolded(Buffer & displacement);
  /** The mismatch of the map that the user gets, not of the solver's last state. Collective. */
  void
  compareImages(const VectorView & u);
  /** Tells if the measure of a pair does not fit its images. */
  void
  judge(std::size_t pair);
  /** Tells if little is left of the weight in which the images are compared. Collective. */
  void
  checkWeightLeft(const Buffer & weight);

  FinestGrid &                                  finest_;
  Kernels &                                     kernels_;
  SolverImages &                                images_;
  const std::vector<WeightedMeasures> &         measures_;
  const std::vector<LandmarkPair> &             landmarks_;
  const Options &                               options_;
  Progress &                                    progress_;
  SolveState &                                  state_;
  Report &                                      report_;
  std::vector<std::optional<DetailCorrelation>> details_; ///< of each pair
};

} // namespace gnr

#endif
