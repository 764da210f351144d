// SPDX-License-Identifier: Apache-2.0
#include "model/similarity/NormalizedGradient.h"

#include "model/similarity/Window3.h"

#include <cmath>
#include <cstddef>

namespace gnr
{
namespace
{

constexpr double width = 0.7;      // standard deviation in voxels of the Gaussian before the differences
constexpr double edgeShare = 0.5;  // eta^2, of the mean of |grad a|^2
constexpr double leastEdge = 1e-6; // eta^2 of an image without edges, per mm^2 of intensities from 0 to 1

} // namespace

Descriptors
normalizedGradients(Domain & domain, const Real * image)
{
  Kernels &         kernels = domain.kernels();
  const std::size_t n = domain.points();
  const Buffer smooth = domain.scalar(), gradient = domain.vector(), squared = domain.scalar(), ratio = domain.scalar();
  Window3(width).apply(domain, image, smooth.data());
  const Padded padded = domain.padded(smooth.data(), { { 4, 4, 4 } });
  for (int a = 0; a < 3; ++a)
  {
    Real * const component = gradient.data() + a * n;
    kernels.derivative(padded, a, domain.inverseSpacing()[a], Real(1), Real(0), component);
    kernels.multiply(Real(1), component, component, smooth.data(), n);
    kernels.axpby(Real(1), smooth.data(), Real(a == 0 ? 0 : 1), squared.data(), n);
  }
  domain.releaseScratch();
  const double eta = edgeShare * domain.average(kernels.sum(squared.data(), n)) + leastEdge;

  Descriptors descriptors;
  for (int a = 0; a < 3; ++a)
  {
    for (int b = a; b < 3; ++b)
    {
      // What stands off the diagonal of n n^T stands there twice: bytes hold n_a n_b + 1/2 and n_a^2 / sqrt(2).
      kernels.multiply(Real(1), gradient.data() + a * n, gradient.data() + b * n, smooth.data(), n);
      kernels.fill(ratio.data(), n, Real(0));
      kernels.normalizedMean(smooth.data(), squared.data(), Real(eta), ratio.data(), n);
      kernels.scaleAndShift(
        Real(a == b ? std::sqrt(0.5) : 1.0), ratio.data(), Real(a == b ? 0.0 : 0.5), ratio.data(), n);
      descriptors.emplace_back(kernels, n);
      kernels.toBytes(ratio.data(), descriptors.back().data(), n);
    }
  }
  return descriptors;
}

} // namespace gnr
