// SPDX-License-Identifier: Apache-2.0
#include "registration/Inpainting.h"

namespace gnr
{

void
fillUnweighted(Domain & domain, FourierTransform & transform, const Real * weight, Real * image)
{
  // Where the narrow Gaussian sees less weight than this, the wider one before it decides.
  constexpr double  epsilon = 1e-3;
  Kernels &         kernels = domain.kernels();
  const std::size_t n = domain.points();
  Buffer            fill = domain.scalar(), sum = domain.scalar(), mass = domain.scalar();

  kernels.multiply(Real(1), weight, image, sum.data(), n);
  const double mean = domain.average(kernels.sum(sum.data(), n)) / domain.average(kernels.sum(weight, n));
  kernels.fill(fill.data(), n, Real(mean));
  for (const double voxels : { 16.0, 4.0, 1.5 })
  {
    Symbol gaussian = transform.symbol(Symbol::Kind::Gaussian);
    for (int a = 0; a < 3; ++a)
    {
      gaussian.sigma[a] = voxels * domain.grid().spacing[a];
    }
    kernels.multiply(Real(1), weight, image, sum.data(), n);
    transform.apply(gaussian, sum.data(), sum.data(), 1);
    transform.apply(gaussian, weight, mass.data(), 1);
    // Rounding of the FFT must not leave a negative weight.
    kernels.clamp(Real(0), Real(1), mass.data(), n);
    kernels.normalizedMean(sum.data(), mass.data(), Real(epsilon), fill.data(), n);
  }
  kernels.replaceUnweighted(weight, fill.data(), image, n);
}

} // namespace gnr
