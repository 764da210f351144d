// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_registration_WeightChoice_h
#define gnr_registration_WeightChoice_h

#include "registration/LevelSolver.h"

namespace gnr
{

/** How much self-similarity counts against smoothness, where that was left open [D5]: tried on the second finest grid.
 *
 * What suits two anatomies fits noise where one was merely deformed. Details that a solve on a coarser grid has not
 * seen tell which it is: the deformed image is compared on the finest grid, by descriptors of its own rather than by
 * those that the solver carries along. */
class WeightChoice
{
public:
  /** Whether the user leaves it open: all pairs of images are to be compared as is found best, and that is
   * self-similarity. */
  static bool
  isOpen(const Options & options, const SimilarityList & chosen);

  WeightChoice(const Options & options,
               Preparation &   prepared,
               LevelSolver &   solver,
               Progress &      progress,
               SolveState &    state)
    : options_(options)
    , prepared_(prepared)
    , solver_(solver)
    , progress_(progress)
    , state_(state)
  {}

  /** Tries other weights than that of the solve of a grid that has ended, from its velocity, or goes on with a trial
   * that has begun. The best one stays, in the measures and in the report, with its velocity. Memory: as the solve of
   * the finest grid, or less. Collective. */
  void
  run(const Level & level);

private:
  /** Of the velocity of a grid, on the finest one, in mm. */
  Buffer
  displacement(const Level & level) const;
  /** The squared differences, by the measures as they are, between what describes the fixed image and the
   * moving one at x + u(x), on the finest grid. */
  double
  distance(const Buffer & u) const;
  /** Sets the measures. \param factor of the weights that the user gave */
  void
  weigh(double factor);
  void
  tell(double factor) const;

  const Options & options_;
  Preparation &   prepared_;
  LevelSolver &   solver_;
  Progress &      progress_;
  SolveState &    state_;
};

} // namespace gnr

#endif
