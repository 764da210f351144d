// SPDX-License-Identifier: Apache-2.0
// Physical space: grids, directions, initial transforms, and what other ITK classes make of the outputs.

#include "itkGaussNewtonRegistrationTestPhantoms.h"

#include "itkAffineTransform.h"
#include "itkConstantVelocityFieldTransform.h"
#include "itkDisplacementFieldJacobianDeterminantFilter.h"
#include "itkDisplacementFieldTransform.h"
#include "itkEuler3DTransform.h"
#include "itkResampleImageFilter.h"
#include "itkTransformFileReader.h"
#include "itkTransformFileWriter.h"
#include "itkTranslationTransform.h"
#include "itkWarpImageFilter.h"

#include <gtest/gtest.h>

#include <array>

namespace
{
using namespace gnrtest;

// The true displacement is 1.0 mm long on average where the anatomy has structure; seven tenths of it must be found.
constexpr double recoveredError = 0.3;

// How well ITK's linear interpolation integrates the velocity depends on how rough that is.
Filter::Pointer
MakeFixedBetaFilter(const FloatImage * fixed, const FloatImage * moving)
{
  const auto filter = MakeFilter(fixed, moving);
  filter->SetBeta(1e-3);
  return filter;
}

// Anatomy, its deformation, and the result on the default grid: shared by tests that only look at it.
Filter *
SolvedFilter()
{
  static const Filter::Pointer filter = [] {
    const auto f = MakeFixedBetaFilter(MakeFixed(), MakeMoving());
    f->Update();
    return f;
  }();
  return filter;
}

// An oblique grid with unequal spacing and a start index, and a moving image on a different one.
Filter *
SolvedObliqueFilter()
{
  static const Filter::Pointer filter = [] {
    Geometry fixed;
    fixed.size = { { 36, 30, 28 } };
    fixed.spacing[0] = 0.9;
    fixed.spacing[1] = 1.1;
    fixed.spacing[2] = 1.2;
    fixed.direction = Oblique(0.6);
    fixed.start = { { 5, -3, 7 } };
    Geometry moving;
    moving.size = { { 40, 44, 42 } };
    moving.spacing.Fill(0.8);
    moving.direction = Oblique(-0.4);
    moving.direction(0, 0) *= -1;
    moving.direction(1, 0) *= -1;
    moving.direction(2, 0) *= -1; // left-handed
    moving.center[0] = 0.7;
    moving.start = { { -2, 0, 9 } };
    const auto f = MakeFixedBetaFilter(MakeFixed(fixed), MakeMoving(moving));
    f->Update();
    return f;
  }();
  return filter;
}

TEST(PhysicalSpace, RecoversAKnownDeformation)
{
  Filter *   filter = SolvedFilter();
  const auto error = ErrorAgainstTruth(filter->GetDisplacementField());
  EXPECT_LT(error.mean, recoveredError) << "mm";
  EXPECT_LT(Residual(filter->GetWarpedMovingImage(), filter->GetFixedImage(), filter->GetMovingImage()), 0.2)
    << "of which linear interpolation alone makes about a half";
  EXPECT_LT(filter->GetMismatch(), 0.1);
  EXPECT_EQ(filter->GetNumberOfFoldedVoxels(), 0U);
}

TEST(PhysicalSpace, RecoversItOnObliqueAnisotropicGridsOfDifferentKind)
{
  Filter *   filter = SolvedObliqueFilter();
  const auto error = ErrorAgainstTruth(filter->GetDisplacementField());
  EXPECT_LT(error.mean, recoveredError);
  EXPECT_LT(filter->GetMismatch(), 0.15);
}

TEST(PhysicalSpace, StartIndexChangesNothing)
{
  Geometry shifted;
  shifted.start = { { 5, -3, 7 } };
  const auto filter = MakeFixedBetaFilter(MakeFixed(shifted), MakeMoving());
  filter->Update();
  Filter *   reference = SolvedFilter();
  const auto count = reference->GetOutput()->GetLargestPossibleRegion().GetNumberOfPixels();
  double     largest = 0.0;
  for (std::size_t i = 0; i < count; ++i)
  {
    largest = std::max<double>(
      largest, (filter->GetOutput()->GetBufferPointer()[i] - reference->GetOutput()->GetBufferPointer()[i]).GetNorm());
  }
  EXPECT_LT(largest, 1e-4);
}

// The same voxels, stored in another order: the physical field must not notice. `order` permutes the axes, `flip`
// reverses the direction of one.
void
ExpectSameFieldWhenStoredAs(const unsigned int (&order)[3], const bool (&flip)[3])
{
  Geometry plain;
  plain.size = { { 32, 28, 24 } };
  plain.spacing[1] = 1.125;
  plain.spacing[2] = 1.25;
  Geometry stored = plain;
  stored.direction.Fill(0.0);
  for (unsigned int d = 0; d < 3; ++d)
  {
    stored.size[d] = plain.size[order[d]];
    stored.spacing[d] = plain.spacing[order[d]];
    stored.direction(order[d], d) = flip[d] ? -1.0 : 1.0;
  }

  const auto reference = MakeFixedBetaFilter(MakeFixed(plain), MakeMoving(plain));
  reference->Update();
  const auto filter = MakeFixedBetaFilter(MakeFixed(stored), MakeMoving(stored));
  filter->Update();

  const Field * a = reference->GetDisplacementField();
  const Field * b = filter->GetDisplacementField();
  const auto    difference = MeasureWhere(
    a,
    [&](const itk::Index<3> & index) {
      Point         point;
      itk::Index<3> there;
      a->TransformIndexToPhysicalPoint(index, point);
      b->TransformPhysicalPointToIndex(point, there);
      return (Vector(a->GetPixel(index)) - Vector(b->GetPixel(there))).GetNorm();
    },
    [](const itk::Index<3> &) { return true; });
  EXPECT_GT(Length(a).largest, 0.5);
  EXPECT_LT(difference.largest, 1e-2);
}

TEST(PhysicalSpace, FlippedAxesGiveTheSameField)
{
  ExpectSameFieldWhenStoredAs({ 0, 1, 2 }, { true, false, false });
  ExpectSameFieldWhenStoredAs({ 0, 1, 2 }, { true, false, true });
}

TEST(PhysicalSpace, PermutedAxesGiveTheSameField)
{
  ExpectSameFieldWhenStoredAs({ 2, 0, 1 }, { false, false, false });
  ExpectSameFieldWhenStoredAs({ 1, 0, 2 }, { false, true, false });
}

TEST(PhysicalSpace, RotatedAnatomyGivesTheRotatedField)
{
  // Grid, anatomy and deformation turned together: the voxels stay the same, the vectors turn.
  const Matrix rotation = Oblique(0.7);
  const Matrix back(rotation.GetTranspose());
  Geometry     geometry;
  geometry.direction = rotation;
  const auto turned = [&](double (*f)(const Point &)) { return [&, f](const Point & p) { return f(back * p); }; };
  const auto filter = MakeFixedBetaFilter(Sample<FloatImage>(geometry, turned(DeformedAnatomy)),
                                          Sample<FloatImage>(geometry, turned(Anatomy)));
  filter->Update();
  const Field * a = SolvedFilter()->GetDisplacementField();
  const Field * b = filter->GetDisplacementField();
  const auto    difference = MeasureWhere(
    a,
    [&](const itk::Index<3> & i) { return (rotation * Vector(a->GetPixel(i)) - Vector(b->GetPixel(i))).GetNorm(); },
    [](const itk::Index<3> &) { return true; });
  EXPECT_LT(difference.largest, 1e-2);
}

TEST(PhysicalSpace, UnitOfLengthDoesNotMatter)
{
  Geometry tenfold;
  tenfold.spacing.Fill(10.0);
  const auto scaled = [](double (*f)(const Point &)) {
    return [f](const Point & p) {
      Point q;
      for (unsigned int d = 0; d < 3; ++d)
      {
        q[d] = p[d] / 10.0;
      }
      return f(q);
    };
  };
  const auto filter = MakeFixedBetaFilter(Sample<FloatImage>(tenfold, scaled(DeformedAnatomy)),
                                          Sample<FloatImage>(tenfold, scaled(Anatomy)));
  filter->Update();
  const Field * a = SolvedFilter()->GetDisplacementField();
  const Field * b = filter->GetDisplacementField();
  const auto    difference = MeasureWhere(
    a,
    [&](const itk::Index<3> & i) { return (Vector(a->GetPixel(i)) - Vector(b->GetPixel(i)) / 10.0).GetNorm(); },
    [](const itk::Index<3> &) { return true; });
  EXPECT_LT(difference.largest, 1e-3) << "voxels";
}

TEST(PhysicalSpace, MovingGridMayBeCoarserFinerOrLarger)
{
  for (const double spacing : { 0.75, 1.3 })
  {
    Geometry geometry;
    geometry.spacing.Fill(spacing);
    geometry.size.Fill(static_cast<itk::SizeValueType>(std::ceil(44 / spacing)));
    const auto filter = MakeFixedBetaFilter(MakeFixed(), MakeMoving(geometry));
    filter->Update();
    EXPECT_LT(ErrorAgainstTruth(filter->GetDisplacementField()).mean, recoveredError) << spacing;
  }
}

TEST(PhysicalSpace, PartOfTheMovingImageMayBeMissing)
{
  // The field of view ends in the middle of the anatomy. Where there is no moving image there is no weight, so the cut
  // is not pulled to where the anatomy goes on.
  Geometry geometry;
  geometry.size = { { 20, 32, 32 } };
  geometry.center[0] = -6.0;
  const auto filter = MakeFixedBetaFilter(MakeFixed(), MakeMoving(geometry));
  filter->Update();
  const Field * u = filter->GetDisplacementField();
  const auto    error = MeasureWhere(
    u,
    [&](const itk::Index<3> & i) {
      Point x;
      u->TransformIndexToPhysicalPoint(i, x);
      return (Vector(u->GetPixel(i)) - TrueDisplacement(x)).GetNorm();
    },
    [&](const itk::Index<3> & i) {
      Point x;
      u->TransformIndexToPhysicalPoint(i, x);
      return x.EuclideanDistanceTo(Point(0.0)) < 8.0 && x[0] < 0.0;
    });
  EXPECT_LT(error.mean, 0.5);
  EXPECT_EQ(filter->GetNumberOfFoldedVoxels(), 0U);
}

TEST(PhysicalSpace, AnatomyMayTouchTheBorder)
{
  // The grid ends 5 mm from the centre of the anatomy on one side.
  Geometry geometry;
  geometry.size = { { 22, 32, 32 } };
  geometry.center[0] = 5.5;
  const auto filter = MakeFixedBetaFilter(MakeFixed(geometry), MakeMoving(geometry));
  filter->Update();
  EXPECT_LT(ErrorAgainstTruth(filter->GetDisplacementField()).mean, recoveredError);
  EXPECT_EQ(filter->GetNumberOfFoldedVoxels(), 0U);
  // Nothing comes in through the opposite side.
  const Field * u = filter->GetDisplacementField();
  const auto    far = MeasureWhere(
    u,
    [&](const itk::Index<3> & i) { return static_cast<double>(u->GetPixel(i).GetNorm()); },
    [&](const itk::Index<3> & i) { return i[0] >= 20; });
  EXPECT_LT(far.mean, 0.6);
}

TEST(PhysicalSpace, InitialTransformIsComposedAfterTheDisplacement)
{
  // The moving anatomy is somewhere else: anatomy(p) = moving(T(p)).
  const auto transform = itk::Euler3DTransform<double>::New();
  transform->SetRotation(0.3, -0.5, 0.9);
  Vector translation;
  translation[0] = 120.0;
  translation[1] = -45.0;
  translation[2] = 30.0;
  transform->SetTranslation(translation);
  const auto inverse = transform->GetInverseTransform();
  Geometry   geometry;
  geometry.size.Fill(44);
  geometry.center = transform->TransformPoint(Point(0.0));
  geometry.direction = Oblique(0.2);
  const auto moving =
    Sample<FloatImage>(geometry, [&](const Point & p) { return Anatomy(inverse->TransformPoint(p)); });

  const auto filter = MakeFixedBetaFilter(MakeFixed(), moving);
  EXPECT_THROW(filter->Update(), itk::GaussNewtonRegistrationError) << "the volumes do not overlap";
  filter->SetInitialTransform(transform);
  filter->Update();

  // u is what it would be without the transform...
  const Field * u = filter->GetDisplacementField();
  EXPECT_LT(ErrorAgainstTruth(u).mean, recoveredError);
  EXPECT_LT(Compare(u, SolvedFilter()->GetDisplacementField()).mean, 0.1);
  // ... the warped image is the moving image at T(x + u(x)), interpolated once ...
  EXPECT_LT(Residual(filter->GetWarpedMovingImage(), filter->GetFixedImage(), SolvedFilter()->GetMovingImage()), 0.2);
  const auto resample = itk::ResampleImageFilter<FloatImage, FloatImage>::New();
  resample->SetInput(moving);
  resample->SetTransform(filter->GetTransform());
  resample->SetReferenceImage(filter->GetFixedImage());
  resample->UseReferenceImageOn();
  resample->Update();
  EXPECT_LT(Residual(resample->GetOutput(), filter->GetWarpedMovingImage(), SolvedFilter()->GetMovingImage()), 1e-5);
  // ... and the whole map, worked out at one voxel.
  const itk::Index<3> index{ { 17, 14, 15 } };
  Point               x;
  u->TransformIndexToPhysicalPoint(index, x);
  const Point expected = transform->TransformPoint(x + Vector(u->GetPixel(index)));
  EXPECT_LT(expected.EuclideanDistanceTo(filter->GetTransform()->TransformPoint(x)), 1e-4);
}

TEST(PhysicalSpace, TheWorkedNumberOfTheDocumentation)
{
  // The grid of doc/coordinates.md, large enough to hold its voxel.
  Geometry geometry;
  geometry.size = { { 60, 80, 40 } };
  const auto   fixed = Allocate<FloatImage>(geometry);
  const double origin[3] = { -20, 50, 10 };
  const double spacing[3] = { 1, 1, 2 };
  Matrix       direction;
  direction.Fill(0.0);
  direction(0, 1) = -1.0;
  direction(1, 0) = 1.0;
  direction(2, 2) = 1.0;
  fixed->SetOrigin(origin);
  fixed->SetSpacing(spacing);
  fixed->SetDirection(direction);
  const itk::Index<3> voxel{ { 30, 40, 20 } };
  Point               x;
  fixed->TransformIndexToPhysicalPoint(voxel, x);
  EXPECT_EQ(x, Point(std::array<double, 3>{ { -60, 80, 50 } }.data()));

  // The anatomy, twice as large because of the spacing, sits at that voxel; in the moving image, on an ordinary grid,
  // it sits where the table says.
  Vector u;
  u[0] = 2.5;
  u[1] = -1.0;
  u[2] = 0.5;
  const auto transform = itk::TranslationTransform<double, 3>::New();
  Vector     offset;
  offset[0] = 10.0;
  offset[1] = 0.0;
  offset[2] = -5.0;
  transform->SetOffset(offset);
  const Point moved(std::array<double, 3>{ { -47.5, 79.0, 45.5 } }.data());

  itk::ImageRegionIteratorWithIndex<FloatImage> it(fixed, fixed->GetLargestPossibleRegion());
  for (; !it.IsAtEnd(); ++it)
  {
    Point p;
    fixed->TransformIndexToPhysicalPoint(it.GetIndex(), p);
    it.Set(static_cast<float>(Anatomy(Point(0.0) + (p - x) / 2.0)));
  }
  Geometry movingGeometry;
  movingGeometry.size.Fill(72);
  movingGeometry.center = moved;
  const auto moving =
    Sample<FloatImage>(movingGeometry, [&](const Point & p) { return Anatomy(Point(0.0) + (p - moved) / 2.0); });

  const auto filter = MakeFixedBetaFilter(fixed, moving);
  filter->SetInitialTransform(transform);
  filter->SetParameter("GradientTolerance", "5e-3"); // the default leaves about a tenth of a voxel
  filter->SetParameter("ObjectiveTolerance", "0");
  filter->Update();
  EXPECT_LT((Vector(filter->GetDisplacementField()->GetPixel(voxel)) - u).GetNorm(), 0.05);
  EXPECT_LT(filter->GetTransform()->TransformPoint(x).EuclideanDistanceTo(moved), 0.05);
  const Vector back(filter->GetInverseDisplacementField()->GetPixel(voxel));
  EXPECT_LT((back + u).GetNorm(), 0.1) << "a shift is undone by the opposite shift";
}

TEST(PhysicalSpace, ATransformChangedInPlaceIsNoticed)
{
  const auto transform = itk::Euler3DTransform<double>::New();
  const auto filter = MakeFixedBetaFilter(MakeFixed(), MakeMoving());
  filter->SetNumberOfIterations(1);
  filter->SetInitialTransform(transform);
  filter->Update();
  const double before = filter->GetReport().levels.front().initialObjective;
  Vector       offset(0.0);
  offset[0] = 3.0;
  transform->SetTranslation(offset);
  filter->Update();
  EXPECT_GT(std::abs(filter->GetReport().levels.front().initialObjective - before), 0.1 * before);
}

// --- what other ITK classes make of the outputs
// -----------------------------------------------------------------------

TEST(PhysicalSpace, WarpImageFilterAndDisplacementFieldTransformAgreeWithTheWarpedImage)
{
  for (Filter * filter : { SolvedFilter(), SolvedObliqueFilter() })
  {
    const auto warp = itk::WarpImageFilter<FloatImage, FloatImage, Field>::New();
    warp->SetInput(filter->GetMovingImage());
    warp->SetDisplacementField(filter->GetDisplacementField());
    warp->SetOutputParametersFromImage(filter->GetFixedImage());
    warp->Update();
    EXPECT_LT(Residual(warp->GetOutput(), filter->GetWarpedMovingImage(), filter->GetFixedImage()), 1e-4);

    const auto transform = itk::DisplacementFieldTransform<float, 3>::New();
    transform->SetDisplacementField(filter->GetDisplacementField());
    const auto resample = itk::ResampleImageFilter<FloatImage, FloatImage, double, float>::New();
    resample->SetInput(filter->GetMovingImage());
    resample->SetTransform(transform);
    resample->SetReferenceImage(filter->GetFixedImage());
    resample->UseReferenceImageOn();
    resample->Update();
    EXPECT_LT(Residual(resample->GetOutput(), filter->GetWarpedMovingImage(), filter->GetFixedImage()), 1e-3);
  }
}

TEST(PhysicalSpace, ForwardAfterInverseIsTheIdentity)
{
  for (Filter * filter : { SolvedFilter(), SolvedObliqueFilter() })
  {
    using TransformType = itk::DisplacementFieldTransform<float, 3>;
    const auto forward = TransformType::New();
    const auto inverse = TransformType::New();
    forward->SetDisplacementField(filter->GetDisplacementField());
    inverse->SetDisplacementField(filter->GetInverseDisplacementField());
    for (const auto & pair : { std::make_pair(forward, inverse), std::make_pair(inverse, forward) })
    {
      const Field * u = filter->GetDisplacementField();
      const auto    error = MeasureWhere(
        u,
        [&](const itk::Index<3> & i) {
          TransformType::InputPointType x;
          u->TransformIndexToPhysicalPoint(i, x);
          return static_cast<double>(pair.second->TransformPoint(pair.first->TransformPoint(x)).EuclideanDistanceTo(x));
        },
        [](const itk::Index<3> &) { return true; });
      EXPECT_LT(error.mean, 0.1 * 0.9) << "a tenth of the smallest voxel";
    }
  }
}

TEST(PhysicalSpace, TheDisplacementIsTheExponentialOfTheVelocity)
{
  for (Filter * filter : { SolvedFilter(), SolvedObliqueFilter() })
  {
    using TransformType = itk::ConstantVelocityFieldTransform<float, 3>;
    const auto transform = TransformType::New();
    transform->SetConstantVelocityField(filter->GetVelocityField());
    transform->IntegrateVelocityField();
    // At the border ITK's integration meets the end of the field.
    const Field * u = filter->GetDisplacementField();
    const auto    error = MeasureWhere(
      u,
      [&](const itk::Index<3> & i) {
        return (Vector(u->GetPixel(i)) - Vector(transform->GetDisplacementField()->GetPixel(i))).GetNorm();
      },
      [](const itk::Index<3> &) { return true; });
    EXPECT_LT(error.mean, 0.02);
    EXPECT_LT(error.largest, 0.1);
    const Field * w = filter->GetInverseDisplacementField();
    const auto    inverseError = MeasureWhere(
      w,
      [&](const itk::Index<3> & i) {
        return (Vector(w->GetPixel(i)) - Vector(transform->GetInverseDisplacementField()->GetPixel(i))).GetNorm();
      },
      [](const itk::Index<3> &) { return true; });
    EXPECT_LT(inverseError.mean, 0.02);
  }
}

TEST(PhysicalSpace, TheDeterminantIsThatOfItk)
{
  Filter *   filter = SolvedFilter();
  const auto itkFilter = itk::DisplacementFieldJacobianDeterminantFilter<Field>::New();
  itkFilter->SetInput(filter->GetDisplacementField());
  itkFilter->SetUseImageSpacing(true);
  itkFilter->Update();
  const FloatImage * determinant = filter->GetJacobianDeterminantImage();
  const auto         difference = MeasureWhere(
    determinant,
    [&](const itk::Index<3> & i) {
      return std::abs(static_cast<double>(determinant->GetPixel(i) - itkFilter->GetOutput()->GetPixel(i)));
    },
    [](const itk::Index<3> & i) { return std::min({ i[0], i[1], i[2] }) > 0 && std::max({ i[0], i[1], i[2] }) < 31; });
  EXPECT_LT(difference.largest, 1e-4);

  const float * values = determinant->GetBufferPointer();
  const auto    count = determinant->GetLargestPossibleRegion().GetNumberOfPixels();
  EXPECT_NEAR(*std::min_element(values, values + count), filter->GetMinimumJacobianDeterminant(), 1e-5);
  EXPECT_NEAR(*std::max_element(values, values + count), filter->GetMaximumJacobianDeterminant(), 1e-5);
}

TEST(PhysicalSpace, TransformFilesReadBackAsTheSameMap)
{
  Filter * filter = SolvedObliqueFilter();
  for (const char * name : { GNR_TEST_OUTPUT "/itkGnrSpace_transform.h5" })
  {
    const auto written = filter->GetTransform();
    const auto writer = itk::TransformFileWriterTemplate<double>::New();
    writer->SetInput(written);
    writer->SetFileName(name);
    writer->Update();
    const auto reader = itk::TransformFileReaderTemplate<double>::New();
    reader->SetFileName(name);
    reader->Update();
    ASSERT_EQ(reader->GetTransformList()->size(), 1U);
    const auto * read =
      dynamic_cast<const itk::Transform<double, 3, 3> *>(reader->GetTransformList()->front().GetPointer());
    ASSERT_NE(read, nullptr);

    const Field * u = filter->GetDisplacementField();
    const auto    error = MeasureWhere(
      u,
      [&](const itk::Index<3> & i) {
        Point x;
        u->TransformIndexToPhysicalPoint(i, x);
        return read->TransformPoint(x).EuclideanDistanceTo(x + Vector(u->GetPixel(i)));
      },
      [](const itk::Index<3> &) { return true; });
    EXPECT_LT(error.mean, 1e-5);
  }
}

// --- initial velocity ------------------------------------------------------------------------------------------------

TEST(PhysicalSpace, AnInitialVelocityReproducesItsDisplacement)
{
  Filter *   first = SolvedObliqueFilter();
  const auto filter = MakeFixedBetaFilter(first->GetFixedImage(), first->GetMovingImage());
  filter->SetInitialVelocityField(first->GetVelocityField());
  filter->SetNumberOfLevels(1);
  filter->SetNumberOfIterations(0);
  filter->Update();
  EXPECT_GT(Length(filter->GetDisplacementField()).largest, 1.0);
  EXPECT_LT(Compare(filter->GetVelocityField(), first->GetVelocityField()).largest, 1e-4);
  EXPECT_LT(Compare(filter->GetDisplacementField(), first->GetDisplacementField()).largest, 1e-2);
  EXPECT_NEAR(filter->GetMismatch(), first->GetMismatch(), 1e-3);
}

TEST(PhysicalSpace, AnInitialVelocityOnAnotherGridIsResampled)
{
  Filter *   first = SolvedObliqueFilter();
  const auto filter = MakeFixedBetaFilter(MakeFixed(), MakeMoving());
  filter->SetInitialVelocityField(first->GetVelocityField());
  filter->SetNumberOfLevels(1);
  filter->SetNumberOfIterations(0);
  filter->Update();
  EXPECT_LT(ErrorAgainstTruth(filter->GetDisplacementField()).mean, recoveredError);
}
} // namespace
