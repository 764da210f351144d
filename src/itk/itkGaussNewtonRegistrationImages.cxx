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

#include "itkGaussNewtonRegistrationSampling.h"

#include "itkImageRegionConstIteratorWithIndex.h"
#include "itkImageRegionIterator.h"
#include "itkLinearInterpolateImageFunction.h"
#include "itkNearestNeighborInterpolateImageFunction.h"

#include <algorithm>
#include <cmath>
#include <sstream>

namespace itk
{
namespace GaussNewtonRegistrationImages
{
namespace
{
using namespace GaussNewtonRegistrationSampling;

// Below this share of the smaller volume inside the other one the two cannot be meant to show the same thing.
constexpr double smallestOverlap = 0.01;

double
VolumeOf(const ImageBaseType * image)
{
  const auto & spacing = image->GetSpacing();
  return static_cast<double>(image->GetLargestPossibleRegion().GetNumberOfPixels()) * spacing[0] * spacing[1] *
         spacing[2];
}

/** Share of the smaller of two volumes that both have, when so many voxels of `fixed` lie inside `other`: a patch lies
 * within an image as a whole, however small a part of that it is. */
double
OverlapOf(double voxels, const ImageBaseType * fixed, const ImageBaseType * other)
{
  const double shared =
    voxels / static_cast<double>(fixed->GetLargestPossibleRegion().GetNumberOfPixels()) * VolumeOf(fixed);
  return shared / std::min(VolumeOf(fixed), VolumeOf(other));
}

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

template <typename TImage>
void
CheckBuffered(const TImage * image, const RegionType & region, const std::string & name, const char * what)
{
  if (!image->GetBufferedRegion().IsInside(region) || !image->GetBufferPointer())
  {
    ThrowBadInput(name + ": the " + what +
                  " are not in memory where they are needed; update the source of the image first.");
  }
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
CheckFinite(const ScalarImageType * image, const RegionType & region, const std::string & name)
{
  CheckBuffered(image, region, name, "voxels");
  for (ImageRegionConstIteratorWithIndex<ScalarImageType> it(image, region); !it.IsAtEnd(); ++it)
  {
    if (!std::isfinite(it.Value()))
    {
      std::ostringstream message;
      message << name << ": voxel " << it.GetIndex() << " is "
              << (std::isnan(it.Value()) ? "not a number" : "infinite or too large for single precision")
              << "; replace such voxels by finite values.";
      ThrowBadInput(message.str());
    }
  }
}

void
CheckNotConstant(const ScalarImageType * image,
                 const RegionType &      region,
                 const Distribution *    distribution,
                 const std::string &     name)
{
  float smallest = NumericTraits<float>::max();
  float largest = NumericTraits<float>::NonpositiveMin();
  for (ImageRegionConstIterator<ScalarImageType> it(image, region); !it.IsAtEnd(); ++it)
  {
    smallest = std::min(smallest, it.Value());
    largest = std::max(largest, it.Value());
  }
  const double low = distribution ? distribution->MinimumOverInputs(smallest) : smallest;
  const double high = distribution ? distribution->MaximumOverInputs(largest) : largest;
  if (!(high > low))
  {
    std::ostringstream message;
    message << name << ": every voxel has the value " << low
            << ", so there is nothing to register; check that this is the right image.";
    ThrowBadInput(message.str());
  }
}

void
CheckIntensities(const ScalarImageType * image, const std::string & name)
{
  CheckFinite(image, image->GetLargestPossibleRegion(), name);
  CheckNotConstant(image, image->GetLargestPossibleRegion(), nullptr, name);
}

ScalarImageType::Pointer
MakeWeight(const MaskImageType * mask, const RegionType & region, const std::string & name)
{
  CheckBuffered(mask, region, name, "voxels");
  const auto                              weight = AllocateOn<ScalarImageType>(mask, region);
  ImageRegionConstIterator<MaskImageType> from(mask, region);
  ImageRegionIterator<ScalarImageType>    to(weight, region);
  for (; !to.IsAtEnd(); ++from, ++to)
  {
    to.Set(from.Value() != 0 ? 1.0F : 0.0F);
  }
  return weight;
}

void
CheckNotEmpty(const ScalarImageType * weight, const Distribution & distribution, const std::string & name)
{
  const float * const values = weight->GetBufferPointer();
  const SizeValueType count = weight->GetBufferedRegion().GetNumberOfPixels();
  const auto          inside = count - std::count(values, values + count, 0.0F);
  if (distribution.SumOverInputs(static_cast<double>(inside)) == 0.0)
  {
    ThrowBadInput(name + ": the mask is empty; it needs voxels that are not zero where the images shall match.");
  }
}

ResampledMoving
ResampleMoving(const Bridge::Source<ScalarImageType> & moving,
               const std::string &                     name,
               bool                                    isOfLabels,
               const Bridge::Source<MaskImageType> &   mask,
               const Distribution &                    distribution,
               const TransformType *                   transform,
               MultiThreaderBase *                     threader)
{
  using InterpolatorType = LinearInterpolateImageFunction<ScalarImageType, double>;
  const ImageBaseType * const fixed = distribution.GetFixedGrid();
  const RegionType            region = distribution.GetInputRegion();
  const RegionType &          movingRegion = moving.grid->GetLargestPossibleRegion();

  ResampledMoving result;
  result.image = AllocateOn<ScalarImageType>(fixed, region);
  result.weight = AllocateOn<ScalarImageType>(fixed, region);
  float * values = result.image->GetBufferPointer();
  float * weights = result.weight->GetBufferPointer();

  double         inside = 0.0;
  const PointMap map(fixed, nullptr, transform);
  ForEachPiece(
    region,
    map,
    moving,
    Outside::Nearest,
    threader,
    [&](const RegionType & piece, const RegionType & reach, const ScalarImageType * part) {
      if (!moving.whole)
      {
        CheckFinite(part, reach, name);
      }
      using NearestType = NearestNeighborInterpolateImageFunction<ScalarImageType, double>;
      InterpolateImageFunction<ScalarImageType, double>::Pointer interpolator = InterpolatorType::New();
      if (isOfLabels)
      {
        interpolator = NearestType::New();
      }
      interpolator->SetInputImage(part);
      const auto maskInterpolator = InterpolatorType::New();
      if (mask)
      {
        // Masks have the size of the moving image; its geometry, index by index, then holds for them too.
        RegionType ofMask = reach;
        const auto shift = mask.grid->GetLargestPossibleRegion().GetIndex() - movingRegion.GetIndex();
        ofMask.SetIndex(reach.GetIndex() + shift);
        const MaskImageType::ConstPointer maskPart = mask.whole ? mask.whole : mask.read(ofMask);
        const auto                        weight = MakeWeight(maskPart, ofMask, "MovingImageMask");
        if (mask.whole)
        {
          CheckNotEmpty(weight, distribution, "MovingImageMask");
        }
        weight->SetBufferedRegion(reach);
        maskInterpolator->SetInputImage(weight);
      }
      inside += static_cast<double>(ForEachPoint(
        piece, map, moving.grid, threader, [&](const IndexType & index, const CoordinateType & c, bool isInside) {
          const CoordinateType nearest = ClampToGrid(c, movingRegion);
          const auto           offset = result.image->ComputeOffset(index);
          values[offset] = static_cast<float>(interpolator->EvaluateAtContinuousIndex(nearest));
          weights[offset] =
            !isInside ? 0.0F : (mask ? static_cast<float>(maskInterpolator->EvaluateAtContinuousIndex(nearest)) : 1.0F);
        }));
    });

  const double overlap = OverlapOf(distribution.SumOverInputs(inside), fixed, moving.grid);
  if (overlap < smallestOverlap)
  {
    std::ostringstream message;
    message << "The volumes do not overlap: " << 100.0 * overlap
            << " % of the smaller one lies inside the other. FixedImage spans " << DescribeBox(fixed) << ", " << name
            << " spans " << DescribeBox(moving.grid)
            << (transform ? "; between them stands the initial transform, which maps fixed to moving points. Check its "
                            "direction, and the origin and direction in the image headers."
                          : ". Check the origin and direction in the image headers, or pass an initial transform.");
    ThrowBadInput(message.str());
  }

  const auto count = static_cast<OffsetValueType>(region.GetNumberOfPixels());
  const auto zeros = static_cast<double>(std::count(weights, weights + count, 0.0F));
  const auto ones = static_cast<double>(std::count(weights, weights + count, 1.0F));
  if (mask && distribution.MinimumOverInputs(zeros == count ? 1.0 : 0.0) == 1.0)
  {
    ThrowBadInput("MovingImageMask: no voxel of FixedImage lies inside the mask; check that the mask belongs to "
                  "MovingImage.");
  }
  if (distribution.MinimumOverInputs(ones == count ? 1.0 : 0.0) == 1.0)
  {
    result.weight = nullptr;
  }
  return result;
}

void
RotateToPhysical(VectorImageType * field, MultiThreaderBase * threader)
{
  const auto direction = field->GetDirection();
  if (direction.GetVnlMatrix().is_identity() || field->GetBufferedRegion().GetNumberOfPixels() == 0)
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
SampleOnGridAxes(const Bridge::Source<VectorImageType> & field,
                 const Distribution &                    distribution,
                 MultiThreaderBase *                     threader)
{
  const std::string           name = "InitialVelocityField";
  const ImageBaseType * const fixed = distribution.GetFixedGrid();
  const RegionType            region = distribution.GetInputRegion();
  const auto                  result = AllocateOn<VectorImageType>(fixed, region);
  auto *                      vectors = result->GetBufferPointer();

  const auto check = [&](const VectorImageType * part, const RegionType & reach) {
    CheckBuffered(part, reach, name, "vectors");
    for (ImageRegionConstIteratorWithIndex<VectorImageType> it(part, reach); !it.IsAtEnd(); ++it)
    {
      if (!std::isfinite(it.Value()[0]) || !std::isfinite(it.Value()[1]) || !std::isfinite(it.Value()[2]))
      {
        std::ostringstream message;
        message << name << ": the vector at " << it.GetIndex() << " is not finite.";
        ThrowBadInput(message.str());
      }
    }
  };
  const auto toAxes = fixed->GetInverseDirection();
  const auto rotate = [&](const Vector<double, 3> & v) {
    Vector<float, 3> onAxes;
    onAxes.CastFrom(toAxes * v);
    return onAxes;
  };

  if (HaveSameGrid(field.grid, fixed))
  {
    RegionType same = region;
    const auto shift = field.grid->GetLargestPossibleRegion().GetIndex() - fixed->GetLargestPossibleRegion().GetIndex();
    same.SetIndex(region.GetIndex() + shift);
    const VectorImageType::ConstPointer part = field.whole ? field.whole : field.read(same);
    check(part, same);
    for (ImageRegionConstIterator<VectorImageType> it(part, same); !it.IsAtEnd(); ++it)
    {
      *vectors++ = rotate(Vector<double, 3>(it.Value()));
    }
    return result;
  }

  const RegionType & fieldRegion = field.grid->GetLargestPossibleRegion();
  double             inside = 0.0;
  const PointMap     map(fixed, nullptr, nullptr);
  ForEachPiece(region,
               map,
               field,
               Outside::Nearest,
               threader,
               [&](const RegionType & piece, const RegionType & reach, const VectorImageType * part) {
                 check(part, reach);
                 const auto interpolator = LinearInterpolateImageFunction<VectorImageType, double>::New();
                 interpolator->SetInputImage(part);
                 inside += static_cast<double>(ForEachPoint(
                   piece, map, field.grid, threader, [&](const IndexType & index, const CoordinateType & c, bool) {
                     vectors[result->ComputeOffset(index)] =
                       rotate(interpolator->EvaluateAtContinuousIndex(ClampToGrid(c, fieldRegion)));
                   }));
               });
  const double overlap = OverlapOf(distribution.SumOverInputs(inside), fixed, field.grid);
  if (overlap < smallestOverlap)
  {
    ThrowBadInput("InitialVelocityField spans " + DescribeBox(field.grid) +
                  " and does not overlap FixedImage, which spans " + DescribeBox(fixed) +
                  "; pass a velocity field that was made for this fixed image.");
  }
  return result;
}

} // namespace GaussNewtonRegistrationImages
} // namespace itk
