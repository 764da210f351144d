// SPDX-License-Identifier: Apache-2.0
// What the filter says about its memory, and which inputs it lets go of when.

#include "itkGaussNewtonRegistrationDistributedTesting.h"

#include "itkCastImageFilter.h"
#include "itkImageFileReader.h"
#include "itkImageFileWriter.h"
#include "itkTranslationTransform.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>

namespace
{
using namespace gnrtest;

constexpr std::size_t real = sizeof(float);

std::size_t
VoxelsOf(const itk::ImageBase<3> * image)
{
  return image->GetLargestPossibleRegion().GetNumberOfPixels();
}

std::size_t
BufferedVoxelsOf(const FloatImage * image)
{
  return image->GetPixelContainer()->Size();
}

Filter::Pointer
ShortFilter(FloatImage * fixed, FloatImage * moving)
{
  const auto filter = MakeFilter(fixed, moving);
  filter->SetNumberOfIterations(1);
  return filter;
}

TEST(Memory, ThePlanAddsUpAndTheRunKeepsToIt)
{
  const auto        fixed = MakeFixed(), moving = MakeMoving();
  const auto        filter = ShortFilter(fixed, moving);
  const std::size_t n = VoxelsOf(fixed);
  filter->SetSimilarity("ssd"); // "auto" plans for the measure that needs most
  const auto need = filter->PlanMemory();
  EXPECT_EQ(BufferedVoxelsOf(fixed), n);
  EXPECT_EQ(need.inputs, (n + VoxelsOf(moving)) * real);
  EXPECT_EQ(need.kept, need.inputs);
  EXPECT_EQ(need.displacement, 3 * real * n);
  EXPECT_EQ(need.cast, 0U);
  EXPECT_EQ(need.inverse, 3 * real * n);
  EXPECT_EQ(need.others, 5 * real * n); // velocity, warped image, determinant
  EXPECT_GE(need.solve, need.kept + need.solver.fieldBytes);
  EXPECT_GT(need.results, need.kept + 11 * real * n);
  EXPECT_EQ(need.Largest(), std::max({ need.preparation, need.solve, need.results }));
  EXPECT_EQ(filter->EstimateRequiredMemory(), need.Largest());
  EXPECT_ANY_THROW(filter->GetMemoryNeed()); // nothing was solved yet

  filter->Update();
  EXPECT_EQ(filter->GetMemoryNeed().Largest(), need.Largest());
  EXPECT_EQ(filter->GetMemoryNeed().solver.phases, need.solver.phases);
  EXPECT_EQ(filter->GetReport().memoryPlan.fieldBytes, need.solver.fieldBytes);
  EXPECT_LE(filter->GetReport().fieldBytes, need.solver.fieldBytes);
  EXPECT_EQ(filter->GetReport().overflowBytes, 0U);
}

TEST(Memory, PlanningRunsThePipelineAboveAndReportsBadInput)
{
  using CastType = itk::CastImageFilter<FloatImage, FloatImage>;
  const auto cast = CastType::New();
  cast->SetInput(MakeFixed());
  cast->InPlaceOff();
  const auto filter = Filter::New();
  EXPECT_ANY_THROW(filter->PlanMemory());
  filter->SetFixedImage(cast->GetOutput());
  filter->SetMovingImage(MakeMoving());
  EXPECT_GT(filter->PlanMemory().Largest(), 0U);
  EXPECT_GT(BufferedVoxelsOf(cast->GetOutput()), 0U);

  const auto constant = MakeFixed();
  constant->FillBuffer(1.0F);
  filter->SetFixedImage(constant);
  EXPECT_THROW(filter->PlanMemory(), itk::GaussNewtonRegistrationError);
}

TEST(Memory, PreparedImagesAndUnusedOutputsAreCounted)
{
  const auto        fixed = MakeFixed(), moving = MakeMoving();
  const std::size_t n = VoxelsOf(fixed);
  const auto        filter = ShortFilter(fixed, moving);
  const auto        plain = filter->PlanMemory();

  const auto mask = MaskImage::New();
  mask->CopyInformation(fixed);
  mask->SetRegions(fixed->GetLargestPossibleRegion());
  mask->Allocate();
  mask->FillBuffer(1);
  filter->SetFixedImageMask(mask);
  const auto masked = filter->PlanMemory();
  EXPECT_EQ(masked.inputs, plain.inputs + n);
  EXPECT_EQ(masked.prepared, plain.prepared + n * real); // its weight

  filter->SetIncompressibilityImage(fixed);
  const auto kept = filter->PlanMemory();
  EXPECT_EQ(kept.inputs, masked.inputs + n * real);
  EXPECT_EQ(kept.prepared, masked.prepared); // as it is

  const auto shift = itk::TranslationTransform<double, 3>::New();
  auto       offset = shift->GetOffset();
  offset.Fill(0.5);
  shift->SetOffset(offset);
  filter->SetInitialTransform(shift);
  const auto shifted = filter->PlanMemory();
  // Resampled moving image and its weights of volumes, and the weight of where it is.
  EXPECT_EQ(shifted.prepared, 4 * n * real);

  const auto transforming = ShortFilter(fixed, moving);
  transforming->GetTransformOutput();
  EXPECT_EQ(transforming->PlanMemory().others,
            plain.others + 2 * 3 * sizeof(double) * n); // the fields of the transform

  filter->ComputeInverseDisplacementFieldOff();
  filter->ComputeVelocityFieldOff();
  filter->ComputeWarpedMovingImageOff();
  filter->ComputeJacobianDeterminantImageOff();
  const auto bare = filter->PlanMemory();
  EXPECT_EQ(bare.inverse, 0U);
  EXPECT_EQ(bare.others, 0U);
  EXPECT_LE(bare.results, shifted.results);

  using DoubleField = itk::Image<itk::Vector<double, 3>, 3>;
  using ShortImage = itk::Image<short, 3>;
  using OtherFilter = itk::DiffeomorphicGaussNewtonRegistrationFilter<ShortImage, FloatImage, DoubleField>;
  using CastType = itk::CastImageFilter<FloatImage, ShortImage>;
  const auto cast = CastType::New();
  cast->SetInput(fixed);
  const auto other = OtherFilter::New();
  other->SetFixedImage(cast->GetOutput());
  other->SetMovingImage(moving);
  const auto casts = other->PlanMemory();
  EXPECT_EQ(casts.inputs, n * (sizeof(short) + real) + VoxelsOf(moving) * real);
  EXPECT_EQ(casts.kept, n * sizeof(short) + VoxelsOf(moving) * real);
  EXPECT_EQ(casts.displacement, 3 * sizeof(double) * n);
  EXPECT_EQ(casts.cast, 3 * real * n);
}

/** ITK releases inputs that allow it after a filter has run; this one does as soon as the solver has its copy. */
TEST(Memory, InputsThatMayBeReleasedAreReleasedBeforeTheSolve)
{
  const auto reference = ShortFilter(MakeFixed(), MakeMoving());
  reference->Update();

  for (const bool warps : { true, false })
  {
    const auto        fixed = MakeFixed(), moving = MakeMoving();
    const std::size_t n = VoxelsOf(fixed);
    fixed->ReleaseDataFlagOn();
    moving->ReleaseDataFlagOn();
    const auto filter = ShortFilter(fixed, moving);
    filter->SetComputeWarpedMovingImage(warps);
    EXPECT_EQ(filter->PlanMemory().kept, warps ? VoxelsOf(moving) * real : 0U);
    EXPECT_EQ(BufferedVoxelsOf(fixed), n) << "a plan releases nothing";
    int levels = 0;
    filter->AddObserver(itk::MultiResolutionIterationEvent(), [&](const itk::EventObject &) {
      ++levels;
      EXPECT_EQ(BufferedVoxelsOf(fixed), 0U);
      EXPECT_EQ(BufferedVoxelsOf(moving), warps ? VoxelsOf(moving) : 0U);
    });
    filter->Update();
    EXPECT_GT(levels, 0);
    EXPECT_EQ(filter->GetMemoryNeed().kept, warps ? VoxelsOf(moving) * real : 0U);
    EXPECT_EQ(VoxelsOf(filter->GetDisplacementField()), n);
    EXPECT_EQ(Compare(filter->GetDisplacementField(), reference->GetDisplacementField()).largest, 0.0);
    EXPECT_EQ(BufferedVoxelsOf(moving), 0U); // by ITK, after the run
  }

  const auto fixed = MakeFixed(); // without the flag nothing is touched
  const auto filter = ShortFilter(fixed, MakeMoving());
  filter->Update();
  EXPECT_EQ(BufferedVoxelsOf(fixed), VoxelsOf(fixed));
}

/** The moving image is needed at the start and for the warped image. What a reader can read again is not kept; what a
 * filter would have to compute again is. */
TEST(Memory, AMovingImageThatCanBeReadAgainIsNotKept)
{
  const auto reference = ShortFilter(MakeFixed(), MakeMoving());
  reference->Update();

  const std::string file = std::string(::testing::TempDir()) + "gnr-moving-read-again.mha";
  itk::WriteImage(MakeMoving(), file);
  enum class Source
  {
    Computed,
    File,
    Filter
  };
  for (const Source kind : { Source::Computed, Source::File, Source::Filter })
  {
    const bool isRead = kind != Source::Filter;
    const auto source = PhantomSource<FloatImage>::New();
    source->f = Anatomy;
    const auto reader = itk::ImageFileReader<FloatImage>::New();
    reader->SetFileName(file);
    const auto cast = itk::CastImageFilter<FloatImage, FloatImage>::New();
    cast->InPlaceOff();
    cast->SetInput(source->GetOutput());
    FloatImage * const moving = kind == Source::Computed ? source->GetOutput()
                                : kind == Source::File   ? reader->GetOutput()
                                                         : cast->GetOutput();
    moving->ReleaseDataFlagOn();
    const auto        filter = ShortFilter(MakeFixed(), moving);
    const std::size_t kept = isRead ? 0 : 32 * 32 * 32;
    int               levels = 0;
    filter->AddObserver(itk::MultiResolutionIterationEvent(), [&](const itk::EventObject &) {
      ++levels;
      EXPECT_EQ(BufferedVoxelsOf(moving), kept);
    });
    filter->Update();
    EXPECT_GT(levels, 0);
    if (kind != Source::File)
    {
      EXPECT_EQ(source->runs, isRead ? 2 : 1);
    }
    EXPECT_EQ(filter->GetMemoryNeed().kept, (kept + VoxelsOf(filter->GetFixedImage())) * real);
    const float * const warped = filter->GetWarpedMovingImage()->GetBufferPointer();
    const float * const expected = reference->GetWarpedMovingImage()->GetBufferPointer();
    EXPECT_TRUE(std::equal(warped, warped + 32 * 32 * 32, expected));
  }
  std::remove(file.c_str());
}

TEST(Memory, MessagesComeAsEvents)
{
  // Two images of noise have no map between them that does not fold.
  const auto noise = [](unsigned int seed) {
    return Sample<FloatImage>(Geometry(), [seed](const Point &) mutable {
      seed = 1664525U * seed + 1013904223U;
      return static_cast<float>(seed >> 20);
    });
  };
  const auto filter = MakeFilter(noise(1), noise(2));
  EXPECT_TRUE(filter->GetLatestMessage().empty());
  std::vector<std::string> messages;
  filter->AddObserver(itk::UserEvent(),
                      [&](const itk::EventObject &) { messages.push_back(filter->GetLatestMessage()); });
  filter->SetSimilarity("ssd");
  filter->SetBeta(1e-6);
  filter->SetParameter("gamma", "0");
  filter->SetParameter("GridScale", "0");
  filter->SetParameter("GradientLimit", "none");
  filter->SetParameter("DivergenceLimit", "none");
  filter->SetParameter("DeterminantFloor", "none");
  filter->SetNumberOfLevels(1);
  filter->Update();
  ASSERT_GT(filter->GetNumberOfFoldedVoxels(), 0U);
  EXPECT_EQ(messages, filter->GetReport().messages);
  // Noise has no details in common either, which comes after what folds.
  EXPECT_TRUE(std::any_of(
    messages.begin(), messages.end(), [](const std::string & m) { return m.find("fold") != std::string::npos; }));
  EXPECT_NE(filter->GetLatestMessage().find("do not agree in their details"), std::string::npos);
}

} // namespace
