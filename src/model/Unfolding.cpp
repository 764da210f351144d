// SPDX-License-Identifier: Apache-2.0
#include "model/Unfolding.h"

#include "model/Characteristics.h"

#include <cmath>

namespace gnr
{
namespace
{

// In widths.
constexpr double bumpWidth = 2.0;
constexpr double plateau = 4.0;     // the bump of a single mark is 1 that far
constexpr double negligible = 1e-3; // what is less of a bump is rounding of the transform

Symbol
gaussianOf(FourierTransform & transform, double voxels)
{
  Symbol       symbol = transform.symbol(Symbol::Kind::Gaussian);
  const Grid & grid = transform.domain().grid();
  for (int a = 0; a < 3; ++a)
  {
    symbol.sigma[a] = voxels * grid.spacing[a];
  }
  return symbol;
}

} // namespace

void
smoothAlongTrajectories(Domain &           domain,
                        FourierTransform & transform,
                        const VectorView & v,
                        double             width,
                        Real *             marks,
                        const VectorView & scratch)
{
  Kernels &         kernels = domain.kernels();
  const std::size_t n = domain.points();
  Buffer            bump = domain.scalar();
  const Buffer      smooth = domain.vector();
  const VectorView  smoothed = domain.view(smooth);
  const double      sigma = bumpWidth * width;

  // A mark becomes a Gaussian with the integral 1.
  const double height =
    std::pow(std::sqrt(2.0 * std::acos(-1.0)) * sigma, 3) * std::exp(0.5 * std::pow(plateau / bumpWidth, 2));
  transform.apply(gaussianOf(transform, sigma), marks, bump.data(), 1);
  kernels.scaleAndShift(Real(height), bump.data(), Real(-negligible), bump.data(), n);
  kernels.clamp(Real(0), Real(1), bump.data(), n);
  kernels.copy(bump.data(), marks, n);

  // No step is longer than a plateau is wide, so that the bumps of neighbouring times overlap.
  const std::array<double, 3> largest = domain.maximaAbsolute(v);
  const int                   steps = requiredSteps(largestSpeed(kernels, largest, domain.grid()), 1, plateau);
  departurePoints(domain, v, largest, -1.0 / steps, scratch, smoothed);
  const Halo halo = interpolationHalo(domain, scratch);
  for (int step = 0; step < steps; ++step)
  {
    kernels.interpolate(domain.padded(bump.data(), halo), scratch, nullptr, Interpolation::Linear, smoothed[0]);
    kernels.copy(smoothed[0], bump.data(), n);
    kernels.axpby(Real(1), bump.data(), Real(1), marks, n);
  }
  kernels.clamp(Real(0), Real(1), marks, n);
  domain.releaseScratch();

  transform.apply(gaussianOf(transform, width), v.data, smooth.data(), 3);
  kernels.axpby(Real(-1), v.data, Real(1), smooth.data(), 3 * n);
  for (int c = 0; c < 3; ++c)
  {
    kernels.multiply(Real(1), marks, smoothed[c], smoothed[c], n);
  }
  kernels.axpby(Real(1), smooth.data(), Real(1), v.data, 3 * n);
}

} // namespace gnr
