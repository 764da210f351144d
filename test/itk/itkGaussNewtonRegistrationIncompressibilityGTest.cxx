// SPDX-License-Identifier: Apache-2.0
// Weights by which tissues resist a change of their volume, in physical space.

#include "itkGaussNewtonRegistrationTestPhantoms.h"

#include "itkAffineTransform.h"
#include "itkDisplacementFieldTransform.h"
#include "itkTranslationTransform.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

namespace
{
using namespace gnrtest;

/** The anatomy, larger: volumes have to change. */
FloatImage::Pointer
Larger()
{
  return Sample<FloatImage>({}, [](const Point & p) {
    Point here;
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      here[axis] = p[axis] / 1.15;
    }
    return Anatomy(here);
  });
}

/** On one side of a plane. */
double
Weight(const Point & p)
{
  return p[0] + 0.5 * p[1] < 0.0 ? 4.0 : 0.0;
}

Filter::Pointer
MakeKept(const FloatImage * moving, const FloatImage * weights)
{
  const auto filter = MakeFilter(Larger(), moving);
  filter->SetSimilarity("ssd");
  filter->SetParameter("IncompressibilityWeight", "2");
  filter->SetIncompressibilityImage(weights);
  return filter;
}

TEST(Incompressibility, VolumesAreKeptWhereTheWeightsSaySo)
{
  const auto kept = MakeKept(MakeMoving(), Sample<FloatImage>({}, Weight));
  kept->Update();
  const auto changeWhere = [&](double sign) {
    const FloatImage * const det = kept->GetJacobianDeterminantImage();
    return MeasureWhere(
             det,
             [&](const itk::Index<3> & i) { return std::abs(det->GetPixel(i) - 1.0); },
             [&](const itk::Index<3> & i) {
               const Point p = PointAt(kept->GetDisplacementField(), i);
               return sign * (p[0] + 0.5 * p[1]) > 2.0 && p.EuclideanDistanceTo(Point(0.0)) < 9.0;
             })
      .mean;
  };
  EXPECT_LT(changeWhere(-1.0), 0.1 * changeWhere(1.0));
}

// The moving image and its weights may lie on any grid, and be reached through a transform.
TEST(Incompressibility, TheWeightsLieOnTheGridOfTheMovingImage)
{
  const auto expected = MakeKept(MakeMoving(), Sample<FloatImage>({}, Weight));
  expected->Update();
  Geometry other;
  other.size = { { 40, 41, 42 } };
  other.start = { { 3, -5, 2 } };
  other.spacing.Fill(0.9);
  const Vector shift(2.0);
  const auto   at = [&](auto f) { return [=](const Point & p) { return f(p - shift); }; };
  const auto   shifted = MakeKept(Sample<FloatImage>(other, at(&Anatomy)), Sample<FloatImage>(other, at(&Weight)));
  const auto   transform = itk::TranslationTransform<double, 3>::New();
  transform->Translate(shift);
  shifted->SetInitialTransform(transform);
  shifted->Update();
  const auto free = MakeKept(MakeMoving(), nullptr);
  free->Update();
  // On the mean: the weights jump at a plane, which sampling on another grid smears.
  const double effect = Compare(free->GetDisplacementField(), expected->GetDisplacementField()).mean;
  EXPECT_GT(effect, 0.25);
  EXPECT_LT(Compare(shifted->GetDisplacementField(), expected->GetDisplacementField()).mean, 0.2 * effect);
}

TEST(Incompressibility, WhatCannotBeUsedIsRefused)
{
  const auto expect = [](Filter * filter, const char * text) {
    EXPECT_NE(DescriptionOf(filter).find(text), std::string::npos) << DescriptionOf(filter);
  };
  Geometry small;
  small.size.Fill(30);
  expect(MakeKept(MakeMoving(), Sample<FloatImage>(small, Weight)), "IncompressibilityImage: [30, 30, 30] voxels");
  auto nan = Sample<FloatImage>({}, Weight);
  nan->SetPixel({ { 1, 2, 3 } }, std::nanf(""));
  expect(MakeKept(MakeMoving(), nan), "IncompressibilityImage: voxel [1, 2, 3] is not a number");
  expect(MakeKept(MakeMoving(), Sample<FloatImage>({}, [](const Point & p) { return p[0]; })),
         "weights are not negative");

  const auto of = MakeKept(MakeMoving(), nullptr);
  of->SetParameter("Incompressibility", "ct");
  expect(of, "MovingImage: its values");
  of->SetUseHistogramMatching(true);
  expect(of, "UseHistogramMatching: would change the CT numbers");

  const auto field = Allocate<itk::Image<itk::Vector<double, 3>, 3>>({});
  field->FillBuffer(itk::Vector<double, 3>(0.0));
  const auto bent = itk::DisplacementFieldTransform<double, 3>::New();
  bent->SetDisplacementField(field);
  const auto started = MakeKept(MakeMoving(), Sample<FloatImage>({}, Weight));
  started->SetInitialTransform(bent);
  expect(started, "InitialTransform: is not linear");
}

// A moving image that is resampled has a weight without a mask.
TEST(DensityExponent, NeedsTheMasksOfBoth)
{
  const auto density = Sample<FloatImage>({}, [](const Point & p) { return 0.1 + std::abs(Anatomy(p)); });
  const auto filter = MakeFilter(density, density);
  filter->SetParameter("density", "given");
  filter->SetParameter("DensityExponent", "auto");
  filter->SetInitialTransform(itk::AffineTransform<double, 3>::New());
  EXPECT_NE(DescriptionOf(filter).find("FixedImageMask: is missing"), std::string::npos);
  filter->SetFixedImageMask(Sample<MaskImage>({}, [](const Point &) { return 1; }));
  EXPECT_NE(DescriptionOf(filter).find("MovingImageMask: is missing"), std::string::npos);
}

} // namespace
