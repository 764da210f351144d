// SPDX-License-Identifier: Apache-2.0
// One transform for everything else that belongs to the images. It maps points of the fixed image to points of the
// moving image; so images and labels of moving space are pulled back to the fixed grid with it, and points are pushed
// forward.
//
//   WarpLabelsAndPoints fixed.nii.gz moving.nii.gz movingLabels.nii.gz warpedLabels.nii.gz x y z
//
// also prints where the fixed point (x, y, z) lies in the moving image. Coordinates are physical: LPS, mm.

#include "itkDiffeomorphicGaussNewtonRegistrationFilter.h"

#include "itkImageFileReader.h"
#include "itkImageFileWriter.h"
#include "itkNearestNeighborInterpolateImageFunction.h"
#include "itkResampleImageFilter.h"

#include <cstdlib>
#include <iostream>
#include <string>

int
main(int argc, char * argv[])
{
  if (argc != 8)
  {
    std::cerr << "Usage: " << argv[0] << " fixed moving movingLabels warpedLabels x y z" << std::endl;
    return EXIT_FAILURE;
  }

  using ImageType = itk::Image<float, 3>;
  using LabelType = itk::Image<unsigned short, 3>;
  using FilterType = itk::DiffeomorphicGaussNewtonRegistrationFilter<ImageType>;
  try
  {
    const auto fixed = itk::ReadImage<ImageType>(argv[1]);
    const auto filter = FilterType::New();
    filter->SetFixedImage(fixed);
    filter->SetMovingImage(itk::ReadImage<ImageType>(argv[2]));
    filter->Update();
    const auto transform = filter->GetTransform();

    // Labels are names, not quantities: never interpolate them linearly.
    const auto resample = itk::ResampleImageFilter<LabelType, LabelType>::New();
    resample->SetInput(itk::ReadImage<LabelType>(argv[3]));
    resample->SetReferenceImage(fixed);
    resample->UseReferenceImageOn();
    resample->SetTransform(transform);
    resample->SetInterpolator(itk::NearestNeighborInterpolateImageFunction<LabelType>::New());
    itk::WriteImage(resample->GetOutput(), argv[4]);

    itk::Point<double, 3> point;
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      point[axis] = std::stod(argv[5 + axis]);
    }
    std::cout << "moving point " << transform->TransformPoint(point) << std::endl;
  }
  catch (const itk::ExceptionObject & error)
  {
    std::cerr << error.GetDescription() << std::endl;
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
