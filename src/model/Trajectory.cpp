// SPDX-License-Identifier: Apache-2.0
#include "model/Trajectory.h"

#include "model/Characteristics.h"
#include "model/Differences.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace gnr
{
Trajectory::Trajectory(Domain & domain, Interpolation interpolation, bool isSymmetric)
  : domain_(domain)
  , interpolation_(interpolation)
  , isSymmetric_(isSymmetric)
{}

Padded
Trajectory::differencePadded(State & state, int j)
{
  return domain_.padded(at(state, j), differenceHalo(), 0, &state.halos[j]);
}

void
Trajectory::expect(double exponent, Sense sense)
{
  const auto add = [](Way & way, double rate) {
    const auto isThere = [=](const Growth & growth) { return growth.rate == rate; };
    if (rate != 0.0 && std::none_of(way.growths.begin(), way.growths.end(), isThere))
    {
      way.growths.push_back({ rate, {} });
    }
  };
  const State state{ nullptr, exponent, sense };
  add(way(sense), rateOfState(state));
  add(way(opposite(sense)), rateOfAdjoint(state));
}

const Real *
Trajectory::Way::factorOf(double rate) const
{
  if (rate == 0.0)
  {
    return nullptr;
  }
  const auto isIt = [=](const Growth & growth) { return growth.rate == rate; };
  const auto found = std::find_if(growths.begin(), growths.end(), isIt);
  if (found == growths.end())
  {
    throw std::logic_error("Trajectory: a state of this exponent was not expected");
  }
  return found->factor.data();
}

const Trajectory::Way &
Trajectory::ready(Sense sense) const
{
  if (!way(sense).isReady)
  {
    throw std::logic_error("Trajectory: this way was not prepared for the velocity");
  }
  return way(sense);
}

template <typename TVelocity, typename... TScratch>
void
Trajectory::follow(Sense sense, const TVelocity & v, Real * departed, const TScratch &... scratch)
{
  Way & way = this->way(sense);
  if (!way.departure)
  {
    way.departure = domain_.vector();
  }
  for (Growth & growth : way.growths)
  {
    if (!growth.factor)
    {
      growth.factor = domain_.scalar();
    }
  }
  // In the last factor to be written; before v is overwritten.
  Real * const d = way.growths.empty() ? nullptr : way.growths.back().factor.data();
  if (d != nullptr)
  {
    divergence(domain_, v, d);
  }
  const VectorView departure = domain_.view(way.departure);
  departurePoints(domain_, v, largest_, step(sense), departure, scratch...);
  way.halo = interpolationHalo(domain_, departure);
  if (d != nullptr)
  {
    domain_.kernels().interpolate(domain_.padded(d, way.halo), departure, nullptr, Interpolation::Cubic, departed);
  }
  for (const Growth & growth : way.growths)
  {
    domain_.kernels().growth(
      d, departed, Real(growth.rate * duration() / steps_), growth.factor.data(), domain_.points());
  }
  way.isReady = true;
}

bool
Trajectory::begin(const ConstVectorView & v, int steps)
{
  rest(steps);
  largest_ = domain_.maximaAbsolute(v);
  moving_ = *std::max_element(largest_.begin(), largest_.end()) > 0.0;
  return moving_;
}

void
Trajectory::rest(int steps)
{
  steps_ = steps;
  forward_.isReady = backward_.isReady = false;
  largest_ = {};
  moving_ = false;
}

void
Trajectory::setVelocity(const ConstVectorView & v, int steps, const VectorView & scratch)
{
  if (begin(v, steps))
  {
    follow(Sense::Forward, v, scratch[0], scratch);
  }
}

void
Trajectory::setVelocity(const VectorView & v, int steps)
{
  if (begin(v, steps))
  {
    follow(Sense::Forward, v, v[0]);
  }
}

void
Trajectory::solve(State & state)
{
  for (KeptHalo & halo : state.halos)
  {
    halo.forget();
  }
  if (state.halos.empty())
  {
    state.halos.push_back(domain_.keptHalo(differenceHalo()));
  }
  if (!moving_)
  {
    return;
  }
  while (static_cast<int>(state.levels.size()) < steps_)
  {
    state.levels.push_back(domain_.scalar());
    state.halos.push_back(domain_.keptHalo(differenceHalo()));
  }
  const Way &        way = ready(state.sense);
  const Real * const factor = way.factorOf(rateOfState(state));
  for (int j = 0; j < steps_; ++j)
  {
    domain_.kernels().interpolate(domain_.padded(at(state, j), way.halo),
                                  domain_.view(way.departure),
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
Trajectory::advect(const Real * in, Sense sense, Real * out)
{
  if (!moving_)
  {
    domain_.kernels().copy(in, out, domain_.points());
    return;
  }
  const Way &  way = ready(sense);
  const Buffer turns = domain_.turns();
  Real *       next = out, *other = turns ? turns.data() : out;
  if (steps_ % 2 == 0)
  {
    std::swap(next, other); // the last is out
  }
  for (int j = 0; j < steps_; ++j)
  {
    domain_.kernels().interpolate(
      domain_.padded(in, way.halo), domain_.view(way.departure), nullptr, interpolation_, next);
    in = next;
    std::swap(next, other);
  }
}

void
Trajectory::prepareBackward(const ConstVectorView & v, const VectorView & scratch)
{
  if (moving_)
  {
    follow(Sense::Backward, v, scratch[0], scratch);
  }
}

void
Trajectory::prepareBackward(const VectorView & v)
{
  if (moving_)
  {
    follow(Sense::Backward, v, v[0]);
  }
}

void
Trajectory::integrateAdjoint(State & state, Real * lambda, bool accumulate, const VectorView & b)
{
  Kernels &  kernels = domain_.kernels();
  const bool isDensity = state.exponent != 0.0;
  const Real h = Real(step(state.sense));
  // Of densities the integral of lambda m, whose gradient is taken once.
  const Buffer product = isDensity ? domain_.scalar() : Buffer();
  const auto   add = [&](int j, Real weight, bool isFirst) {
    const Real old = isFirst && !accumulate ? Real(0) : Real(1);
    kernels.scaledGradient(differencePadded(state, j), domain_.inverseSpacing(), lambda, weight, old, b);
    if (isDensity)
    {
      kernels.multiplyAdd(weight, lambda, at(state, j), Real(isFirst ? 0 : 1), product.data(), domain_.points());
    }
  };
  if (!moving_)
  {
    add(0, h, true);
  }
  else
  {
    // Trapezoidal rule: half weights at both ends.
    const Way &        way = ready(opposite(state.sense));
    const Real * const factor = way.factorOf(rateOfAdjoint(state));
    const Buffer       turns = domain_.turns();
    Real *             next = turns ? turns.data() : lambda;
    add(steps_, h / 2, true);
    for (int j = steps_ - 1; j >= 0; --j)
    {
      kernels.interpolate(domain_.padded(lambda, way.halo), domain_.view(way.departure), factor, interpolation_, next);
      std::swap(lambda, next);
      add(j, j == 0 ? h / 2 : h, false);
    }
  }
  if (isDensity)
  {
    const Padded padded = domain_.padded(product.data(), differenceHalo());
    for (int c = 0; c < 3; ++c)
    {
      kernels.derivative(padded, c, domain_.inverseSpacing()[c], Real(-state.exponent), Real(1), b[c]);
    }
  }
}

void
Trajectory::incrementalState(State & state, const ConstVectorView & vt, Real * mt)
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
    kernels.gradientDot(differencePadded(state, j), domain_.inverseSpacing(), vt, weight, old, mt);
    if (isDensity)
    {
      kernels.multiplyAdd(Real(state.exponent) * weight, at(state, j), growth.data(), Real(1), mt, domain_.points());
    }
  };
  const Real h = Real(step(state.sense));
  if (!moving_)
  {
    add(0, -h, Real(0));
    return;
  }
  // mt holds q_j = mt_j - h/2 s_j: one interpolation a step.
  const Way &        way = ready(state.sense);
  const Real * const factor = way.factorOf(rateOfState(state));
  const Buffer       turns = domain_.turns();
  Real *             next = turns ? turns.data() : mt;
  if (steps_ % 2 != 0)
  {
    std::swap(mt, next); // the last is where it belongs
  }
  add(0, -h / 2, Real(0));
  for (int j = 1; j <= steps_; ++j)
  {
    kernels.interpolate(domain_.padded(mt, way.halo), domain_.view(way.departure), factor, interpolation_, next);
    std::swap(mt, next);
    add(j, j == steps_ ? -h / 2 : -h, Real(1));
  }
}

} // namespace gnr
