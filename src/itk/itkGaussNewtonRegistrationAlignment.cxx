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
#include "itkGaussNewtonRegistrationAlignment.h"

#include "itkGaussNewtonRegistrationImages.h"
#include "itkGaussNewtonRegistrationSamples.h"

#include "itkEuler3DTransform.h"
#include "itkImageMaskSpatialObject.h"
#include "itkImageRegistrationMethodv4.h"
#include "itkMattesMutualInformationImageToImageMetricv4.h"
#include "itkRegularStepGradientDescentOptimizerv4.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <type_traits>

namespace itk
{
namespace GaussNewtonRegistrationAlignment
{
namespace
{
using ShiftType = Vector<double, 3>;
using RigidType = Euler3DTransform<double>;
using AffineType = GaussNewtonRegistrationInitializer::AffineTransformType;
using MaskType = ImageMaskSpatialObject<3>;

/** Mutual information that is summed in one order: with several work units it would depend on who comes first, and
 * SetMaximumNumberOfWorkUnits() of ITK limits threads only. */
class MetricType : public MattesMutualInformationImageToImageMetricv4<ImageType, ImageType>
{
public:
  using Self = MetricType;
  using Superclass = MattesMutualInformationImageToImageMetricv4<ImageType, ImageType>;
  using Pointer = SmartPointer<Self>;
  itkNewMacro(Self);

protected:
  MetricType()
  {
    this->m_DenseGetValueAndDerivativeThreader->SetNumberOfWorkUnits(1);
    this->m_SparseGetValueAndDerivativeThreader->SetNumberOfWorkUnits(1);
  }
};

constexpr double       searchSpacing = 4.0;  // of the grid of the search, in samples
constexpr double       smallestShare = 0.5;  // of the largest overlap, for a start to be considered
constexpr double       searchStep = 0.5;     // samples
constexpr double       refinementStep = 0.1; // samples
constexpr double       lastStep = 0.001;     // samples
constexpr std::size_t  refinedStarts = 3;    // of the best in the search
constexpr unsigned int levels = 3;

MaskType::Pointer
MakeMask(const MaskImageType * image)
{
  const auto mask = MaskType::New();
  mask->SetImage(image);
  mask->Update();
  return mask;
}

MetricType::Pointer
MakeMetric(const Picture & fixed, const Picture & moving, const Settings & settings)
{
  const auto metric = MetricType::New();
  metric->SetNumberOfHistogramBins(settings.bins);
  metric->SetUseMovingImageGradientFilter(false); // gradients at the samples only, not of whole images
  metric->SetUseFixedImageGradientFilter(false);
  if (fixed.mask)
  {
    metric->SetFixedImageMask(MakeMask(fixed.mask));
  }
  if (moving.mask)
  {
    metric->SetMovingImageMask(MakeMask(moving.mask));
  }
  return metric;
}

/** Mutual information on coarse grids, for many transforms. */
class Judge
{
public:
  Judge(const Picture &  fixed,
        const Picture &  moving,
        TransformType *  transform,
        double           spacing,
        const Settings & settings)
    : m_Metric(MakeMetric(fixed, moving, settings))
  {
    m_Metric->SetFixedImage(Shrink(fixed.image, FactorsFor(fixed.image, spacing)));
    m_Metric->SetMovingImage(Shrink(moving.image, FactorsFor(moving.image, spacing)));
    m_Metric->SetMovingTransform(transform);
    m_Metric->Initialize();
  }

  /** With the present parameters of the transform; nats. None, 0, where the images do not overlap. */
  double
  Information()
  {
    try
    {
      return -m_Metric->GetValue();
    }
    catch (const ExceptionObject &)
    {
      if (this->Overlap() == 0) // which ITK takes for an error
      {
        return 0.0;
      }
      throw;
    }
  }

