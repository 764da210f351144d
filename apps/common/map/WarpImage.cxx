// SPDX-License-Identifier: Apache-2.0
#include "WarpImage.h"

#include "itkBSplineInterpolateImageFunction.h"
#include "itkCastImageFilter.h"
#include "itkMultiThreaderBase.h"

#include <atomic>
#include <cmath>
#include <functional>
#include <limits>
#include <type_traits>

namespace gnrapp
{
namespace
{

/** Rounds and clamps for integer types. */
template <typename TPixel>
TPixel
ToPixel(double value)
{
  if constexpr (std::is_integral<TPixel>::value)
  {
    // The largest 64-bit integers are no doubles; comparing with the next power of two is exact for all types.
    const double upper = std::ldexp(1.0, std::numeric_limits<TPixel>::digits);
    const double lower = std::is_signed<TPixel>::value ? -upper : 0.0;
    const double rounded = std::floor(value + 0.5);
    if (std::isnan(rounded) || rounded <= lower)
    {
      return std::isnan(rounded) ? TPixel{ 0 } : std::numeric_limits<TPixel>::lowest();
    }
    return rounded >= upper ? std::numeric_limits<TPixel>::max() : static_cast<TPixel>(rounded);
  }
  else
  {
    return static_cast<TPixel>(value);
  }
}

template <typename TPixel>
TPixel
NearestValue(const TPixel * voxels, const GridGeometry & grid, const VectorType & index)
{
  std::size_t offset = 0;
  for (int axis = 2; axis >= 0; --axis)
  {
    offset =
      offset * static_cast<std::size_t>(grid.size[axis]) + static_cast<std::size_t>(std::floor(index[axis] + 0.5));
  }
  return voxels[offset];
}

template <typename TPixel>
TPixel
LabelValue(const TPixel * voxels, const GridGeometry & grid, const VectorType & index)
{
  const TrilinearCorners corners(grid, index);
  TPixel                 best = voxels[corners.offset[0]];
  double                 bestWeight = -1.0;
  for (unsigned int candidate = 0; candidate < 8; ++candidate)
  {
    const TPixel label = voxels[corners.offset[candidate]];
    double       weight = 0.0;
    for (unsigned int corner = 0; corner < 8; ++corner)
    {
      weight += voxels[corners.offset[corner]] == label ? corners.weight[corner] : 0.0;
    }
    if (weight > bestWeight)
    {
      best = label;
      bestWeight = weight;
    }
  }
  return best;
}

template <typename TPixel>
double
LinearValue(const TPixel * voxels, const GridGeometry & grid, const VectorType & index)
{
  const TrilinearCorners corners(grid, index);
  double                 sum = 0.0;
  for (unsigned int corner = 0; corner < 8; ++corner)
  {
    if (corners.weight[corner] != 0.0) // so that NaN does not spread further than it must
    {
      sum += corners.weight[corner] * static_cast<double>(voxels[corners.offset[corner]]);
    }
  }
  return sum;
}

/** float holds all integers of up to 16 bits exactly, and is enough for float. */
template <typename TPixel>
using WorkingType = std::conditional_t<(sizeof(TPixel) <= 2) || std::is_same<TPixel, float>::value, float, double>;

template <typename TImage>
std::function<typename TImage::PixelType(const VectorType &)>
MakeEvaluator(const TImage * image, const GridGeometry & grid, WarpInterpolation interpolation)
{
  using PixelType = typename TImage::PixelType;
  const PixelType * const voxels = image->GetBufferPointer();
  switch (interpolation)
  {
    case WarpInterpolation::Nearest:
      return [=, &grid](const VectorType & index) { return NearestValue(voxels, grid, index); };
    case WarpInterpolation::Label:
      return [=, &grid](const VectorType & index) { return LabelValue(voxels, grid, index); };
    case WarpInterpolation::Linear:
      return [=, &grid](const VectorType & index) { return ToPixel<PixelType>(LinearValue(voxels, grid, index)); };
    case WarpInterpolation::Cubic:
      break;
  }
  using WorkingImageType = itk::Image<WorkingType<PixelType>, 3>;
  using SplineType = itk::BSplineInterpolateImageFunction<WorkingImageType, double, WorkingType<PixelType>>;
  const auto cast = itk::CastImageFilter<TImage, WorkingImageType>::New();
  cast->SetInput(image);
  cast->Update();
  const typename SplineType::Pointer spline = SplineType::New();
  spline->SetSplineOrder(3);
  spline->SetInputImage(cast->GetOutput());
  return [spline](const VectorType & index) {
    typename SplineType::ContinuousIndexType continuousIndex;
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      continuousIndex[axis] = index[axis];
    }
    return ToPixel<PixelType>(spline->EvaluateAtContinuousIndex(continuousIndex));
  };
}

} // namespace

