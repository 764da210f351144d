// SPDX-License-Identifier: Apache-2.0
#ifndef itkGaussNewtonRegistrationTestPhantoms_h
#define itkGaussNewtonRegistrationTestPhantoms_h

// Images with a closed form in physical space, so that every grid samples the same anatomy.

#include "itkDiffeomorphicGaussNewtonRegistrationFilter.h"
#include "itkGaussNewtonRegistrationError.h"

#include "itkImage.h"
#include "itkImageRegionIteratorWithIndex.h"
#include "itkVector.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace gnrtest
{
using FloatImage = itk::Image<float, 3>;
using MaskImage = itk::Image<unsigned char, 3>;
using Field = itk::Image<itk::Vector<float, 3>, 3>;
using Filter = itk::DiffeomorphicGaussNewtonRegistrationFilter<FloatImage>;
using Point = itk::Point<double, 3>;
using Vector = itk::Vector<double, 3>;
using Matrix = itk::Matrix<double, 3, 3>;

/** A grid in physical space. The default is centred at the origin: 32 voxels of 1 mm. */
struct Geometry
{
  itk::Size<3>  size{ { 32, 32, 32 } };
  Vector        spacing{ 1.0 };
  Matrix        direction = Identity();
  Point         center{ 0.0 };
  itk::Index<3> start{ { 0, 0, 0 } };

  static Matrix
  Identity()
  {
    Matrix m;
    m.SetIdentity();
    return m;
  }
};

/** Rotation by `angle` about (1, 2, 3). */
inline Matrix
Oblique(double angle)
{
  const double n = std::sqrt(14.0);
  const double a[3] = { 1.0 / n, 2.0 / n, 3.0 / n };
  const double c = std::cos(angle);
  const double s = std::sin(angle);
  const double cross[3][3] = { { 0, -a[2], a[1] }, { a[2], 0, -a[0] }, { -a[1], a[0], 0 } };
  Matrix       m;
  for (unsigned int i = 0; i < 3; ++i)
  {
    for (unsigned int j = 0; j < 3; ++j)
    {
      m(i, j) = (i == j ? c : 0.0) + s * cross[i][j] + (1.0 - c) * a[i] * a[j];
    }
  }
  return m;
}

template <typename TImage>
typename TImage::Pointer
Allocate(const Geometry & geometry)
{
  const auto image = TImage::New();
  image->SetRegions(itk::ImageRegion<3>(geometry.start, geometry.size));
  image->SetSpacing(geometry.spacing);
  image->SetDirection(geometry.direction);
  // Origin: the place of index 0, so that the middle of the grid is at the centre.
  Vector middle;
  for (unsigned int d = 0; d < 3; ++d)
  {
    middle[d] = (geometry.start[d] + 0.5 * (static_cast<double>(geometry.size[d]) - 1.0)) * geometry.spacing[d];
  }
  image->SetOrigin(geometry.center - geometry.direction * middle);
  image->Allocate();
  return image;
}

/** f(point) at every voxel. */
template <typename TImage, typename TFunction>
typename TImage::Pointer
Sample(const Geometry & geometry, TFunction f)
{
  const auto                                image = Allocate<TImage>(geometry);
  itk::ImageRegionIteratorWithIndex<TImage> it(image, image->GetLargestPossibleRegion());
  for (; !it.IsAtEnd(); ++it)
  {
    Point point;
    image->TransformIndexToPhysicalPoint(it.GetIndex(), point);
    it.Set(static_cast<typename TImage::PixelType>(f(point)));
  }
  return image;
}

/** Smooth anatomy of values 0 ... about 190, a ball of about 12 mm around the origin with structure of 7 to 8 mm in all
 * directions, so that every component of a deformation shows. */
inline double
Anatomy(const Point & p)
{
  const double r2 = p[0] * p[0] + p[1] * p[1] + p[2] * p[2];
  const double window = std::exp(-0.5 * r2 / (5.5 * 5.5));
  return window *
         (100.0 + 30.0 * (std::sin(0.85 * p[0] + 0.3) + std::sin(0.80 * p[1] + 1.1) + std::sin(0.90 * p[2] - 0.7)));
}

/** A vortex about an oblique axis near the middle, at most about 1.5 mm: smooth, diffeomorphic and free of divergence,
 * so that the penalty of volume change does not stand against it. */
inline Vector
TrueDisplacement(const Point & p)
{
  const double width = 5.0;
  const double r[3] = { p[0] - 1.0, p[1], p[2] + 1.0 };
  const double bump = 0.5 * std::exp(-0.5 * (r[0] * r[0] + r[1] * r[1] + r[2] * r[2]) / (width * width));
  const double axis[3] = { 0.3, -0.5, 0.8 };
  Vector       d;
  d[0] = bump * (axis[1] * r[2] - axis[2] * r[1]);
  d[1] = bump * (axis[2] * r[0] - axis[0] * r[2]);
  d[2] = bump * (axis[0] * r[1] - axis[1] * r[0]);
  return d;
}

/** With the moving image Anatomy(p), the fixed image that corresponds to it by x -> x + TrueDisplacement(x). */
inline double
DeformedAnatomy(const Point & x)
{
  return Anatomy(x + TrueDisplacement(x));
}

inline FloatImage::Pointer
MakeFixed(const Geometry & geometry = {})
{
  return Sample<FloatImage>(geometry, DeformedAnatomy);
}

inline FloatImage::Pointer
MakeMoving(const Geometry & geometry = {})
{
  return Sample<FloatImage>(geometry, Anatomy);
}

/** A filter with both images set. The default device would depend on the machine, and images as small as these are
 * not worth a second thread. */
inline Filter::Pointer
MakeFilter(const FloatImage * fixed, const FloatImage * moving)
{
  const auto filter = Filter::New();
  filter->SetFixedImage(fixed);
  filter->SetMovingImage(moving);
  filter->SetDevice(Filter::DeviceEnum::CPU);
  filter->SetNumberOfWorkUnits(1);
  return filter;
}

struct Difference
{
  double mean = 0.0;
  double largest = 0.0;
};

/** |f(index) | over the voxels where `use(index)`, f giving a vector. */
template <typename TImage, typename TFunction, typename TUse>
Difference
MeasureWhere(const TImage * image, TFunction f, TUse use)
{
  Difference                                     result;
  std::size_t                                    count = 0;
  itk::ImageRegionConstIteratorWithIndex<TImage> it(image, image->GetLargestPossibleRegion());
  for (; !it.IsAtEnd(); ++it)
  {
    if (use(it.GetIndex()))
    {
      const double value = f(it.GetIndex());
      result.mean += value;
      result.largest = std::max(result.largest, value);
      ++count;
    }
  }
  result.mean /= static_cast<double>(std::max<std::size_t>(1, count));
  return result;
}

/** Length of the difference of two fields on grids of one size and start index, in mm. */
template <typename TFieldA, typename TFieldB>
Difference
Compare(const TFieldA * a, const TFieldB * b)
{
  return MeasureWhere(
    a,
    [&](const itk::Index<3> & i) { return (Vector(a->GetPixel(i)) - Vector(b->GetPixel(i))).GetNorm(); },
    [](const itk::Index<3> &) { return true; });
}

/** Length of a field, in mm. */
inline Difference
Length(const Field * a)
{
  return MeasureWhere(
    a,
    [&](const itk::Index<3> & i) { return static_cast<double>(a->GetPixel(i).GetNorm()); },
    [](const itk::Index<3> &) { return true; });
}

/** Where the voxel of a field lies, in mm. */
inline Point
PointAt(const Field * u, const itk::Index<3> & index)
{
  Point x;
  u->TransformIndexToPhysicalPoint(index, x);
  return x;
}

/** Distance in mm of x + u(x) from the true map, over the voxels where the anatomy has structure. */
inline Difference
ErrorAgainstTruth(const Field * u)
{
  return MeasureWhere(
    u,
    [&](const itk::Index<3> & i) { return (Vector(u->GetPixel(i)) - TrueDisplacement(PointAt(u, i))).GetNorm(); },
    [&](const itk::Index<3> & i) { return PointAt(u, i).EuclideanDistanceTo(Point(0.0)) < 8.0; });
}

/** || a - b || / || c - b || over all voxels. */
inline double
Residual(const FloatImage * a, const FloatImage * b, const FloatImage * c)
{
  double            above = 0.0;
  double            below = 0.0;
  const std::size_t count = b->GetLargestPossibleRegion().GetNumberOfPixels();
  for (std::size_t i = 0; i < count; ++i)
  {
    above += std::pow(a->GetBufferPointer()[i] - b->GetBufferPointer()[i], 2);
    below += std::pow(c->GetBufferPointer()[i] - b->GetBufferPointer()[i], 2);
  }
  return std::sqrt(above / below);
}

/** Of the error that an update ends with. */
inline std::string
DescriptionOf(Filter * filter)
{
  try
  {
    filter->Update();
  }
  catch (const itk::GaussNewtonRegistrationError & error)
  {
    return error.GetDescription();
  }
  return "nothing was thrown";
}

} // namespace gnrtest

#endif
