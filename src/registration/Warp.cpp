// SPDX-License-Identifier: Apache-2.0
#include "registration/Warp.h"

#include "model/Characteristics.h"

#include <cstddef>

namespace gnr
{
namespace
{

Buffer
inVoxels(Domain & domain, const ConstVectorView & u)
{
  const std::size_t n = domain.points();
  Buffer            voxels = domain.vector();
  for (int c = 0; c < 3; ++c)
  {
    domain.kernels().axpby(Real(domain.inverseSpacing()[c]), u[c], Real(0), voxels.data() + c * n, n);
  }
  return voxels;
}

} // namespace

Warp::Warp(Domain & domain, const ConstVectorView & u, const Real * fixedWeight, const Real * movingWeight)
  : domain_(domain)
  , fixedWeight_(fixedWeight)
  , voxels_(inVoxels(domain, u))
  , halo_(interpolationHalo(domain, domain.view(voxels_)))
{
  if (movingWeight != nullptr)
  {
    weight_ = domain.scalar();
    apply(movingWeight, nullptr, Interpolation::Linear, weight_.data());
    if (fixedWeight != nullptr)
    {
      domain.kernels().multiply(Real(1), weight_.data(), fixedWeight, weight_.data(), domain.points());
    }
  }
}

void
Warp::apply(const Real * moving, const Real * factor, Interpolation kind, Real * warped)
{
  domain_.kernels().interpolate(domain_.padded(moving, halo_), domain_.view(voxels_), factor, kind, warped);
}

} // namespace gnr
