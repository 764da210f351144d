// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/CpuKernels.h"
#include "kernels/point/interpolation.h"

namespace gnr
{
namespace GNR_CPU_NAMESPACE
{

void
CpuKernels::growth(const Real * d, const Real * departed, Real h, Real * c, std::size_t n)
{
  GNR_FOR_EACH(i, n)
  {
    c[i] = point::growth(d[i], departed[i], h);
  }
}

} // namespace GNR_CPU_NAMESPACE
} // namespace gnr
