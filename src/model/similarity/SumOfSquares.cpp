// SPDX-License-Identifier: Apache-2.0
#include "model/similarity/SumOfSquares.h"

namespace gnr
{

double
SumOfSquares::value(const Real * m, const Real * f)
{
  return 0.5 * domain_.average(domain_.kernels().squaredDistance(m, f, weight_, domain_.points()));
}

void
SumOfSquares::linearize(const Real * m, const Real * f, Real * lambda)
{
  domain_.kernels().weightedDifference(f, m, weight_, lambda, domain_.points());
}

} // namespace gnr