  /** Samples of the fixed image that fell into the moving one the last time. */
  SizeValueType
  Overlap() const
  {
    return m_Metric->GetNumberOfValidPoints();
  }

private:
  MetricType::Pointer m_Metric;
};

RigidType::Pointer
MakeRigid(const PointType & centre, const ShiftType & shift, unsigned int axis, double angle)
{
  std::array<double, 3> angles{};
  angles[axis] = angle;
  const auto transform = RigidType::New();
  transform->SetCenter(centre);
  transform->SetRotation(angles[0], angles[1], angles[2]);
  transform->SetTranslation(shift);
  return transform;
}

struct Start
{
  RigidType::Pointer transform;
  double             information = 0.0;
  SizeValueType      overlap = 0;
};

/** All starts with all rotations, best first; those with much less overlap than others left out, because the few voxels
 * that they compare can agree by chance. */
std::vector<Start>
Search(const Picture &                fixed,
       const Picture &                moving,
       const std::vector<ShiftType> & shifts,
       const PointType &              centre,
       const Settings &               settings)
{
  const auto         trial = MakeRigid(centre, shifts.front(), 0, 0.0);
  Judge              judge(fixed, moving, trial, searchSpacing * fixed.spacing, settings);
  std::vector<Start> starts;
  const auto         add = [&](const RigidType::Pointer & transform) {
    trial->SetParameters(transform->GetParameters());
    const double information = judge.Information();
    if (judge.Overlap() > 0)
    {
      starts.push_back({ transform, information, judge.Overlap() });
    }
  };
  constexpr double degree = 3.14159265358979323846 / 180.0;
  for (const ShiftType & shift : shifts)
  {
    add(MakeRigid(centre, shift, 0, 0.0));
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      for (const double angle : { -40.0, -20.0, 20.0, 40.0 })
      {
        add(MakeRigid(centre, shift, axis, angle * degree));
      }
    }
  }
  SizeValueType largest = 0;
  for (const Start & start : starts)
  {
    largest = std::max(largest, start.overlap);
  }
  starts.erase(std::remove_if(starts.begin(),
                              starts.end(),
                              [=](const Start & s) {
                                return static_cast<double>(s.overlap) < smallestShare * static_cast<double>(largest);
                              }),
               starts.end());
  std::stable_sort(
    starts.begin(), starts.end(), [](const Start & a, const Start & b) { return a.information > b.information; });
  return starts;
}

using ScalesType = RegularStepGradientDescentOptimizerv4<double>::ScalesType;

/** How far the mass of the image moves, in mean square, per change of a parameter: a step of the optimiser then has a
 * length in mm. The physical shift that ITK would estimate is that of the corners of the image, which is several times
 * larger for rotations than what the object does, and lets them lag behind. */
ScalesType
ScalesOf(const RigidType *, const Picture & fixed)
{
  const auto & m = fixed.secondMoments;
  ScalesType   scales(6);
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    scales[axis] = m[(axis + 1) % 3] + m[(axis + 2) % 3];
    scales[3 + axis] = 1.0;
  }
  return scales;
}

ScalesType
ScalesOf(const AffineType *, const Picture & fixed)
{
  ScalesType scales(12);
  for (unsigned int row = 0; row < 3; ++row)
  {
    for (unsigned int column = 0; column < 3; ++column)
    {
      scales[3 * row + column] = fixed.secondMoments[column];
    }
    scales[9 + row] = 1.0;
  }
  return scales;
}

/** Improves `transform` on the grids `first` ... `last` (0 is the coarsest). `firstStep` is in samples of the grid; the
 * optimiser takes it whether it helps or not, and shortens it when the direction turns. */
template <typename TTransform>
void
Refine(const Picture &  fixed,
       const Picture &  moving,
       TTransform *     transform,
       unsigned int     first,
       unsigned int     last,
       double           firstStep,
       const Settings & settings)
{
  using RegistrationType = ImageRegistrationMethodv4<ImageType, ImageType, TTransform>;
  using OptimizerType = RegularStepGradientDescentOptimizerv4<double>;

  const auto metric = MakeMetric(fixed, moving, settings);
  const auto optimizer = OptimizerType::New();
  optimizer->SetScales(ScalesOf(transform, fixed));
  optimizer->SetDoEstimateLearningRateOnce(false);
  optimizer->SetDoEstimateLearningRateAtEachIteration(false);
  optimizer->SetNumberOfIterations(settings.iterations);
  // Slow enough, by trial, for 12 and for 6 parameters of which some matter much less than others.
  optimizer->SetRelaxationFactor(std::is_same_v<TTransform, AffineType> ? 0.9 : 0.8);
  optimizer->SetGradientMagnitudeTolerance(1e-12);
  optimizer->SetReturnBestParametersAndValue(true);
  optimizer->AddObserver(IterationEvent(), [&settings](const EventObject &) { settings.onProgress(0.0); });

  const auto registration = RegistrationType::New();
  registration->SetFixedImage(fixed.image);
  registration->SetMovingImage(moving.image);
  registration->SetMetric(metric);
  registration->SetOptimizer(optimizer);
  registration->SetInitialTransform(transform);
  registration->InPlaceOn();
  registration->SetNumberOfLevels(last - first + 1);
  registration->SetSmoothingSigmasAreSpecifiedInPhysicalUnits(true);
  typename RegistrationType::SmoothingSigmasArrayType          sigmas(last - first + 1);
  typename RegistrationType::MetricSamplingPercentageArrayType shares(last - first + 1);

  SizeValueType inMask = 0;
  ForEachSample(fixed.image, fixed.mask, [&](const PointType &, float) { ++inMask; });
  std::vector<double> spacings;
  for (unsigned int level = first; level <= last; ++level)
  {
    const double spacing = fixed.spacing * std::ldexp(1.0, static_cast<int>(levels - 1 - level));
    const auto   factors = FactorsFor(fixed.image, spacing);
    typename RegistrationType::ShrinkFactorsPerDimensionContainerType shrink;
    double                                                            voxels = static_cast<double>(inMask);
    for (unsigned int d = 0; d < 3; ++d)
    {
      shrink[d] = factors[d];
      voxels /= factors[d];
    }
    registration->SetShrinkFactorsPerDimension(level - first, shrink);
    sigmas[level - first] = level + 1 == levels ? 0.0 : 0.5 * spacing;
    shares[level - first] = std::min(1.0, static_cast<double>(settings.samples) / std::max(voxels, 1.0));
    spacings.push_back(spacing);
  }
  registration->SetSmoothingSigmasPerLevel(sigmas);
  registration->SetMetricSamplingStrategy(RegistrationType::MetricSamplingStrategyEnum::RANDOM);
  registration->SetMetricSamplingPercentagePerLevel(shares);
  registration->MetricSamplingReinitializeSeed(settings.seed);
  registration->AddObserver(MultiResolutionIterationEvent(), [&, optimizer](const EventObject &) {
    const double spacing = spacings[registration->GetCurrentLevel()];
    optimizer->SetLearningRate(firstStep * spacing);
    optimizer->SetMinimumStepLength(lastStep * spacing);
  });
  optimizer->SetLearningRate(firstStep * spacings.front());
  optimizer->SetMinimumStepLength(lastStep * spacings.front());
  registration->Update();
}

} // namespace

