// SPDX-License-Identifier: Apache-2.0
#include "model/FlowMap.h"

#include "model/Characteristics.h"

#include "gnr/Error.h"

#include <algorithm>
#include <cmath>

namespace gnr
{
namespace
{

// Voxels, of the estimate of trace(): on brains the map is then off by at most 0.025 voxel (doc/mathematics.md).
constexpr double tolerance = 0.01;
// Voxels that a point may move in a step of the first attempt: an attempt that fails costs nearly as much as one that
// does not.
constexpr double reach = 4.5;
constexpr double mostGrowth = 4.0; // of the number of steps from one attempt to the next
constexpr int    mostSteps = 4096;

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

  /** u in voxels after `steps` steps of dx/dt = direction v by the classical method of fourth order [M2]. Returns an
   * estimate of the error in voxels, the sum over the steps of h/6 max |k4 - k5|: the difference to the embedded method
   * of third order that takes k5, the slope at the end of the step, for k4. As it is the first slope of the next step,
   * it costs nothing. Ends early, with u undefined and the estimate of all steps extrapolated, where it exceeds
   * `enough`. */
  double
  trace(int steps, const VectorView & u, double enough)
  {
    const Real h = Real(1.0 / steps);
    double     error = 0.0;
    kernels_.fill(u.data, values(), Real(0));
    evaluate(u, true);
    for (int step = 0; step < steps; ++step)
    {
      // k1 ... k4 with weights 1/6, 1/3, 1/3, 1/6 at the nodes 0, 1/2, 1/2, 1.
      kernels_.axpby(h / 6, slope_.data(), Real(0), increment_.data(), values());
      for (const Real node : { Real(0.5), Real(0.5), Real(1) })
      {
        kernels_.combine(Real(1), u.data, node * h, slope_.data(), stage_.data(), values());
        evaluate(domain_.view(stage_), false);
        kernels_.axpby(node == Real(1) ? h / 6 : h / 3, slope_.data(), Real(1), increment_.data(), values());
      }
      kernels_.axpby(Real(1), increment_.data(), Real(1), u.data, values());
      std::swap(slope_, stage_); // k4 is now in stage_
      evaluate(u, false);
      kernels_.combine(h / 6, slope_.data(), -h / 6, stage_.data(), stage_.data(), values());
      const VectorView difference = domain_.view(stage_);
      error += std::max({ domain_.maximumAbsolute(difference[0]),
                          domain_.maximumAbsolute(difference[1]),
                          domain_.maximumAbsolute(difference[2]) });
      if (error > enough)
      {
        return error * steps / (step + 1);
      }
    }
    return error;
  }

private:
  std::size_t
  values() const
  {
    return 3 * domain_.points();
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
  Kernels &         kernels = domain.kernels();
  const std::size_t n = domain.points();
  if (std::max({ domain.maximumAbsolute(v[0]), domain.maximumAbsolute(v[1]), domain.maximumAbsolute(v[2]) }) == 0.0)
  {
    kernels.fill(u.data, 3 * n, Real(0));
    return 0;
  }
  Tracer tracer(domain, v, inverse ? 1.0 : -1.0);
  int    steps = requiredSteps(domain, v, 3, reach);
  for (double error = tracer.trace(steps, u, tolerance); error > tolerance; error = tracer.trace(steps, u, tolerance))
  {
    // The estimate falls with the third power of the step.
    const double growth = std::cbrt(error / tolerance);
    steps = std::max(steps + 1, static_cast<int>(std::ceil(steps * std::min(growth, mostGrowth))));
    if (steps > mostSteps)
    {
      throw Error(ErrorKind::NumericalFailure,
                  "the displacement could not be integrated from the velocity; increase --beta");
    }
  }
  for (int c = 0; c < 3; ++c)
  {
    kernels.axpby(Real(0), u[c], Real(domain.grid().spacing[c]), u[c], n);
  }
  return steps;
}

} // namespace gnr
