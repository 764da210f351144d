// SPDX-License-Identifier: Apache-2.0
#ifndef itkGaussNewtonRegistrationDistributedTesting_h
#define itkGaussNewtonRegistrationDistributedTesting_h

// Pairs on which registrations by several processes are compared with that of one.

#include "itkGaussNewtonRegistrationTestPhantoms.h"

#include "itkAffineTransform.h"
#include "itkImageSource.h"

#include <functional>
#include <string>

namespace gnrtest
{

/** A source that can compute any part of a phantom, and remembers how much it was asked for. */
template <typename TImage>
class PhantomSource : public itk::ImageSource<TImage>
{
public:
  using Self = PhantomSource;
  using Superclass = itk::ImageSource<TImage>;
  using Pointer = itk::SmartPointer<Self>;
  itkFactorylessNewMacro(Self);

  Geometry                             geometry;
  std::function<double(const Point &)> f;
  itk::SizeValueType                   largestRequest = 0; ///< voxels
  int                                  runs = 0;

protected:
  void
  GenerateOutputInformation() override
  {
    Geometry   small = geometry; // for origin, spacing and direction
    const auto image = Allocate<TImage>(small);
    this->GetOutput()->CopyInformation(image);
    this->GetOutput()->SetLargestPossibleRegion(image->GetLargestPossibleRegion());
  }

  void
  GenerateData() override
  {
    TImage * const output = this->GetOutput();
    ++runs;
    output->SetBufferedRegion(output->GetRequestedRegion());
    output->Allocate();
    largestRequest = std::max(largestRequest, output->GetRequestedRegion().GetNumberOfPixels());
    itk::ImageRegionIteratorWithIndex<TImage> it(output, output->GetBufferedRegion());
    for (; !it.IsAtEnd(); ++it)
    {
      Point point;
      output->TransformIndexToPhysicalPoint(it.GetIndex(), point);
      it.Set(static_cast<typename TImage::PixelType>(f(point)));
    }
  }
};

enum class PairKind
{
  SameGrid,
  Everything ///< oblique anisotropic grids that differ, masks, initial transform, start indices
};

/** The sources of the inputs of a registration. */
struct PhantomPair
{
  PhantomSource<FloatImage>::Pointer       fixed = PhantomSource<FloatImage>::New();
  PhantomSource<FloatImage>::Pointer       moving = PhantomSource<FloatImage>::New();
  PhantomSource<MaskImage>::Pointer        fixedMask;
  PhantomSource<MaskImage>::Pointer        movingMask;
  itk::AffineTransform<double, 3>::Pointer transform;

  explicit PhantomPair(PairKind kind)
  {
    fixed->f = DeformedAnatomy;
    moving->f = Anatomy;
    fixed->geometry.size = { { 32, 36, 40 } };
    moving->geometry.size = { { 32, 36, 40 } };
    if (kind == PairKind::SameGrid)
    {
      return;
    }
    fixed->geometry.spacing[0] = 1.1;
    fixed->geometry.spacing[2] = 0.9;
    fixed->geometry.direction = Oblique(0.4);
    fixed->geometry.start = { { 3, -2, 5 } };
    moving->geometry.size = { { 44, 36, 34 } };
    moving->geometry.direction = Oblique(-0.7);
    moving->geometry.spacing[1] = 1.2;
    moving->geometry.start = { { -4, 0, 7 } };

    fixedMask = PhantomSource<MaskImage>::New();
    fixedMask->geometry = fixed->geometry;
    fixedMask->f = [](const Point & p) { return p.EuclideanDistanceTo(Point(0.0)) < 14.0 ? 1.0 : 0.0; };
    movingMask = PhantomSource<MaskImage>::New();
    movingMask->geometry = moving->geometry;
    movingMask->f = [](const Point & p) { return p[0] < 12.0 ? 1.0 : 0.0; };

    // The anatomy of the moving image lies elsewhere, turned a little.
    transform = itk::AffineTransform<double, 3>::New();
    itk::Vector<double, 3> axis(0.0);
    axis[1] = 1.0;
    transform->Rotate3D(axis, 0.1);
    itk::Vector<double, 3> shift(0.0);
    shift[0] = 1.5;
    shift[2] = -0.75;
    transform->Translate(shift);
    const auto inverse = itk::AffineTransform<double, 3>::New();
    transform->GetInverse(inverse);
    moving->f = [inverse](const Point & p) { return Anatomy(inverse->TransformPoint(p)); };
  }

  void
  SetInputs(Filter * filter) const
  {
    filter->SetFixedImage(fixed->GetOutput());
    filter->SetMovingImage(moving->GetOutput());
    if (fixedMask)
    {
      filter->SetFixedImageMask(fixedMask->GetOutput());
      filter->SetMovingImageMask(movingMask->GetOutput());
    }
    if (transform)
    {
      filter->SetInitialTransform(transform);
    }
  }
};

inline Filter::Pointer
MakePlainFilter()
{
  const auto filter = Filter::New();
  filter->SetDevice(Filter::DeviceEnum::CPU);
  filter->SetNumberOfWorkUnits(1);
  return filter;
}

} // namespace gnrtest

#endif
