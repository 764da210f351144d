// SPDX-License-Identifier: Apache-2.0
#include "registration/Implementation.h"

#include "model/Characteristics.h"
#include "model/FlowMap.h"
#include "model/ImageChannels.h"
#include "model/Unfolding.h"
#include "model/similarity/Similarity.h"
#include "parallel/Statistics.h"
#include "registration/DetailAgreement.h"

#include <algorithm>
#include <cmath>
#include <sstream>

namespace gnr
{
namespace
{

constexpr double steepness = 1e6;  // of the mark of a voxel below
constexpr double mostShare = 0.02; // of the voxels: a map that folds all over is no case for repair
constexpr int    mostSmoothings = 6;
constexpr double firstWidth = 1.0; // of a smoothing, in voxels; it doubles with every other one

} // namespace

void
Registration::Implementation::integrate(bool inverse, Buffer & u, int & steps) const
{
  u = finest->vector();
  steps = integrateFlow(*finest, finest->view(velocity), inverse, finest->view(u));
  finest->releaseScratch();
}

Statistics
Registration::Implementation::imageStatistics(const Buffer & field) const
{
  const Extents e = imageExtents();
  return reduce(kernels->statistics(field.data(), finest->extents(), { { 0, 0, 0 }, { e.nx, e.ny, e.nz } }),
                *communicator);
}

Statistics
Registration::Implementation::integrateUnfolded()
{
  const double floor = options.determinantFloor.value_or(0.0);
  std::size_t  voxels = 0;
  for (int smoothings = 0;; ++smoothings)
  {
    displacement.reset();
    integrate(false, displacement, report.mapSteps);
    Buffer det = finest->scalar();
    determinant(*finest, finest->view(displacement), det.data());
    const Statistics result = imageStatistics(det);
    const bool       isEnough = kernels->ends(Loop::Repair, smoothings, result.minimum >= floor);
    if (isEnough || !options.determinantFloor || smoothings == mostSmoothings)
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
        progress->message(text.str(), report);
      }
      return result;
    }
    // 1 below the bound, 0 elsewhere.
    kernels->scaleAndShift(Real(-steepness), det.data(), Real(steepness * floor), det.data(), finest->points());
    kernels->clamp(Real(0), Real(1), det.data(), finest->points());
    const Statistics  marks = imageStatistics(det);
    const std::size_t below = marks.count - marks.notPositive;
    const bool        isMuch = static_cast<double>(below) > mostShare * static_cast<double>(marks.count);
    if (smoothings == 0 && !kernels->passes(!isMuch))
    {
      std::ostringstream text;
      text << "det(I + grad u) is below the floor of " << floor << " in " << below
           << " voxels, too many to be smoothed; increase beta or gamma, or lower the limits";
      progress->message(text.str(), report);
      return result;
    }
    voxels = std::max(voxels, below);
    smoothAlongTrajectories(*finest,
                            *finestTransform,
                            finest->view(velocity),
                            std::ldexp(firstWidth, smoothings / 2),
                            det.data(),
                            finest->view(displacement));
    if (options.incompressible)
    {
      finestTransform->apply(finestTransform->symbol(Symbol::Kind::Projection), velocity.data(), velocity.data(), 3);
    }
    finest->releaseScratch();
  }
}

void
Registration::Implementation::checkWeightLeft(const Buffer & weight)
{
  constexpr double  leastShare = 0.1;
  const std::size_t n = finest->points();
  const double      before =
    finest->average(images.fixedWeight ? kernels->dot(images.fixedWeight.data(), images.movingWeight.data(), n)
                                       : kernels->sum(images.movingWeight.data(), n));
  const double after = finest->average(kernels->sum(weight.data(), n));
  if (!kernels->passes(after >= leastShare * before))
  {
    std::ostringstream text;
    text << "MovingImageMask: only " << 100.0 * after / before
         << " % of what counted before the registration counts after it, because the deformation has moved the masks "
            "(or the edges of the images) apart; enlarge the masks, increase beta or align the images first";
    progress->message(text.str(), report);
  }
}

void
Registration::Implementation::judgeResult()
{
  if (report.reason == StopReason::NoGradient)
  {
    progress->message("the images differ, but nothing in them tells which way to move, so that the deformation is the "
                      "identity: where the voxels count, an image is constant, or has no detail that the solver can "
                      "follow; check the images, the masks and the options",
                      report);
  }
  const bool isJudged = report.detailCorrelation && !isInterrupted && report.reason != StopReason::NoGradient &&
                        report.similarity != SimilarityMeasure::SelfSimilarity;
  const auto warning = isJudged ? contrastWarning(*report.detailCorrelation) : std::nullopt;
  if (warning)
  {
    progress->message(*warning, report);
  }
}

