// SPDX-License-Identifier: Apache-2.0
#include "registration/LandmarkPairs.h"

#include "gnr/Error.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>
#include <type_traits>

namespace gnr
{
namespace
{

std::string
textOf(const std::array<double, 3> & point)
{
  std::ostringstream text;
  text << "(" << point[0] << ", " << point[1] << ", " << point[2] << ") mm from the first voxel";
  return text.str();
}

[[noreturn]] void
refuse(const std::string & name, std::size_t number, const std::string & what)
{
  throw Error(ErrorKind::BadInput, name + ": point " + std::to_string(number + 1) + " " + what);
}

void
check(const LandmarkPair & pair, std::size_t number, const Grid & grid)
{
  double longest = 0.0;
  for (int a = 0; a < 3; ++a)
  {
    longest = std::max(longest, grid.length(a));
  }
  for (int a = 0; a < 3; ++a)
  {
    if (!std::isfinite(pair.fixed[a]) || !std::isfinite(pair.moving[a]))
    {
      refuse(std::isfinite(pair.fixed[a]) ? "MovingLandmarks" : "FixedLandmarks",
             number,
             "has a coordinate that is NaN or infinite; correct it, or remove the pair");
    }
    const double index = pair.fixed[a] / grid.spacing[a];
    if (!(index >= -0.5) || !(index <= grid.size[a] - 0.5))
    {
      refuse("FixedLandmarks",
             number,
             "lies outside FixedImage, " + textOf(pair.fixed) +
               "; give physical coordinates of that image, in LPS, or remove the pair");
    }
    const double distance = std::abs(pair.moving[a] - pair.fixed[a]);
    if (!(2.0 * distance < longest)) // as for the velocities that are tried
    {
      refuse("MovingLandmarks",
             number,
             "is " + std::to_string(distance) +
               " mm away from its counterpart along an axis, farther than half of the image; check the order of the "
               "points, or align the images first");
    }
  }
}

} // namespace

std::vector<LandmarkPair>
landmarksOf(const Problem & problem, Communicator & communicator)
{
  static_assert(std::is_trivially_copyable<LandmarkPair>::value, "they are sent as they are");
  std::vector<LandmarkPair> landmarks = problem.landmarks;
  std::uint64_t             count = landmarks.size();
  communicator.broadcast(&count, sizeof count, 0);
  landmarks.resize(static_cast<std::size_t>(count));
  communicator.broadcast(landmarks.data(), landmarks.size() * sizeof(LandmarkPair), 0);
  for (std::size_t i = 0; i < landmarks.size(); ++i)
  {
    check(landmarks[i], i, problem.grid);
  }
  return landmarks;
}

LandmarkDistances
landmarkDistances(Domain & domain, const ConstVectorView & u, const std::vector<LandmarkPair> & landmarks)
{
  const std::size_t   n = landmarks.size();
  std::vector<double> positions, displacements(3 * n);
  for (const LandmarkPair & pair : landmarks)
  {
    for (int a = 0; a < 3; ++a)
    {
      positions.push_back(pair.fixed[a] * domain.inverseSpacing()[a]);
    }
  }
  domain.kernels().sampleAtPoints(u,
                                  { domain.extents(), domain.slab().begin, domain.grid().size[2] },
                                  positions.data(),
                                  displacements.data(),
                                  nullptr,
                                  n);
  domain.communicator().sum(displacements.data(), displacements.size());
  LandmarkDistances result;
  for (std::size_t i = 0; i < n; ++i)
  {
    double before = 0.0, after = 0.0;
    for (int a = 0; a < 3; ++a)
    {
      const double start = landmarks[i].fixed[a] - landmarks[i].moving[a];
      before += start * start;
      after += (start + displacements[3 * i + a]) * (start + displacements[3 * i + a]);
    }
    result.meanBefore += std::sqrt(before) / static_cast<double>(n);
    result.meanAfter += std::sqrt(after) / static_cast<double>(n);
    result.maximumBefore = std::max(result.maximumBefore, std::sqrt(before));
    result.maximumAfter = std::max(result.maximumAfter, std::sqrt(after));
  }
  return result;
}

} // namespace gnr
