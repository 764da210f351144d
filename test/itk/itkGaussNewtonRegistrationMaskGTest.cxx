// SPDX-License-Identifier: Apache-2.0
// Masks: where they end, nothing counts.

#include "itkGaussNewtonRegistrationTestPhantoms.h"

#include <gtest/gtest.h>

namespace
{
using namespace gnrtest;

const Point lesionCenter = [] {
  Point p(0.0);
  p[0] = 4.0;
  return p;
}();

// A lesion with a sharp edge, inside the range of intensities so that no normalisation notices it.
double
WithLesion(double value, const Point & p)
{
  return p.EuclideanDistanceTo(lesionCenter) < 3.0 ? 20.0 : value;
}

double
MovingWithLesion(const Point & p)
{
  return WithLesion(Anatomy(p), p);
}

double
FixedWithLesion(const Point & p)
{
  return WithLesion(DeformedAnatomy(p), p);
}

auto
OutsideLesion(double radius, int inside)
{
  return [=](const Point & p) { return p.EuclideanDistanceTo(lesionCenter) < radius ? 0 : inside; };
}

Filter::Pointer
PlainFilter(const FloatImage * fixed, const FloatImage * moving)
{
  const auto filter = MakeFilter(fixed, moving);
  filter->SetIntensityNormalization(Filter::IntensityNormalizationEnum::None);
  filter->SetBeta(2.0); // intensities up to 190 in place of 1
  return filter;
}

// Error of the field away from the lesion, in mm.
double
ErrorAround(const Field * u)
{
  return MeasureWhere(
           u,
           [&](const itk::Index<3> & i) {
             return (Vector(u->GetPixel(i)) - TrueDisplacement(PointAt(u, i))).GetNorm();
           },
           [&](const itk::Index<3> & i) {
             const Point x = PointAt(u, i);
             return x.EuclideanDistanceTo(Point(0.0)) < 8.0 && x.EuclideanDistanceTo(lesionCenter) < 6.0 &&
                    x.EuclideanDistanceTo(lesionCenter) > 3.5;
           })
    .mean;
}

TEST(Masks, WhatTheFixedMaskLeavesOutChangesNothing)
{
  const auto mask = Sample<MaskImage>({}, OutsideLesion(3.5, 1));
  const auto clean = PlainFilter(MakeFixed(), MakeMoving());
  clean->SetFixedImageMask(mask);
  clean->SetNumberOfLevels(1); // a coarser grid would mix voxels across the edge of the mask
  clean->Update();
  const auto disturbed = PlainFilter(Sample<FloatImage>({}, FixedWithLesion), MakeMoving());
  disturbed->SetFixedImageMask(mask);
  disturbed->SetNumberOfLevels(1);
  disturbed->Update();
  EXPECT_GT(Length(clean->GetDisplacementField()).largest, 0.5);
  EXPECT_LT(Compare(clean->GetDisplacementField(), disturbed->GetDisplacementField()).largest, 1e-6);
}

TEST(Masks, AFixedLesionIsIgnoredOnAllLevels)
{
  const auto fixed = Sample<FloatImage>({}, FixedWithLesion);
  const auto without = MakeFilter(fixed, MakeMoving());
  without->Update();
  const auto with = MakeFilter(fixed, MakeMoving());
  with->SetFixedImageMask(Sample<MaskImage>({}, OutsideLesion(4.0, 255)));
  with->Update();
  EXPECT_LT(ErrorAround(with->GetDisplacementField()), 0.5);
  EXPECT_LT(ErrorAround(with->GetDisplacementField()), 0.75 * ErrorAround(without->GetDisplacementField()));
}

TEST(Masks, AMovingLesionIsIgnored)
{
  // Also on a grid that is not that of the fixed image, where the mask is resampled with the image.
  Geometry other;
  other.size.Fill(42);
  other.spacing.Fill(0.8);
  other.direction = Oblique(0.3);
  other.start = { { 3, -1, 4 } };
  for (const Geometry & geometry : { Geometry{}, other })
  {
    const auto moving = Sample<FloatImage>(geometry, MovingWithLesion);
    const auto without = MakeFilter(MakeFixed(), moving);
    without->Update();
    const auto with = MakeFilter(MakeFixed(), moving);
    with->SetMovingImageMask(Sample<MaskImage>(geometry, OutsideLesion(4.0, 1)));
    with->Update();
    const auto clean = MakeFilter(MakeFixed(), MakeMoving(geometry));
    clean->SetMovingImageMask(Sample<MaskImage>(geometry, OutsideLesion(4.0, 1)));
    clean->Update();
    const Field * u = with->GetDisplacementField();
    EXPECT_LT(ErrorAround(u), 0.5);
    const double harm = Compare(u, without->GetDisplacementField()).largest;
    EXPECT_GT(harm, 1.0) << "mm";
    const double influence = Compare(u, clean->GetDisplacementField()).largest;
    if (moving->GetLargestPossibleRegion().GetSize() == without->GetFixedImage()->GetLargestPossibleRegion().GetSize())
    {
      EXPECT_EQ(influence, 0.0);
      EXPECT_LT(ErrorAround(u), 0.75 * ErrorAround(without->GetDisplacementField()));
    }
    else
    {
      EXPECT_LT(influence, 0.02 * harm) << "resampling carries a little across the edge of the mask";
    }
  }
}

TEST(Masks, AMaskOfOnesIsNoMask)
{
  const auto ones = Sample<MaskImage>({}, [](const Point &) { return 1; });
  const auto without = MakeFilter(MakeFixed(), MakeMoving());
  without->Update();
  const auto with = MakeFilter(MakeFixed(), MakeMoving());
  with->SetFixedImageMask(ones);
  with->Update();
  EXPECT_LT(Compare(with->GetDisplacementField(), without->GetDisplacementField()).largest, 1e-2);
}

TEST(Masks, AnyValueOtherThanZeroIsInside)
{
  const auto run = [](int inside) {
    const auto filter = MakeFilter(MakeFixed(), MakeMoving());
    filter->SetNumberOfIterations(2);
    filter->SetFixedImageMask(Sample<MaskImage>({}, OutsideLesion(4.0, inside)));
    filter->SetMovingImageMask(Sample<MaskImage>({}, OutsideLesion(2.0, inside)));
    filter->Update();
    return filter;
  };
  EXPECT_EQ(Compare(run(1)->GetDisplacementField(), run(200)->GetDisplacementField()).largest, 0.0);
}

TEST(Masks, AMaskMayHaveItsOwnStartIndex)
{
  // The same voxels in the same places, counted from elsewhere.
  Geometry shifted;
  shifted.start = { { 10, 20, -30 } };
  const auto run = [](const Geometry & geometry) {
    const auto filter = MakeFilter(MakeFixed(), MakeMoving());
    filter->SetNumberOfIterations(2);
    filter->SetFixedImageMask(Sample<MaskImage>(geometry, OutsideLesion(4.0, 1)));
    filter->SetMovingImageMask(Sample<MaskImage>(geometry, OutsideLesion(2.0, 1)));
    filter->Update();
    return filter;
  };
  EXPECT_EQ(Compare(run({})->GetDisplacementField(), run(shifted)->GetDisplacementField()).largest, 0.0);
}
} // namespace
