// SPDX-License-Identifier: Apache-2.0
#include "registration/Preprocessing.h"

#include "parallel/FourierTransform.h"
#include "parallel/Statistics.h"

#include "gnr/Error.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <sstream>
#include <vector>

namespace gnr
{
namespace
{

constexpr int    leastPadding = 8;         // points, where anatomy reaches the border
constexpr int    faceDepth = 4;            // planes at each face that must be constant to do without padding
constexpr double constantTolerance = 0.02; // of the normalised intensity range
constexpr double lowerPercentile = 0.005;
constexpr double upperPercentile = 0.995;
constexpr int    histogramBins = 4096;

bool
operator==(const Extents & a, const Extents & b)
{
  return a.nx == b.nx && a.ny == b.ny && a.nz == b.nz;
}

Region
wholeRegion(const Extents & e)
{
  return { { 0, 0, 0 }, { e.nx, e.ny, e.nz } };
}

/** Refuses images that cannot be registered; returns their statistics. */
Statistics
check(const Buffer & image, const BoxPart & part, const char * name, Kernels & kernels, Communicator & communicator)
{
  const Statistics s = reduce(kernels.statistics(image.data(), part.image(), wholeRegion(part.image())), communicator);
  if (s.notFinite > 0)
  {
    throw Error(ErrorKind::BadInput,
                std::string(name) + ": " + std::to_string(s.notFinite) +
                  " voxels are NaN or infinite; replace them by numbers before the registration");
  }
  if (!(s.maximum > s.minimum))
  {
    std::ostringstream message;
    message
      << name << ": every voxel on the grid of the fixed image has the value " << s.minimum
      << "; a constant image cannot be registered, check that the right file was given and that the images overlap";
    throw Error(ErrorKind::BadInput, message.str());
  }
  return s;
}

/** One where the weights of both images are above 1/2, zero elsewhere; empty without weights. */
Buffer
commonInside(const Buffer & fixedWeight, const Buffer & movingWeight, const BoxPart & part, Kernels & kernels)
{
  const Buffer & any = fixedWeight ? fixedWeight : movingWeight;
  if (!any)
  {
    return Buffer();
  }
  constexpr Real    steep = 1 << 20;
  const std::size_t n = part.image().points();
  Buffer            inside(kernels, n);
  kernels.scaleAndShift(Real(1), any.data(), Real(0), inside.data(), n);
  if (fixedWeight && movingWeight)
  {
    kernels.multiply(Real(1), inside.data(), movingWeight.data(), inside.data(), n);
  }
  kernels.scaleAndShift(steep, inside.data(), -steep / 2, inside.data(), n);
  kernels.clamp(Real(0), Real(1), inside.data(), n);
  return inside;
}

/** What the percentiles are taken of. */
struct Sample
{
  Buffer values; ///< minus `least`, and zero outside; empty for all values of the image
  double least;
  double most;
  double count;
  double blank; ///< values that are not counted
};

/** The values inside. No value outside has any influence, not even by rounding. */
Sample
sampleInside(const Buffer &     inside,
             const Buffer &     image,
             const Statistics & s,
             const BoxPart &    part,
             Kernels &          kernels,
             Communicator &     communicator)
{
  const std::size_t n = part.image().points();
  Sample            sample{ Buffer(kernels, n), 0.0, 0.0, kernels.sum(inside.data(), n), 0.0 };
  communicator.sum(&sample.count, 1);
  sample.blank = static_cast<double>(s.count) - sample.count;
  const auto shifted = [&](double offset) {
    kernels.scaleAndShift(Real(1), image.data(), Real(-offset), sample.values.data(), n);
    kernels.multiply(Real(1), inside.data(), sample.values.data(), sample.values.data(), n);
    return reduce(kernels.statistics(sample.values.data(), part.image(), wholeRegion(part.image())), communicator);
  };
  const double top = shifted(0.0).maximum; // not below any value inside
  sample.least = top + shifted(top).minimum;
  sample.most = sample.least + shifted(sample.least).maximum;
  return sample;
}

Sample
sampleAll(const Statistics & s)
{
  return { Buffer(), s.minimum, s.maximum, static_cast<double>(s.count), 0.0 };
}

struct Samples
{
  Sample fixed;
  Sample moving;
};

/** The voxels that count in both images, so that what lies under a mask, or beyond the other image, says nothing of the
 * rest; all where there are no weights, or where those of an image are all alike. */
Samples
sampleBoth(const Buffer &     fixed,
           const Buffer &     moving,
           const Statistics & fixedStatistics,
           const Statistics & movingStatistics,
           const Buffer &     inside,
           const BoxPart &    part,
           Kernels &          kernels,
           Communicator &     communicator)
{
  if (inside)
  {
    Samples result{ sampleInside(inside, fixed, fixedStatistics, part, kernels, communicator),
                    sampleInside(inside, moving, movingStatistics, part, kernels, communicator) };
    if (result.fixed.most > result.fixed.least && result.moving.most > result.moving.least)
    {
      return result;
    }
  }
  return { sampleAll(fixedStatistics), sampleAll(movingStatistics) };
}

struct Range
{
  double lower;
  double upper;
};

/** The robust percentiles: a few bright voxels must not squeeze the rest. The first n voxels are those of this process;
 * planes of others for the padding may follow. */
Range
robustRange(const Buffer & image, std::size_t n, const Sample & sample, Kernels & kernels, Communicator & communicator)
{
  const double               origin = sample.values ? 0.0 : sample.least, range = sample.most - sample.least;
  std::vector<std::uint64_t> own(histogramBins);
  kernels.histogram(
    (sample.values ? sample.values : image).data(), n, origin, origin + range, own.data(), histogramBins);
  std::vector<double> counts(own.begin(), own.end()); // exact: far below 2^53
  communicator.sum(counts.data(), counts.size());
  counts[0] -= sample.blank;
  const double width = range / histogramBins;
  const auto   percentile = [&](double share) {
    const double wanted = share * sample.count;
    double       below = 0.0;
    int          bin = 0;
    while (bin < histogramBins - 1 && below + counts[bin] < wanted)
    {
      below += counts[bin++];
    }
    return sample.least + (bin + (share < 0.5 ? 0 : 1)) * width;
  };
  const Range robust{ percentile(lowerPercentile), percentile(upperPercentile) };
  // Nearly all voxels share one value (a small bright object): the percentiles say nothing.
  return robust.upper - robust.lower > 16 * width ? robust : Range{ sample.least, sample.most };
}

/** Maps the robust percentiles to 0 and 1. */
void
normalize(Buffer & image, std::size_t n, const Sample & sample, Kernels & kernels, Communicator & communicator)
{
  const Range  range = robustRange(image, n, sample, kernels, communicator);
  const double scale = 1.0 / (range.upper - range.lower);
  kernels.scaleAndShift(Real(scale), image.data(), Real(-range.lower * scale), image.data(), image.size());
}

/** The values of the user as reals of the kernels. */
struct RealValues
{
  Buffer       converted;
  const Real * data;
};

RealValues
realValues(const InputImage & image, const Extents & e, Kernels & host)
{
#ifdef GNR_DOUBLE_PRECISION
  RealValues result{ Buffer(host, e.points()), nullptr };
  host.fromHost(image.data, 1, 1.0, result.converted.data(), e.points());
  result.data = result.converted.data();
  return result;
#else
  (void)e;
  (void)host;
  return { Buffer(), image.data };
#endif
}

/** For each axis, whether the image is constant in the planes near both of its faces, so that it is periodic as it is.
 * The answers are the same for raw and for normalised intensities. */
std::array<bool, 3>
constantFaces(const InputImage & image, const Grid & grid, Kernels & host, Communicator & communicator)
{
  const Extents    e{ grid.size[0], grid.size[1], image.planes.size() };
  const RealValues values = realValues(image, e, host);
  // The whole image, and both faces of each axis: minus the minimum, and the maximum.
  std::array<double, 8> extrema;
  extrema.fill(-std::numeric_limits<double>::infinity());
  const auto include = [&](const Region & region, int pair) {
    const Statistics s = host.statistics(values.data, e, region);
    extrema[2 * pair] = std::max(extrema[2 * pair], -s.minimum);
    extrema[2 * pair + 1] = std::max(extrema[2 * pair + 1], s.maximum);
  };
  include(wholeRegion(e), 0);
  for (int axis = 0; axis < 3; ++axis)
  {
    const int depth = std::min(faceDepth, grid.size[axis] / 2);
    const int begin = axis == 2 ? image.planes.begin : 0;
    Region    low = wholeRegion(e), high = low;
    low.end[axis] = std::min(low.end[axis], std::max(depth - begin, 0));
    high.begin[axis] = std::min(high.end[axis], std::max(grid.size[axis] - depth - begin, 0));
    include(low, axis + 1);
    include(high, axis + 1);
  }
  communicator.maximum(extrema.data(), extrema.size());
  const auto          range = [&](int pair) { return extrema[2 * pair] + extrema[2 * pair + 1]; };
  std::array<bool, 3> result{};
  for (int axis = 0; axis < 3; ++axis)
  {
    result[axis] = range(axis + 1) <= constantTolerance * range(0);
  }
  return result;
}

/** Weights of the user on the image; empty where there are none. */
Buffer
readWeight(const InputImage & image,
           const char *       name,
           const BoxPart &    part,
           Kernels &          kernels,
           Communicator &     communicator)
{
  if (!exists(image.byRank))
  {
    return Buffer();
  }
  Buffer           result = part.upload(part.collect(image), kernels);
  const Statistics s = reduce(kernels.statistics(result.data(), part.image(), wholeRegion(part.image())), communicator);
  if (s.notFinite > 0 || s.minimum < 0.0 || s.maximum > 1.0)
  {
    throw Error(ErrorKind::BadInput, std::string(name) + ": weights must lie between 0 and 1");
  }
  if (!(s.maximum > 0.0))
  {
    throw Error(ErrorKind::BadInput, std::string(name) + ": is zero everywhere; nothing would be registered");
  }
  return result;
}

/** Weights on the box: zero in its padding; one on the image where there is none of the user. */
Buffer
padWeight(Buffer && onImage, const BoxPart & part, Kernels & kernels)
{
  if (!onImage)
  {
    onImage = Buffer(kernels, part.image().points());
    kernels.fill(onImage.data(), onImage.size(), Real(1));
  }
  if (part.image() == part.box())
  {
    return std::move(onImage);
  }
  Buffer result(kernels, part.box().points());
  kernels.extendByConstant(onImage.data(), part.image(), part.box(), Real(0), result.data());
  return result;
}

Buffer
extend(Buffer && image, const BoxPart & part, Kernels & kernels)
{
  if (part.image() == part.box())
  {
    return std::move(image);
  }
  Buffer result(kernels, part.box().points());
  part.extendPeriodically(image, kernels, result.data());
  return result;
}

} // namespace

SolverBox
chooseBox(const InputImages & input, const Options & options, Kernels & host, Communicator & communicator)
{
  const Grid &        grid = input.grid;
  std::array<bool, 3> constant{ { true, true, true } };
  if (!options.periodic)
  {
    const auto fixed = constantFaces(input.fixed, grid, host, communicator);
    const auto moving = constantFaces(input.moving, grid, host, communicator);
    for (int axis = 0; axis < 3; ++axis)
    {
      constant[axis] = fixed[axis] && moving[axis];
    }
  }
  SolverBox box;
  box.grid = grid;
  for (int axis = 0; axis < 3; ++axis)
  {
    box.padded = box.padded || !constant[axis];
    box.grid.size[axis] = fourierSize(grid.size[axis] + (constant[axis] ? 0 : leastPadding));
  }
  return box;
}

SolverImages
prepareImages(const InputImages & input,
              const SolverBox &   box,
              const Options &     options,
              Kernels &           kernels,
              Communicator &      communicator)
{
  const BoxPart part(input.grid, box.grid, communicator);
  Buffer        fixed = part.upload(part.collect(input.fixed), kernels);
  Buffer        moving = part.upload(part.collect(input.moving), kernels);
  const auto    fixedStatistics = check(fixed, part, "FixedImage", kernels, communicator);
  const auto    movingStatistics = check(moving, part, "MovingImage", kernels, communicator);
  Buffer        fixedWeight = readWeight(input.fixedWeight, "FixedImageMask", part, kernels, communicator);
  Buffer        movingWeight = readWeight(input.movingWeight, "MovingImageMask", part, kernels, communicator);
  SolverImages  result;
  result.grid = box.grid;
  {
    const std::size_t n = part.image().points();
    const Samples     samples = sampleBoth(fixed,
                                       moving,
                                       fixedStatistics,
                                       movingStatistics,
                                       commonInside(fixedWeight, movingWeight, part, kernels),
                                       part,
                                       kernels,
                                       communicator);
    if (options.intensityNormalization == IntensityNormalization::Percentiles)
    {
      normalize(fixed, n, samples.fixed, kernels, communicator);
      normalize(moving, n, samples.moving, kernels, communicator);
    }
    else
    {
      const Range range = robustRange(fixed, n, samples.fixed, kernels, communicator);
      result.intensityRange = range.upper - range.lower;
    }
  }

  // Where anatomy reaches the border the padding holds made-up values, which must not count.
  if (box.padded || fixedWeight)
  {
    result.fixedWeight = padWeight(std::move(fixedWeight), part, kernels);
  }
  if (movingWeight)
  {
    result.movingWeight = padWeight(std::move(movingWeight), part, kernels);
  }
  result.fixed = extend(std::move(fixed), part, kernels);
  result.moving = extend(std::move(moving), part, kernels);
  return result;
}

} // namespace gnr
