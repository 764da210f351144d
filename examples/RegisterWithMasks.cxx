// SPDX-License-Identifier: Apache-2.0
// Masks: the match counts only where both are not zero. The fixed mask lies on the grid of the fixed image, the moving
// mask on that of the moving image, with which it travels; either may be left out ("none").
//
//   RegisterWithMasks fixed.nii.gz moving.nii.gz fixedMask.nii.gz|none movingMask.nii.gz|none displacement.nii.gz
//
// Masking an image, that is setting it to zero outside, is something else: its new edge would be matched.

#include "itkDiffeomorphicGaussNewtonRegistrationFilter.h"

#include "itkImageFileReader.h"
#include "itkImageFileWriter.h"

#include <cstdlib>
#include <iostream>
#include <string>

int
main(int argc, char * argv[])
{
  if (argc != 6)
  {
    std::cerr << "Usage: " << argv[0] << " fixed moving fixedMask|none movingMask|none displacement" << std::endl;
    return EXIT_FAILURE;
  }
  const std::string fixedMask = argv[3];
  const std::string movingMask = argv[4];

  using ImageType = itk::Image<float, 3>;
  using FilterType = itk::DiffeomorphicGaussNewtonRegistrationFilter<ImageType>;
  using MaskType = FilterType::MaskImageType; // unsigned char
  try
  {
    const auto filter = FilterType::New();
    filter->SetFixedImage(itk::ReadImage<ImageType>(argv[1]));
    filter->SetMovingImage(itk::ReadImage<ImageType>(argv[2]));
    if (fixedMask != "none")
    {
      filter->SetFixedImageMask(itk::ReadImage<MaskType>(fixedMask));
    }
    if (movingMask != "none")
    {
      filter->SetMovingImageMask(itk::ReadImage<MaskType>(movingMask));
    }
    filter->Update();
    std::cout << "mismatch inside the masks " << filter->GetMismatch() << std::endl;
    itk::WriteImage(filter->GetDisplacementField(), argv[5]);
  }
  catch (const itk::ExceptionObject & error)
  {
    std::cerr << error.GetDescription() << std::endl;
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
