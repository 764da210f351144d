// SPDX-License-Identifier: Apache-2.0
#include "registration/Progress.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace gnr
{
namespace
{
constexpr double solveShare = 0.9; // the rest is reading the result out of the velocity
}

Progress::Progress(Observer *      observer,
                   const Options & options,
                   Communicator &  communicator,
                   Report &        report,
                   OnState         onState)
  : observer_(observer)
  , options_(options)
  , communicator_(communicator)
  , report_(report)
  , onState_(std::move(onState))
{}

void
Progress::tell(const Event & event)
{
  if (observer_ != nullptr)
  {
    observer_->onEvent(event);
  }
}

void
Progress::begin(std::vector<double> shares, int level, double earlierSeconds)
{
  shares_ = std::move(shares);
  done_ = std::accumulate(shares_.begin(), shares_.begin() + level, 0.0);
  earlierSeconds_ = earlierSeconds;
  raise(0.0);
}

void
Progress::beginLevel(int level, const Grid & grid, double beta)
{
  level_ = level;
  Event event;
  event.kind = Event::Kind::Level;
  event.level.level = level;
  event.level.grid = grid;
  event.level.beta = beta;
  tell(event);
}

void
Progress::endLevel(int level)
{
  done_ += shares_[level];
  raise(solveShare * done_);
}

void
Progress::inputsRead()
{
  Event event;
  event.kind = Event::Kind::InputsRead;
  tell(event);
}

void
Progress::finish()
{
  raise(1.0);
}

void
Progress::message(const std::string & text)
{
  report_.messages.push_back(text);
  Event event;
  event.kind = Event::Kind::Message;
  event.message = text;
  tell(event);
}

std::optional<StopReason>
Progress::interruption()
{
  // The most urgent request of any process counts.
  constexpr double goOn = 0.0, save = 1.0, timeIsUp = 2.0, stop = 3.0, abort = 4.0;
  double           request = goOn;
  if (observer_ != nullptr)
  {
    const Request asked = observer_->poll();
    request = asked == Request::Abort ? abort : asked == Request::Stop ? stop : asked == Request::Save ? save : goOn;
  }
  if (options_.timeLimit && ownSeconds() > *options_.timeLimit)
  {
    request = std::max(request, timeIsUp);
  }
  communicator_.maximum(&request, 1);
  if (request == abort)
  {
    throw Error(ErrorKind::Aborted, "the registration was aborted on request");
  }
  if (request >= save && onState_ && !isEnding_)
  {
    onState_(true);
  }
  isEnding_ = isEnding_ || request >= timeIsUp;
  return request == stop       ? std::optional<StopReason>(StopReason::StoppedByObserver)
         : request == timeIsUp ? std::optional<StopReason>(StopReason::TimeLimit)
                               : std::nullopt;
}

double
Progress::seconds() const
{
  return earlierSeconds_ + ownSeconds();
}

double
Progress::ownSeconds() const
{
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

void
Progress::onIteration(const IterationRecord & record)
{
  Event event;
  event.kind = Event::Kind::Iteration;
  event.iteration = record;
  tell(event);
  // The gradient falls about geometrically, so its logarithm measures the way to the tolerance.
  const double way =
    std::log(std::max(record.relativeGradient, options_.gradientTolerance)) / std::log(options_.gradientTolerance);
  raise(solveShare * (done_ + shares_[level_] * std::min(1.0, std::max(0.0, way))));
}

void
Progress::betweenSteps()
{
  if (onState_)
  {
    onState_(false);
  }
}

void
Progress::raise(double share)
{
  shown_ = std::max(shown_, share);
  Event event;
  event.kind = Event::Kind::Progress;
  event.progress = shown_;
  tell(event);
}

} // namespace gnr
