// SPDX-License-Identifier: Apache-2.0
#include "registration/LandmarkStart.h"

#include "model/Objective.h"
#include "optimization/GaussNewton.h"

namespace gnr
{
namespace
{

/** Asks whether to go on, and tells nobody of the steps. */
class Quiet : public Control
{
public:
  explicit Quiet(Control & control)
    : control_(control)
  {}
  std::optional<StopReason>
  interruption() override
  {
    return control_.interruption();
  }
  double
  seconds() const override
  {
    return control_.seconds();
  }
  void
  onIteration(const IterationRecord &) override
  {}

private:
  Control & control_;
};

} // namespace

bool
LandmarkStart::propose(Pyramid & pyramid, Buffer & velocity) const
{
  Domain & domain = pyramid.velocity().domain();
  domain.kernels().fill(velocity.data(), velocity.size(), Real(0));
  Options own = options_;
  own.preconditioner = Preconditioner::InvA; // the others know of images only
  own.stallReference = StallReference::Objective;
  own.stallRate.reset();
  {
    Objective   objective(pyramid.velocity(),
                        pyramid.transform(),
                        own,
                          { {}, nullptr, nullptr, prepared_.images.intensityRange, prepared_.landmarks });
    Quiet       quiet(control_);
    NewtonState state;
    minimize(objective, own, quiet, 0, domain.view(velocity), 0, state);
  }
  pyramid.domain().releaseScratch();
  domain.releaseScratch();
  return true;
}

} // namespace gnr
