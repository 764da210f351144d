// SPDX-License-Identifier: Apache-2.0
#include "registration/Evaluation.h"

#include "model/Unfolding.h"
#include "registration/DeformationMap.h"
#include "registration/DetailAgreement.h"
#include "registration/LandmarkPairs.h"
#include "registration/Warp.h"

#include <algorithm>
#include <cmath>
#include <sstream>
#include <string>
#include <utility>

namespace gnr
{
namespace
{

constexpr double steepness = 1e6;  // of the mark of a voxel below
constexpr double mostShare = 0.02; // of the voxels: a map that folds all over is no case for repair
constexpr int    mostSmoothings = 6;
constexpr double firstWidth = 1.0; // of a smoothing, in voxels; it doubles with every other one

} // namespace

Statistics
Evaluation::integrateUnfolded(Buffer & displacement)
{
  const double floor = options_.determinantFloor.value_or(0.0);
  std::size_t  voxels = 0;
  Buffer &     velocity = state_.velocity;
  for (int smoothings = 0;; ++smoothings)
  {
    displacement.reset();
    displacement = integrateMap(finest_, velocity, false, report_.mapSteps);
    Buffer det = finest_.domain.scalar();
    determinantOf(finest_.domain, finest_.domain.view(displacement), det.data());
    const Statistics result = finest_.statistics(det);
    const bool       isEnough = kernels_.ends(Loop::Repair, smoothings, result.minimum >= floor);
    if (isEnough || !options_.determinantFloor || smoothings == mostSmoothings)
    {
      if (voxels > 0)
      {
        std::ostringstream text;
        text << "det(I + grad u) was below the floor of " << floor << " in " << voxels
             << (voxels == 1 ? " voxel" : " voxels") << ": the velocity was smoothed on the way to "
             << (voxels == 1 ? "it" : "them");
        if (result.minimum < floor)
        {
          text << ", and yet comes down to " << result.minimum << "; increase beta or gamma, or lower the limits";
        }
        progress_.message(text.str());
      }
      return result;
    }
    // 1 below the bound, 0 elsewhere.
    kernels_.scaleAndShift(Real(-steepness), det.data(), Real(steepness * floor), det.data(), finest_.domain.points());
    kernels_.clamp(Real(0), Real(1), det.data(), finest_.domain.points());
    const Statistics  marks = finest_.statistics(det);
    const std::size_t below = marks.count - marks.notPositive;
    const bool        isMuch = static_cast<double>(below) > mostShare * static_cast<double>(marks.count);
    if (smoothings == 0 && !kernels_.passes(!isMuch))
    {
      std::ostringstream text;
      text << "det(I + grad u) is below the floor of " << floor << " in " << below
           << " voxels, too many to be smoothed; increase beta or gamma, or lower the limits";
      progress_.message(text.str());
      return result;
    }
    voxels = std::max(voxels, below);
    smoothAlongTrajectories(finest_.domain,
                            finest_.transform,
                            finest_.domain.view(velocity),
                            std::ldexp(firstWidth, smoothings / 2),
                            det.data(),
                            finest_.domain.view(displacement));
    if (options_.incompressible)
    {
      finest_.transform.apply(finest_.transform.symbol(Symbol::Kind::Projection), velocity.data(), velocity.data(), 3);
    }
    finest_.domain.releaseScratch();
  }
}

void
Evaluation::checkWeightLeft(const Buffer & weight)
{
  constexpr double  leastShare = 0.1;
  const std::size_t n = finest_.domain.points();
  const double      before = finest_.domain.average(
    images_.fixedWeight ? kernels_.dot(images_.fixedWeight.data(), images_.movingWeight.data(), n)
                        : kernels_.sum(images_.movingWeight.data(), n));
  const double after = finest_.domain.average(kernels_.sum(weight.data(), n));
  if (!kernels_.passes(after >= leastShare * before))
  {
    std::ostringstream text;
    text << "MovingImageMask: only " << 100.0 * after / before
         << " % of what counted before the registration counts after it, because the deformation has moved the masks "
            "(or the edges of the images) apart; enlarge the masks, increase beta or align the images first";
    progress_.message(text.str());
  }
}

void
Evaluation::judge()
{
  if (const auto & landmarks = report_.landmarks; landmarks && landmarks->meanAfter > landmarks->meanBefore)
  {
    std::ostringstream text;
    text << "the landmarks are no closer than before, " << landmarks->meanAfter << " mm apart on average, and "
         << landmarks->meanBefore
         << " mm without the registration: check that both lists of points have one order, that they are of these "
            "images, and the alignment";
    progress_.message(text.str());
  }
  if (report_.reason == StopReason::NoGradient)
  {
    progress_.message("the images differ, but nothing in them tells which way to move, so that the deformation is the "
                      "identity: where the voxels count, an image is constant, or has no detail that the solver can "
                      "follow; check the images, the masks and the options");
  }
  else if (!state_.isInterrupted)
  {
    for (std::size_t i = 0; i < details_.size(); ++i)
    {
      judge(i);
    }
  }
}

void
Evaluation::judge(std::size_t pair)
{
  // The least demanding part of a sum finds its way.
  Contrasts contrasts = Contrasts::One;
  for (const WeightedMeasure & part : measures_[pair])
  {
    contrasts = std::max(contrasts, part.measure->contrasts());
  }
  const auto & details = details_[pair];
  if (const auto warning = details ? contrastWarning(*details, contrasts) : std::nullopt)
  {
    progress_.message((pair == 0 ? "" : "pair " + std::to_string(pair + 1) + ": ") + *warning);
  }
}

void
Evaluation::compareImages(const VectorView & u)
{
  std::optional<Warp> map(std::in_place, finest_.domain, u, images_.fixedWeight.data(), images_.movingWeight.data());
  Buffer              growth; // of densities
  if (images_.densityExponent)
  {
    growth = finest_.domain.scalar();
    determinantOf(finest_.domain, u, growth.data());
    kernels_.power(Real(*images_.densityExponent), growth.data(), finest_.domain.points());
  }
  const auto warp = [&](const Real * moving, double exponent, Real * warped) {
    map->apply(moving, exponent != 0.0 ? growth.data() : nullptr, options_.interpolation, warped);
  };
  std::vector<Buffer> warpedImages;
  double              before = 0.0, after = 0.0;
  for (std::size_t i = 0; i < images_.pairs.size(); ++i)
  {
    const SolverPair & images = images_.pairs[i];
    warpedImages.push_back(finest_.domain.scalar());
    Real * const warped = warpedImages.back().data();
    bool         isImage = false; // what was warped last
    for (const WeightedMeasure & part : measures_[i])
    {
      // One after the other: descriptors are large.
      std::vector<Comparison> compared;
      compare({ part }, images, finest_.domain, compared);
      const Comparison & comparison = compared.front();
      Buffer             ofFixed, ofMoving;
      isImage = comparison.channels.front().moving.bytes == nullptr;
      if (!isImage)
      {
        ofFixed = finest_.domain.scalar();
        ofMoving = finest_.domain.scalar();
      }
      const auto similarity = part.measure->compare(finest_.domain);
      similarity->setWeight(map->weight());
      for (const Channel & channel : comparison.channels)
      {
        const Real * const fixed = channel.fixed.read(kernels_, ofFixed);
        const Real * const moving = channel.moving.read(kernels_, ofMoving);
        warp(moving, channel.exponent, warped);
        after += channel.scale * similarity->value(warped, fixed);
        before += channel.scale * similarity->value(moving, fixed);
      }
    }
    if (images.hasLabels())
    {
      warpedImages.back().reset();
    }
    else if (!isImage)
    {
      warp(images.moving.data(), images.exponent, warped);
    }
  }
  report_.mismatch = before > 0.0 ? std::sqrt(after / before) : 0.0;
  const Buffer weight = map->takeWeight();
  if (weight)
  {
    checkWeightLeft(weight);
  }
  map.reset();
  finest_.domain.releaseScratch();
  for (std::size_t i = 0; i < warpedImages.size(); ++i)
  {
    const SolverPair & images = images_.pairs[i];
    if (images.hasLabels())
    {
      details_.emplace_back();
      continue;
    }
    details_.push_back(compareDetails(finest_.domain,
                                      finest_.transform,
                                      finest_.image,
                                      images.fixed.data(),
                                      images.moving.data(),
                                      warpedImages[i].data(),
                                      weight ? weight.data() : images_.fixedWeight.data()));
  }
  report_.detailCorrelation = details_.front();
}

Buffer
Evaluation::run()
{
  Buffer            displacement;
  const Statistics  determinants = integrateUnfolded(displacement);
  const VectorView  u = finest_.domain.view(displacement);
  const std::size_t n = finest_.domain.points();

  compareImages(u);
  if (!landmarks_.empty())
  {
    report_.landmarks = landmarkDistances(finest_.domain, u, landmarks_);
  }
  images_ = SolverImages{};
  finest_.domain.releaseScratch();

  report_.determinantMinimum = determinants.minimum;
  report_.determinantMaximum = determinants.maximum;
  report_.determinantMean = determinants.sum / static_cast<double>(determinants.count);
  report_.foldedVoxels = determinants.notPositive;
  Buffer sum = finest_.domain.scalar();
  kernels_.multiply(Real(1), u[0], u[0], sum.data(), n);
  for (int c = 1; c < 3; ++c)
  {
    Buffer square = finest_.domain.scalar();
    kernels_.multiply(Real(1), u[c], u[c], square.data(), n);
    kernels_.axpby(Real(1), square.data(), Real(1), sum.data(), n);
  }
  report_.maximumDisplacement = std::sqrt(finest_.statistics(sum).maximum);
  if (report_.foldedVoxels > 0)
  {
    progress_.message(
      std::to_string(report_.foldedVoxels) + (report_.foldedVoxels == 1 ? " voxel folds" : " voxels fold") +
      " (det <= 0): the grid cannot carry this deformation; increase beta or gamma, or lower the limits");
  }
  return displacement;
}

} // namespace gnr
