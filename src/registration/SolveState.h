// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_registration_SolveState_h
#define gnr_registration_SolveState_h

#include "kernels/Buffer.h"
#include "optimization/GaussNewton.h"
#include "registration/BetaSearch.h"

#include "gnr/Report.h"

#include <istream>
#include <ostream>
#include <optional>

namespace gnr
{

/** A velocity that a later one has to beat, with what the report says of it. */
struct Incumbent
{
  Buffer     velocity; ///< empty: there is none
  double     objective = 0.0;
  double     beta = 0.0;
  StopReason reason = StopReason::IterationLimit;
};

/** Where a solve stands: all that it needs beside the problem to go on.
 *
 * The loops over grids, starts, weights of the regularisation and Newton steps count in here. Before each Newton step
 * the whole is consistent, and can be written; a solver of the same problem on as many processes that reads it comes to
 * the same bits as one that was not interrupted. */
struct SolveState
{
  int level = 0; ///< grid of the pyramid, 0 is the coarsest
  int start = 0; ///< start candidate of that grid

  int                       weight = 0; ///< of the solves for one start: which weight beta comes
  std::optional<BetaSearch> search;     ///< the weights that were searched on this grid
  NewtonState               newton;

  Buffer    velocity;   ///< of the grid, at last of the finest
  Incumbent bestStart;  ///< of the candidates before `start`
  Incumbent admissible; ///< of `search`

  Report report;                    ///< so far, with the seconds of all processes
  bool   isInterrupted = false;     ///< the solve was told to end
  bool   foundWithinBounds = false; ///< by a search on the finest grid

  /** Writes the part of this process. */
  void
  write(std::ostream & stream, Kernels & kernels);
  /** Reads what write() has written. Throws Error(BadInput) where it is cut short, or of another build. */
  void
  read(std::istream & stream, Kernels & kernels);
};

} // namespace gnr

#endif
