// SPDX-License-Identifier: Apache-2.0
#include "model/similarity/SelfSimilarity.h"

#include "model/similarity/Window3.h"

namespace gnr
{
namespace
{

constexpr double patchWidth = 0.5; // standard deviation in voxels
// Bounds on V, as shares of its mean: flat regions are alike, whatever their noise.
constexpr double leastVariance = 0.05;
constexpr double mostVariance = 1000.0;

constexpr int neighbours[6][3] = { { 1, 0, 0 }, { -1, 0, 0 }, { 0, 1, 0 }, { 0, -1, 0 }, { 0, 0, 1 }, { 0, 0, -1 } };
constexpr int pairs[selfSimilarityChannels][2] = { { 0, 2 }, { 0, 3 }, { 0, 4 }, { 0, 5 }, { 1, 2 }, { 1, 3 },
                                                   { 1, 4 }, { 1, 5 }, { 2, 4 }, { 2, 5 }, { 3, 4 }, { 3, 5 } };

} // namespace

Descriptors
selfSimilarity(Domain & domain, const Real * image)
{
  Kernels &         kernels = domain.kernels();
  const std::size_t n = domain.points();
  const Window3     patch(patchWidth);
  Buffer            fields(kernels, selfSimilarityChannels * n);
  const Buffer      variance = domain.scalar();
  for (int k = 0; k < selfSimilarityChannels; ++k)
  {
    Real * const field = fields.data() + k * n;
    kernels.shiftedSquaredDifference(
      domain.padded(image, { { 1, 1, 1 } }), neighbours[pairs[k][0]], neighbours[pairs[k][1]], field);
    patch.apply(domain, field, field);
    kernels.axpby(Real(1.0 / selfSimilarityChannels), field, Real(k == 0 ? 0 : 1), variance.data(), n);
  }
  const double mean = domain.average(kernels.sum(variance.data(), n));
  kernels.selfSimilarity(fields.data(),
                         n,
                         selfSimilarityChannels,
                         variance.data(),
                         Real(leastVariance * mean),
                         Real(mostVariance * mean),
                         n);
  domain.releaseScratch();
  Descriptors descriptors;
  for (int k = 0; k < selfSimilarityChannels; ++k)
  {
    descriptors.emplace_back(kernels, n);
    kernels.toBytes(fields.data() + k * n, descriptors.back().data(), n);
  }
  return descriptors;
}

} // namespace gnr
