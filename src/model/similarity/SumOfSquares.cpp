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

} // namespace gnr
