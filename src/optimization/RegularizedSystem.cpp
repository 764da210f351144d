// SPDX-License-Identifier: Apache-2.0
#include "optimization/RegularizedSystem.h"

#include "gnr/Error.h"

namespace gnr
{

const KrylovState &
finished(KrylovNumbers & numbers)
{
  const KrylovState & state = numbers.state();
  if (!state.isFinite)
  {
    throw Error(ErrorKind::NumericalFailure, "the Hessian product is not finite; increase --beta");
  }
  return state;
}

std::optional<StopReason>
solveRegularized(Regularizer &                                      regularizer,
                 KrylovNumbers &                                    numbers,
                 const std::function<void(const Real *, Real *)> &  q,
                 const std::function<std::optional<StopReason>()> & interruption,
                 std::optional<double>                              squaredNorm,
                 double                                             eta,
                 int                                                maximumIterations,
                 const KrylovVectors &                              k)
{
  const Domain & domain = regularizer.transform().domain();
  Kernels &      kernels = domain.kernels();
  const bool     isWatched = numbers.isAtHand() || interruption;

  kernels.fill(k.x, 3 * domain.points(), Real(0));
  numbers.start(k.r, k.z, eta * eta, squaredNorm, k.p, k.ap);

  // Per iteration: one Q, one A^-1 (3 + 3 FFTs), and 12 + 28 + 8 + 4 + 24 = 76 B of vector algebra per component and
  // point. z and Q p share their memory.
  for (int iteration = 0; iteration < maximumIterations; ++iteration)
  {
    if (isWatched)
    {
      const KrylovState & now = numbers.state();
      if (!now.isGoing || kernels.ends(Loop::Regularized, iteration, !(now.rz > now.target)))
      {
        break;
      }
    }
    if (interruption)
    {
      if (const std::optional<StopReason> reason = interruption())
      {
        return reason;
      }
    }
    q(k.p, k.z);
    numbers.advance(k.p, k.z, k.ap, k.x, k.r);
    const bool isLast = iteration + 1 == maximumIterations; // what follows serves the next iteration only
    if (isLast || (numbers.isAtHand() && !numbers.state().isGoing))
    {
      break;
    }
    regularizer.applyInverse(k.r, k.z);
    numbers.turn(k.r, k.z, k.p, k.ap);
  }
  if (isWatched)
  {
    finished(numbers);
  }
  return std::nullopt;
}

} // namespace gnr
