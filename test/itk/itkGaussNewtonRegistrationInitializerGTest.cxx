// SPDX-License-Identifier: Apache-2.0
// Alignment before the registration, on a phantom with a closed form: what it finds is known.

#include "itkGaussNewtonRegistrationInitializer.h"

#include "itkGaussNewtonRegistrationTestPhantoms.h"

#include "itkAffineTransform.h"
#include "itkCommand.h"
#include "itkEuler3DTransform.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace
{
using namespace gnrtest;
using Initializer = itk::GaussNewtonRegistrationInitializer;
using Method = Initializer::MethodEnum;
using Transform = Initializer::TransformType;
using Kind = itk::GaussNewtonRegistrationErrorEnums::Kind;

/** 1 inside an ellipsoid, 0 outside, with an edge of about 3 mm. */
double
Ellipsoid(const Point & p, const Point & centre, const Vector & radii)
{
  double q = 0.0;
  for (unsigned int d = 0; d < 3; ++d)
  {
    q += std::pow((p[d] - centre[d]) / radii[d], 2);
  }
  const double distance = (std::sqrt(q) - 1.0) * 30.0;
  return 0.5 * std::erfc(distance / 3.0);
}

Point
At(double x, double y, double z)
{
  const double values[3] = { x, y, z };
  return Point(values);
}

Vector
Of(double x, double y, double z)
{
  const double values[3] = { x, y, z };
  return Vector(values);
}

/** A head of about 110 x 140 x 100 mm without any symmetry, 0 ... about 1.4. */
double
Head(const Point & p)
{
  return 0.6 * Ellipsoid(p, At(0, 0, 0), Of(55, 70, 50)) + 0.4 * Ellipsoid(p, At(15, 25, 10), Of(20, 25, 18)) -
         0.5 * Ellipsoid(p, At(-20, -15, 5), Of(12, 30, 10)) + 0.4 * Ellipsoid(p, At(5, -35, -20), Of(25, 12, 15)) +
         0.3 * Ellipsoid(p, At(-25, 30, -12), Of(10, 14, 22));
}

/** The same anatomy in another contrast, not a monotonic one. */
double
OtherContrast(double value)
{
  return value * (1.7 - value);
}

itk::AffineTransform<double, 3>::Pointer
MakeTruth(const Matrix & matrix, const Vector & shift)
{
  const auto truth = itk::AffineTransform<double, 3>::New();
  truth->SetMatrix(matrix);
  truth->SetOffset(shift);
  return truth;
}

Matrix
Sheared()
{
  Matrix m = Oblique(0.25);
  m(0, 0) *= 1.12;
  m(1, 1) *= 0.93;
  m(0, 1) += 0.06;
  return m;
}

struct Pair
{
  FloatImage::Pointer fixed;
  FloatImage::Pointer moving;
};

/** Unequal spacings, an oblique moving grid, and fields of view that differ and cut into the moving head. */
Pair
MakePair(const itk::AffineTransform<double, 3> * truth, bool otherContrast = false)
{
  Geometry fixed;
  fixed.size = { { 80, 92, 32 } };
  fixed.spacing = Of(1.9, 2.0, 4.5);
  Geometry moving;
  moving.size = { { 60, 72, 70 } };
  moving.spacing = Of(3.0, 2.5, 2.0);
  moving.direction = Oblique(0.4);
  moving.center = truth->TransformPoint(At(8, -12, 10)); // 12 mm of the head are cut off here, 25 mm of air there
  moving.start = { { 3, -4, 5 } };

  itk::AffineTransform<double, 3>::Pointer back = itk::AffineTransform<double, 3>::New();
  EXPECT_TRUE(truth->GetInverse(back));
  Pair pair;
  pair.fixed = Sample<FloatImage>(fixed, Head);
  pair.moving = Sample<FloatImage>(moving, [&](const Point & p) {
    const double value = Head(back->TransformPoint(p));
    return 100.0 * (otherContrast ? OtherContrast(value) : value);
  });
  return pair;
}

/** Mean distance in mm between two maps over the head. */
double
Error(const Transform * found, const Transform * truth)
{
  double sum = 0.0;
  int    count = 0;
  for (double z = -48; z <= 48; z += 8)
  {
    for (double y = -68; y <= 68; y += 8)
    {
      for (double x = -52; x <= 52; x += 8)
      {
        const Point p = At(x, y, z);
        if (Ellipsoid(p, At(0, 0, 0), Of(55, 70, 50)) > 0.5)
        {
          sum += found->TransformPoint(p).EuclideanDistanceTo(truth->TransformPoint(p));
          ++count;
        }
      }
    }
  }
  return sum / count;
}

Initializer::Pointer
MakeInitializer(const Pair & pair, Method method)
{
  const auto initializer = Initializer::New();
  initializer->SetFixedImage(pair.fixed);
  initializer->SetMovingImage(pair.moving);
  initializer->SetMethod(method);
  return initializer;
}

// The largest voxel has 4.5 mm, the smallest 1.9 mm.
constexpr double wellBelowAVoxel = 0.6;

TEST(Initializer, IdentityMovesNothing)
{
  const auto truth = MakeTruth(Geometry::Identity(), Vector(0.0));
  const auto initializer = MakeInitializer(MakePair(truth), Method::Identity);
  initializer->Update();
  EXPECT_EQ(Error(initializer->GetTransform(), truth), 0.0);
}

TEST(Initializer, MomentsFindATranslation)
{
  // Both fields of view hold the whole head, so the centres of mass are those of the same thing.
  Geometry fixed;
  fixed.size = { { 80, 92, 40 } };
  fixed.spacing = Of(1.9, 2.0, 4.0);
  Geometry moving;
  moving.size = { { 64, 80, 80 } };
  moving.spacing = Of(3.0, 2.5, 2.2);
  moving.direction = Oblique(0.4);
  const Vector shift = Of(400.0, -250.0, 1200.0); // as far from the origin as scanners put it
  moving.center = At(400.0, -250.0, 1200.0);
  Pair pair;
  pair.fixed = Sample<FloatImage>(fixed, Head);
  pair.moving = Sample<FloatImage>(moving, [&](const Point & p) { return 1000.0 * Head(p - shift) - 1024.0; });
  const auto initializer = MakeInitializer(pair, Method::Moments);
  initializer->Update();
  EXPECT_LT(Error(initializer->GetTransform(), MakeTruth(Geometry::Identity(), shift)), 0.2);
}

TEST(Initializer, MomentsCountWithinTheMasksOfBothImages)
{
  Geometry geometry;
  geometry.size = { { 80, 92, 60 } };
  geometry.spacing = Vector(2.0);
  const Vector shift = Of(10.0, -8.0, 4.0);
  Pair         pair;
  pair.fixed = Sample<FloatImage>(geometry, Head);
  pair.moving = Sample<FloatImage>(
    geometry, [&](const Point & p) { return Head(p - shift) + 3.0 * Ellipsoid(p, At(65, 75, 40), Of(15, 17, 20)); });
  const auto inHead = [](const Point & p) { return Ellipsoid(p, At(0, 0, 0), Of(57, 72, 52)) > 0.5; };
  const auto fixedMask = Sample<MaskImage>(geometry, inHead);
  const auto movingMask = Sample<MaskImage>(geometry, [&](const Point & p) { return inHead(p - shift); });
  const auto truth = MakeTruth(Geometry::Identity(), shift);

  const auto error = [&](const MaskImage * ofFixed, const MaskImage * ofMoving) {
    const auto initializer = MakeInitializer(pair, Method::Moments);
    initializer->SetFixedImageMask(ofFixed);
    initializer->SetMovingImageMask(ofMoving);
    initializer->Update();
    return Error(initializer->GetTransform(), truth);
  };
  EXPECT_LT(error(fixedMask, movingMask), 0.5);
  const double without = error(nullptr, nullptr); // the second object draws the centre
  EXPECT_GT(without, 2.0);
  EXPECT_EQ(error(fixedMask, nullptr), without);
  EXPECT_EQ(error(nullptr, movingMask), without);
}

TEST(Initializer, RigidRecoversALargeRotation)
{
  const auto truth = MakeTruth(Oblique(0.6), Of(60.0, -40.0, 25.0)); // 34 degrees
  const auto initializer = MakeInitializer(MakePair(truth), Method::Rigid);
  initializer->Update();
  EXPECT_LT(Error(initializer->GetTransform(), truth), wellBelowAVoxel);
  EXPECT_GT(initializer->GetFinalMutualInformation(), initializer->GetInitialMutualInformation() + 0.1);
  EXPECT_NE(dynamic_cast<itk::Euler3DTransform<double> *>(initializer->GetTransform()), nullptr);
}

TEST(Initializer, ImagesNeedNotOverlapAsTheyLie)
{
  // One of the starts is no translation at all, with which nothing can be compared.
  const auto truth = MakeTruth(Oblique(0.3), Of(400.0, -250.0, 1200.0));
  for (const Method method : { Method::Rigid, Method::Affine })
  {
    const auto initializer = MakeInitializer(MakePair(truth), method);
    initializer->Update();
    EXPECT_LT(Error(initializer->GetTransform(), truth), wellBelowAVoxel) << method;
  }
}

TEST(Initializer, RigidNeedsNoSimilarContrast)
{
  const auto truth = MakeTruth(Oblique(-0.3), Of(-30.0, 20.0, 15.0));
  const auto initializer = MakeInitializer(MakePair(truth, true), Method::Rigid);
  initializer->Update();
  EXPECT_LT(Error(initializer->GetTransform(), truth), wellBelowAVoxel);
}

TEST(Initializer, AffineRecoversScalingAndShearing)
{
  const auto truth = MakeTruth(Sheared(), Of(30.0, 10.0, -20.0));
  const Pair pair = MakePair(truth);
  const auto rigid = MakeInitializer(pair, Method::Rigid);
  rigid->Update();
  const auto affine = MakeInitializer(pair, Method::Affine);
  affine->Update();
  EXPECT_GT(Error(rigid->GetTransform(), truth), 1.5); // a rotation cannot do it
  EXPECT_LT(Error(affine->GetTransform(), truth), wellBelowAVoxel);
}

TEST(Initializer, MasksKeepOutWhatTheOtherImageLacks)
{
  // A bright couch below the fixed head that moves otherwise than the head does.
  const auto truth = MakeTruth(Oblique(0.2), Of(20.0, -15.0, 10.0));
  Pair       pair = MakePair(truth);
  const auto couch = [](const Point & p) { return 4.0 * Ellipsoid(p, At(0, 82, 0), Of(70, 9, 65)); };
  Geometry   geometry;
  geometry.size = { { 80, 92, 32 } };
  geometry.spacing = Of(1.9, 2.0, 4.5);
  pair.fixed = Sample<FloatImage>(geometry, [&](const Point & p) { return Head(p) + couch(p); });
  const auto mask =
    Sample<MaskImage>(geometry, [](const Point & p) { return Ellipsoid(p, At(0, 0, 0), Of(58, 72, 53)) > 0.5; });
  const auto initializer = MakeInitializer(pair, Method::Rigid);
  initializer->SetFixedImageMask(mask);
  initializer->Update();
  EXPECT_LT(Error(initializer->GetTransform(), truth), wellBelowAVoxel);
}

TEST(Initializer, ResultDoesNotDependOnThreadsOrRuns)
{
  const Pair pair = MakePair(MakeTruth(Sheared(), Of(30.0, 10.0, -20.0)));
  const auto parameters = [&](itk::ThreadIdType threads) {
    const auto before = itk::MultiThreaderBase::GetGlobalDefaultNumberOfThreads();
    itk::MultiThreaderBase::SetGlobalDefaultNumberOfThreads(threads);
    const auto initializer = MakeInitializer(pair, Method::Affine);
    initializer->SetNumberOfIterations(10);
    initializer->Update();
    itk::MultiThreaderBase::SetGlobalDefaultNumberOfThreads(before);
    return initializer->GetTransform()->GetParameters();
  };
  const auto one = parameters(1);
  EXPECT_EQ(one, parameters(1));
  EXPECT_EQ(one, parameters(3));

  const auto other = MakeInitializer(pair, Method::Affine);
  other->SetNumberOfIterations(10);
  other->SetRandomSeed(1);
  other->Update();
  EXPECT_NE(one, other->GetTransform()->GetParameters()); // the seed reaches the samples
}

TEST(Initializer, FeedsTheRegistrationFilter)
{
  const auto truth = MakeTruth(Oblique(0.2), Of(20.0, -15.0, 10.0));
  const Pair pair = MakePair(truth);
  const auto initializer = MakeInitializer(pair, Method::Rigid);
  const auto filter = MakeFilter(pair.fixed, pair.moving);
  filter->SetInitialTransformInput(initializer->GetOutput()); // one pipeline
  filter->SetComputeInverseDisplacementField(false);
  filter->Update();
  // The displacement corrects the alignment; it must not have to move anything far.
  EXPECT_LT(Length(filter->GetDisplacementField()).mean, 1.0);
  double sum = 0.0;
  int    count = 0;
  for (const Point & p : { At(0, 0, 0), At(20, 20, 10), At(-30, 10, 5), At(10, -40, -10) })
  {
    sum += filter->GetTransform()->TransformPoint(p).EuclideanDistanceTo(truth->TransformPoint(p));
    ++count;
  }
  EXPECT_LT(sum / count, 1.0);
}

TEST(Initializer, ProgressEndsAtOne)
{
  const auto initializer = MakeInitializer(MakePair(MakeTruth(Oblique(0.1), Of(5.0, 5.0, 5.0))), Method::Affine);
  initializer->SetNumberOfIterations(5);
  float last = 0.0F;
  bool  falls = false;
  initializer->AddObserver(itk::ProgressEvent(), [&](const itk::EventObject &) {
    falls = falls || initializer->GetProgress() < last;
    last = initializer->GetProgress();
  });
  initializer->Update();
  EXPECT_FALSE(falls);
  EXPECT_EQ(last, 1.0F);
}

TEST(Initializer, AbortIsHonoured)
{
  const auto initializer = MakeInitializer(MakePair(MakeTruth(Oblique(0.1), Of(5.0, 5.0, 5.0))), Method::Affine);
  initializer->AddObserver(itk::ProgressEvent(), [&](const itk::EventObject &) {
    if (initializer->GetProgress() > 0.2F)
    {
      initializer->AbortGenerateDataOn();
    }
  });
  EXPECT_THROW(initializer->Update(), itk::ProcessAborted);
}

void
ExpectError(Initializer * initializer, const std::vector<std::string> & words)
{
  try
  {
    initializer->Update();
    FAIL() << "no error";
  }
  catch (const itk::GaussNewtonRegistrationError & error)
  {
    EXPECT_EQ(error.GetKind(), Kind::BadInput);
    for (const std::string & word : words)
    {
      EXPECT_NE(std::string(error.GetDescription()).find(word), std::string::npos) << error.GetDescription();
    }
  }
}

TEST(Initializer, BadInputIsNamed)
{
  const Pair good = MakePair(MakeTruth(Oblique(0.1), Of(5.0, 5.0, 5.0)));
  EXPECT_THROW(Initializer::New()->Update(), itk::ExceptionObject);
  EXPECT_THROW(Initializer::New()->GetTransform(), itk::ExceptionObject);

  Pair pair = good;
  pair.moving = Sample<FloatImage>(Geometry(), [](const Point &) { return 7.0; });
  ExpectError(MakeInitializer(pair, Method::Moments), { "MovingImage", "every voxel has the value 7" });

  pair = good;
  pair.fixed = Sample<FloatImage>(Geometry(), Head);
  pair.fixed->SetPixel({ { 1, 2, 3 } }, std::numeric_limits<float>::quiet_NaN());
  ExpectError(MakeInitializer(pair, Method::Rigid), { "FixedImage", "not a number" });

  // One voxel among 32768 is no object.
  pair = good;
  pair.fixed = Sample<FloatImage>(Geometry(), [](const Point &) { return 0.0; });
  pair.fixed->SetPixel({ { 1, 2, 3 } }, 1.0F);
  ExpectError(MakeInitializer(pair, Method::Rigid), { "FixedImage", "more than 99 %", "pass a mask" });

  const auto initializer = MakeInitializer(good, Method::Affine);
  initializer->SetMovingImageMask(Sample<MaskImage>(Geometry(), [](const Point &) { return 0; }));
  ExpectError(initializer, { "MovingImageMask", "no voxel" });
}

} // namespace
