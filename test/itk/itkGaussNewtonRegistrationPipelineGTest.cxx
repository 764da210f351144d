// SPDX-License-Identifier: Apache-2.0
// The filter as a citizen of the ITK pipeline: events, abort, stop, re-run, upstream filters, pixel types, threads.

#include "itkGaussNewtonRegistrationTestPhantoms.h"

#include "itkCastImageFilter.h"
#include "itkCommand.h"
#include "itkImageFileReader.h"
#include "itkImageFileWriter.h"
#include "itkResampleImageFilter.h"
#include "itkShiftScaleImageFilter.h"
#include "itkStreamingImageFilter.h"

#include <gtest/gtest.h>

#include <functional>

namespace
{
using namespace gnrtest;

void
Observe(Filter * filter, const itk::EventObject & event, std::function<void()> f)
{
  filter->AddObserver(event, [f](const itk::EventObject &) { f(); });
}

// Short solves: what is tested here does not depend on how far they get.
Filter::Pointer
ShortFilter()
{
  const auto filter = MakeFilter(MakeFixed(), MakeMoving());
  filter->SetNumberOfIterations(2);
  return filter;
}

TEST(Pipeline, OutputsLieOnTheFixedGrid)
{
  Geometry geometry;
  geometry.size = { { 24, 28, 20 } };
  geometry.spacing[1] = 1.25;
  geometry.direction = Oblique(0.3);
  geometry.start = { { 5, -3, 7 } };
  const auto filter = MakeFilter(MakeFixed(geometry), MakeMoving());
  filter->SetNumberOfIterations(1);
  filter->Update();

  const FloatImage * fixed = filter->GetFixedImage();
  const auto         check = [fixed](const itk::ImageBase<3> * output) {
    EXPECT_EQ(output->GetLargestPossibleRegion(), fixed->GetLargestPossibleRegion());
    EXPECT_EQ(output->GetBufferedRegion(), fixed->GetLargestPossibleRegion());
    EXPECT_EQ(output->GetSpacing(), fixed->GetSpacing());
    EXPECT_EQ(output->GetOrigin(), fixed->GetOrigin());
    EXPECT_EQ(output->GetDirection(), fixed->GetDirection());
  };
  check(filter->GetDisplacementField());
  check(filter->GetInverseDisplacementField());
  check(filter->GetVelocityField());
  check(filter->GetWarpedMovingImage());
  check(filter->GetJacobianDeterminantImage());
  EXPECT_EQ(filter->GetDisplacementField(), filter->GetOutput());
}

TEST(Pipeline, EventsComeInOrderAndProgressReachesOne)
{
  const auto          filter = ShortFilter();
  int                 starts = 0;
  int                 ends = 0;
  unsigned int        levels = 0;
  unsigned int        iterations = 0;
  std::vector<double> progress;
  Observe(filter, itk::StartEvent(), [&] { ++starts; });
  Observe(filter, itk::EndEvent(), [&] { ++ends; });
  Observe(filter, itk::ProgressEvent(), [&] { progress.push_back(filter->GetProgress()); });
  Observe(filter, itk::MultiResolutionIterationEvent(), [&] {
    EXPECT_EQ(filter->GetCurrentLevel(), levels);
    EXPECT_EQ(filter->GetCurrentLevelRecord().level, static_cast<int>(levels));
    ++levels;
  });
  // MultiResolutionIterationEvent is an IterationEvent to ITK; count the Newton steps only.
  filter->AddObserver(itk::IterationEvent(), [&](const itk::EventObject & event) {
    if (dynamic_cast<const itk::MultiResolutionIterationEvent *>(&event) == nullptr)
    {
      ++iterations;
      EXPECT_EQ(filter->GetElapsedIterations(), iterations);
      EXPECT_EQ(levels, filter->GetCurrentLevel() + 1) << "a level is announced before its first step";
      EXPECT_EQ(filter->GetCurrentIterationRecord().level, static_cast<int>(filter->GetCurrentLevel()));
      EXPECT_EQ(filter->GetMetricValue(), filter->GetCurrentIterationRecord().distance);
      EXPECT_EQ(filter->GetMismatch(), filter->GetCurrentIterationRecord().mismatch);
    }
  });
  filter->Update();

  EXPECT_EQ(starts, 1);
  EXPECT_EQ(ends, 1);
  EXPECT_EQ(levels, filter->GetReport().levels.size());
  EXPECT_EQ(iterations, static_cast<unsigned int>(filter->GetReport().newtonSteps));
  EXPECT_GE(iterations, levels);
  ASSERT_FALSE(progress.empty());
  EXPECT_TRUE(std::is_sorted(progress.begin(), progress.end()));
  EXPECT_DOUBLE_EQ(progress.back(), 1.0);
  EXPECT_EQ(filter->GetMismatch(), filter->GetReport().mismatch);
}

TEST(Pipeline, AbortThrowsProcessAbortedAndALaterUpdateWorks)
{
  const auto filter = ShortFilter();
  int        aborts = 0;
  bool       abort = true;
  Observe(filter, itk::AbortEvent(), [&] { ++aborts; });
  Observe(filter, itk::IterationEvent(), [&] {
    if (abort)
    {
      filter->AbortGenerateDataOn();
    }
  });
  EXPECT_THROW(filter->Update(), itk::ProcessAborted);
  EXPECT_EQ(aborts, 1);
  EXPECT_LE(filter->GetElapsedIterations(), 1U);
  EXPECT_THROW(filter->GetReport(), itk::ExceptionObject);

  abort = false;
  filter->Update();
  EXPECT_LT(filter->GetReport().mismatch, 1.0);
}

TEST(Pipeline, StopKeepsTheResultSoFar)
{
  const auto filter = MakeFilter(MakeFixed(), MakeMoving());
  filter->SetNumberOfLevels(1);
  filter->SetParameter("GradientTolerance", "1e-6");
  filter->SetParameter("ObjectiveTolerance", "0");
  Observe(filter, itk::IterationEvent(), [&] {
    if (filter->GetElapsedIterations() == 2)
    {
      filter->StopRegistration();
    }
  });
  filter->Update();
  EXPECT_EQ(filter->GetElapsedIterations(), 2U);
  EXPECT_EQ(filter->GetReport().reason, gnr::StopReason::StoppedByObserver);
  EXPECT_EQ(filter->GetStopConditionDescription(), gnr::describe(gnr::StopReason::StoppedByObserver));
  EXPECT_LT(filter->GetMismatch(), 0.9);
  EXPECT_GT(Length(filter->GetDisplacementField()).largest, 0.1);
}

TEST(Pipeline, ExceptionOfAnObserverIsNotSwallowed)
{
  const auto filter = ShortFilter();
  Observe(filter, itk::IterationEvent(), [] { throw std::runtime_error("observer"); });
  EXPECT_THROW(filter->Update(), std::runtime_error);
}

TEST(Pipeline, RunsAgainOnlyWhenModified)
{
  const auto filter = ShortFilter();
  int        starts = 0;
  Observe(filter, itk::StartEvent(), [&] { ++starts; });
  filter->Update();
  filter->Update();
  EXPECT_EQ(starts, 1);
  const Field::Pointer first = filter->GetDisplacementField();
  const auto           before = Sample<Field>(Geometry{}, [&](const Point & p) {
    itk::Index<3> index;
    first->TransformPhysicalPointToIndex(p, index);
    return first->GetPixel(index);
  });

  filter->SetBeta(10 * filter->GetBeta());
  filter->Update();
  EXPECT_EQ(starts, 2);
  EXPECT_GT(Compare(filter->GetDisplacementField(), before.GetPointer()).largest, 1e-2);

  // The same parameters give the same bits again.
  filter->SetBeta(filter->GetBeta() / 10);
  filter->Update();
  EXPECT_EQ(Compare(filter->GetDisplacementField(), before.GetPointer()).largest, 0.0);

  // A new input counts as a modification, too.
  const auto moved = MakeMoving();
  filter->SetMovingImage(moved);
  filter->Update();
  EXPECT_EQ(starts, 4);
  moved->Modified();
  filter->Update();
  EXPECT_EQ(starts, 5);
}

TEST(Pipeline, DisconnectedOutputsAreReplaced)
{
  const auto filter = ShortFilter();
  filter->Update();
  const Field::Pointer      u = filter->GetDisplacementField();
  const FloatImage::Pointer warped = filter->GetWarpedMovingImage();
  u->DisconnectPipeline();
  warped->DisconnectPipeline();
  const auto outputs = filter->GetIndexedOutputs();
  ASSERT_EQ(outputs.size(), 6U);
  for (unsigned int i = 0; i < 3; ++i)
  {
    EXPECT_NE(dynamic_cast<const Field *>(outputs[i].GetPointer()), nullptr) << i;
  }
  for (unsigned int i = 3; i < 5; ++i)
  {
    EXPECT_NE(dynamic_cast<const FloatImage *>(outputs[i].GetPointer()), nullptr) << i;
  }
  filter->Modified();
  filter->Update();
  EXPECT_NE(u.GetPointer(), filter->GetDisplacementField());
  EXPECT_NE(warped.GetPointer(), filter->GetWarpedMovingImage());
  EXPECT_EQ(Compare(u.GetPointer(), filter->GetDisplacementField()).largest, 0.0);
  EXPECT_EQ(Residual(warped, filter->GetWarpedMovingImage(), filter->GetFixedImage()), 0.0);
}

TEST(Pipeline, TheTransformIsAnOutput)
{
  const auto filter = ShortFilter();
  const auto resample = itk::ResampleImageFilter<FloatImage, FloatImage>::New();
  resample->SetInput(filter->GetMovingImage());
  resample->SetTransformInput(filter->GetTransformOutput());
  resample->SetReferenceImage(filter->GetFixedImage());
  resample->UseReferenceImageOn();
  resample->Update(); // runs the filter
  EXPECT_GT(filter->GetElapsedIterations(), 0U);
  EXPECT_LT(Residual(resample->GetOutput(), filter->GetWarpedMovingImage(), filter->GetMovingImage()), 1e-5);

  // It is made once a run, and stays as it is when the filter runs again.
  const Filter::CompositeTransformType::Pointer first = filter->GetTransform();
  EXPECT_EQ(first, filter->GetTransform());
  EXPECT_EQ(first.GetPointer(), filter->GetTransformOutput()->Get());
  const itk::Index<3>         index{ { 15, 17, 16 } };
  const itk::Vector<float, 3> before = filter->GetDisplacementField()->GetPixel(index);
  Point                       x;
  filter->GetDisplacementField()->TransformIndexToPhysicalPoint(index, x);
  filter->SetBeta(10 * filter->GetBeta());
  filter->Update();
  const itk::Vector<float, 3> after = filter->GetDisplacementField()->GetPixel(index);
  ASSERT_GT((after - before).GetNorm(), 1e-3);
  // Rounded to single precision: points of 10 mm, vectors of 1 mm.
  EXPECT_LT((first->TransformPoint(x) - x - Vector(before)).GetNorm(), 1e-5);
  EXPECT_LT((filter->GetTransform()->TransformPoint(x) - x - Vector(after)).GetNorm(), 1e-5);

  // It has an inverse where the filter has one.
  EXPECT_TRUE(filter->GetTransform()->GetInverseTransform().IsNotNull());
  filter->ComputeInverseDisplacementFieldOff();
  filter->Update();
  EXPECT_TRUE(filter->GetTransform()->GetInverseTransform().IsNull());

  // Without the displacement there is nothing to make it of.
  const auto late = ShortFilter();
  EXPECT_THROW(late->GetTransform(), itk::ExceptionObject);
  late->Update();
  const Field::Pointer taken = late->GetDisplacementField();
  taken->DisconnectPipeline();
  late->GetTransformOutput()->Initialize();
  EXPECT_THROW(late->GetTransform(), itk::ExceptionObject);
}

TEST(Pipeline, TheEngineBelongsToTheParameters)
{
  const auto filter = ShortFilter();
  int        starts = 0;
  Observe(filter, itk::StartEvent(), [&] { ++starts; });
  filter->Update();
  const auto engine = itk::GaussNewtonRegistrationEngine::ThisProcess();
  filter->SetEngine(engine);
  EXPECT_EQ(filter->GetEngine(), engine);
  filter->Update();
  EXPECT_EQ(starts, 2);
  engine->GatherOutputOff();
  filter->Update();
  EXPECT_EQ(starts, 3);
  filter->Update();
  EXPECT_EQ(starts, 3);
  // Of one process the slab is everything.
  const Field * const u = filter->GetDisplacementField();
  EXPECT_EQ(u->GetBufferedRegion(), u->GetLargestPossibleRegion());
  filter->SetEngine(nullptr);
  ASSERT_NE(filter->GetEngine(), nullptr);
  EXPECT_TRUE(filter->GetEngine()->GetGatherOutput());
}

TEST(Pipeline, UpstreamFiltersNeedNotBeUpdated)
{
  const auto reference = ShortFilter();
  reference->Update();

  const std::string                         names[2] = { GNR_TEST_OUTPUT "/itkGnrPipeline_fixed.mha",
                                                         GNR_TEST_OUTPUT "/itkGnrPipeline_moving.nii.gz" };
  itk::ImageFileReader<FloatImage>::Pointer readers[2];
  for (int i = 0; i < 2; ++i)
  {
    const auto writer = itk::ImageFileWriter<FloatImage>::New();
    writer->SetInput(i == 0 ? reference->GetFixedImage() : reference->GetMovingImage());
    writer->SetFileName(names[i]);
    writer->Update();
    readers[i] = itk::ImageFileReader<FloatImage>::New();
    readers[i]->SetFileName(names[i]);
  }
  // Something that computes in pieces between reader and filter.
  const auto shift = itk::ShiftScaleImageFilter<FloatImage, FloatImage>::New();
  shift->SetInput(readers[0]->GetOutput());

  const auto filter = Filter::New();
  filter->SetFixedImage(shift->GetOutput());
  filter->SetMovingImage(readers[1]->GetOutput());
  filter->SetDevice(Filter::DeviceEnum::CPU);
  filter->SetNumberOfIterations(2);

  // A consumer that asks for pieces gets the whole solution, computed once.
  int starts = 0;
  Observe(filter, itk::StartEvent(), [&] { ++starts; });
  const auto streamer = itk::StreamingImageFilter<Field, Field>::New();
  streamer->SetInput(filter->GetDisplacementField());
  streamer->SetNumberOfStreamDivisions(4);
  streamer->Update();
  EXPECT_EQ(starts, 1);
  EXPECT_LT(Compare(streamer->GetOutput(), reference->GetDisplacementField()).largest, 1e-5);

  // A change upstream is noticed.
  shift->SetShift(1.0);
  streamer->Update();
  EXPECT_EQ(starts, 2);
}

TEST(Pipeline, ASecondaryOutputDrivesTheSameRun)
{
  const auto filter = ShortFilter();
  int        starts = 0;
  Observe(filter, itk::StartEvent(), [&] { ++starts; });
  filter->GetJacobianDeterminantImage()->Update();
  filter->GetWarpedMovingImage()->Update();
  filter->GetDisplacementField()->Update();
  EXPECT_EQ(starts, 1);
}

// Whole numbers are the same in every pixel type.
template <typename TPixel>
void
ExpectSameAsFloat()
{
  using ImageType = itk::Image<TPixel, 3>;
  using DoubleField = itk::Image<itk::Vector<double, 3>, 3>;
  using FilterType = itk::DiffeomorphicGaussNewtonRegistrationFilter<ImageType, itk::Image<short, 3>, DoubleField>;
  const auto rounded = [](double (*f)(const Point &)) { return [f](const Point & p) { return std::round(f(p)); }; };

  const auto reference =
    MakeFilter(Sample<FloatImage>({}, rounded(DeformedAnatomy)), Sample<FloatImage>({}, rounded(Anatomy)));
  reference->SetNumberOfIterations(2);
  reference->Update();

  const auto filter = FilterType::New();
  filter->SetFixedImage(Sample<ImageType>({}, rounded(DeformedAnatomy)));
  filter->SetMovingImage(Sample<itk::Image<short, 3>>({}, rounded(Anatomy)));
  filter->SetDevice(FilterType::DeviceEnum::CPU);
  filter->SetNumberOfIterations(2);
  filter->Update();
  EXPECT_EQ(Compare(filter->GetDisplacementField(), reference->GetDisplacementField()).largest, 0.0);
  EXPECT_EQ(Compare(filter->GetInverseDisplacementField(), reference->GetInverseDisplacementField()).largest, 0.0);
  EXPECT_EQ(Compare(filter->GetVelocityField(), reference->GetVelocityField()).largest, 0.0);
  EXPECT_EQ(Residual(filter->GetWarpedMovingImage(), reference->GetWarpedMovingImage(), reference->GetFixedImage()),
            0.0);

  // The velocity goes back in, through the same vector type.
  const DoubleField::Pointer velocity = filter->GetVelocityField();
  velocity->DisconnectPipeline();
  filter->SetInitialVelocityField(velocity);
  filter->SetNumberOfLevels(1);
  filter->SetNumberOfIterations(0);
  filter->Update();
  EXPECT_LT(Compare(filter->GetVelocityField(), reference->GetVelocityField()).largest, 1e-5);
}

TEST(Pipeline, ShortPixelsAndDoubleVectors)
{
  ExpectSameAsFloat<short>();
}
TEST(Pipeline, UnsignedCharPixels)
{
  ExpectSameAsFloat<unsigned char>();
}
TEST(Pipeline, DoublePixels)
{
  ExpectSameAsFloat<double>();
}

TEST(Pipeline, WorkUnitsAreTheThreadsOfTheSolver)
{
  const auto one = ShortFilter();
  one->SetNumberOfWorkUnits(1);
  one->Update();
  EXPECT_EQ(one->GetReport().threads, 1);

  const auto two = ShortFilter();
  two->SetNumberOfWorkUnits(2);
  two->Update();
  EXPECT_EQ(two->GetReport().threads, 2);
  EXPECT_EQ(Compare(one->GetDisplacementField(), two->GetDisplacementField()).largest, 0.0);

  // Unless set, ITK's global limit holds.
  const auto limit = itk::MultiThreaderBase::GetGlobalMaximumNumberOfThreads();
  itk::MultiThreaderBase::SetGlobalMaximumNumberOfThreads(1);
  const auto   limited = ShortFilter();
  gnr::Options options = limited->GetOptions();
  options.threads.reset();
  limited->SetOptions(options);
  limited->Update();
  itk::MultiThreaderBase::SetGlobalMaximumNumberOfThreads(limit);
  EXPECT_EQ(limited->GetReport().threads, 1);
}

TEST(Pipeline, HistogramMatchingUndoesAMonotonicChangeOfIntensity)
{
  const auto contrast = Sample<FloatImage>({}, [](const Point & p) {
    const double a = Anatomy(p) / 190.0;
    return 1000.0 * a * a;
  });
  const auto plain = MakeFilter(MakeFixed(), contrast);
  plain->SetSimilarity("ssd"); // auto would undo it itself
  plain->Update();
  const auto matched = MakeFilter(MakeFixed(), contrast);
  matched->UseHistogramMatchingOn();
  matched->SetSimilarity("ssd");
  matched->Update();
  EXPECT_LT(ErrorAgainstTruth(matched->GetDisplacementField()).mean,
            0.5 * ErrorAgainstTruth(plain->GetDisplacementField()).mean);
  // The warped image keeps the intensities of the moving image, up to 1000; those of the fixed one go up to 190.
  const float * warped = matched->GetWarpedMovingImage()->GetBufferPointer();
  const auto    count = contrast->GetLargestPossibleRegion().GetNumberOfPixels();
  EXPECT_GT(*std::max_element(warped, warped + count), 500.0F);
}

TEST(Pipeline, TimeLimitKeepsAResult)
{
  const auto filter = MakeFilter(MakeFixed(), MakeMoving());
  filter->SetParameter("GradientTolerance", "1e-6");
  filter->SetParameter("ObjectiveTolerance", "0");
  filter->SetTimeLimit(1e-3);
  filter->Update();
  EXPECT_EQ(filter->GetReport().reason, gnr::StopReason::TimeLimit);
  EXPECT_LE(filter->GetReport().mismatch, 1.0 + 1e-6);
}

TEST(Pipeline, UnusedOutputsTakeNoMemory)
{
  const auto filter = ShortFilter();
  filter->ComputeInverseDisplacementFieldOff();
  filter->ComputeVelocityFieldOff();
  filter->ComputeWarpedMovingImageOff();
  filter->ComputeJacobianDeterminantImageOff();
  filter->Update();
  const auto outputs = filter->GetIndexedOutputs();
  ASSERT_EQ(outputs.size(), 6U);
  EXPECT_EQ(dynamic_cast<const Filter::DecoratedTransformType &>(*outputs[5]).Get(), nullptr);
  for (unsigned int i = 1; i < 5; ++i)
  {
    const auto * output = dynamic_cast<const itk::ImageBase<3> *>(outputs[i].GetPointer());
    ASSERT_NE(output, nullptr);
    EXPECT_EQ(output->GetBufferedRegion().GetNumberOfPixels(), 0U);
  }
  // Switching one on makes it at the next update.
  filter->ComputeWarpedMovingImageOn();
  filter->Update();
  EXPECT_LT(Residual(filter->GetWarpedMovingImage(), filter->GetFixedImage(), filter->GetMovingImage()), 0.9);
}
} // namespace
