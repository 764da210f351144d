// SPDX-License-Identifier: Apache-2.0
// Further pairs of images that the same deformation makes alike.

#include "itkGaussNewtonRegistrationTestPhantoms.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace
{
using namespace gnrtest;

Geometry
OtherGrid()
{
  Geometry other;
  other.size.Fill(42);
  other.spacing.Fill(0.8);
  other.direction = Oblique(0.3);
  other.start = { { 3, -1, 4 } };
  return other;
}

// The same anatomy with other intensities.
double
OtherContrast(double value)
{
  return 500.0 - 2.0 * value;
}

FloatImage::Pointer
OtherMoving(const Geometry & geometry = {})
{
  return Sample<FloatImage>(geometry, [](const Point & p) { return OtherContrast(Anatomy(p)); });
}

FloatImage::Pointer
OtherFixed()
{
  return Sample<FloatImage>({}, [](const Point & p) { return OtherContrast(DeformedAnatomy(p)); });
}

// Half of the weight each, on intensities that differ by sign and scale: the same objective as of one pair.
TEST(ImagePairs, CountTogether)
{
  for (const Geometry & geometry : { Geometry{}, OtherGrid() })
  {
    const auto one = MakeFilter(MakeFixed(), MakeMoving(geometry));
    one->SetSimilarity("ssd");
    one->Update();
    const auto two = MakeFilter(MakeFixed(), MakeMoving(geometry));
    two->AddImagePair(OtherFixed(), OtherMoving(geometry));
    two->SetSimilarity("0.5*ssd,0.5*ssd");
    EXPECT_EQ(two->GetNumberOfImagePairs(), 2u);
    two->Update();
    EXPECT_GT(Length(one->GetDisplacementField()).largest, 0.9);
    EXPECT_LT(Compare(one->GetDisplacementField(), two->GetDisplacementField()).largest, 0.01) << "mm";
  }
}

// An image that shows nothing of the deformation, beside one that does.
TEST(ImagePairs, OneMayShowWhatTheOtherDoesNot)
{
  const auto plain = [](const Point & p) { return p[0] < -20.0 ? 1.0 : std::exp(-0.02 * p[2] * p[2]); };
  const auto blind = Sample<FloatImage>({}, plain);
  const auto alone = MakeFilter(blind, blind);
  alone->SetSimilarity("ssd");
  alone->Update();
  EXPECT_LT(Length(alone->GetDisplacementField()).largest, 0.01);
  const auto both = MakeFilter(blind, blind);
  both->AddImagePair(MakeFixed(), MakeMoving());
  both->SetSimilarity("0.001*ssd,ssd");
  both->Update();
  EXPECT_GT(Length(both->GetDisplacementField()).largest, 0.9);
}

TEST(ImagePairs, ThatAreTakenAwayCountNoMore)
{
  const auto filter = MakeFilter(MakeFixed(), MakeMoving());
  filter->SetSimilarity("ssd");
  filter->Update();
  const Field::Pointer first = filter->GetDisplacementField();
  first->DisconnectPipeline();
  filter->AddImagePair(MakeFixed(), MakeFixed());
  filter->Update();
  EXPECT_GT(Compare(first.GetPointer(), filter->GetDisplacementField()).largest, 0.05);
  filter->ClearImagePairs();
  EXPECT_EQ(filter->GetNumberOfImagePairs(), 1u);
  filter->Update();
  EXPECT_EQ(Compare(first.GetPointer(), filter->GetDisplacementField()).largest, 0.0);
}

TEST(ImagePairs, AreReleasedAndCounted)
{
  const auto run = [](bool hasSecond) {
    const auto filter = MakeFilter(MakeFixed(), MakeMoving(OtherGrid()));
    filter->SetSimilarity("ssd");
    if (hasSecond)
    {
      const auto fixed = OtherFixed(), moving = OtherMoving(OtherGrid());
      fixed->ReleaseDataFlagOn();
      moving->ReleaseDataFlagOn();
      filter->AddImagePair(fixed, moving);
      filter->Update();
      EXPECT_TRUE(fixed->GetDataReleased());
      EXPECT_TRUE(moving->GetDataReleased());
    }
    else
    {
      filter->Update();
    }
    return filter->GetMemoryNeed();
  };
  const auto        one = run(false), two = run(true);
  const std::size_t fixedBytes = 4 * 32 * 32 * 32, movingBytes = 4 * 42 * 42 * 42;
  EXPECT_EQ(two.inputs, one.inputs + fixedBytes + movingBytes);
  EXPECT_EQ(two.prepared, one.prepared + fixedBytes) << "the moving image on the fixed grid";
  EXPECT_EQ(two.kept, one.kept);
}

TEST(ImagePairs, OnOtherGridsAreRefused)
{
  const auto smaller = MakeFilter(MakeFixed(), MakeMoving());
  Geometry   geometry;
  geometry.size.Fill(30);
  smaller->AddImagePair(Sample<FloatImage>(geometry, DeformedAnatomy), MakeMoving());
  EXPECT_EQ(DescriptionOf(smaller).rfind("FixedImage2: [30, 30, 30] voxels, but FixedImage has [32, 32, 32]", 0), 0u);
  const auto shifted = MakeFilter(MakeFixed(), MakeMoving());
  geometry = {};
  geometry.center[1] = 0.5;
  shifted->AddImagePair(MakeFixed(), MakeFixed());
  shifted->AddImagePair(MakeFixed(), MakeMoving(geometry));
  EXPECT_EQ(DescriptionOf(shifted).rfind("MovingImage3: its corners lie up to 0.5 voxels away", 0), 0u);
  EXPECT_THROW(shifted->AddImagePair(MakeFixed(), nullptr), itk::ExceptionObject);
}
} // namespace