void
Registration::Implementation::evaluateResult()
{
  const Statistics  determinants = integrateUnfolded();
  const VectorView  u = finest->view(displacement);
  const std::size_t n = finest->points();

  // The mismatch of the map that the user gets, not of the solver's last state.
  {
    Buffer voxels = finest->vector(), warped = finest->scalar(), weight;
    for (int c = 0; c < 3; ++c)
    {
      kernels->axpby(Real(finest->inverseSpacing()[c]), u[c], Real(0), voxels.data() + c * n, n);
    }
    const VectorView d = finest->view(voxels);
    const Halo       halo = interpolationHalo(*finest, d);
    const Real *     w = images.fixedWeight.data();
    if (images.movingWeight)
    {
      weight = finest->scalar();
      kernels->interpolate(
        finest->padded(images.movingWeight.data(), halo), d, nullptr, Interpolation::Linear, weight.data());
      if (images.fixedWeight)
      {
        kernels->multiply(Real(1), weight.data(), images.fixedWeight.data(), weight.data(), n);
      }
      w = weight.data();
    }
    const ImageChannels compared = makeChannels(report.similarity, *finest, images.fixed.data(), images.moving.data());
    double              before = 0.0, after = 0.0;
    for (const Channel & channel : compared.channels)
    {
      const auto similarity = makeSimilarity(report.similarity, *finest, channel.fixed);
      similarity->setWeight(w);
      kernels->interpolate(finest->padded(channel.moving, halo), d, nullptr, options.interpolation, warped.data());
      after += similarity->value(warped.data());
      before += similarity->value(channel.moving);
    }
    report.mismatch = before > 0.0 ? std::sqrt(after / before) : 0.0;
    if (images.movingWeight)
    {
      checkWeightLeft(weight);
    }
    voxels.reset();
    finest->releaseScratch();
    report.detailCorrelation = compareDetails(
      *finest, *finestTransform, input.grid, images.fixed.data(), images.moving.data(), warped.data(), w);
  }
  images = SolverImages{};
  finest->releaseScratch();

  report.determinantMinimum = determinants.minimum;
  report.determinantMaximum = determinants.maximum;
  report.determinantMean = determinants.sum / static_cast<double>(determinants.count);
  report.foldedVoxels = determinants.notPositive;
  Buffer sum = finest->scalar();
  kernels->multiply(Real(1), u[0], u[0], sum.data(), n);
  for (int c = 1; c < 3; ++c)
  {
    Buffer square = finest->scalar();
    kernels->multiply(Real(1), u[c], u[c], square.data(), n);
    kernels->axpby(Real(1), square.data(), Real(1), sum.data(), n);
  }
  report.maximumDisplacement = std::sqrt(imageStatistics(sum).maximum);
  if (report.foldedVoxels > 0)
  {
    progress->message(
      std::to_string(report.foldedVoxels) + (report.foldedVoxels == 1 ? " voxel folds" : " voxels fold") +
        " (det <= 0): the grid cannot carry this deformation; increase beta or gamma, or lower the limits",
      report);
  }
}

Extents
Registration::Implementation::imageExtents() const
{
  return BoxPart(input.grid, finest->grid(), *communicator).image();
}

void
Registration::Implementation::deliver(const std::vector<float> & own,
                                      int                        components,
                                      float *                    data,
                                      int                        zBegin,
                                      int                        zEnd) const
{
  const PlanesByRank             wanted = gatherPlanes(*communicator, { zBegin, zEnd });
  std::vector<std::vector<Slab>> lists;
  for (const Slab & slab : wanted)
  {
    lists.push_back({ slab });
  }
  const std::size_t plane = static_cast<std::size_t>(input.grid.size[0]) * input.grid.size[1];
  const BoxPart     part(input.grid, finest->grid(), *communicator);
  exchangePlanes(*communicator, part.planes(), lists, own.data(), components * plane, data);
}

void
Registration::Implementation::copyVectors(const Buffer & planar, double scale, float * own) const
{
  const Extents e = imageExtents();
  const Buffer  image(*kernels, e.points());
  for (int c = 0; c < 3; ++c)
  {
    kernels->crop(planar.data() + c * finest->points(), finest->extents(), e, image.data());
    kernels->toHost(image.data(), scale, own + c, 3, e.points());
  }
}

void
Registration::Implementation::writeVectors(const Buffer & planar, double scale, HostVectorImage out) const
{
  checkRequest(out.data, out.zBegin, out.zEnd);
  const bool         isAlone = communicator->size() == 1;
  std::vector<float> own(isAlone ? 0 : 3 * imageExtents().points());
  copyVectors(planar, scale, isAlone ? out.data : own.data());
  kernels->memory().trim();
  if (!isAlone)
  {
    deliver(own, 3, out.data, out.zBegin, out.zEnd);
  }
}

