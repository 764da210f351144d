// SPDX-License-Identifier: Apache-2.0
// Densities, and what a start makes of them.

#include "itkGaussNewtonRegistrationTestPhantoms.h"

#include "itkAffineTransform.h"
#include "itkDisplacementFieldTransform.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

namespace
{
using namespace gnrtest;

constexpr double stretch = 1.2;

FloatImage::Pointer
Density()
{
  return Sample<FloatImage>({}, [](const Point & p) { return 0.1 + std::abs(Anatomy(p)); });
}

/** The same matter in more room. */
FloatImage::Pointer
Stretched()
{
  return Sample<FloatImage>({}, [](const Point & p) {
    Point here;
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      here[axis] = p[axis] / stretch;
    }
    return (0.1 + std::abs(Anatomy(here))) / std::pow(stretch, 3);
  });
}

itk::AffineTransform<double, 3>::Pointer
Stretch()
{
  const auto transform = itk::AffineTransform<double, 3>::New();
  transform->Scale(stretch);
  return transform;
}

// With the start in place nothing is left to be done; an intensity would have to be found again.
TEST(Densities, ALinearStartChangesThem)
{
  const auto filter = MakeFilter(Density(), Stretched());
  filter->SetInitialTransform(Stretch());
  filter->SetParameter("density", "given");
  filter->SetParameter("iterations", "1");
  filter->Update();
  const double with = Length(filter->GetDisplacementField()).largest;
  EXPECT_LT(with, 0.2) << "mm: linear interpolation";
  filter->SetParameter("density-exponent", "0.1"); // the start has made too little of the density
  filter->Update();
  EXPECT_GT(Length(filter->GetDisplacementField()).largest, 3.0 * with);
}

TEST(Densities, AStartThatIsNotLinearIsRefused)
{
  const auto field = itk::Image<itk::Vector<double, 3>, 3>::New();
  field->CopyInformation(Density());
  field->SetRegions(Density()->GetLargestPossibleRegion());
  field->Allocate(true);
  const auto transform = itk::DisplacementFieldTransform<double, 3>::New();
  transform->SetDisplacementField(field);
  const auto filter = MakeFilter(Density(), Density());
  filter->SetInitialTransform(transform);
  filter->SetParameter("density", "given");
  EXPECT_NE(DescriptionOf(filter).find("InitialTransform: is not linear"), std::string::npos);
}

TEST(Densities, AreNotMatchedByHistograms)
{
  const auto filter = MakeFilter(Density(), Density());
  filter->SetUseHistogramMatching(true);
  filter->SetParameter("density", "given");
  EXPECT_NE(DescriptionOf(filter).find("UseHistogramMatching"), std::string::npos);
}

} // namespace
