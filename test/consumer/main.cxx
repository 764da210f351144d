// SPDX-License-Identifier: Apache-2.0
// Registers a blob with the same blob two voxels away and looks at the displacement of its centre.
#include "itkDiffeomorphicGaussNewtonRegistrationFilter.h"

#include "itkImageRegionIteratorWithIndex.h"

#include <cmath>
#include <cstdlib>
#include <iostream>

using ImageType = itk::Image<float, 3>;

static ImageType::Pointer
MakeBlob(double centreX)
{
  auto image = ImageType::New();
  image->SetRegions(ImageType::SizeType{ { 16, 16, 16 } });
  image->Allocate();
  for (itk::ImageRegionIteratorWithIndex<ImageType> it(image, image->GetBufferedRegion()); !it.IsAtEnd(); ++it)
  {
    const auto & index = it.GetIndex();
    double       distance2 = std::pow(index[0] - centreX, 2);
    distance2 += std::pow(index[1] - 7.5, 2) + std::pow(index[2] - 7.5, 2);
    it.Set(static_cast<float>(100.0 * std::exp(-distance2 / 8.0)));
  }
  return image;
}

int
main()
try
{
  using FilterType = itk::DiffeomorphicGaussNewtonRegistrationFilter<ImageType>;
  auto filter = FilterType::New();
  filter->SetFixedImage(MakeBlob(6.5));
  filter->SetMovingImage(MakeBlob(8.5));
  filter->Update();

  // The displacement maps fixed to moving points: about +2 along x at the centre of the fixed blob.
  const auto u = filter->GetDisplacementField()->GetPixel({ { 6, 7, 7 } });
  std::cout << "displacement of the centre: " << u << std::endl;
  const bool good = u[0] > 1.0F && u[0] < 3.0F && std::abs(u[1]) < 0.5F && std::abs(u[2]) < 0.5F;
  return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
catch (const std::exception & error)
{
  std::cerr << error.what() << std::endl;
  return EXIT_FAILURE;
}
