// SPDX-License-Identifier: Apache-2.0
// The smallest useful pipeline: two image files in; the displacement field, the warped moving image and a transform
// out.
//
//   RegisterTwoImages fixed.nii.gz moving.nii.gz output
//
// writes output_displacement.nii.gz, output_warped.nii.gz and output_transform.h5.

#include "itkDiffeomorphicGaussNewtonRegistrationFilter.h"

#include "itkImageFileReader.h"
#include "itkImageFileWriter.h"
#include "itkTransformFileWriter.h"

#include <cstdlib>
#include <iostream>
#include <string>

int
main(int argc, char * argv[])
{
  if (argc != 4)
  {
    std::cerr << "Usage: " << argv[0] << " fixed moving outputPrefix" << std::endl;
    return EXIT_FAILURE;
  }
  const std::string prefix = argv[3];

  using ImageType = itk::Image<float, 3>;
  using FilterType = itk::DiffeomorphicGaussNewtonRegistrationFilter<ImageType>;
  try
  {
    const auto filter = FilterType::New();
    filter->SetFixedImage(itk::ReadImage<ImageType>(argv[1]));
    filter->SetMovingImage(itk::ReadImage<ImageType>(argv[2]));
    filter->Update();
    std::cout << filter->GetStopConditionDescription() << "; mismatch " << filter->GetMismatch() << ", det(I + grad u) "
              << filter->GetMinimumJacobianDeterminant() << " ... " << filter->GetMaximumJacobianDeterminant()
              << std::endl;

    itk::WriteImage(filter->GetDisplacementField(), prefix + "_displacement.nii.gz");
    itk::WriteImage(filter->GetWarpedMovingImage(), prefix + "_warped.nii.gz");
    const auto transformWriter = itk::TransformFileWriterTemplate<double>::New();
    transformWriter->SetInput(filter->GetTransform());
    transformWriter->SetFileName(prefix + "_transform.h5");
    transformWriter->Update();
  }
  catch (const itk::ExceptionObject & error)
  {
    std::cerr << error.GetDescription() << std::endl;
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
