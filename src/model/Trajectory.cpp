// SPDX-License-Identifier: Apache-2.0
#include "model/Trajectory.h"

#include "model/Characteristics.h"
#include "model/Differences.h"

#include <algorithm>
#include <stdexcept>

namespace gnr
{
namespace
{

double
stateRate(double exponent)
{
  return -exponent;
}

// Backward in time: of -dl/dt - v . grad l - (1 - a) l div v = 0.
double
adjointRate(double exponent)
{
  return 1.0 - exponent;
}

} // namespace

Trajectory::Trajectory(Domain & domain, Interpolation interpolation)
  : domain_(domain)
  , interpolation_(interpolation)
{}

Padded
Trajectory::differencePadded(const Real * field)
{
  return domain_.padded(field, differenceHalo());
}

void
Trajectory::expect(double exponent)
{
  const auto add = [=](std::vector<Growth> & growths) {
    const auto isThere = [=](const Growth & growth) { return growth.exponent == exponent; };
    if (std::none_of(growths.begin(), growths.end(), isThere))
    {
      growths.push_back({ exponent, {} });
    }
  };
  if (exponent != 0.0)
  {
    add(stateGrowths_);
  }
  if (exponent != 1.0)
  {
    add(adjointGrowths_);
  }
}

const Real *
Trajectory::factorOf(const std::vector<Growth> & growths, double exponent)
{
  const auto isIt = [=](const Growth & growth) { return growth.exponent == exponent; };
  const auto found = std::find_if(growths.begin(), growths.end(), isIt);
  if (found == growths.end())
  {
    throw std::logic_error("Trajectory: a state of this exponent was not expected");
  }
  return found->factor.data();
}

const Real *
Trajectory::stateFactor(const State & state) const
{
  return state.exponent == 0.0 ? nullptr : factorOf(stateGrowths_, state.exponent);
}

const Real *
Trajectory::adjointFactor(const State & state) const
{
  return state.exponent == 1.0 ? nullptr : factorOf(adjointGrowths_, state.exponent);
}

void
Trajectory::beginGrowth(std::vector<Growth> & growths, const ConstVectorView & v)
{
  for (Growth & growth : growths)
  {
    if (!growth.factor)
    {
      growth.factor = domain_.scalar();
    }
  }
  if (!growths.empty())
  {
    divergence(domain_, v, growths.back().factor.data());
  }
}

void
Trajectory::finishGrowth(std::vector<Growth> &   growths,
                         const ConstVectorView & departure,
                         const Halo &            halo,
                         double (*rate)(double exponent),
                         Real * departed)
{
  if (growths.empty())
  {
    return;
  }
  const Real * const d = growths.back().factor.data(); // the last to be overwritten
  domain_.kernels().interpolate(domain_.padded(d, halo), departure, nullptr, Interpolation::Cubic, departed);
  for (const Growth & growth : growths)
  {
    domain_.kernels().growth(d, departed, Real(rate(growth.exponent) / steps_), growth.factor.data(), domain_.points());
  }
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
    beginGrowth(stateGrowths_, v);
    departurePoints(domain_, v, 1.0 / steps_, domain_.view(departure_), scratch);
    departureHalo_ = interpolationHalo(domain_, domain_.view(departure_));
    finishGrowth(stateGrowths_, domain_.view(departure_), departureHalo_, stateRate, scratch[0]);
  }
}

void
Trajectory::setVelocity(const VectorView & v, int steps)
{
  if (begin(v, steps))
  {
    beginGrowth(stateGrowths_, v);
    departurePoints(domain_, v, 1.0 / steps_, domain_.view(departure_));
    departureHalo_ = interpolationHalo(domain_, domain_.view(departure_));
    finishGrowth(stateGrowths_, domain_.view(departure_), departureHalo_, stateRate, v[0]);
  }
}

