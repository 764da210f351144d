// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_registration_SearchStart_h
#define gnr_registration_SearchStart_h

#include "registration/StartCandidate.h"

namespace gnr
{

/** The velocity whose map comes nearest to what a DiscreteSearch finds on coarse grids, of at most 80^3 points: by
 * descriptors of self-similarity, and the intensities where the measures have them alike. Each process searches in its
 * own planes.
 *
 * It has nothing to propose where the motion is so small that a solve from zero finds it, unless it is asked for. */
class SearchStart : public StartCandidate
{
public:
  SearchStart(const Preparation & prepared, const Options & options, int threads)
    : prepared_(prepared)
    , options_(options)
    , threads_(threads)
  {}

  bool
  propose(Pyramid & pyramid, Buffer & velocity) const override;
  bool
  isFar() const override
  {
    return false;
  }
  double
  leastGain() const override;
  void
  tell(Progress & progress) const override;

private:
  const Preparation & prepared_;
  const Options &     options_;
  int                 threads_;
};

} // namespace gnr

#endif
