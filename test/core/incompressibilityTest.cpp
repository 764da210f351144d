// SPDX-License-Identifier: Apache-2.0
// Whole registrations in which tissues resist a change of their volume, each as strongly as it does.
#include "thorax.h"

#include "gnr/Error.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace
{

using gnr::Density;
using gnr::Incompressibility;
using gnr::IncompressibilityForm;
using problems::Thorax;

constexpr float unit = 1055.0F; // HU from vacuum to soft tissue

/** CTs of the phantom. */
Thorax
ctOf(double spacing)
{
  Thorax thorax(spacing);
  thorax.options.density = Density::Ct;
  for (std::vector<float> * image : { &thorax.fixed, &thorax.moving })
  {
    std::transform(image->begin(), image->end(), image->begin(), [](float value) { return unit * value - 1000.0F; });
  }
  return thorax;
}

/** The message with which a registration is refused. */
std::string
refusal(const gnr::Problem & problem)
{
  try
  {
    gnr::makeEngine()->run(problem);
  }
  catch (const gnr::Error & error)
  {
    EXPECT_EQ(error.kind(), gnr::ErrorKind::BadInput);
    return error.what();
  }
  return {};
}

TEST(Incompressibility, BonesKeepTheirVolumeAndLungsBreathe)
{
  Thorax               free = ctOf(4.0), kept = free;
  const Thorax::Errors without = free.run();
  EXPECT_GT(without.bones, 0.02);
  for (const auto form : { IncompressibilityForm::Moving, IncompressibilityForm::Static })
  {
    SCOPED_TRACE(nameOf(form));
    kept.options.incompressibility = Incompressibility::Ct;
    kept.options.incompressibilityForm = form;
    gnr::Report          report;
    const Thorax::Errors with = kept.run(&report);
    EXPECT_LT(with.bones, 0.02);
    EXPECT_LT(with.map, 1.05 * without.map);
    EXPECT_LT(with.determinant, 1.05 * without.determinant);
    EXPECT_EQ(report.foldedVoxels, 0u);
  }
}

// An image of weights says the same as the CT numbers that it was made of, on any scale.
TEST(Incompressibility, AnImageOfWeightsSaysWhatCtNumbersDo)
{
  Thorax thorax = ctOf(8.0);
  thorax.solveToTheEnd();
  thorax.options.incompressibility = Incompressibility::Ct;
  const std::vector<float> expected = thorax.displacement();
  thorax.options.incompressibility = Incompressibility::None;
  const std::vector<float> free = thorax.displacement();
  EXPECT_GT(problems::largestDifference(expected, free, thorax.grid), 0.1);
  const auto rise = [](double value, double from, double to) {
    const double t = std::clamp((value - from) / (to - from), 0.0, 1.0);
    return t * t * (3.0 - 2.0 * t);
  };
  for (const float ct : thorax.moving)
  {
    thorax.weights.push_back(
      static_cast<float>(3.0 * (5.0 * rise(ct, -500.0, -100.0) + 95.0 * rise(ct, 100.0, 300.0))));
  }
  thorax.options.incompressibilityWeight /= 3.0;
  EXPECT_LT(problems::largestDifference(thorax.displacement(), expected, thorax.grid), 0.01);
}

// A start that has let the moving image grow has done so to its bones as well, which take most of that back: what is
// around them is softer, but not free.
TEST(Incompressibility, VolumesAreThoseBeforeTheStart)
{
  for (const auto form : { IncompressibilityForm::Moving, IncompressibilityForm::Static })
  {
    SCOPED_TRACE(nameOf(form));
    Thorax thorax = ctOf(12.0);
    thorax.fixed = thorax.moving; // nothing but volumes tells to move
    thorax.options.density = Density::None;
    thorax.options.beta = 1e-5;
    thorax.options.gamma = 0.0;
    thorax.options.incompressibility = Incompressibility::Ct;
    thorax.options.incompressibilityForm = form;
    thorax.options.incompressibilityWeight = 1.0;
    EXPECT_EQ(
      problems::largestDifference(thorax.displacement(), std::vector<float>(3 * thorax.grid.points()), thorax.grid),
      0.0);
    thorax.volumeChange = 1.05;
    gnr::Report  report;
    const double bones = thorax.run(&report).meanOfBones;
    EXPECT_LT(bones, std::pow(1.0 / thorax.volumeChange, 2.0 / 3.0));
    EXPECT_GT(bones, 1.0 / thorax.volumeChange - 0.01);
  }
}

TEST(Incompressibility, WhatCannotBeUsedIsRefused)
{
  Thorax thorax(12.0); // densities from 0 to 1.6
  thorax.options.density = Density::None;
  const auto message = [&] { return refusal(thorax.problemOf()); };
  const auto expectMessage = [&](const std::string & begin, const std::string & remedy) {
    const std::string text = message();
    EXPECT_EQ(text.find(begin), 0u) << text;
    EXPECT_NE(text.find(remedy), std::string::npos) << text;
  };
  thorax.options.incompressibility = Incompressibility::Ct;
  expectMessage("MovingImage: its values", "give an image of weights");
  thorax.options.similarity = gnr::SimilarityMeasure::Labels;
  std::vector<float> fixed = thorax.fixed, moving = thorax.moving;
  for (std::vector<float> * image : { &thorax.fixed, &thorax.moving })
  {
    std::transform(
      image->begin(), image->end(), image->begin(), [](float value) { return value > 0.5F ? 1.0F : 0.0F; });
  }
  expectMessage("MovingImage: holds labels", "give an image of weights");
  thorax.fixed = fixed;
  thorax.moving = moving;
  thorax.options.similarity = gnr::SimilarityMeasure::SumOfSquares;

  thorax.weights.assign(thorax.grid.points(), 1.0F);
  expectMessage("IncompressibilityImage: has weights", "one of the two");
  thorax.options.incompressibility = Incompressibility::None;
  EXPECT_EQ(message(), "");
  thorax.weights[7] = -0.5F;
  expectMessage("IncompressibilityImage: has values down to -0.5", "not negative");
  thorax.weights[7] = std::numeric_limits<float>::quiet_NaN();
  expectMessage("IncompressibilityImage: 1 voxels are NaN", "replace them");
  thorax.weights.assign(thorax.grid.points(), 0.0F);
  expectMessage("IncompressibilityImage: is zero everywhere", "leave it out");
}

/** Masks of the lungs, fixed and moving. */
void
maskLungs(Thorax & thorax)
{
  const ThoraxPhantom phantom(1.0);
  thorax.forEachPoint([&](const ThoraxPhantom::PointType & p) {
    thorax.fixedMask.push_back(ThoraxPhantom::Lung(phantom.Map(p)) < 0.0 ? 1.0F : 0.0F);
    thorax.movingMask.push_back(ThoraxPhantom::Lung(p) < 0.0 ? 1.0F : 0.0F);
  });
}

// Mass is kept in the phantom, so that the exponent is one; where the fixed lungs are made lighter or darker by a
// factor, it is what that factor says.
TEST(DensityExponent, IsThatOfTheLungs)
{
  for (const double power : { 0.2, 0.7, 1.0, 1.5 })
  {
    Thorax thorax(6.0);
    maskLungs(thorax);
    double volumes[2]{}, masses[2]{};
    for (std::size_t i = 0; i < thorax.grid.points(); ++i)
    {
      volumes[0] += thorax.fixedMask[i];
      volumes[1] += thorax.movingMask[i];
      masses[0] += thorax.fixedMask[i] * double(thorax.fixed[i]);
      masses[1] += thorax.movingMask[i] * double(thorax.moving[i]);
    }
    const double ratio = volumes[1] / volumes[0], now = masses[1] / volumes[1] / (masses[0] / volumes[0]);
    for (std::size_t i = 0; i < thorax.grid.points(); ++i)
    {
      thorax.fixed[i] *= static_cast<float>(thorax.fixedMask[i] > 0.0F ? now * std::pow(ratio, power) : 1.0);
    }
    thorax.options.densityExponent.reset();
    gnr::Report report;
    thorax.run(&report);
    ASSERT_TRUE(report.densityExponent.has_value());
    EXPECT_NEAR(*report.densityExponent, std::clamp(power, 0.4, 1.0), 1e-3);
    const auto isIt = [](const std::string & text) { return text.find("density exponent") == 0; };
    EXPECT_EQ(std::count_if(report.messages.begin(), report.messages.end(), isIt), 1);
  }
}

TEST(DensityExponent, NeedsBothMasksAndAChangeOfVolume)
{
  Thorax thorax(12.0);
  thorax.options.densityExponent.reset();
  EXPECT_EQ(refusal(thorax.problemOf()).find("FixedImageMask: is missing"), 0u);
  maskLungs(thorax);
  std::vector<float> moving;
  moving.swap(thorax.movingMask);
  EXPECT_EQ(refusal(thorax.problemOf()).find("MovingImageMask: is missing"), 0u);
  thorax.movingMask = thorax.fixedMask;
  EXPECT_NE(refusal(thorax.problemOf()).find("give a number for density exponent"), std::string::npos);
  // A number needs none, and is what the report has; intensities have none.
  thorax.fixedMask.clear();
  thorax.movingMask.clear();
  thorax.options.densityExponent = 0.6;
  gnr::Report report;
  thorax.run(&report);
  EXPECT_EQ(report.densityExponent, 0.6);
  thorax.options.density = Density::None;
  thorax.run(&report);
  EXPECT_FALSE(report.densityExponent.has_value());
}

} // namespace