void
Trajectory::solve(State & state)
{
  if (!moving_)
  {
    return;
  }
  while (static_cast<int>(state.levels.size()) < steps_)
  {
    state.levels.push_back(domain_.scalar());
  }
  const Real * const factor = stateFactor(state);
  for (int j = 0; j < steps_; ++j)
  {
    domain_.kernels().interpolate(domain_.padded(at(state, j), departureHalo_),
                                  domain_.view(departure_),
                                  factor,
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
  return domain_.view(adjointDeparture_);
}

void
Trajectory::prepareAdjoint(const ConstVectorView & v, const VectorView & scratch)
{
  if (!moving_)
  {
    return;
  }
  const VectorView departure = adjointPoints();
  beginGrowth(adjointGrowths_, v);
  departurePoints(domain_, v, -1.0 / steps_, departure, scratch);
  adjointHalo_ = interpolationHalo(domain_, departure);
  finishGrowth(adjointGrowths_, departure, adjointHalo_, adjointRate, scratch[0]);
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
  beginGrowth(adjointGrowths_, v);
  departurePoints(domain_, v, -1.0 / steps_, departure);
  adjointHalo_ = interpolationHalo(domain_, departure);
  finishGrowth(adjointGrowths_, departure, adjointHalo_, adjointRate, v[0]);
  adjointReady_ = true;
}

void
Trajectory::integrateAdjoint(const State & state, Real * lambda, bool accumulate, const VectorView & b)
{
  Kernels &  kernels = domain_.kernels();
  const bool isDensity = state.exponent != 0.0;
  if (moving_ && !adjointReady_)
  {
    throw std::logic_error("Trajectory: prepareAdjoint() was not called for this velocity");
  }
  // Of densities the integral of lambda m, whose gradient is taken once.
  const Buffer product = isDensity ? domain_.scalar() : Buffer();
  const auto   add = [&](int j, Real weight, bool isFirst) {
    const Real old = isFirst && !accumulate ? Real(0) : Real(1);
    kernels.scaledGradient(differencePadded(at(state, j)), domain_.inverseSpacing(), lambda, weight, old, b);
    if (isDensity)
    {
      kernels.multiplyAdd(weight, lambda, at(state, j), Real(isFirst ? 0 : 1), product.data(), domain_.points());
    }
  };
  if (!moving_)
  {
    add(0, Real(1), true);
  }
  else
  {
    // Trapezoidal rule: half weights at both ends.
    const Real         h = Real(1.0 / steps_);
    const Real * const factor = adjointFactor(state);
    add(steps_, h / 2, true);
    for (int j = steps_ - 1; j >= 0; --j)
    {
      kernels.interpolate(
        domain_.padded(lambda, adjointHalo_), domain_.view(adjointDeparture_), factor, interpolation_, lambda);
      add(j, j == 0 ? h / 2 : h, false);
    }
  }
  if (isDensity)
  {
    const Padded padded = differencePadded(product.data());
    for (int c = 0; c < 3; ++c)
    {
      kernels.derivative(padded, c, domain_.inverseSpacing()[c], Real(-state.exponent), Real(1), b[c]);
    }
  }
}

void
Trajectory::incrementalState(const State & state, const ConstVectorView & vt, Real * mt)
{
  Kernels &    kernels = domain_.kernels();
  const bool   isDensity = state.exponent != 0.0;
  const Buffer growth = isDensity ? domain_.scalar() : Buffer();
  if (isDensity)
  {
    divergence(domain_, vt, growth.data());
  }
  // mt = weight s_j + old mt, s_j = vt . grad m_j + a m_j div vt.
  const auto add = [&](int j, Real weight, Real old) {
    kernels.gradientDot(differencePadded(at(state, j)), domain_.inverseSpacing(), vt, weight, old, mt);
    if (isDensity)
    {
      kernels.multiplyAdd(Real(state.exponent) * weight, at(state, j), growth.data(), Real(1), mt, domain_.points());
    }
  };
  if (!moving_)
  {
    add(0, Real(-1), Real(0));
    return;
  }
  // mt holds q_j = mt_j - h/2 s_j: one interpolation a step.
  const Real         h = Real(1.0 / steps_);
  const Real * const factor = stateFactor(state);
  add(0, -h / 2, Real(0));
  for (int j = 1; j <= steps_; ++j)
  {
    kernels.interpolate(domain_.padded(mt, departureHalo_), domain_.view(departure_), factor, interpolation_, mt);
    add(j, j == steps_ ? -h / 2 : -h, Real(1));
  }
}

} // namespace gnr
