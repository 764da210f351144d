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
#include "itkGaussNewtonRegistrationSamples.h"

#include "itkGaussNewtonRegistrationImages.h"

#include "itkBinShrinkImageFilter.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace itk
{
namespace GaussNewtonRegistrationAlignment
{
namespace
{
constexpr double longestEdge = 96.0; // samples

/** Centre of the intensities, and their mean square distance from it along each axis, mm^2. */
std::pair<PointType, Vector<double, 3>>
FindMoments(const Picture & picture, bool useMask)
{
  Vector<double, 3> first(0.0); // from the centre of the grid, which is near: nothing cancels
  Vector<double, 3> second(0.0);
  double            mass = 0.0;
  ForEachSample(
    picture.image, useMask ? picture.mask.GetPointer() : nullptr, [&](const PointType & point, float value) {
      const Vector<double, 3> r = point - picture.gridCentre;
      mass += value;
      for (unsigned int d = 0; d < 3; ++d)
      {
        first[d] += value * r[d];
        second[d] += value * r[d] * r[d];
      }
    });
  first /= mass;
  for (unsigned int d = 0; d < 3; ++d)
  {
    second[d] = std::max(second[d] / mass - first[d] * first[d], picture.spacing * picture.spacing);
  }
  return { picture.gridCentre + first, second };
}

} // namespace

FactorsType
FactorsFor(const ImageType * image, double spacing)
{
  FactorsType factors{};
  const auto  size = image->GetLargestPossibleRegion().GetSize();
  for (unsigned int d = 0; d < 3; ++d)
  {
    const double wanted = std::floor(spacing / image->GetSpacing()[d] + 0.5);
    const double most = std::max(1.0, std::floor(static_cast<double>(size[d]) / 8.0));
    factors[d] = static_cast<unsigned int>(std::min(std::max(wanted, 1.0), most));
  }
  return factors;
}

ImageType::Pointer
Shrink(const ImageType * image, const FactorsType & factors)
{
  const auto source = ImageType::New(); // so that the pipeline above the image is left alone
  source->Graft(image);
  const auto shrink = BinShrinkImageFilter<ImageType, ImageType>::New();
  shrink->SetInput(source);
  for (unsigned int d = 0; d < 3; ++d)
  {
    shrink->SetShrinkFactor(d, factors[d]);
  }
  shrink->Update();
  const ImageType::Pointer result = shrink->GetOutput();
  result->DisconnectPipeline();
  return result;
}

bool
IsInside(const MaskImageType * mask, const PointType & point)
{
  MaskImageType::IndexType index;
  return mask->TransformPhysicalPointToIndex(point, index) && mask->GetPixel(index) != 0;
}

Picture
MakePicture(const ImageType * image, const MaskImageType * mask, const std::string & name)
{
  GaussNewtonRegistrationImages::CheckIntensities(image, name);
  Picture picture;
  picture.mask = mask;

  const auto & region = image->GetLargestPossibleRegion();
  double       longest = 0.0;
  picture.smallestEdge = NumericTraits<double>::max();
  for (unsigned int d = 0; d < 3; ++d)
  {
    const double edge = static_cast<double>(region.GetSize(d)) * image->GetSpacing()[d];
    longest = std::max(longest, edge);
    picture.smallestEdge = std::min(picture.smallestEdge, edge);
  }
  const auto   shrunk = Shrink(image, FactorsFor(image, longest / longestEdge));
  const auto & spacing = shrunk->GetSpacing();
  picture.spacing = std::max(longest / longestEdge, std::min({ spacing[0], spacing[1], spacing[2] }));

  ContinuousIndex<double, 3> middle;
  for (unsigned int d = 0; d < 3; ++d)
  {
    middle[d] = static_cast<double>(region.GetIndex(d)) + 0.5 * static_cast<double>(region.GetSize(d) - 1);
  }
  image->TransformContinuousIndexToPhysicalPoint(middle, picture.gridCentre);

  std::vector<float> values;
  ForEachSample(shrunk, mask, [&](const PointType &, float value) { values.push_back(value); });
  if (values.empty())
  {
    GaussNewtonRegistrationImages::ThrowBadInput(
      name + "Mask: no voxel of " + name +
      " lies inside the mask; it is empty or lies elsewhere in space. Pass the mask of this image.");
  }
  const auto percentile = [&values](double share) {
    const auto at = values.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
    std::nth_element(values.begin(), at, values.end());
    return *at;
  };
  const float low = percentile(0.005);
  const float high = percentile(0.995);
  if (!(high > low))
  {
    GaussNewtonRegistrationImages::ThrowBadInput(name + ": more than 99 % of its voxels have the value " +
                                                 std::to_string(low) +
                                                 ", so there is nothing to align; check that this is the right image" +
                                                 (mask ? ", and its mask." : ", or pass a mask of the object."));
  }
  float * const       buffer = shrunk->GetBufferPointer();
  const SizeValueType count = shrunk->GetBufferedRegion().GetNumberOfPixels();
  std::transform(buffer, buffer + count, buffer, [=](float value) {
    return (std::min(std::max(value, low), high) - low) / (high - low);
  });
  picture.image = shrunk;
  picture.secondMoments = FindMoments(picture, true).second;
  return picture;
}

PointType
CentreOfMass(const Picture & picture, bool useMask)
{
  return FindMoments(picture, useMask).first;
}

} // namespace GaussNewtonRegistrationAlignment
} // namespace itk
