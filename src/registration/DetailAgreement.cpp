// SPDX-License-Identifier: Apache-2.0
#include "registration/DetailAgreement.h"

#include <cmath>
#include <iomanip>
#include <sstream>
#include <vector>

namespace gnr
{
namespace
{

constexpr double mostPoints = 80.0 * 80.0 * 80.0;
constexpr double detailWidth = 1.5;      // of the Gaussian, in voxels
constexpr double leastDetail = 1e-5;     // of the root mean square of an image: less is rounding
constexpr double unrelatedBefore = 0.25; // below both, the images are not of one contrast [D2]
constexpr double unrelatedAfter = 0.83;
constexpr double worse = 0.05; // after the registration than before

} // namespace

PyramidGrid
detailGrid(const Grid & finest, const Grid & image)
{
  constexpr int                  mostHalvings = 10;
  const std::vector<PyramidGrid> grids = pyramidGrids(finest, image, mostHalvings, false);
  for (std::size_t i = grids.size() - 1; i-- > 0;)
  {
    if (static_cast<double>(grids[i].grid.points()) <= mostPoints)
    {
      return grids[i];
    }
  }
  return grids.front();
}

std::optional<DetailCorrelation>
compareDetails(Domain &           finest,
               FourierTransform & transform,
               const Grid &       image,
               const Real *       fixed,
               const Real *       moving,
               const Real *       warped,
               const Real *       weight)
{
  Kernels &         kernels = finest.kernels();
  const PyramidGrid coarse = detailGrid(finest.grid(), image);
  Domain            domain(coarse.grid, kernels, finest.communicator(), coarse.origin);
  FourierTransform  coarseTransform(domain);
  const std::size_t n = domain.points();

  Buffer restrictedWeight;
  if (weight != nullptr)
  {
    restrictedWeight = domain.scalar();
    transform.resample(weight, coarseTransform, restrictedWeight.data(), 1);
    kernels.clamp(Real(0), Real(1), restrictedWeight.data(), n);
  }
  Buffer     scratch = domain.scalar();
  const auto inner = [&](const Buffer & a, const Buffer & b) {
    if (!restrictedWeight)
    {
      return domain.inner(a.data(), b.data(), n);
    }
    kernels.multiply(Real(1), restrictedWeight.data(), a.data(), scratch.data(), n);
    return domain.inner(scratch.data(), b.data(), n);
  };

  struct Details
  {
    Buffer values;
    double squared;
    bool   exist;
  };
  const auto detailsOf = [&](const Real * field) {
    Details result{ domain.scalar(), 0.0, false };
    transform.resample(field, coarseTransform, result.values.data(), 1);
    const double ofImage = inner(result.values, result.values);
    Symbol       gaussian = coarseTransform.symbol(Symbol::Kind::Gaussian);
    for (int a = 0; a < 3; ++a)
    {
      gaussian.sigma[a] = detailWidth * domain.grid().spacing[a];
    }
    coarseTransform.apply(gaussian, result.values.data(), scratch.data(), 1);
    kernels.axpby(Real(-1), scratch.data(), Real(1), result.values.data(), n);
    result.squared = inner(result.values, result.values);
    result.exist = result.squared > leastDetail * leastDetail * ofImage;
    return result;
  };
  const Details ofFixed = detailsOf(fixed);
  const auto    correlation = [&](const Details & other) {
    return inner(ofFixed.values, other.values) / std::sqrt(ofFixed.squared * other.squared);
  };
  const Details before = detailsOf(moving), after = detailsOf(warped);
  if (!ofFixed.exist || !before.exist || !after.exist)
  {
    return std::nullopt;
  }
  return DetailCorrelation{ correlation(before), correlation(after) };
}

std::optional<std::string>
contrastWarning(const DetailCorrelation & correlation, Contrasts contrasts)
{
  const auto   agreement = [&](double rho) { return contrasts == Contrasts::OneOrInverted ? std::abs(rho) : rho; };
  const double before = agreement(correlation.before), after = agreement(correlation.after);
  const bool   isUnrelated = before < unrelatedBefore && after < unrelatedAfter;
  const bool   isWorse = after < before - worse;
  if (contrasts == Contrasts::Any || (!isUnrelated && !isWorse))
  {
    return std::nullopt;
  }
  std::ostringstream text;
  text << std::fixed << std::setprecision(2) << "the images do not agree in their details (correlation "
       << correlation.before << " before and " << correlation.after
       << " after the registration), as images of one contrast would. Images of different contrast need --similarity "
          "mind; do not use this deformation without looking at it";
  return text.str();
}

} // namespace gnr
