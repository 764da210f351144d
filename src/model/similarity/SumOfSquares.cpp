// SPDX-License-Identifier: Apache-2.0
#include "model/similarity/SumOfSquares.h"

namespace gnr
{

double
SumOfSquares::value(const Real * m)
{
  return 0.5 * domain_.average(domain_.kernels().squaredDistance(m, fixed_, weight_, domain_.points()));
}

void
SumOfSquares::linearize(const Real * m, Real * lambda)
{
  domain_.kernels().weightedDifference(fixed_, m, weight_, lambda, domain_.points());
}

void
SumOfSquares::gaussNewton(Real * mt)
{
  if (weight_ == nullptr)
  {
    domain_.kernels().scaleAndShift(Real(-1), mt, Real(0), mt, domain_.points());
  }
  else
  {
    domain_.kernels().multiply(Real(-1), weight_, mt, mt, domain_.points());
  }
}

} // namespace gnr
