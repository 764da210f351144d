// SPDX-License-Identifier: Apache-2.0
#include "model/FlowMap.h"

#include "model/Characteristics.h"

#include "gnr/Error.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace gnr
{
namespace
{

// Voxels, of the sum of the estimates: on brains the map is then off by at most 0.05 voxel (doc/mathematics.md).
constexpr double tolerance = 0.03;
// Voxels that a point may move in the first step: one that fails costs as much as one that does not.
constexpr double reach = 4.5;
constexpr int    leastSteps = 3;
constexpr int    mostSteps = 4096;
constexpr double mostShare = 0.5; // of what is left of the tolerance, for one step that is not the last
constexpr double safety = 0.95;   // of the length of a step
constexpr double mostShrinking = 0.25;
constexpr double mostGrowth = 2.0;

class Tracer
{
public:
  Tracer(Domain & domain, const ConstVectorView & v, double direction)
    : domain_(domain)
    , kernels_(domain.kernels())
    , v_(v)
    , direction_(direction)
    , stage_(domain.vector())
    , slope_(domain.vector())
    , increment_(domain.vector())
  {}

  /** u in voxels at the end of unit time; returns the number of steps. The steps are as long as the estimates of their
   * errors allow [M2], whose sum is at most the tolerance. */
  int
  trace(double firstStep, const VectorView & u)
  {
    double h = firstStep;
    double timeLeft = 1.0;
    double errorLeft = tolerance;
    kernels_.fill(u.data, values(), Real(0));
    evaluate(u, true);
    for (int steps = 1;;)
    {
      const double count = std::max(1.0, std::ceil(timeLeft / h - 1e-6));
      const bool   isLast = kernels_.ends(Loop::Flow, steps, count == 1.0);
      h = timeLeft / count;
      const double estimate = tryStep(h, u);
      const bool   isAccepted = kernels_.passes(estimate <= (isLast ? errorLeft : mostShare * errorLeft));
      // The estimate of a step goes with the fourth power of its length, the sum over a time with the third.
      const double length = estimate > 0.0 ? safety * std::cbrt(errorLeft * h / (estimate * timeLeft)) : mostGrowth;
      if (isAccepted)
      {
        kernels_.copy(increment_.data(), u.data, values());
        if (isLast)
        {
          return steps;
        }
        errorLeft -= estimate;
        timeLeft -= h;
        ++steps;
      }
      else
      {
        evaluate(u, steps == 1);
      }
      h *= std::clamp(length, mostShrinking, mostGrowth);
      if (!kernels_.passes(h * mostSteps >= 1.0))
      {
        throw Error(ErrorKind::NumericalFailure,
                    "the displacement could not be integrated from the velocity; increase --beta");
      }
    }
  }

private:
  std::size_t
  values() const
  {
    return 3 * domain_.points();
  }

  /** A step of dx/dt = direction v by the classical method of fourth order [M1] from u, whose slope slope_ has: u after
   * it in increment_, its slope there in slope_. Returns an estimate of its error in voxels, h/6 max |k4 - k5|: the
   * difference to the embedded method of third order that takes k5, the slope at the end, for k4. As it is the first
   * slope of the next step, it costs nothing. */
  double
  tryStep(double length, const VectorView & u)
  {
    const Real h(length);
    // k1 ... k4 with weights 1/6, 1/3, 1/3, 1/6 at the nodes 0, 1/2, 1/2, 1.
    kernels_.combine(Real(1), u.data, h / 6, slope_.data(), increment_.data(), values());
    for (const Real node : { Real(0.5), Real(0.5), Real(1) })
    {
      kernels_.combine(Real(1), u.data, node * h, slope_.data(), stage_.data(), values());
      evaluate(domain_.view(stage_), false);
      kernels_.axpby(node == Real(1) ? h / 6 : h / 3, slope_.data(), Real(1), increment_.data(), values());
    }
    std::swap(slope_, stage_); // k4 is now in stage_
    evaluate(domain_.view(increment_), false);
    kernels_.combine(h / 6, slope_.data(), -h / 6, stage_.data(), stage_.data(), values());
    const std::array<double, 3> largest = domain_.maximaAbsolute(domain_.view(stage_));
    return *std::max_element(largest.begin(), largest.end());
  }

  /** slope = direction v(x + d), in voxels per unit time. */
  void
  evaluate(const VectorView & d, bool atGridPoints)
  {
    const VectorView  slope = domain_.view(slope_);
    const std::size_t n = domain_.points();
    const Halo        halo = atGridPoints ? Halo{} : interpolationHalo(domain_, d);
    Real              scale[3];
    for (int c = 0; c < 3; ++c)
    {
      scale[c] = Real(direction_ * domain_.inverseSpacing()[c]);
    }
    if (atGridPoints)
    {
      for (int c = 0; c < 3; ++c)
      {
        kernels_.axpby(scale[c], v_[c], Real(0), slope[c], n);
      }
      return;
    }
    kernels_.interpolateVector(domain_.padded(v_, halo).data(), d, scale, slope);
  }

  Domain &        domain_;
  Kernels &       kernels_;
  ConstVectorView v_;
  double          direction_;
  Buffer          stage_;
  Buffer          slope_;
  Buffer          increment_;
};

} // namespace

int
integrateFlow(Domain & domain, const ConstVectorView & v, bool inverse, const VectorView & u)
{
  Kernels &                   kernels = domain.kernels();
  const std::size_t           n = domain.points();
  const std::array<double, 3> largest = domain.maximaAbsolute(v);
  if (*std::max_element(largest.begin(), largest.end()) == 0.0)
  {
    kernels.fill(u.data, 3 * n, Real(0));
    return 0;
  }
  const double speed = largestSpeed(kernels, largest, domain.grid());
  const int    steps = Tracer(domain, v, inverse ? 1.0 : -1.0).trace(1.0 / requiredSteps(speed, leastSteps, reach), u);
  for (int c = 0; c < 3; ++c)
  {
    kernels.axpby(Real(0), u[c], Real(domain.grid().spacing[c]), u[c], n);
  }
  return steps;
}

} // namespace gnr
