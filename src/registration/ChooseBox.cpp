// SPDX-License-Identifier: Apache-2.0
#include "parallel/FourierTransform.h"
#include "registration/IntensityRange.h"
#include "registration/Preprocessing.h"

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

namespace gnr
{
namespace
{

constexpr int    leastPadding = 8;         // points, where anatomy reaches the border
constexpr int    faceDepth = 4;            // planes at each face that must be constant to do without padding
constexpr double constantTolerance = 0.02; // of the normalised intensity range

Region
wholeRegion(const Extents & e)
{
  return { { 0, 0, 0 }, { e.nx, e.ny, e.nz } };
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

/** The planes that no process of lower rank has, so that all together are the image. */
std::vector<ValueSet::Piece>
ownPieces(const InputImage & image, const Real * values, const Extents & e, int rank)
{
  const std::size_t            plane = static_cast<std::size_t>(e.nx) * e.ny;
  std::vector<ValueSet::Piece> pieces;
  for (int z = image.planes.begin; z < image.planes.end; ++z)
  {
    const auto end = image.byRank.begin() + rank;
    if (std::none_of(image.byRank.begin(), end, [z](const Slab & other) { return other.begin <= z && z < other.end; }))
    {
      pieces.push_back({ values + plane * (z - image.planes.begin), plane });
    }
  }
  return pieces;
}

/** For each axis, whether the image is constant in the planes near both of its faces, so that it is periodic as it is.
 * The answers are the same for raw and for normalised intensities. */
std::array<bool, 3>
constantFaces(const InputImage & image, const Grid & grid, Kernels & host, Communicator & communicator)
{
  const Extents    e{ grid.size[0], grid.size[1], image.planes.size() };
  const RealValues values = realValues(image, e, host);
  // The whole image, and both faces of each axis: minus the minimum, and the maximum.
  // And, at last, whether there are values that have no order.
  std::array<double, 9> extrema;
  extrema.fill(-std::numeric_limits<double>::infinity());
  const auto include = [&](const Region & region, int pair) {
    const Statistics s = host.statistics(values.data, e, region);
    extrema[2 * pair] = std::max(extrema[2 * pair], -s.minimum);
    extrema[2 * pair + 1] = std::max(extrema[2 * pair + 1], s.maximum);
    extrema[8] = std::max(extrema[8], static_cast<double>(s.notFinite));
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
  if (extrema[8] == 0.0 && extrema[1] > -extrema[0])
  {
    // A few values far out must not make everything else look constant.
    ValueSet all{ ownPieces(image, values.data, e, communicator.rank()), -extrema[0], extrema[1] };
    all.count = static_cast<double>(grid.points());
    const IntensityRange ordinary = ordinaryRange(all, robustRange(all, host, communicator));
    for (int pair = 0; pair < 4; ++pair)
    {
      extrema[2 * pair] = -std::clamp(-extrema[2 * pair], ordinary.lower, ordinary.upper);
      extrema[2 * pair + 1] = std::clamp(extrema[2 * pair + 1], ordinary.lower, ordinary.upper);
    }
  }
  const auto          range = [&](int pair) { return extrema[2 * pair] + extrema[2 * pair + 1]; };
  std::array<bool, 3> result{};
  for (int axis = 0; axis < 3; ++axis)
  {
    result[axis] = range(axis + 1) <= constantTolerance * range(0);
  }
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
    for (const InputPair & pair : input.pairs)
    {
      for (const InputImage * image : { &pair.fixed, &pair.moving })
      {
        const auto own = constantFaces(*image, grid, host, communicator);
        for (int axis = 0; axis < 3; ++axis)
        {
          constant[axis] = constant[axis] && own[axis];
        }
      }
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

} // namespace gnr
