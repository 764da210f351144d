// SPDX-License-Identifier: Apache-2.0
#include "registration/StartCandidate.h"

namespace gnr
{
namespace
{

class ZeroStart : public StartCandidate
{
public:
  void
  propose(Pyramid & pyramid, Buffer & velocity) const override
  {
    pyramid.domain().kernels().fill(velocity.data(), velocity.size(), Real(0));
  }
};

class GivenStart : public StartCandidate
{
public:
  void
  propose(Pyramid & pyramid, Buffer & velocity) const override
  {
    pyramid.restrictInitial(velocity);
  }
};

/** From the coarser grid, the trial grid among them. */
class CoarserStart : public StartCandidate
{
public:
  void
  propose(Pyramid &, Buffer &) const override
  {}
  bool
  isFar() const override
  {
    return false;
  }
};

} // namespace

std::vector<std::unique_ptr<StartCandidate>>
startCandidates(int number, bool isAfterTrial, bool hasInitial)
{
  std::vector<std::unique_ptr<StartCandidate>> candidates;
  if (number > 0)
  {
    candidates.push_back(std::make_unique<CoarserStart>());
  }
  if (number == 0 && hasInitial)
  {
    candidates.push_back(std::make_unique<GivenStart>());
  }
  else if (number == 0 || isAfterTrial)
  {
    candidates.push_back(std::make_unique<ZeroStart>());
  }
  return candidates;
}

} // namespace gnr
