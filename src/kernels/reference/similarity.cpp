// SPDX-License-Identifier: Apache-2.0
#include "kernels/reference/ReferenceKernels.h"

namespace gnr
{

double
ReferenceKernels::squaredDistance(const Real * a, const Real * b, const Real * weight, std::size_t n)
{
  double total = 0.0;
  for (std::size_t i = 0; i < n; ++i)
  {
    const double difference = double(a[i]) - double(b[i]);
    const double w = weight == nullptr ? 1.0 : double(weight[i]);
    total += w * difference * difference;
  }
  return total;
}

void
ReferenceKernels::weightedDifference(const Real * a, const Real * b, const Real * weight, Real * out, std::size_t n)
{
  for (std::size_t i = 0; i < n; ++i)
  {
    const double w = weight == nullptr ? 1.0 : double(weight[i]);
    out[i] = static_cast<Real>(w * (double(a[i]) - double(b[i])));
  }
}

} // namespace gnr
