// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_registration_SolveState_h
#define gnr_registration_SolveState_h

#include "kernels/Buffer.h"
#include "optimization/GaussNewton.h"
#include "registration/BetaSearch.h"

#include "gnr/Report.h"

#include <cstddef>
#include <functional>
#include <optional>

namespace gnr
{

/** Takes the next bytes of a saved solve. */
using ByteSink = std::function<void(const void * data, std::size_t bytes)>;
/** Gives them. Throws Error(BadInput) where there are not so many. */
using ByteSource = std::function<void(void * data, std::size_t bytes)>;

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
 * the whole is consistent, and can be written, and so it is inside the Krylov iterations of the step. A solver of the
 * same problem that reads it comes to the same bits as one that was not interrupted, on as many processes; on another
 * number to the same up to rounding. */
struct SolveState
{
  int level = 0; ///< grid of the pyramid, 0 is the coarsest
  int start = 0; ///< start candidate of that grid

  int                       weight = 0; ///< of the solves for one start: which weight beta comes
  std::optional<BetaSearch> search;     ///< the weights that were searched on this grid
  NewtonState               newton;

  int trial = 0; ///< of other weights of the measures on this grid [D5]; 0: none has begun

  Buffer    velocity;    ///< of the grid, at last of the finest
  Incumbent bestStart;   ///< of the candidates before `start`
  Incumbent admissible;  ///< of `search`
  Incumbent firstWeight; ///< before the trials; `objective` is what they are judged by

  Report report;                    ///< so far, with the seconds of all processes
  bool   isInterrupted = false;     ///< the solve was told to end
  bool   foundWithinBounds = false; ///< by a search on the finest grid

  /** Makes the velocity one to beat, with what the report says of it; the objective is the caller's. */
  void
  keep(Incumbent & incumbent, Kernels & kernels) const;
  /** Goes back to it. An interruption stays the reason for the end. */
  void
  restore(const Incumbent & incumbent, Kernels & kernels);

  /** Writes the whole by the first process, fields in the order of the grid. Collective.
   * \param sink is called on that alone. */
  void
  write(const ByteSink & sink, Kernels & kernels, Communicator & communicator);
  /** Reads what write() has written, on any number of processes. Throws Error(BadInput) where it is of another build.
   * Collective. */
  void
  read(const ByteSource & source, Kernels & kernels, Communicator & communicator);
};

} // namespace gnr

#endif
