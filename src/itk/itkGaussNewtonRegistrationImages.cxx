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
#include "itkGaussNewtonRegistrationImages.h"

#include "itkImageRegionConstIteratorWithIndex.h"
#include "itkLinearInterpolateImageFunction.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <sstream>

namespace itk
{
namespace GaussNewtonRegistrationImages
{
namespace
{
using RegionType = ImageBaseType::RegionType;
using PointType = ImageBaseType::PointType;
using CoordinateType = ContinuousIndex<double, 3>;

// Below this share of the fixed grid inside the other image the two cannot be meant to show the same thing.
constexpr double smallestOverlap = 0.01;

// Calls f(continuous index, point) for the eight corner voxels.
template <typename TFunction>
void
ForEachCorner(const ImageBaseType * image, TFunction f)
{
  const RegionType & region = image->GetLargestPossibleRegion();
  for (unsigned int corner = 0; corner < 8; ++corner)
  {
    auto index = region.GetIndex();
    for (unsigned int d = 0; d < 3; ++d)
    {
      if (corner & (1U << d))
      {
        index[d] += static_cast<IndexValueType>(region.GetSize(d)) - 1;
      }
    }
    PointType point;
    image->TransformIndexToPhysicalPoint(index, point);
    f(corner, point);
  }
}

// The nearest point of the grid; written so that NaN, too, ends inside.
CoordinateType
ClampToGrid(CoordinateType c, const RegionType & region)
{
  for (unsigned int d = 0; d < 3; ++d)
  {
    const double low = static_cast<double>(region.GetIndex(d));
    const double high = low + static_cast<double>(region.GetSize(d)) - 1.0;
    if (!(c[d] >= low))
    {
      c[d] = low;
    }
    if (c[d] > high)
    {
      c[d] = high;
    }
  }
  return c;
}

template <typename TImage>
typename TImage::Pointer
AllocateOn(const ImageBaseType * reference)
{
  const auto image = TImage::New();
  image->CopyInformation(reference);
  image->SetRegions(reference->GetLargestPossibleRegion());
  image->Allocate();
  return image;
}

// For every voxel x of `fixed`: f(linear memory offset, T(x) in continuous indices of `other`, whether that is inside).
// Returns the share of voxels inside.
template <typename TImage, typename TFunction>
double
ForEachPoint(const ImageBaseType *                                  fixed,
             const LinearInterpolateImageFunction<TImage, double> * interpolator,
             const TransformType *                                  transform,
             MultiThreaderBase *                                    threader,
             TFunction                                              f)
{
  const TImage *             other = interpolator->GetInputImage();
  const RegionType &         whole = fixed->GetLargestPossibleRegion();
  std::atomic<SizeValueType> insideCount{ 0 };

  threader->template ParallelizeImageRegion<3>(
    whole,
    [&](const RegionType & region) {
      SizeValueType inside = 0;
      const auto    first = region.GetIndex();
      const auto    begin = whole.GetIndex();
      auto          index = first;
      for (SizeValueType k = 0; k < region.GetSize(2); ++k)
      {
        index[2] = first[2] + static_cast<IndexValueType>(k);
        for (SizeValueType j = 0; j < region.GetSize(1); ++j)
        {
          index[1] = first[1] + static_cast<IndexValueType>(j);
          SizeValueType offset =
            (static_cast<SizeValueType>(index[2] - begin[2]) * whole.GetSize(1) + (index[1] - begin[1])) *
              whole.GetSize(0) +
            (first[0] - begin[0]);
          for (SizeValueType i = 0; i < region.GetSize(0); ++i, ++offset)
          {
            index[0] = first[0] + static_cast<IndexValueType>(i);
            PointType point;
            fixed->TransformIndexToPhysicalPoint(index, point);
            if (transform)
            {
              point = transform->TransformPoint(point);
            }
            const CoordinateType c = other->template TransformPhysicalPointToContinuousIndex<double>(point);
            const bool           isInside = interpolator->IsInsideBuffer(c);
            inside += isInside ? 1 : 0;
            f(offset, c, isInside);
          }
        }
      }
      insideCount += inside;
    },
    nullptr);
  return static_cast<double>(insideCount) / static_cast<double>(whole.GetNumberOfPixels());
}
} // namespace

void
ThrowBadInput(const std::string & description)
{
  throw GaussNewtonRegistrationError(GaussNewtonRegistrationErrorEnums::Kind::BadInput,
                                     __FILE__,
                                     __LINE__,
                                     description,
                                     "itk::DiffeomorphicGaussNewtonRegistrationFilter");
}

double
CornerDistance(const ImageBaseType * a, const ImageBaseType * b)
{
  PointType corners[8];
  ForEachCorner(b, [&](unsigned int corner, const PointType & point) { corners[corner] = point; });

  double largest = 0.0;
  ForEachCorner(a, [&](unsigned int corner, const PointType & point) {
    const CoordinateType here = a->TransformPhysicalPointToContinuousIndex<double>(point);
    const CoordinateType there = a->TransformPhysicalPointToContinuousIndex<double>(corners[corner]);
    largest = std::max(largest, (there - here).GetNorm());
  });
  return largest;
}

bool
HaveSameGrid(const ImageBaseType * a, const ImageBaseType * b)
{
  return a->GetLargestPossibleRegion().GetSize() == b->GetLargestPossibleRegion().GetSize() &&
         CornerDistance(a, b) < 1e-4;
}

std::string
DescribeBox(const ImageBaseType * image)
{
  PointType low;
  PointType high;
  low.Fill(NumericTraits<double>::max());
  high.Fill(NumericTraits<double>::NonpositiveMin());
  ForEachCorner(image, [&](unsigned int, const PointType & point) {
    for (unsigned int d = 0; d < 3; ++d)
    {
      low[d] = std::min(low[d], point[d]);
      high[d] = std::max(high[d], point[d]);
    }
  });
  std::ostringstream out;
  for (unsigned int d = 0; d < 3; ++d)
  {
    out << (d ? " x " : "") << '[' << low[d] << ", " << high[d] << ']';
  }
  out << " mm";
  return out.str();
}

void
CheckIntensities(const ScalarImageType * image, const std::string & name)
{
  const RegionType &  region = image->GetLargestPossibleRegion();
  const SizeValueType count = region.GetNumberOfPixels();
  const float *       values = image->GetBufferPointer();
  if (image->GetBufferedRegion() != region || !values)
  {
    ThrowBadInput(name + ": the voxels are not in memory as a whole; update the source of the image first.");
  }
  bool isConstant = true;
  for (SizeValueType i = 0; i < count; ++i)
  {
    if (!std::isfinite(values[i]))
    {
      std::ostringstream message;
      message << name << ": voxel " << image->ComputeIndex(static_cast<OffsetValueType>(i)) << " is "
              << (std::isnan(values[i]) ? "not a number" : "infinite or too large for single precision")
              << "; replace such voxels by finite values.";
      ThrowBadInput(message.str());
    }
    isConstant = isConstant && values[i] == values[0];
  }
  if (isConstant)
  {
    std::ostringstream message;
    message << name << ": every voxel has the value " << values[0]
            << ", so there is nothing to register; check that this is the right image.";
    ThrowBadInput(message.str());
  }
}

ScalarImageType::Pointer
AllocateLike(const ImageBaseType * reference)
{
  return AllocateOn<ScalarImageType>(reference);
}

ScalarImageType::Pointer
MakeWeight(const MaskImageType * mask, const std::string & name)
{
  const auto            weight = AllocateLike(mask);
  const SizeValueType   count = mask->GetLargestPossibleRegion().GetNumberOfPixels();
  const unsigned char * from = mask->GetBufferPointer();
  if (mask->GetBufferedRegion() != mask->GetLargestPossibleRegion() || !from)
  {
    ThrowBadInput(name + ": the voxels are not in memory as a whole; update the source of the mask first.");
  }
  float *       to = weight->GetBufferPointer();
  SizeValueType inside = 0;
  for (SizeValueType i = 0; i < count; ++i)
  {
    to[i] = from[i] != 0 ? 1.0F : 0.0F;
    inside += from[i] != 0 ? 1 : 0;
  }
  if (inside == 0)
  {
    ThrowBadInput(name + ": the mask is empty; it needs voxels that are not zero where the images shall match.");
  }
  return weight;
}

ResampledMoving
ResampleMoving(const ScalarImageType * moving,
               const MaskImageType *   mask,
               const ImageBaseType *   fixed,
               const TransformType *   transform,
               MultiThreaderBase *     threader)
{
  using InterpolatorType = LinearInterpolateImageFunction<ScalarImageType, double>;
  const auto interpolator = InterpolatorType::New();
  interpolator->SetInputImage(moving);

  ScalarImageType::Pointer maskWeight;
  const auto               maskInterpolator = InterpolatorType::New();
  if (mask)
  {
    maskWeight = MakeWeight(mask, "MovingImageMask");
    // Masks have the size of the moving image; its geometry, index by index, then holds for them too.
    maskWeight->SetRegions(moving->GetLargestPossibleRegion());
    maskInterpolator->SetInputImage(maskWeight);
  }

  ResampledMoving result;
  result.image = AllocateLike(fixed);
  result.weight = AllocateLike(fixed);
  float *            values = result.image->GetBufferPointer();
  float *            weights = result.weight->GetBufferPointer();
  const RegionType & region = moving->GetLargestPossibleRegion();

  const double overlap = ForEachPoint<ScalarImageType>(
    fixed, interpolator, transform, threader, [&](SizeValueType offset, const CoordinateType & c, bool inside) {
      const CoordinateType nearest = ClampToGrid(c, region);
      values[offset] = static_cast<float>(interpolator->EvaluateAtContinuousIndex(nearest));
      weights[offset] =
        !inside ? 0.0F : (mask ? static_cast<float>(maskInterpolator->EvaluateAtContinuousIndex(nearest)) : 1.0F);
    });

  if (overlap < smallestOverlap)
  {
    std::ostringstream message;
    message << "The volumes do not overlap: " << 100.0 * overlap
            << " % of FixedImage lies inside MovingImage. FixedImage spans " << DescribeBox(fixed)
            << ", MovingImage spans " << DescribeBox(moving)
            << (transform ? "; between them stands the initial transform, which maps fixed to moving points. Check its "
                            "direction, and the origin and direction in the image headers."
                          : ". Check the origin and direction in the image headers, or pass an initial transform.");
    ThrowBadInput(message.str());
  }

  const SizeValueType count = result.weight->GetLargestPossibleRegion().GetNumberOfPixels();
  if (mask && std::all_of(weights, weights + count, [](float w) { return w == 0.0F; }))
  {
    ThrowBadInput("MovingImageMask: no voxel of FixedImage lies inside the mask; check that the mask belongs to "
                  "MovingImage.");
  }
  if (std::all_of(weights, weights + count, [](float w) { return w == 1.0F; }))
  {
    result.weight = nullptr;
  }
  return result;
}

void
RotateToPhysical(VectorImageType * field, MultiThreaderBase * threader)
{
  const auto direction = field->GetDirection();
  if (direction.GetVnlMatrix().is_identity())
  {
    return;
  }
  Vector<float, 3> *  vectors = field->GetBufferPointer();
  const SizeValueType planes = field->GetBufferedRegion().GetSize(2);
  const SizeValueType planeSize = field->GetBufferedRegion().GetNumberOfPixels() / planes;
  threader->ParallelizeArray(
    0,
    planes,
    [&](SizeValueType plane) {
      for (SizeValueType i = plane * planeSize; i < (plane + 1) * planeSize; ++i)
      {
        const Vector<double, 3> physical = direction * Vector<double, 3>(vectors[i]);
        vectors[i].CastFrom(physical);
      }
    },
    nullptr);
}

VectorImageType::Pointer
SampleOnGridAxes(const VectorImageType * field, const ImageBaseType * fixed, MultiThreaderBase * threader)
{
  const SizeValueType count = field->GetLargestPossibleRegion().GetNumberOfPixels();
  const auto *        source = field->GetBufferPointer();
  if (field->GetBufferedRegion() != field->GetLargestPossibleRegion() || !source)
  {
    ThrowBadInput("InitialVelocityField: the vectors are not in memory as a whole; update the source of the field "
                  "first.");
  }
  for (SizeValueType i = 0; i < count; ++i)
  {
    if (!std::isfinite(source[i][0]) || !std::isfinite(source[i][1]) || !std::isfinite(source[i][2]))
    {
      std::ostringstream message;
      message << "InitialVelocityField: the vector at " << field->ComputeIndex(static_cast<OffsetValueType>(i))
              << " is not finite.";
      ThrowBadInput(message.str());
    }
  }

  const auto result = AllocateOn<VectorImageType>(fixed);
  auto *     vectors = result->GetBufferPointer();
  const auto toAxes = fixed->GetInverseDirection();
  const auto rotate = [&](const Vector<double, 3> & v) {
    Vector<float, 3> onAxes;
    onAxes.CastFrom(toAxes * v);
    return onAxes;
  };

  if (HaveSameGrid(field, fixed))
  {
    std::transform(
      source, source + count, vectors, [&](const Vector<float, 3> & v) { return rotate(Vector<double, 3>(v)); });
    return result;
  }

  const auto interpolator = LinearInterpolateImageFunction<VectorImageType, double>::New();
  interpolator->SetInputImage(field);
  const RegionType & region = field->GetLargestPossibleRegion();
  const double       overlap = ForEachPoint<VectorImageType>(
    fixed, interpolator.GetPointer(), nullptr, threader, [&](SizeValueType offset, const CoordinateType & c, bool) {
      vectors[offset] = rotate(interpolator->EvaluateAtContinuousIndex(ClampToGrid(c, region)));
    });
  if (overlap < smallestOverlap)
  {
    ThrowBadInput("InitialVelocityField spans " + DescribeBox(field) +
                  " and does not overlap FixedImage, which spans " + DescribeBox(fixed) +
                  "; pass a velocity field that was made for this fixed image.");
  }
  return result;
}

} // namespace GaussNewtonRegistrationImages
} // namespace itk
