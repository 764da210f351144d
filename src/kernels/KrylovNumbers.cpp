// SPDX-License-Identifier: Apache-2.0
#include "kernels/KrylovNumbers.h"

#include "kernels/kernels.h"

#include <cmath>
#include <memory>
#include <optional>

namespace gnr
{
namespace
{

class HostKrylovNumbers : public KrylovNumbers
{
public:
  HostKrylovNumbers(Kernels & kernels, const SharedField & field)
    : kernels_(kernels)
    , field_(field)
  {}

  void
  start(const Real * r, const Real * z, double share, std::optional<double> rz, Real * p, Real * ap) override
  {
    const int all = state_.iterationsOfAll;
    state_ = KrylovState();
    state_.iterationsOfAll = all;
    state_.rz = rz ? *rz : average(kernels_.dot(r, z, values()));
    state_.target = share * state_.rz;
    if (ap == nullptr)
    {
      kernels_.copy(z, p, values());
      return;
    }
    kernels_.fill(p, values(), Real(0));
    kernels_.fill(ap, values(), Real(0));
    updateDirection(0.0, r, z, p, ap);
  }

  void
  advance(const Real * p, const Real * q, const Real * ap, Real * x, Real * r) override
  {
    ++state_.iterations;
    ++state_.iterationsOfAll;
    const double curvature =
      average(ap != nullptr ? kernels_.dotSum(p, q, ap, values()) : kernels_.dot(p, q, values()));
    state_.isFinite = std::isfinite(curvature);
    state_.isGoing = state_.isFinite && curvature > 0.0; // else rounding level: the matrix is positive definite
    if (!state_.isGoing)
    {
      return;
    }
    const double alpha = state_.rz / curvature;
    if (ap != nullptr)
    {
      kernels_.krylovUpdate(Real(alpha), p, ap, q, x, r, values());
    }
    else
    {
      kernels_.descend(Real(alpha), p, q, x, r, values());
    }
    // -<r_0, p> = -<r_j, z_j>, because p_j is conjugate to all earlier steps.
    state_.slope -= alpha * state_.rz;
  }

  void
  turn(const Real * r, const Real * z, Real * p, Real * ap) override
  {
    const double next = average(kernels_.dot(r, z, values()));
    state_.isGoing = next > 0.0;
    if (!state_.isGoing)
    {
      return;
    }
    const double beta = next / state_.rz;
    state_.rz = next;
    if (ap != nullptr)
    {
      updateDirection(beta, r, z, p, ap);
    }
    else
    {
      kernels_.axpby(Real(1), z, Real(beta), p, values());
    }
  }

  bool
  isAtHand() const override
  {
    return true;
  }
  const KrylovState &
  state() override
  {
    return state_;
  }

private:
  std::size_t
  values() const
  {
    return 3 * field_.points;
  }
  double
  average(double sum) const
  {
    field_.sum(&sum);
    return sum / field_.allPoints;
  }
  /** p = z + beta p and A p = (r - mean r) + beta A p, component by component because each has its own mean. */
  void
  updateDirection(double beta, const Real * r, const Real * z, Real * p, Real * ap)
  {
    const std::size_t n = field_.points;
    for (std::size_t o = 0; o < 3 * n; o += n)
    {
      const double mean = average(kernels_.sum(r + o, n));
      kernels_.krylovDirection(Real(beta), z + o, r + o, Real(mean), p + o, ap + o, n);
    }
  }

  Kernels &   kernels_;
  SharedField field_;
  KrylovState state_;
};

} // namespace

std::unique_ptr<KrylovNumbers>
Kernels::makeKrylovNumbers(const SharedField & field)
{
  return std::make_unique<HostKrylovNumbers>(*this, field);
}

} // namespace gnr
