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

#include "itkGaussNewtonRegistrationAlignmentStarts.h"
#include "itkGaussNewtonRegistrationError.h"
#include "itkGaussNewtonRegistrationImages.h"
#include "itkGaussNewtonRegistrationSamples.h"

#include "itkImageRegistrationMethodv4.h"
#include "itkRegularStepGradientDescentOptimizerv4.h"

#include <algorithm>
#include <cmath>
#include <sstream>
#include <type_traits>

namespace itk
{
namespace GaussNewtonRegistrationAlignment
{
namespace
{
constexpr double       searchStep = 0.5;     // samples
constexpr double       refinementStep = 0.1; // samples
constexpr double       lastStep = 0.001;     // samples
constexpr double       finalShare = 0.9;     // of the best information on the coarsest grid, to be refined further
constexpr double       leastGain = 1.02;     // in information, for a large rotation against a small one
constexpr double       nearTie = 0.97;       // of the information: another alignment that fits as well
constexpr double       stepShare = 0.125;    // of the smallest edge of the images, to which steps are held
constexpr unsigned int levels = 3;

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

/** Improves `transform` on the grids `first` ... `last` (0 is the coarsest); after it comes `turn`. `firstStep` is in
 * samples of the grid; the optimiser takes it whether it helps or not, and shortens it when the direction turns. False
 * if it lost the overlap of the images; `transform` is then as it was. */
template <typename TTransform>
bool
Refine(const Picture &  fixed,
       const Picture &  moving,
       TTransform *     transform,
       AffineType *     turn,
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
  if (turn)
  {
    registration->SetMovingInitialTransform(turn);
  }
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
    // A step must not leave images that are thin along an axis.
    spacings.push_back(std::min(spacing, stepShare * std::min(fixed.smallestEdge, moving.smallestEdge)));
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
  const auto before = transform->GetParameters();
  try
  {
    registration->Update();
  }
  catch (const ProcessAborted &)
  {
    throw;
  }
  catch (const MemoryAllocationError &)
  {
    throw;
  }
  catch (const ExceptionObject &) // of the metric, where no sample is left
  {
    transform->SetParameters(before);
    return false;
  }
  return true;
}

/** Refines the small rotation of a start. */
void
RefineStart(const Picture &  fixed,
            const Picture &  moving,
            Start &          start,
            unsigned int     first,
            unsigned int     last,
            double           firstStep,
            const Settings & settings)
{
  const auto turn = AffineType::New();
  turn->SetCenter(start.transform->GetCenter());
  turn->SetMatrix(start.turn);
  Refine(fixed,
         moving,
         start.transform.GetPointer(),
         start.isTurned ? turn.GetPointer() : nullptr,
         first,
         last,
         firstStep,
         settings);
}

/** Leaves the best and those that are nearly as good and elsewhere. */
void
KeepFinalists(std::vector<Start> & starts)
{
  std::stable_sort(
    starts.begin(), starts.end(), [](const Start & a, const Start & b) { return a.information > b.information; });
  constexpr double   elsewhere = 10.0; // degrees
  std::vector<Start> finalists;
  for (const Start & start : starts)
  {
    const bool isNew = std::none_of(finalists.begin(), finalists.end(), [&](const Start & other) {
      return AngleBetween(other.Whole()->GetMatrix(), start.Whole()->GetMatrix()) < elsewhere;
    });
    const bool isGood = finalists.empty() || start.information > finalShare * finalists.front().information;
    if (isNew && isGood)
    {
      finalists.push_back(start);
    }
  }
  starts = finalists;
}

/** What is kept of a candidate for the result. */
struct Candidate
{
  TransformType::Pointer transform;
  double                 information = 0.0;
  double                 byChance = 0.0; ///< information of such images that have nothing to do with each other
  SizeValueType          overlap = 0;
};

Candidate
JudgeFinally(const Picture & fixed, const Picture & moving, TransformType * transform, const Settings & settings)
{
  Judge     judge(fixed, moving, transform, 2.0 * fixed.spacing, settings);
  Candidate candidate;
  candidate.transform = transform;
  candidate.information = judge.Information();
  candidate.byChance = judge.InformationByChance();
  candidate.overlap = judge.Overlap();
  return candidate;
}

/** Samples of the fixed image, within its mask, at which JudgeFinally() compares. */
SizeValueType
CountSamples(const Picture & fixed)
{
  SizeValueType count = 0;
  ForEachSample(Shrink(fixed.image, FactorsFor(fixed.image, 2.0 * fixed.spacing)),
                fixed.mask,
                [&](const PointType &, float) { ++count; });
  return count;
}

std::string
WholeNumber(double value)
{
  return std::to_string(static_cast<long>(std::lround(value)));
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

  std::vector<Start> starts = NearStarts(shifts, centre);
  JudgeAll(starts, fixed, moving, inner);
  if (starts.empty())
  {
    GaussNewtonRegistrationImages::ThrowBadInput(
      "The volumes do not overlap wherever they are put: FixedImage spans " +
      GaussNewtonRegistrationImages::DescribeBox(fixed.image) + ", MovingImage spans " +
      GaussNewtonRegistrationImages::DescribeBox(moving.image) + "; check the masks.");
  }
  starts.resize(std::min(starts.size(), refinedStarts));
  inner.onProgress(0.0);
  const std::vector<Start> turned = SearchFar(fixed, moving, shifts, centre, inner);
  starts.insert(starts.end(), turned.begin(), turned.end());

  stage = 0.1;
  for (Start & start : starts)
  {
    RefineStart(fixed, moving, start, 0, 0, searchStep, inner);
    start.information = Judge(fixed, moving, start.Whole(), searchSpacing * fixed.spacing, inner).Information();
    stage += 0.05;
  }
  stage = 0.4;
  KeepFinalists(starts);
  if (starts.size() > 1) // the coarse grid cannot tell
  {
    for (Start & start : starts)
    {
      Start      trial = start;
      const auto transform = RigidType::New();
      transform->SetFixedParameters(start.transform->GetFixedParameters());
      transform->SetParameters(start.transform->GetParameters());
      trial.transform = transform;
      RefineStart(fixed, moving, trial, 1, 1, refinementStep, inner);
      start.information = Judge(fixed, moving, trial.Whole(), 2.0 * fixed.spacing, inner).Information();
    }
  }
  // Turning an image by much needs a reason: of many starts one is a little better by chance, and objects are
  // symmetric.
  const auto worth = [](const Start & start) { return start.information / (start.isTurned ? leastGain : 1.0); };
  const auto best = std::max_element(
    starts.begin(), starts.end(), [&](const Start & a, const Start & b) { return worth(a) < worth(b); });
  stage = 0.5;

  Alignment result;
  RefineStart(fixed, moving, *best, 1, levels - 1, refinementStep, inner);
  stage = 0.6;
  const auto whole = best->Whole();
  const auto rigid = RigidType::New();
  rigid->SetCenter(whole->GetCenter());
  rigid->SetMatrix(whole->GetMatrix(), 1e-6); // products of rotations
  rigid->SetTranslation(whole->GetTranslation());
  Candidate final =
    JudgeFinally(fixed, moving, best->isTurned ? rigid.GetPointer() : best->transform.GetPointer(), inner);
  if (isAffine)
  {
    const auto affine = AffineType::New();
    affine->SetCenter(whole->GetCenter());
    affine->SetMatrix(whole->GetMatrix());
    affine->SetTranslation(whole->GetTranslation());
    Refine(fixed, moving, affine.GetPointer(), nullptr, 0, levels - 1, refinementStep, inner);
    const Candidate more = JudgeFinally(fixed, moving, affine.GetPointer(), inner);
    if (more.information >= final.information)
    {
      final = more;
    }
    else
    {
      result.remark = "scaling and shearing did not make the images agree better, so the alignment is a rigid one";
    }
  }
  stage = 0.95;
  inner.onProgress(0.0);

  const Candidate start = JudgeFinally(fixed, moving, MakeRigid(centre, shifts.front(), 0, 0.0).GetPointer(), inner);
  result.initialInformation = start.information;
  if (!(final.information >= start.information))
  {
    final = start;
    result.remark =
      "nothing made the images agree better than the translation between their centres of mass, which was "
      "taken";
  }
  result.transform = final.transform;
  result.finalInformation = final.information;
  const auto samples = static_cast<double>(std::max<SizeValueType>(1, CountSamples(fixed)));
  result.overlap = std::min(1.0, static_cast<double>(final.overlap) / samples);

  constexpr double clear = 4.0;
  if (!(result.finalInformation > clear * final.byChance))
  {
    std::ostringstream message;
    message << "No alignment was found: where the images agree best, at an overlap of "
            << WholeNumber(100 * result.overlap) << " %, FixedImage and MovingImage share " << result.finalInformation
            << " nats of information, no more than images of different things do. Check that both show the same, pass "
               "masks of what both show, or a transform from another tool.";
    throw GaussNewtonRegistrationError(GaussNewtonRegistrationErrorEnums::Kind::NumericalFailure,
                                       __FILE__,
                                       __LINE__,
                                       message.str(),
                                       "itk::GaussNewtonRegistrationInitializer");
  }
  constexpr double littleOverlap = 0.25;
  if (result.overlap < littleOverlap)
  {
    result.remark =
      "only " + WholeNumber(100 * result.overlap) +
      " % of the fixed image lie in the moving one after the alignment. Look at the result, or pass masks";
  }
  const Start & chosen = *best;
  for (const Start & other : starts)
  {
    constexpr double different = 20.0; // degrees
    const double     angle = AngleBetween(other.Whole()->GetMatrix(), whole->GetMatrix());
    if (other.information > nearTie * chosen.information && angle > different)
    {
      result.remark = "the images agree almost as well when they are turned by " + WholeNumber(angle) +
                      " degrees against the alignment that was taken. Look at the result, or pass a transform";
      break;
    }
  }
  return result;
}

std::string
DescribeRotation(const Picture &   fixed,
                 const Picture &   moving,
                 const ShiftType & shift,
                 const PointType & centre,
                 const Settings &  settings)
{
  std::vector<Start> upright = NearStarts({ shift }, centre);
  upright.resize(1);
  std::vector<Start> turned = FarStarts({ shift }, centre);
  JudgeAll(upright, fixed, moving, settings);
  JudgeAll(turned, fixed, moving, settings);
  constexpr double clear = 1.2;
  if (upright.empty() || turned.empty() || !(turned.front().information > clear * upright.front().information))
  {
    return {};
  }
  return "the images agree far better when one is turned by about " +
         WholeNumber(AngleBetween(turned.front().turn, upright.front().turn)) +
         " degrees, which a translation cannot do. Align them rigidly";
}

} // namespace GaussNewtonRegistrationAlignment
} // namespace itk
