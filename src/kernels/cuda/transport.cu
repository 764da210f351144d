// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/CudaKernels.h"
#include "kernels/cuda/launch.h"
#include "kernels/point/interpolation.h"

namespace gnr
{
namespace cuda
{

void
CudaKernels::growth(const Real * d, const Real * departed, Real h, Real * c, std::size_t n)
{
  forEach(stream(), n, [=] __device__(std::size_t i) { c[i] = point::growth(d[i], departed[i], h); });
}

} // namespace cuda
} // namespace gnr
