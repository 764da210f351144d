// SPDX-License-Identifier: Apache-2.0
// A chest that breathes, registered as densities and as intensities: how well is the change of volume found?
//
//   RegisterThorax thorax
//
// makes thorax_fixed.nii.gz and thorax_moving.nii.gz, densities of a phantom whose motion is known, prints the errors
// in the lungs, and draws det(I + grad u) in a coronal plane, thorax_determinant.png: the truth, from densities, from
// intensities; black is 0.5, white is 1.5. doc/thorax.md explains the options.

#include "ThoraxPhantom.h"

#include "itkDiffeomorphicGaussNewtonRegistrationFilter.h"

#include "itkImageFileWriter.h"
#include "itkImageRegionIteratorWithIndex.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

namespace
{

using ImageType = itk::Image<float, 3>;
using FilterType = itk::DiffeomorphicGaussNewtonRegistrationFilter<ImageType>;
using ValueType = std::function<double(const ThoraxPhantom::PointType &)>;

constexpr double spacing = 4.0; // mm

ThoraxPhantom::PointType
PointOf(const ImageType * image, const ImageType::IndexType & index)
{
  const auto point = image->TransformIndexToPhysicalPoint<double>(index);
  return { { point[0], point[1], point[2] } };
}

/** 84 x 64 x 84 voxels about the origin. */
ImageType::Pointer
Sample(const ValueType & value)
{
  const auto                image = ImageType::New();
  const ImageType::SizeType size{ { 84, 64, 84 } };
  ImageType::PointType      origin;
  ImageType::SpacingType    spacings;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    spacings[axis] = spacing;
    origin[axis] = -0.5 * (size[axis] - 1.0) * spacing;
  }
  image->SetRegions(size);
  image->SetSpacing(spacings);
  image->SetOrigin(origin);
  image->Allocate();
  for (itk::ImageRegionIteratorWithIndex<ImageType> it(image, image->GetBufferedRegion()); !it.IsAtEnd(); ++it)
  {
    it.Set(static_cast<float>(value(PointOf(image, it.GetIndex()))));
  }
  return image;
}

/** det(I + grad u), with the mean error in the lungs. */
ImageType::ConstPointer
Register(const ImageType * fixed, const ImageType * moving, const std::string & density, const ImageType * truth)
{
  const auto filter = FilterType::New();
  filter->SetFixedImage(fixed);
  filter->SetMovingImage(moving);
  filter->SetParameter("density", density);
  filter->SetSimilarity("ssd");
  filter->SetParameter("regularization", "h2"); // the motion is smooth
  filter->SetBeta(1e-4);
  filter->Update();

  const ImageType::ConstPointer determinant = filter->GetJacobianDeterminantImage();
  const ThoraxPhantom           phantom(spacing);
  double                        sum = 0.0;
  std::size_t                   count = 0;
  for (itk::ImageRegionConstIteratorWithIndex<ImageType> it(determinant, determinant->GetBufferedRegion());
       !it.IsAtEnd();
       ++it)
  {
    if (ThoraxPhantom::Lung(phantom.Map(PointOf(fixed, it.GetIndex()))) < 0.0)
    {
      sum += std::abs(it.Get() / truth->GetPixel(it.GetIndex()) - 1.0);
      ++count;
    }
  }
  std::cout << "density " << density << ": det(I + grad u) in the lungs is off by " << 100.0 * sum / count
            << " %, from " << filter->GetMinimumJacobianDeterminant() << " to "
            << filter->GetMaximumJacobianDeterminant() << " in all; mismatch " << filter->GetMismatch() << std::endl;
  return determinant;
}

/** Coronal planes side by side, head up. */
void
Draw(const std::vector<ImageType::ConstPointer> & images, const std::string & file)
{
  using PictureType = itk::Image<unsigned char, 2>;
  const ImageType::SizeType size = images.front()->GetBufferedRegion().GetSize();
  const auto                picture = PictureType::New();
  picture->SetRegions(PictureType::SizeType{ { images.size() * size[0], size[2] } });
  picture->Allocate();
  for (itk::ImageRegionIteratorWithIndex<PictureType> it(picture, picture->GetBufferedRegion()); !it.IsAtEnd(); ++it)
  {
    const PictureType::IndexType at = it.GetIndex();
    const auto                   width = static_cast<itk::IndexValueType>(size[0]);
    const float                  value = images[at[0] / width]->GetPixel({ { at[0] % width,
                                                                             static_cast<itk::IndexValueType>(size[1] / 2),
                                                                             static_cast<itk::IndexValueType>(size[2]) - 1 - at[1] } });
    it.Set(static_cast<unsigned char>(std::min(255.0F, std::max(0.0F, 255.0F * (value - 0.5F)))));
  }
  itk::WriteImage(picture, file);
}

} // namespace

int
main(int argc, char * argv[])
{
  if (argc != 2)
  {
    std::cerr << "Usage: " << argv[0] << " prefix" << std::endl;
    return EXIT_FAILURE;
  }
  const std::string prefix = argv[1];
  try
  {
    const ThoraxPhantom phantom(0.7 * spacing);
    const auto          fixed = Sample([&](const auto & p) { return phantom.Fixed(p); });
    const auto          moving = Sample([&](const auto & p) { return phantom.Moving(p); });
    const auto          truth = Sample([&](const auto & p) { return phantom.Determinant(p); });
    itk::WriteImage(fixed, prefix + "_fixed.nii.gz");
    itk::WriteImage(moving, prefix + "_moving.nii.gz");
    Draw({ truth.GetPointer(), Register(fixed, moving, "given", truth), Register(fixed, moving, "none", truth) },
         prefix + "_determinant.png");
  }
  catch (const itk::ExceptionObject & error)
  {
    std::cerr << error.GetDescription() << std::endl;
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
