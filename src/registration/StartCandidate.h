// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_registration_StartCandidate_h
#define gnr_registration_StartCandidate_h

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
  /** \param velocity of the grid that was entered: what came from the coarser one, or nothing yet; overwritten. */
  virtual void
  propose(Pyramid & pyramid, Buffer & velocity) const = 0;
  /** Whether the strategy shall lead to the weight of the regularisation, as for the first solves of all. */
  virtual bool
  isFar() const
  {
    return true;
  }
};

/** On the coarsest grid the given velocity, or zero; on others what came from the coarser grid, and zero too if that
 * was a trial. Never empty. */
std::vector<std::unique_ptr<StartCandidate>>
startCandidates(int number, bool isAfterTrial, bool hasInitial);

} // namespace gnr

#endif
