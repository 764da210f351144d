// SPDX-License-Identifier: Apache-2.0
#include "model/DataTerm.h"

#include "model/ChannelwiseTerm.h"
#include "model/VectorTerm.h"
#include "model/VolumePenalty.h"

#include <cstddef>
#include <utility>

namespace gnr
{
namespace
{

// Of the vector form a Hessian product costs about what three channels cost one by one.
constexpr std::size_t mostChannelwise = 2;

bool
hasDescriptors(const Comparison & comparison)
{
  return comparison.channels.front().moving.bytes != nullptr;
}

bool
hasSquaredImages(const Comparison & comparison)
{
  return comparison.measure->isSquared() && !hasDescriptors(comparison) && comparison.channels.front().exponent == 0.0;
}

} // namespace

DataTerm::DataTerm(Trajectory & trajectory, Domain & domain, const ImageSet & images)
  : trajectory_(trajectory)
  , domain_(domain)
  , fixedWeight_(images.fixedWeight)
  , movingWeight_(images.movingWeight)
{
  if (movingWeight_ != nullptr || (fixedWeight_ != nullptr && trajectory.isSymmetric()))
  {
    weight_ = domain.scalar();
    combineWeights();
  }
}

void
DataTerm::combineWeights()
{
  Kernels &         kernels = domain_.kernels();
  const std::size_t n = domain_.points();
  const auto        carry = [&](const Real * weight, Sense sense, const Buffer & carried) {
    trajectory_.advect(weight, sense, carried.data());
    // Cubic interpolation of a mask overshoots.
    kernels.clamp(Real(0), Real(1), carried.data(), n);
  };
  if (movingWeight_ == nullptr)
  {
    carry(fixedWeight_, Sense::Backward, weight_);
    return;
  }
  carry(movingWeight_, Sense::Forward, weight_);
  if (fixedWeight_ != nullptr)
  {
    Buffer carried;
    if (trajectory_.isSymmetric())
    {
      carried = domain_.scalar();
      carry(fixedWeight_, Sense::Backward, carried);
    }
    kernels.multiply(Real(1), carried ? carried.data() : fixedWeight_, weight_.data(), weight_.data(), n);
  }
}

void
DataTerm::follow()
{
  solveStates();
  value_.reset();
}

void
DataTerm::refreshWeight()
{
  if (!weight_)
  {
    return;
  }
  combineWeights();
  takeWeight();
  value_.reset();
}

double
DataTerm::value(const ConstVectorView &)
{
  if (!value_)
  {
    value_ = evaluate();
  }
  return *value_;
}

std::vector<std::unique_ptr<DataTerm>>
makeDataTerms(Trajectory & trajectory, Domain & domain, const Options & options, const ImageSet & images)
{
  // The vector form knows squared differences only: of images that are no densities, or of their descriptors.
  std::size_t squaredImages = 0;
  for (const Comparison & comparison : images.comparisons)
  {
    squaredImages += hasSquaredImages(comparison) ? comparison.channels.size() : 0;
  }
  std::vector<std::unique_ptr<DataTerm>> terms;
  std::vector<Channel>                   together;
  for (const Comparison & comparison : images.comparisons)
  {
    if ((comparison.measure->isSquared() && hasDescriptors(comparison)) ||
        (hasSquaredImages(comparison) && squaredImages > mostChannelwise))
    {
      together.insert(together.end(), comparison.channels.begin(), comparison.channels.end());
    }
    else
    {
      terms.push_back(std::make_unique<ChannelwiseTerm>(trajectory, domain, images, comparison));
    }
  }
  if (!together.empty())
  {
    terms.push_back(std::make_unique<VectorTerm>(trajectory, domain, options, images, std::move(together)));
  }
  if (images.incompressibility != nullptr && options.incompressibilityForm == IncompressibilityForm::Moving)
  {
    terms.push_back(MovingVolumePenalty::make(trajectory, domain, images));
  }
  return terms;
}

} // namespace gnr
