// SPDX-License-Identifier: Apache-2.0
#include "registration/Preprocessing.h"

#include "parallel/FourierTransform.h"

#include "gnr/Error.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
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

Extents
extentsOf(const Grid & grid)
{
  return { grid.size[0], grid.size[1], grid.size[2] };
}

Region
wholeRegion(const Extents & e)
{
  return { { 0, 0, 0 }, { e.nx, e.ny, e.nz } };
}

void
requireData(const HostImage & image, const Grid & grid, const char * name)
{
  if (image.data == nullptr || image.zBegin != 0 || image.zEnd != grid.size[2])
  {
    throw Error(ErrorKind::BadInput,
                std::string(name) + ": the image data is missing; all planes must be set before run()");
  }
}

Buffer
upload(const HostImage & image, const Grid & grid, const char * name, Kernels & kernels)
{
  requireData(image, grid, name);
  Buffer buffer(kernels, grid.points());
  kernels.fromHost(image.data, 1, 1.0, buffer.data(), grid.points());
  return buffer;
}

/** Refuses images that cannot be registered; returns their statistics. */
Statistics
check(const Buffer & image, const Grid & grid, const char * name, Kernels & kernels)
{
  const Extents    e = extentsOf(grid);
  const Statistics s = kernels.statistics(image.data(), e, wholeRegion(e));
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

/** The linear map of the robust percentiles to [0, 1]. A few bright voxels must not squeeze the rest. */
void
normalize(Buffer & image, const Statistics & s, Kernels & kernels)
{
  std::vector<std::uint64_t> counts(histogramBins);
  kernels.histogram(image.data(), image.size(), s.minimum, s.maximum, counts.data(), histogramBins);
  const double width = (s.maximum - s.minimum) / histogramBins;
  const auto   percentile = [&](double share) {
    const double  wanted = share * static_cast<double>(image.size());
    std::uint64_t below = 0;
    int           bin = 0;
    while (bin < histogramBins - 1 && static_cast<double>(below + counts[bin]) < wanted)
    {
      below += counts[bin++];
    }
    return s.minimum + (bin + (share < 0.5 ? 0 : 1)) * width;
  };
  double lower = percentile(lowerPercentile), upper = percentile(upperPercentile);
  if (!(upper - lower > 16 * width))
  {
    // Nearly all voxels share one value (a small bright object): the percentiles say nothing.
    lower = s.minimum;
    upper = s.maximum;
  }
  const double scale = 1.0 / (upper - lower);
  kernels.scaleAndShift(Real(scale), image.data(), Real(-lower * scale), image.data(), image.size());
}

/** True if the image is constant in the planes near both faces of an axis, so that it is periodic as it is. */
bool
constantAtFaces(const Real * image, const Grid & grid, int axis, double range, Kernels & kernels)
{
  const Extents e = extentsOf(grid);
  const int     depth = std::min(faceDepth, grid.size[axis] / 2);
  Region        low = wholeRegion(e), high = low;
  low.end[axis] = depth;
  high.begin[axis] = grid.size[axis] - depth;
  const Statistics a = kernels.statistics(image, e, low), b = kernels.statistics(image, e, high);
  return std::max(a.maximum, b.maximum) - std::min(a.minimum, b.minimum) <= constantTolerance * range;
}

/** For each axis, whether constantAtFaces(). The answers are the same for raw and for normalised intensities. */
std::array<bool, 3>
constantFaces(const HostImage & image, const Grid & grid, Kernels & host)
{
#ifdef GNR_DOUBLE_PRECISION
  Buffer converted(host, grid.points());
  host.fromHost(image.data, 1, 1.0, converted.data(), grid.points());
  const Real * const data = converted.data();
#else
  const Real * const data = image.data;
#endif
  const Extents       e = extentsOf(grid);
  const Statistics    s = host.statistics(data, e, wholeRegion(e));
  std::array<bool, 3> result{};
  for (int axis = 0; axis < 3; ++axis)
  {
    result[axis] = constantAtFaces(data, grid, axis, s.maximum - s.minimum, host);
  }
  return result;
}

Buffer
weight(const HostImage & host, const char * name, const Grid & grid, const Grid & box, bool padded, Kernels & kernels)
{
  if (host.data == nullptr && !padded)
  {
    return Buffer();
  }
  Buffer onImage;
  if (host.data != nullptr)
  {
    onImage = upload(host, grid, name, kernels);
    const Extents    e = extentsOf(grid);
    const Statistics s = kernels.statistics(onImage.data(), e, wholeRegion(e));
    if (s.notFinite > 0 || s.minimum < 0.0 || s.maximum > 1.0)
    {
      throw Error(ErrorKind::BadInput, std::string(name) + ": weights must lie between 0 and 1");
    }
    if (!(s.maximum > 0.0))
    {
      throw Error(ErrorKind::BadInput, std::string(name) + ": is zero everywhere; nothing would be registered");
    }
  }
  else
  {
    onImage = Buffer(kernels, grid.points());
    kernels.fill(onImage.data(), onImage.size(), Real(1));
  }
  if (box == grid)
  {
    return onImage;
  }
  Buffer result(kernels, box.points());
  kernels.extendByConstant(onImage.data(), extentsOf(grid), extentsOf(box), Real(0), result.data());
  return result;
}

Buffer
extend(Buffer && image, const Grid & grid, const Grid & box, Kernels & kernels)
{
  if (box == grid)
  {
    return std::move(image);
  }
  Buffer result(kernels, box.points());
  kernels.extendPeriodically(image.data(), extentsOf(grid), extentsOf(box), result.data());
  return result;
}

} // namespace

SolverBox
chooseBox(const InputImages & input, const Options & options, Kernels & host)
{
  const Grid & grid = input.grid;
  requireData(input.fixed, grid, "FixedImage");
  requireData(input.moving, grid, "MovingImage");
  std::array<bool, 3> constant{ { true, true, true } };
  if (!options.periodic)
  {
    const auto fixed = constantFaces(input.fixed, grid, host), moving = constantFaces(input.moving, grid, host);
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
prepareImages(const InputImages & input, const SolverBox & box, const Options & options, Kernels & kernels)
{
  const Grid & grid = input.grid;
  Buffer       fixed = upload(input.fixed, grid, "FixedImage", kernels);
  Buffer       moving = upload(input.moving, grid, "MovingImage", kernels);
  const auto   fixedStatistics = check(fixed, grid, "FixedImage", kernels);
  const auto   movingStatistics = check(moving, grid, "MovingImage", kernels);
  if (options.intensityNormalization == IntensityNormalization::Percentiles)
  {
    normalize(fixed, fixedStatistics, kernels);
    normalize(moving, movingStatistics, kernels);
  }

  SolverImages result;
  result.grid = box.grid;
  // Where anatomy reaches the border the padding holds made-up values, which must not count.
  const bool hasFixedWeight = box.padded || input.fixedWeight.data != nullptr;
  result.fixedWeight = weight(input.fixedWeight, "FixedImageMask", grid, result.grid, hasFixedWeight, kernels);
  result.movingWeight =
    weight(input.movingWeight, "MovingImageMask", grid, result.grid, input.movingWeight.data != nullptr, kernels);
  result.fixed = extend(std::move(fixed), grid, result.grid, kernels);
  result.moving = extend(std::move(moving), grid, result.grid, kernels);
  return result;
}

} // namespace gnr