template <typename TImage>
typename TImage::Pointer
WarpImage(const TImage *            image,
          const PointMap &          map,
          const itk::ImageBase<3> * reference,
          WarpInterpolation         interpolation,
          double                    background,
          unsigned int              threads,
          WarpCounts &              counts)
{
  using PixelType = typename TImage::PixelType;
  const GridGeometry inputGrid(image);
  const GridGeometry outputGrid(reference);
  const auto         evaluate = MakeEvaluator(image, inputGrid, interpolation);
  const PixelType    outside = ToPixel<PixelType>(background);

  const auto output = TImage::New();
  output->CopyInformation(reference);
  output->SetRegions(reference->GetLargestPossibleRegion().GetSize());
  output->Allocate();
  PixelType * const voxels = output->GetBufferPointer();

  std::atomic<std::size_t> outsideField{ 0 };
  std::atomic<std::size_t> notInverted{ 0 };
  std::atomic<std::size_t> outsideInput{ 0 };
  auto                     row = [&](itk::SizeValueType number) {
    const auto  y = static_cast<long>(number) % outputGrid.size[1];
    const auto  z = static_cast<long>(number) / outputGrid.size[1];
    WarpCounts  here;
    PixelType * out = voxels + number * static_cast<std::size_t>(outputGrid.size[0]);
    for (long x = 0; x < outputGrid.size[0]; ++x, ++out)
    {
      VectorType index;
      index[0] = static_cast<double>(x);
      index[1] = static_cast<double>(y);
      index[2] = static_cast<double>(z);
      PointType       target;
      const MapStatus status = map.Map(outputGrid.PointOf(index), target);
      *out = outside;
      if (status == MapStatus::OutsideField)
      {
        ++here.outsideField;
      }
      else if (status == MapStatus::NotInverted)
      {
        ++here.notInverted;
      }
      else if (const VectorType inputIndex = inputGrid.IndexOf(target); inputGrid.Contains(inputIndex))
      {
        *out = evaluate(inputIndex);
      }
      else
      {
        ++here.outsideInput;
      }
    }
    outsideField += here.outsideField;
    notInverted += here.notInverted;
    outsideInput += here.outsideInput;
  };
  const auto threader = itk::MultiThreaderBase::New();
  if (threads > 0)
  {
    threader->SetMaximumNumberOfThreads(threads);
    threader->SetNumberOfWorkUnits(threads);
  }
  threader->ParallelizeArray(0, static_cast<itk::SizeValueType>(outputGrid.size[1] * outputGrid.size[2]), row, nullptr);

  counts.voxels = static_cast<std::size_t>(outputGrid.size[0]) * outputGrid.size[1] * outputGrid.size[2];
  counts.outsideField = outsideField;
  counts.notInverted = notInverted;
  counts.outsideInput = outsideInput;
  return output;
}

#define gnrapp_InstantiateMacro(pixel)                                                                                 \
  template itk::Image<pixel, 3>::Pointer WarpImage(const itk::Image<pixel, 3> *,                                       \
                                                   const PointMap &,                                                   \
                                                   const itk::ImageBase<3> *,                                          \
                                                   WarpInterpolation,                                                  \
                                                   double,                                                             \
                                                   unsigned int,                                                       \
                                                   WarpCounts &)
gnrapp_InstantiateMacro(unsigned char);
gnrapp_InstantiateMacro(signed char);
gnrapp_InstantiateMacro(unsigned short);
gnrapp_InstantiateMacro(short);
gnrapp_InstantiateMacro(unsigned int);
gnrapp_InstantiateMacro(int);
gnrapp_InstantiateMacro(unsigned long);
gnrapp_InstantiateMacro(long);
gnrapp_InstantiateMacro(float);
gnrapp_InstantiateMacro(double);
#undef gnrapp_InstantiateMacro

} // namespace gnrapp
