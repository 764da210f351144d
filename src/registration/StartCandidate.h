// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_registration_StartCandidate_h
#define gnr_registration_StartCandidate_h

#include "optimization/Control.h"
#include "registration/Pyramid.h"

#include <memory>
#include <vector>

namespace gnr
{

/** A velocity to begin the solves of a grid with. Of several candidates the one stays whose solves end with the lowest
 * objective. */
class StartCandidate
{
public:
  virtual ~StartCandidate() = default;
  /** \param velocity of the grid that was entered: what came from the coarser one, or nothing yet; overwritten. False
   * where there is nothing to propose. Collective. */
  virtual bool
  propose(Pyramid & pyramid, Buffer & velocity) const = 0;
  /** Says that it was kept, where the user should know. */
  virtual void
  tell(Progress &) const
  {}
  /** The share by which its objective must be lower than those of the candidates before it. */
  virtual double
  leastGain() const
  {
    return 0.0;
  }
  /** Whether the strategy shall lead to the weight of the regularisation, as for the first solves of all. */
  virtual bool
  isFar() const
  {
    return true;
  }
};

using StartCandidates = std::vector<std::unique_ptr<StartCandidate>>;

/** On the coarsest grid the given velocity, or zero, and then what the landmarks say; on others what came from the
 * coarser grid, and zero too if that was a trial. On one of the coarser grids a search, too, if wanted. The first one
 * always has something to propose. The arguments must live as long as the result. */
StartCandidates
startCandidates(const Pyramid &     pyramid,
                int                 number,
                const Preparation & prepared,
                const Options &     options,
                int                 threads,
                Progress &          progress);

} // namespace gnr

#endif