Buffer
Registration::Implementation::inverseDisplacement() const
{
  Buffer inverse;
  int    steps = 0;
  integrate(true, inverse, steps);
  return inverse;
}

void
Registration::Implementation::writeInverse(HostVectorImage out) const
{
  checkRequest(out.data, out.zBegin, out.zEnd);
  writeVectors(inverseDisplacement(), 1.0, out);
  kernels->memory().trim();
}

void
Registration::Implementation::determinant(Domain & domain, const ConstVectorView & u, Real * out) const
{
  kernels->jacobianDeterminant(domain.padded(u, { { 1, 1, 1 } }).data(), domain.inverseSpacing(), out);
  domain.releaseScratch();
}

DeterminantRange
Registration::Implementation::determinantRange(Domain & domain, const Buffer & v) const
{
  Buffer u = domain.vector();
  integrateFlow(domain, domain.view(v), false, domain.view(u));
  domain.releaseScratch();
  Buffer det = domain.scalar();
  determinant(domain, domain.view(u), det.data());
  // The points from the first voxel of the image to its last; the rest is padding.
  Region region{ { 0, 0, 0 }, {} };
  for (int a = 0; a < 3; ++a)
  {
    const Grid & grid = domain.grid();
    const double last = (input.grid.size[a] - 1) * finest->grid().spacing[a] - domain.origin()[a] * grid.length(a);
    region.end[a] = std::min(grid.size[a], static_cast<int>(std::floor(last / grid.spacing[a] + 1e-6)) + 1);
  }
  region.end[2] = std::min(std::max(region.end[2] - domain.slab().begin, 0), domain.extents().nz);
  const Statistics s = reduce(kernels->statistics(det.data(), domain.extents(), region), *communicator);
  return { kernels->measured(Quantity::Determinant, s.minimum), kernels->measured(Quantity::Determinant, s.maximum) };
}

void
Registration::Implementation::copyDeterminant(float * own) const
{
  const Extents e = imageExtents();
  const Buffer  det = finest->scalar(), image(*kernels, e.points());
  determinant(*finest, finest->view(displacement), det.data());
  kernels->crop(det.data(), finest->extents(), e, image.data());
  kernels->toHost(image.data(), 1.0, own, 1, e.points());
}

void
Registration::Implementation::writeDeterminant(float * data, int zBegin, int zEnd) const
{
  checkRequest(data, zBegin, zEnd);
  const bool         isAlone = communicator->size() == 1;
  std::vector<float> own(isAlone ? 0 : imageExtents().points());
  copyDeterminant(isAlone ? data : own.data());
  kernels->memory().trim();
  if (!isAlone)
  {
    deliver(own, 1, data, zBegin, zEnd);
  }
}

void
Registration::Implementation::reportTraffic()
{
  constexpr const char * names[numberOfPurposes] = { "halo", "transpose", "reduction", "images" };
  // Taken before the sums below, which are traffic themselves.
  double total[2 * numberOfPurposes], most[2 * numberOfPurposes];
  for (int purpose = 0; purpose < numberOfPurposes; ++purpose)
  {
    const Traffic & own = communicator->traffic(static_cast<Purpose>(purpose));
    total[2 * purpose] = most[2 * purpose] = static_cast<double>(own.messages);
    total[2 * purpose + 1] = most[2 * purpose + 1] = static_cast<double>(own.bytes);
  }
  communicator->sum(total, 2 * numberOfPurposes);
  communicator->maximum(most, 2 * numberOfPurposes);
  report.traffic.clear();
  for (int purpose = 0; purpose < numberOfPurposes; ++purpose)
  {
    const auto value = [&](const double * values, int which) {
      return static_cast<std::uint64_t>(values[2 * purpose + which]);
    };
    report.traffic.push_back(
      { names[purpose], { value(total, 0), value(total, 1) }, { value(most, 0), value(most, 1) } });
  }
  double bytes = static_cast<double>(report.fieldBytes);
  communicator->maximum(&bytes, 1);
  report.mostFieldBytes = static_cast<std::size_t>(bytes);
}

void
Registration::Implementation::checkRequest(const void * data, int zBegin, int zEnd) const
{
  if (!solved)
  {
    throw Error(ErrorKind::BadInput, "there is no result yet: call run() first");
  }
  const bool wantsNothing = data == nullptr && zBegin == zEnd;
  const bool wantsPlanes = data != nullptr && 0 <= zBegin && zBegin < zEnd && zEnd <= input.grid.size[2];
  const bool wantsAll = wantsPlanes && zBegin == 0 && zEnd == input.grid.size[2];
  if (communicator->size() == 1 ? !wantsAll : !(wantsNothing || wantsPlanes))
  {
    throw Error(ErrorKind::BadInput, "the planes asked for are not those of the image");
  }
}

} // namespace gnr
