// SPDX-License-Identifier: Apache-2.0
#include "model/Characteristics.h"

#include "gnr/Error.h"

#include <algorithm>
#include <cmath>

namespace gnr
{

Halo
interpolationHalo(Domain & domain, const ConstVectorView & d)
{
  Halo halo{};
  for (int c = 0; c < 3; ++c)
  {
    const double largest = domain.kernels().measured(Quantity::Displacement, domain.maximumAbsolute(d[c]));
    if (!domain.kernels().passes(largest < domain.grid().size[c]))
    {
      throw Error(ErrorKind::NumericalFailure,
                  "the deformation left the image: a point is displaced by " + std::to_string(largest) +
                    " voxels; increase --beta or check the initial alignment");
    }
    halo[c] = static_cast<int>(std::ceil(largest)) + 2;
  }
  return halo;
}

double
largestSpeed(Domain & domain, const ConstVectorView & v)
{
  double voxels = 0.0;
  for (int c = 0; c < 3; ++c)
  {
    voxels = std::max(voxels, domain.maximumAbsolute(v[c]) * domain.inverseSpacing()[c]);
  }
  return domain.kernels().measured(Quantity::Speed, voxels);
}

int
requiredSteps(Domain & domain, const ConstVectorView & v, int minimum, double reach)
{
  return requiredSteps(largestSpeed(domain, v), minimum, reach);
}

int
requiredSteps(double speed, int minimum, double reach)
{
  if (!std::isfinite(speed) || speed > 1e5)
  {
    throw Error(ErrorKind::NumericalFailure,
                "the velocity is not finite any more; increase --beta or check the images' intensities");
  }
  return std::max(minimum, static_cast<int>(std::ceil(speed / reach)));
}

void
departurePoints(Domain & domain, const ConstVectorView & v, double h, const VectorView & d, const VectorView & scratch)
{
  Kernels &         kernels = domain.kernels();
  const std::size_t n = domain.points();
  for (int c = 0; c < 3; ++c)
  {
    kernels.axpby(Real(-h * domain.inverseSpacing()[c]), v[c], Real(0), scratch[c], n);
  }
  const Halo halo = interpolationHalo(domain, scratch);
  for (int c = 0; c < 3; ++c)
  {
    const Real half = Real(-0.5 * h * domain.inverseSpacing()[c]);
    kernels.interpolate(domain.padded(v[c], halo), scratch, nullptr, Interpolation::Cubic, d[c]);
    kernels.combine(half, v[c], half, d[c], d[c], n);
  }
}

} // namespace gnr
