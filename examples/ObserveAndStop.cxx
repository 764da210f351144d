// SPDX-License-Identifier: Apache-2.0
// Watching a registration, and the two ways to end it early: StopRegistration() keeps the result so far,
// AbortGenerateDataOn() gives it up with itk::ProcessAborted.
//
//   ObserveAndStop fixed.nii.gz moving.nii.gz stop|abort mismatch
//
// ends as soon as the mismatch is below the given share of the one before registration.

#include "itkDiffeomorphicGaussNewtonRegistrationFilter.h"

#include "itkImageFileReader.h"

#include <cstdlib>
#include <iostream>
#include <string>

int
main(int argc, char * argv[])
{
  if (argc != 5)
  {
    std::cerr << "Usage: " << argv[0] << " fixed moving stop|abort mismatch" << std::endl;
    return EXIT_FAILURE;
  }
  const bool   abort = std::string(argv[3]) == "abort";
  const double enough = std::stod(argv[4]);

  using ImageType = itk::Image<float, 3>;
  using FilterType = itk::DiffeomorphicGaussNewtonRegistrationFilter<ImageType>;
  const auto filter = FilterType::New();
  try
  {
    filter->SetFixedImage(itk::ReadImage<ImageType>(argv[1]));
    filter->SetMovingImage(itk::ReadImage<ImageType>(argv[2]));

    // A plain pointer in the observers: a smart one would keep the filter alive by itself.
    FilterType * const running = filter.GetPointer();
    filter->AddObserver(itk::MultiResolutionIterationEvent(), [running](const itk::EventObject &) {
      const auto & size = running->GetCurrentLevelRecord().grid.size;
      std::cout << "grid " << size[0] << " x " << size[1] << " x " << size[2] << std::endl;
    });
    filter->AddObserver(itk::IterationEvent(), [=](const itk::EventObject & event) {
      // The start of a level is an IterationEvent, too.
      if (dynamic_cast<const itk::MultiResolutionIterationEvent *>(&event) != nullptr)
      {
        return;
      }
      std::cout << "step " << running->GetElapsedIterations() << ", mismatch " << running->GetMismatch() << std::endl;
      if (running->GetMismatch() < enough)
      {
        if (abort)
        {
          running->AbortGenerateDataOn();
        }
        else
        {
          running->StopRegistration();
        }
      }
    });

    filter->Update();
    std::cout << "kept: " << filter->GetStopConditionDescription() << ", mismatch " << filter->GetMismatch()
              << std::endl;
  }
  catch (const itk::ProcessAborted &)
  {
    std::cout << "aborted: there is no result" << std::endl;
  }
  catch (const itk::ExceptionObject & error)
  {
    std::cerr << error.GetDescription() << std::endl;
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
