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

/** What the percentiles are taken of. */
struct Sample
{
  Buffer own; ///< if not those of the image
  double lower;
  double upper;
  double count;
  double blank = 0.0; ///< voxels that have the lowest value instead of their own and are not counted
};

/** The voxels with a weight above 1/2: what lies under a mask says nothing of the rest. */
Sample
insideOf(const Buffer &     weight,
         const Buffer &     image,
         const Statistics & s,
         const BoxPart &    part,
         Kernels &          kernels,
         Communicator &     communicator)
{
  const std::size_t n = part.image().points();
  constexpr Real    steep = 1 << 20;
  Buffer            inside(kernels, n);
  kernels.scaleAndShift(steep, weight.data(), -steep / 2, inside.data(), n);
  kernels.clamp(Real(0), Real(1), inside.data(), n);
  double count = kernels.sum(inside.data(), n);
  communicator.sum(&count, 1);
  Buffer values(kernels, n);
  kernels.scaleAndShift(Real(1), image.data(), Real(-s.minimum), values.data(), n);
  kernels.multiply(Real(1), inside.data(), values.data(), values.data(), n);
  kernels.scaleAndShift(Real(1), values.data(), Real(s.minimum), values.data(), n);
  const Statistics own =
    reduce(kernels.statistics(values.data(), part.image(), wholeRegion(part.image())), communicator);
  return { std::move(values), own.minimum, own.maximum, count, static_cast<double>(s.count) - count };
}

/** The linear map of the robust percentiles to [0, 1]. A few bright voxels must not squeeze the rest, nor an object
 * under a mask. */
void
normalize(Buffer &           image,
          const Buffer &     weight,
          const Statistics & s,
          const BoxPart &    part,
          Kernels &          kernels,
          Communicator &     communicator)
{
  Sample sample{ Buffer(), s.minimum, s.maximum, static_cast<double>(s.count) };
  if (weight)
  {
    Sample inside = insideOf(weight, image, s, part, kernels, communicator);
    if (inside.upper > inside.lower)
    {
      sample = std::move(inside);
    }
  }
  const double               least = sample.lower, most = sample.upper;
  std::vector<std::uint64_t> own(histogramBins);
  kernels.histogram(
    (sample.own ? sample.own : image).data(), part.image().points(), least, most, own.data(), histogramBins);
  std::vector<double> counts(own.begin(), own.end()); // exact: far below 2^53
  communicator.sum(counts.data(), counts.size());
  counts[0] -= sample.blank;
  const double width = (most - least) / histogramBins;
  const auto   percentile = [&](double share) {
    const double wanted = share * sample.count;
    double       below = 0.0;
    int          bin = 0;
    while (bin < histogramBins - 1 && below + counts[bin] < wanted)
    {
      below += counts[bin++];
    }
    return least + (bin + (share < 0.5 ? 0 : 1)) * width;
  };
  double lower = percentile(lowerPercentile), upper = percentile(upperPercentile);
  if (!(upper - lower > 16 * width))
  {
    // Nearly all voxels share one value (a small bright object): the percentiles say nothing.
    lower = least;
    upper = most;
  }
  const double scale = 1.0 / (upper - lower);
  kernels.scaleAndShift(Real(scale), image.data(), Real(-lower * scale), image.data(), image.size());
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
  if (options.intensityNormalization == IntensityNormalization::Percentiles)
  {
    normalize(fixed, fixedWeight, fixedStatistics, part, kernels, communicator);
    normalize(moving, movingWeight, movingStatistics, part, kernels, communicator);
  }

  SolverImages result;
  result.grid = box.grid;
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
