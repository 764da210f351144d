// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_test_fuzz_fuzzingImages_h
#define gnr_test_fuzz_fuzzingImages_h

#include "fuzzing.h"

#include "common/io/ImageInput.h"
#include "common/cli/Program.h"

#include "itkGaussNewtonRegistrationError.h"
#include "itkImageFileReader.h"
#include "itkUncompressedImageIO.h"

#include <string>

namespace gnrfuzz
{

/** Reads a file in every way in which the programs read images. */
inline void
ReadImages(const std::string & path)
{
  Try([&] { gnrapp::ReadImage<gnrapp::RealImageType>(gnrapp::InspectImageFile(path)); });
  Try([&] { gnrapp::ReadField(path); });
  Try([&] { gnrapp::ReadGrid(path); });
  Try([&] {
    gnrapp::InspectImageFile(path); // as the programs do before
    try
    {
      const auto reader = itk::ImageFileReader<gnrapp::RealImageType>::New();
      reader->SetImageIO(itk::UncompressedImageIO::New());
      reader->SetFileName(path);
      reader->UpdateOutputInformation();
      auto region = reader->GetOutput()->GetLargestPossibleRegion();
      region.SetSize(2, (region.GetSize(2) + 1) / 2);
      reader->GetOutput()->SetRequestedRegion(region);
      reader->Update();
    }
    catch (const itk::GaussNewtonRegistrationError &)
    {}
    catch (const itk::ExceptionObject &) // a file that this reader does not know
    {}
  });
}

} // namespace gnrfuzz

#endif