Alignment
MaximizeInformation(const Picture &                fixed,
                    const Picture &                moving,
                    const std::vector<ShiftType> & shifts,
                    const PointType &              centre,
                    bool                           isAffine,
                    const Settings &               settings)
{
  // Steps of the optimiser are not known beforehand: the progress goes by stages.
  double   stage = 0.0;
  Settings inner = settings;
  inner.onProgress = [&](double) { settings.onProgress(stage); };
  inner.onProgress(0.0);

  std::vector<Start> starts = Search(fixed, moving, shifts, centre, inner);
  if (starts.empty())
  {
    GaussNewtonRegistrationImages::ThrowBadInput(
      "The volumes do not overlap wherever they are put: FixedImage spans " +
      GaussNewtonRegistrationImages::DescribeBox(fixed.image) + ", MovingImage spans " +
      GaussNewtonRegistrationImages::DescribeBox(moving.image) + "; check the masks.");
  }
  starts.resize(std::min(starts.size(), refinedStarts));
  stage = 0.1;
  for (Start & start : starts)
  {
    Refine(fixed, moving, start.transform.GetPointer(), 0, 0, searchStep, inner);
    const auto trial = RigidType::New();
    trial->SetFixedParameters(start.transform->GetFixedParameters());
    trial->SetParameters(start.transform->GetParameters());
    start.information = Judge(fixed, moving, trial, searchSpacing * fixed.spacing, inner).Information();
    stage += 0.1;
  }
  const auto best = std::max_element(
    starts.begin(), starts.end(), [](const Start & a, const Start & b) { return a.information < b.information; });
  Refine(fixed, moving, best->transform.GetPointer(), 1, levels - 1, refinementStep, inner);
  stage = 0.6;

  Alignment result;
  result.transform = best->transform.GetPointer();
  if (isAffine)
  {
    const auto affine = AffineType::New();
    affine->SetCenter(best->transform->GetCenter());
    affine->SetMatrix(best->transform->GetMatrix());
    affine->SetTranslation(best->transform->GetTranslation());
    Refine(fixed, moving, affine.GetPointer(), 0, levels - 1, refinementStep, inner);
    result.transform = affine.GetPointer();
  }
  stage = 0.95;
  inner.onProgress(0.0);

  const auto start = MakeRigid(centre, shifts.front(), 0, 0.0);
  result.initialInformation = Judge(fixed, moving, start, 2.0 * fixed.spacing, inner).Information();
  result.finalInformation = Judge(fixed, moving, result.transform, 2.0 * fixed.spacing, inner).Information();
  return result;
}

} // namespace GaussNewtonRegistrationAlignment
} // namespace itk
