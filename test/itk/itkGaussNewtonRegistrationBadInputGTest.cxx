// SPDX-License-Identifier: Apache-2.0
// Input that cannot be used: each with a message that names it, and the right kind of error.

#include "itkGaussNewtonRegistrationTestPhantoms.h"

#include "itkTranslationTransform.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace
{
using namespace gnrtest;
using Kind = itk::GaussNewtonRegistrationErrorEnums::Kind;

// Expects Update() to fail with this kind and all of these words in the message, and to leave no result.
void
ExpectError(Filter * filter, const std::vector<std::string> & words, Kind kind = Kind::BadInput)
{
  try
  {
    filter->Update();
    FAIL() << "no error";
  }
  catch (const itk::GaussNewtonRegistrationError & error)
  {
    EXPECT_EQ(error.GetKind(), kind);
    EXPECT_STREQ(error.GetNameOfClass(), "GaussNewtonRegistrationError");
    for (const std::string & word : words)
    {
      EXPECT_NE(std::string(error.GetDescription()).find(word), std::string::npos)
        << '"' << word << "\" is missing in: " << error.GetDescription();
    }
  }
  EXPECT_THROW(filter->GetReport(), itk::ExceptionObject);
}

Geometry
WithSize(itk::SizeValueType x, itk::SizeValueType y, itk::SizeValueType z)
{
  Geometry geometry;
  geometry.size = { { x, y, z } };
  return geometry;
}

FloatImage::Pointer
WithVoxel(FloatImage::Pointer image, float value)
{
  image->SetPixel({ { 3, 4, 5 } }, value);
  return image;
}

MaskImage::Pointer
ConstantMask(const Geometry & geometry, int value)
{
  return Sample<MaskImage>(geometry, [value](const Point &) { return value; });
}

TEST(BadInput, MissingImage)
{
  const auto filter = Filter::New();
  EXPECT_THROW(filter->Update(), itk::ExceptionObject);
  filter->SetFixedImage(MakeFixed());
  try
  {
    filter->Update();
    FAIL() << "no error";
  }
  catch (const itk::ExceptionObject & error)
  {
    EXPECT_NE(std::string(error.GetDescription()).find("MovingImage"), std::string::npos) << error.GetDescription();
  }
}

TEST(BadInput, OneSliceIsA2DImage)
{
  ExpectError(MakeFilter(MakeFixed(WithSize(32, 32, 1)), MakeMoving()), { "FixedImage", "2-D", "3-D" });
  ExpectError(MakeFilter(MakeFixed(), MakeMoving(WithSize(32, 1, 32))), { "MovingImage", "2-D", "3-D" });
}

TEST(BadInput, AxisShorterThanEightVoxels)
{
  ExpectError(MakeFilter(MakeFixed(WithSize(32, 7, 32)), MakeMoving()), { "FixedImage", "[32, 7, 32]", "8" });
  ExpectError(MakeFilter(MakeFixed(), MakeMoving(WithSize(7, 32, 32))), { "MovingImage", "[7, 32, 32]", "8" });
  const auto shortest = MakeFilter(MakeFixed(WithSize(8, 8, 8)), MakeMoving());
  shortest->SetNumberOfIterations(1);
  EXPECT_NO_THROW(shortest->Update());
}

TEST(BadInput, VoxelsThatAreNotFinite)
{
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  ExpectError(MakeFilter(WithVoxel(MakeFixed(), nan), MakeMoving()), { "FixedImage", "[3, 4, 5]", "not a number" });
  ExpectError(MakeFilter(MakeFixed(), WithVoxel(MakeMoving(), -infinity)), { "MovingImage", "[3, 4, 5]", "infinite" });
}

TEST(BadInput, ConstantImages)
{
  const auto constant = Sample<FloatImage>({}, [](const Point &) { return 7.5; });
  ExpectError(MakeFilter(constant, MakeMoving()), { "FixedImage", "7.5" });
  ExpectError(MakeFilter(MakeFixed(), constant), { "MovingImage", "7.5" });
}

TEST(BadInput, VolumesThatDoNotOverlap)
{
  Geometry far;
  far.center[1] = 500.0;
  // Both boxes in world coordinates: 32 voxels of 1 mm around 0 and around 500.
  const auto moving = Sample<FloatImage>(far, [](const Point & p) { return p[0]; });
  ExpectError(MakeFilter(MakeFixed(), moving),
              { "do not overlap", "[-15.5, 15.5] x [-15.5, 15.5] x [-15.5, 15.5] mm", "[484.5, 515.5]", "transform" });

  // An initial transform in the wrong direction is the usual reason.
  const auto transform = itk::TranslationTransform<double, 3>::New();
  Vector     offset(0.0);
  offset[1] = -500.0;
  transform->SetOffset(offset);
  const auto filter = MakeFilter(MakeFixed(), moving);
  filter->SetInitialTransform(transform);
  ExpectError(filter, { "do not overlap", "direction" });
}

TEST(BadInput, MaskOfAnotherSize)
{
  const auto fixedMask = MakeFilter(MakeFixed(), MakeMoving());
  fixedMask->SetFixedImageMask(ConstantMask(WithSize(32, 32, 31), 1));
  ExpectError(fixedMask, { "FixedImageMask", "[32, 32, 31]", "[32, 32, 32]" });
  const auto movingMask = MakeFilter(MakeFixed(), MakeMoving(WithSize(40, 40, 40)));
  movingMask->SetMovingImageMask(ConstantMask({}, 1));
  ExpectError(movingMask, { "MovingImageMask", "[32, 32, 32]", "[40, 40, 40]" });
}

TEST(BadInput, MaskSomewhereElse)
{
  Geometry shifted;
  shifted.center[2] = 0.5;
  const auto filter = MakeFilter(MakeFixed(), MakeMoving());
  filter->SetFixedImageMask(ConstantMask(shifted, 1));
  ExpectError(filter, { "FixedImageMask", "0.5 voxels" });

  // Headers that agree only to single precision are no reason to refuse.
  shifted.center[2] = 1e-4;
  filter->SetFixedImageMask(ConstantMask(shifted, 1));
  filter->SetNumberOfIterations(1);
  EXPECT_NO_THROW(filter->Update());
}

TEST(BadInput, EmptyMask)
{
  const auto fixedMask = MakeFilter(MakeFixed(), MakeMoving());
  fixedMask->SetFixedImageMask(ConstantMask({}, 0));
  ExpectError(fixedMask, { "FixedImageMask", "empty" });
  const auto movingMask = MakeFilter(MakeFixed(), MakeMoving());
  movingMask->SetMovingImageMask(ConstantMask({}, 0));
  ExpectError(movingMask, { "MovingImageMask", "empty" });

  // Not empty, but only where the fixed image does not reach.
  Geometry   large = WithSize(64, 32, 32);
  const auto elsewhere = MakeFilter(MakeFixed(), MakeMoving(large));
  elsewhere->SetMovingImageMask(Sample<MaskImage>(large, [](const Point & p) { return p[0] > 25.0 ? 1 : 0; }));
  ExpectError(elsewhere, { "MovingImageMask", "no voxel of FixedImage" });
}

TEST(BadInput, ParametersOutOfRange)
{
  const auto expect = [](auto set, const char * word) {
    const auto filter = MakeFilter(MakeFixed(), MakeMoving());
    set(filter);
    ExpectError(filter, { word });
  };
  expect([](Filter * f) { f->SetBeta(-1.0); }, "beta");
  expect([](Filter * f) { f->SetBeta(std::numeric_limits<double>::quiet_NaN()); }, "beta");
  expect([](Filter * f) { f->SetNumberOfLevels(0); }, "levels");
  expect([](Filter * f) { f->SetTimeLimit(0.0); }, "time limit");
  // Values that SetParameter() would refuse at once.
  const auto expectOf = [&](auto change, const char * word) {
    expect(
      [&](Filter * f) {
        gnr::Options options = f->GetOptions();
        change(options);
        f->SetOptions(options);
      },
      word);
  };
  expectOf([](gnr::Options & o) { o.gamma = -0.5; }, "gamma");
  expectOf([](gnr::Options & o) { o.smoothing = -1.0; }, "smoothing");
  expectOf([](gnr::Options & o) { o.gridScale = -1.0; }, "grid scale");
  expectOf([](gnr::Options & o) { o.timeSteps = 0; }, "time steps");
  expectOf([](gnr::Options & o) { o.maximumKrylovIterations = 0; }, "Krylov");
  expectOf([](gnr::Options & o) { o.gradientTolerance = 0.0; }, "gradient tolerance");
  expectOf([](gnr::Options & o) { o.objectiveTolerance = -1.0; }, "objective tolerance");
  expectOf([](gnr::Options & o) { o.gradientLimit = 0.0; }, "gradient limit");
  expectOf([](gnr::Options & o) { o.gradientLimit = 1e-6; }, "gradient limit");
  expectOf([](gnr::Options & o) { o.divergenceLimit = std::numeric_limits<double>::infinity(); }, "divergence limit");
  expectOf([](gnr::Options & o) { o.divergenceLimit = -1.0; }, "divergence limit");
  expectOf([](gnr::Options & o) { o.determinantFloor = 0.0; }, "determinant floor");
  expectOf([](gnr::Options & o) { o.determinantFloor = 0.6; }, "determinant floor");
}

TEST(BadInput, InitialVelocity)
{
  const auto nan = std::numeric_limits<float>::quiet_NaN();
  const auto velocity = Allocate<Field>({});
  velocity->FillBuffer(itk::Vector<float, 3>(0.0F));
  velocity->SetPixel({ { 1, 2, 3 } }, itk::Vector<float, 3>(nan));
  const auto filter = MakeFilter(MakeFixed(), MakeMoving());
  filter->SetInitialVelocityField(velocity);
  ExpectError(filter, { "InitialVelocityField", "[1, 2, 3]" });

  Geometry far;
  far.center[0] = 100.0;
  const auto elsewhere = Allocate<Field>(far);
  elsewhere->FillBuffer(itk::Vector<float, 3>(0.0F));
  filter->SetInitialVelocityField(elsewhere);
  ExpectError(filter, { "InitialVelocityField", "[84.5, 115.5]" });
}

TEST(BadInput, ADeviceThatDoesNotExist)
{
  const auto filter = MakeFilter(MakeFixed(), MakeMoving());
  filter->SetNumberOfIterations(1);
  filter->SetDevice(Filter::DeviceEnum::CUDA);
  try
  {
    filter->Update();
    GTEST_SKIP() << "there is a CUDA device";
  }
  catch (const itk::GaussNewtonRegistrationError & error)
  {
    EXPECT_EQ(error.GetKind(), Kind::BadInput) << error.GetDescription();
  }
}

TEST(BadInput, IdenticalImagesNeedNoDeformation)
{
  const auto filter = MakeFilter(MakeFixed(), MakeFixed());
  filter->Update();
  EXPECT_EQ(filter->GetReport().reason, gnr::StopReason::ImagesIdentical);
  EXPECT_EQ(Length(filter->GetDisplacementField()).largest, 0.0);
  EXPECT_EQ(filter->GetMinimumJacobianDeterminant(), 1.0);
}

TEST(BadInput, TheFilterWorksAfterAnError)
{
  const auto filter = MakeFilter(MakeFixed(), MakeMoving());
  filter->SetNumberOfIterations(2);
  filter->SetBeta(-1.0);
  ExpectError(filter, { "beta" });
  filter->SetBeta(1e-3);
  filter->Update();
  EXPECT_LT(filter->GetMismatch(), 0.9);
}
} // namespace
