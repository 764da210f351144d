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
largestSpeed(const Domain & domain, const ConstVectorView & v, const Grid & voxels)
{
  double speed = 0.0;
  for (int c = 0; c < 3; ++c)
  {
    speed = std::max(speed, domain.maximumAbsolute(v[c]) * (1.0 / voxels.spacing[c]));
  }
  return domain.kernels().measured(Quantity::Speed, speed);
}

int
requiredSteps(Domain & domain, const ConstVectorView & v, int minimum, double reach)
{
  return requiredSteps(largestSpeed(domain, v, domain.grid()), minimum, reach);
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

void
departurePoints(Domain & domain, const VectorView & v, double h, const VectorView & d)
{
  Kernels &         kernels = domain.kernels();
  const std::size_t n = domain.points();
  for (int c = 0; c < 3; ++c)
  {
    kernels.axpby(Real(0), v[c], Real(-h * domain.inverseSpacing()[c]), v[c], n);
  }
  const Halo halo = interpolationHalo(domain, v);
  for (int c = 0; c < 3; ++c)
  {
    kernels.interpolate(domain.padded(v[c], halo), v, nullptr, Interpolation::Cubic, d[c]);
    kernels.combine(Real(0.5), v[c], Real(0.5), d[c], d[c], n);
  }
}

} // namespace gnr
