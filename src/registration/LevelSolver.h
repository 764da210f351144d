// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_registration_LevelSolver_h
#define gnr_registration_LevelSolver_h

#include "registration/Preparation.h"
#include "registration/Pyramid.h"
#include "registration/SolveState.h"

#include <vector>

namespace gnr
{

/** The solves of one grid, each for one weight of the regularisation. */
class LevelSolver
{
public:
  LevelSolver(const Options & options, const Preparation & prepared, Progress & progress, SolveState & state)
    : options_(options)
    , images_(prepared.images)
    , measures_(prepared.measures)
    , landmarks_(prepared.landmarks)
    , progress_(progress)
    , state_(state)
  {}

  /** Solves from the velocity of the state, which becomes the result, or goes on with the solve that has begun; adds to
   * the report. False if the solve was interrupted. */
  bool
  solve(const Level & level, double beta, int leastIterations = 0);

private:
  /** Those of one solve. */
  Options
  optionsOf(const Level & level, double beta) const;

  const Options &                       options_;
  const SolverImages &                  images_;
  const std::vector<WeightedMeasures> & measures_;
  const std::vector<LandmarkPair> &     landmarks_;
  Progress &                            progress_;
  SolveState &                          state_;
};

} // namespace gnr

#endif
