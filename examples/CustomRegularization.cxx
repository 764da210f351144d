// SPDX-License-Identifier: Apache-2.0
// What the deformation may do is the choice of the regularisation. The same pair with four of them:
//
//   CustomRegularization fixed.nii.gz moving.nii.gz
//
// prints for each how well the images match and by how much volumes change. doc/mathematics.md has the equations.

#include "itkDiffeomorphicGaussNewtonRegistrationFilter.h"

#include "itkImageFileReader.h"

#include <cstdlib>
#include <functional>
#include <iostream>
#include <string>
#include <utility>

int
main(int argc, char * argv[])
{
  if (argc != 3)
  {
    std::cerr << "Usage: " << argv[0] << " fixed moving" << std::endl;
    return EXIT_FAILURE;
  }

  using ImageType = itk::Image<float, 3>;
  using FilterType = itk::DiffeomorphicGaussNewtonRegistrationFilter<ImageType>;
  using Choice = std::pair<std::string, std::function<void(FilterType *)>>;
  const Choice choices[] = {
    // First derivatives of the velocity; gamma resists compression and expansion. Expert options are set by name.
    { "H1", [](FilterType * filter) { filter->SetParameter("regularization", "h1"); } },
    // Ten times stiffer.
    { "H1-stiff", [](FilterType * filter) { filter->SetBeta(10 * filter->GetBeta()); } },
    // Second derivatives: smoother, and uniform shearing or bending is nearly free.
    { "H2", [](FilterType * filter) { filter->SetParameter("regularization", "h2"); } },
    // A velocity without divergence: every volume is kept.
    { "incompressible", [](FilterType * filter) { filter->SetIncompressible(true); } },
  };
  try
  {
    const auto fixed = itk::ReadImage<ImageType>(argv[1]);
    const auto moving = itk::ReadImage<ImageType>(argv[2]);
    for (const auto & [name, choose] : choices)
    {
      const auto filter = FilterType::New();
      filter->SetFixedImage(fixed);
      filter->SetMovingImage(moving);
      choose(filter);
      filter->Update();
      std::cout << name << ": mismatch " << filter->GetMismatch() << ", det(I + grad u) "
                << filter->GetMinimumJacobianDeterminant() << " ... " << filter->GetMaximumJacobianDeterminant()
                << std::endl;
    }
  }
  catch (const itk::ExceptionObject & error)
  {
    std::cerr << error.GetDescription() << std::endl;
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
