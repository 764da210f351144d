// SPDX-License-Identifier: Apache-2.0
#include "model/Trajectory.h"

#include "model/Characteristics.h"
#include "model/Differences.h"

#include <stdexcept>

namespace gnr
{

Trajectory::Trajectory(Domain & domain, Interpolation interpolation)
  : domain_(domain)
  , interpolation_(interpolation)
{}

Padded
Trajectory::differencePadded(const Real * field)
{
  return domain_.padded(field, differenceHalo());
}

bool
Trajectory::begin(const ConstVectorView & v, int steps)
{
  steps_ = steps;
  moving_ = false;
  adjointReady_ = false;
  for (int c = 0; c < 3; ++c)
  {
    moving_ = moving_ || domain_.maximumAbsolute(v[c]) > 0.0;
  }
  if (moving_ && !departure_)
  {
    departure_ = domain_.vector();
  }
  return moving_;
}

void
Trajectory::setVelocity(const ConstVectorView & v, int steps, const VectorView & scratch)
{
  if (begin(v, steps))
  {
    departurePoints(domain_, v, 1.0 / steps_, domain_.view(departure_), scratch);
    departureHalo_ = interpolationHalo(domain_, domain_.view(departure_));
  }
}

void
Trajectory::setVelocity(const VectorView & v, int steps)
{
  if (begin(v, steps))
  {
    departurePoints(domain_, v, 1.0 / steps_, domain_.view(departure_));
    departureHalo_ = interpolationHalo(domain_, domain_.view(departure_));
  }
}

void
Trajectory::solve(State & state)
{
  carriesStates_ = true;
  if (!moving_)
  {
    return;
  }
  while (static_cast<int>(state.levels.size()) < steps_)
  {
    state.levels.push_back(domain_.scalar());
  }
  for (int j = 0; j < steps_; ++j)
  {
    domain_.kernels().interpolate(domain_.padded(at(state, j), departureHalo_),
                                  domain_.view(departure_),
                                  nullptr,
                                  interpolation_,
                                  state.levels[j].data());
  }
}

const Real *
Trajectory::at(const State & state, int j) const
{
  return j == 0 || !moving_ ? state.initial : state.levels[j - 1].data();
}

void
Trajectory::advect(const Real * in, Real * out)
{
  if (!moving_)
  {
    if (out != in)
    {
      domain_.kernels().copy(in, out, domain_.points());
    }
    return;
  }
  for (int j = 0; j < steps_; ++j)
  {
    domain_.kernels().interpolate(
      domain_.padded(j == 0 ? in : out, departureHalo_), domain_.view(departure_), nullptr, interpolation_, out);
  }
}

VectorView
Trajectory::adjointPoints()
{
  if (!adjointDeparture_)
  {
    adjointDeparture_ = domain_.vector();
  }
  if (carriesStates_ && !growth_)
  {
    growth_ = domain_.scalar();
  }
  return domain_.view(adjointDeparture_);
}

void
Trajectory::findGrowth(const Real * divergence, Real * departed)
{
  Kernels & kernels = domain_.kernels();
  kernels.interpolate(
    domain_.padded(divergence, adjointHalo_), domain_.view(adjointDeparture_), nullptr, Interpolation::Cubic, departed);
  kernels.adjointGrowth(divergence, departed, Real(1.0 / steps_), growth_.data(), domain_.points());
}

void
Trajectory::prepareAdjoint(const ConstVectorView & v, const VectorView & scratch)
{
  if (!moving_)
  {
    return;
  }
  const VectorView departure = adjointPoints();
  departurePoints(domain_, v, -1.0 / steps_, departure, scratch);
  adjointHalo_ = interpolationHalo(domain_, departure);
  if (carriesStates_)
  {
    divergence(domain_, v, scratch[0]);
    findGrowth(scratch[0], growth_.data());
  }
  adjointReady_ = true;
}

void
Trajectory::prepareAdjoint(const VectorView & v)
{
  if (!moving_)
  {
    return;
  }
  const VectorView departure = adjointPoints();
  if (carriesStates_)
  {
    divergence(domain_, v, growth_.data());
  }
  departurePoints(domain_, v, -1.0 / steps_, departure);
  adjointHalo_ = interpolationHalo(domain_, departure);
  if (carriesStates_)
  {
    findGrowth(growth_.data(), v[0]);
  }
  adjointReady_ = true;
}

void
Trajectory::integrateAdjoint(const State & state, Real * lambda, bool accumulate, const VectorView & b)
{
  Kernels &  kernels = domain_.kernels();
  const Real old = accumulate ? Real(1) : Real(0);
  if (!moving_)
  {
    kernels.scaledGradient(differencePadded(state.initial), domain_.inverseSpacing(), lambda, Real(1), old, b);
    return;
  }
  if (!adjointReady_)
  {
    throw std::logic_error("Trajectory: prepareAdjoint() was not called for this velocity");
  }
  const Real h = Real(1.0 / steps_);
  // Trapezoidal rule: half weights at both ends.
  kernels.scaledGradient(differencePadded(end(state)), domain_.inverseSpacing(), lambda, h / 2, old, b);
  for (int j = steps_ - 1; j >= 0; --j)
  {
    kernels.interpolate(
      domain_.padded(lambda, adjointHalo_), domain_.view(adjointDeparture_), growth_.data(), interpolation_, lambda);
    kernels.scaledGradient(
      differencePadded(at(state, j)), domain_.inverseSpacing(), lambda, j == 0 ? h / 2 : h, Real(1), b);
  }
}

void
Trajectory::incrementalState(const State & state, const ConstVectorView & vt, Real * mt)
{
  Kernels & kernels = domain_.kernels();
  if (!moving_)
  {
    kernels.gradientDot(differencePadded(state.initial), domain_.inverseSpacing(), vt, Real(-1), Real(0), mt);
    return;
  }
  // mt holds q_j = mt_j - h/2 s_j, s_j = vt . grad m_j: one interpolation a step.
  const Real h = Real(1.0 / steps_);
  kernels.gradientDot(differencePadded(state.initial), domain_.inverseSpacing(), vt, -h / 2, Real(0), mt);
  for (int j = 1; j <= steps_; ++j)
  {
    kernels.interpolate(domain_.padded(mt, departureHalo_), domain_.view(departure_), nullptr, interpolation_, mt);
    kernels.gradientDot(
      differencePadded(at(state, j)), domain_.inverseSpacing(), vt, j == steps_ ? -h / 2 : -h, Real(1), mt);
  }
}

} // namespace gnr
