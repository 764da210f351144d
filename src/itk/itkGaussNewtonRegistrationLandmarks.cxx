/*=========================================================================
 *
 *  Copyright NumFOCUS
 *
 *  Licensed under the Apache License, Version 2.0 (the "License");
 *  you may not use this file except in compliance with the License.
 *  You may obtain a copy of the License at
 *
 *         https://www.apache.org/licenses/LICENSE-2.0.txt
 *
 *  Unless required by applicable law or agreed to in writing, software
 *  distributed under the License is distributed on an "AS IS" BASIS,
 *  WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 *  See the License for the specific language governing permissions and
 *  limitations under the License.
 *
 *=========================================================================*/
#include "itkGaussNewtonRegistrationLandmarks.h"

#include "itkGaussNewtonRegistrationImages.h"
#include "itkGaussNewtonRegistrationPointInverse.h"

#include "itkContinuousIndex.h"

#include <array>
#include <cmath>
#include <cstddef>
#include <sstream>
#include <string>

namespace itk
{
namespace GaussNewtonRegistrationLandmarks
{
namespace
{

using PointType = Point<double, 3>;
using GaussNewtonRegistrationImages::DescribeBox;
using GaussNewtonRegistrationImages::ThrowBadInput;

[[noreturn]] void
Refuse(const char * name, std::size_t number, const PointType & point, const std::string & what)
{
  std::ostringstream message;
  message << name << ": point " << number + 1 << " " << point << " " << what;
  ThrowBadInput(message.str());
}

/** Voxels from the first one. */
std::array<double, 3>
IndexOf(const PointType & point, const ImageBase<3> * image)
{
  ContinuousIndex<double, 3> index;
  image->TransformPhysicalPointToContinuousIndex(point, index);
  std::array<double, 3> result{};
  for (unsigned int d = 0; d < 3; ++d)
  {
    result[d] = index[d] - static_cast<double>(image->GetLargestPossibleRegion().GetIndex(d));
  }
  return result;
}

void
CheckPoint(const char *         name,
           std::size_t          number,
           const PointType &    point,
           const ImageBase<3> * image,
           const char *         imageName)
{
  for (unsigned int d = 0; d < 3; ++d)
  {
    if (!std::isfinite(point[d]))
    {
      Refuse(name, number, point, "has a coordinate that is NaN or infinite; correct it, or remove the pair.");
    }
  }
  const std::array<double, 3> index = IndexOf(point, image);
  for (unsigned int d = 0; d < 3; ++d)
  {
    const auto size = static_cast<double>(image->GetLargestPossibleRegion().GetSize(d));
    if (index[d] < -0.5 || index[d] > size - 0.5)
    {
      Refuse(name,
             number,
             point,
             std::string("lies outside ") + imageName + ", which spans " + DescribeBox(image) +
               "; give physical coordinates (LPS, mm) of that image, or remove the pair.");
    }
  }
}

} // namespace

std::vector<gnr::LandmarkPair>
PairLandmarks(const std::vector<PointType> &  fixedPoints,
              const std::vector<PointType> &  movingPoints,
              const ImageBase<3> *            fixed,
              const ImageBase<3> *            moving,
              const Transform<double, 3, 3> * transform)
{
  if (fixedPoints.size() != movingPoints.size())
  {
    std::ostringstream message;
    message << (movingPoints.empty() ? "FixedLandmarks: " : "MovingLandmarks: ")
            << (movingPoints.empty() ? fixedPoints.size() : movingPoints.size()) << " points, but "
            << (movingPoints.empty() ? "MovingLandmarks has " : "FixedLandmarks has ")
            << (movingPoints.empty() ? movingPoints.size() : fixedPoints.size())
            << "; give as many points of both images, in the same order.";
    ThrowBadInput(message.str());
  }
  std::vector<gnr::LandmarkPair> pairs(fixedPoints.size());
  for (std::size_t i = 0; i < pairs.size(); ++i)
  {
    CheckPoint("FixedLandmarks", i, fixedPoints[i], fixed, "FixedImage");
    CheckPoint("MovingLandmarks", i, movingPoints[i], moving, "MovingImage");
    PointType back = movingPoints[i];
    if (transform && !GaussNewtonRegistrationPointInverse::Invert(transform, movingPoints[i], back))
    {
      Refuse("MovingLandmarks",
             i,
             movingPoints[i],
             "is not reached by InitialTransform: no point was found that it maps there; remove the pair, or take "
             "another transform.");
    }
    const std::array<double, 3> ofFixed = IndexOf(fixedPoints[i], fixed);
    const std::array<double, 3> ofMoving = IndexOf(back, fixed);
    for (unsigned int d = 0; d < 3; ++d)
    {
      pairs[i].fixed[d] = ofFixed[d] * fixed->GetSpacing()[d];
      pairs[i].moving[d] = ofMoving[d] * fixed->GetSpacing()[d];
    }
  }
  return pairs;
}

} // namespace GaussNewtonRegistrationLandmarks
} // namespace itk
