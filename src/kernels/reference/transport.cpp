// SPDX-License-Identifier: Apache-2.0
#include "kernels/reference/ReferenceKernels.h"

namespace gnr
{

void
ReferenceKernels::growth(const Real * d, const Real * departed, Real h, Real * c, std::size_t n)
{
  for (std::size_t i = 0; i < n; ++i)
  {
    // Heun's method for y' = y div v along the characteristic, from the departure point (y = 1) to here [T4]
    const double step = h;
    const double slopeBefore = double(departed[i]);
    const double predicted = 1.0 + step * slopeBefore;
    const double slopeAfter = predicted * double(d[i]);
    c[i] = static_cast<Real>(1.0 + step * (slopeBefore + slopeAfter) / 2.0);
  }
}

} // namespace gnr
