// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_registration_Strategy_h
#define gnr_registration_Strategy_h

#include "registration/LevelSolver.h"

#include <memory>

namespace gnr
{

/** How the weight beta of the regularisation is reached. */
class Strategy
{
public:
  virtual ~Strategy() = default;

  /** The solves of a grid from one start, the velocity of the state; or, where they have begun, the rest of them.
   * \param isFar the start is not near a solution. */
  virtual void
  solve(LevelSolver & solver, const Level & level, bool isFar) = 0;

  /** After the finest grid. */
  virtual void
  finish()
  {}
  /** Tells what the result is not as it was to be. */
  virtual void
  check() const
  {}
};

std::unique_ptr<Strategy>
makeStrategy(const Options & options, FinestGrid & finest, Progress & progress, SolveState & state);

} // namespace gnr

#endif
