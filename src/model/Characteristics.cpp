// SPDX-License-Identifier: Apache-2.0
#include "model/Characteristics.h"

#include "gnr/Error.h"

#include <algorithm>
#include <cmath>

namespace gnr
{

namespace
{

/** For displacements that are no larger. */
Halo
haloFor(Domain & domain, const std::array<double, 3> & displacement)
{
  Halo halo{};
  for (int c = 0; c < 3; ++c)
  {
    const double largest = domain.kernels().measured(Quantity::Displacement, displacement[c]);
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

/** Voxels per unit of a component. */
Real
factorOf(const Domain & domain, double h, int c)
{
  return Real(-h * domain.inverseSpacing()[c]);
}

/** Of the way h v: rounding keeps the order of numbers, so the largest is that of the largest. */
Halo
haloOfStep(Domain & domain, const std::array<double, 3> & largest, double h)
{
  std::array<double, 3> displacement;
  for (int c = 0; c < 3; ++c)
  {
    const Real scaled = factorOf(domain, h, c) * Real(largest[c]);
    displacement[c] = std::abs(static_cast<double>(scaled));
  }
  return haloFor(domain, displacement);
}

} // namespace

Halo
interpolationHalo(Domain & domain, const ConstVectorView & d)
{
  return haloFor(domain, domain.maximaAbsolute(d));
}

double
largestSpeed(const Domain & domain, const ConstVectorView & v, const Grid & voxels)
{
  return largestSpeed(domain.kernels(), domain.maximaAbsolute(v), voxels);
}

double
largestSpeed(Kernels & kernels, const std::array<double, 3> & largest, const Grid & voxels)
{
  double speed = 0.0;
  for (int c = 0; c < 3; ++c)
  {
    speed = std::max(speed, largest[c] * (1.0 / voxels.spacing[c]));
  }
  return kernels.measured(Quantity::Speed, speed);
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
departurePoints(Domain &                      domain,
                const ConstVectorView &       v,
                const std::array<double, 3> & largest,
                double                        h,
                const VectorView &            d,
                const VectorView &            scratch)
{
  Kernels &         kernels = domain.kernels();
  const std::size_t n = domain.points();
  for (int c = 0; c < 3; ++c)
  {
    kernels.axpby(factorOf(domain, h, c), v[c], Real(0), scratch[c], n);
  }
  const Halo halo = haloOfStep(domain, largest, h);
  for (int c = 0; c < 3; ++c)
  {
    const Real half = Real(-0.5 * h * domain.inverseSpacing()[c]);
    kernels.interpolate(domain.padded(v[c], halo), scratch, nullptr, Interpolation::Cubic, d[c]);
    kernels.combine(half, v[c], half, d[c], d[c], n);
  }
}

void
departurePoints(Domain &                      domain,
                const VectorView &            v,
                const std::array<double, 3> & largest,
                double                        h,
                const VectorView &            d)
{
  Kernels &         kernels = domain.kernels();
  const std::size_t n = domain.points();
  for (int c = 0; c < 3; ++c)
  {
    kernels.axpby(Real(0), v[c], factorOf(domain, h, c), v[c], n);
  }
  const Halo halo = haloOfStep(domain, largest, h);
  for (int c = 0; c < 3; ++c)
  {
    kernels.interpolate(domain.padded(v[c], halo), v, nullptr, Interpolation::Cubic, d[c]);
    kernels.combine(Real(0.5), v[c], Real(0.5), d[c], d[c], n);
  }
}

} // namespace gnr
