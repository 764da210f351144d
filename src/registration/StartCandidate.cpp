// SPDX-License-Identifier: Apache-2.0
#include "registration/StartCandidate.h"

#include "registration/LandmarkStart.h"
#include "registration/SearchStart.h"

#include <optional>

namespace gnr
{
namespace
{

class ZeroStart : public StartCandidate
{
public:
  bool
  propose(Pyramid & pyramid, Buffer & velocity) const override
  {
    pyramid.domain().kernels().fill(velocity.data(), velocity.size(), Real(0));
    return true;
  }
};

class GivenStart : public StartCandidate
{
public:
  bool
  propose(Pyramid & pyramid, Buffer & velocity) const override
  {
    pyramid.restrictInitial(velocity);
    return true;
  }
};

/** From the coarser grid, the trial grid among them. */
class CoarserStart : public StartCandidate
{
public:
  bool
  propose(Pyramid &, Buffer &) const override
  {
    return true;
  }
  bool
  isFar() const override
  {
    return false;
  }
};

/** The second one, if that is not the finest: the coarsest cannot tell a match of fine structures from another. None
 * but by request if there is only one: it would cost as much again as the whole. */
std::optional<int>
searchedGrid(const Pyramid & pyramid, Start start)
{
  const int first = pyramid.isTrial(0) ? 1 : 0, finest = pyramid.size() - 1;
  if (first == finest && start == Start::Automatic)
  {
    return std::nullopt;
  }
  return first + 1 < finest ? first + 1 : first;
}

} // namespace

StartCandidates
startCandidates(const Pyramid &     pyramid,
                int                 number,
                const Preparation & prepared,
                const Options &     options,
                int                 threads,
                Progress &          progress)
{
  const bool      hasInitial = static_cast<bool>(prepared.initial);
  StartCandidates candidates;
  if (number > 0)
  {
    candidates.push_back(std::make_unique<CoarserStart>());
  }
  if (number == 0 && prepared.initial)
  {
    candidates.push_back(std::make_unique<GivenStart>());
  }
  else if (number == 0 || pyramid.isAfterTrial(number))
  {
    candidates.push_back(std::make_unique<ZeroStart>());
  }
  // The search ends with a weight of its own from each start, so that there is nothing to compare.
  if (number == 0 && !prepared.landmarks.empty() && options.betaStrategy != BetaStrategy::Search)
  {
    candidates.push_back(std::make_unique<LandmarkStart>(options, prepared, progress));
  }
  const bool isWanted = options.start == Start::Search || (options.start == Start::Automatic && !hasInitial &&
                                                           options.betaStrategy != BetaStrategy::Search);
  if (isWanted && number == searchedGrid(pyramid, options.start))
  {
    candidates.push_back(std::make_unique<SearchStart>(prepared, options, threads));
  }
  return candidates;
}

} // namespace gnr
