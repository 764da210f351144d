// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_kernels_KrylovNumbers_h
#define gnr_kernels_KrylovNumbers_h

#include "kernels/types.h"

#include <cstddef>
#include <functional>
#include <optional>

namespace gnr
{

/** A vector field of which each process has a part. */
struct SharedField
{
  std::size_t points;    ///< of this process
  double      allPoints; ///< of all
  bool        isShared;  ///< there are several processes
  /** Sums a number over all. Collective. */
  std::function<void(double *)> sum;
};

/** Where a loop of conjugate gradients stands. */
struct KrylovState
{
  double rz = 0.0;            ///< <r, z>
  double target = 0.0;        ///< of rz
  double slope = 0.0;         ///< -<r_0, x>
  int    iterations = 0;      ///< of this loop
  int    iterationsOfAll = 0; ///< of all loops with these numbers
  bool   isGoing = true;      ///< false: steps that follow change nothing
  bool   isFinite = true;     ///< false: a curvature was not, in this loop or one before
};

/** The numbers of conjugate gradients [K1]: reductions make them, updates use them. A backend may leave them where the
 * arrays are, so that the host queues steps without waiting for any of them: those behind the end of a loop, where rz
 * is at its target or rounding has taken over, then change nothing.
 *
 * With ap, the loop is that of (A + Q) x = r preconditioned by A^-1, in which A p obeys the recurrence of p; without
 * it (null) q is the whole product. All are vector fields. */
class KrylovNumbers
{
public:
  virtual ~KrylovNumbers() = default;

  /** A loop begins: p = z, ap = r - mean r, to rz <= share <r, z>. \param rz <r, z>, where that is known. */
  virtual void
  start(const Real * r, const Real * z, double share, std::optional<double> rz, Real * p, Real * ap) = 0;
  /** x += alpha p, r -= alpha (q + ap) with alpha = rz / <p, q + ap>. */
  virtual void
  advance(const Real * p, const Real * q, const Real * ap, Real * x, Real * r) = 0;
  /** p = z + beta p, ap = r - mean r + beta ap with beta = <r, z> / rz. */
  virtual void
  turn(const Real * r, const Real * z, Real * p, Real * ap) = 0;

  /** Whether the host need not wait for state(). */
  virtual bool
  isAtHand() const = 0;
  virtual const KrylovState &
  state() = 0;
};

} // namespace gnr

#endif
