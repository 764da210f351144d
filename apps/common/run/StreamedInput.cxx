// SPDX-License-Identifier: Apache-2.0
#include "StreamedInput.h"

#include "common/cli/CommandLineError.h"
#include "common/map/InitialTransform.h"
#include "common/map/TransformInput.h"

#include "itkImageFileReader.h"
#include "itkUnaryFunctorImageFilter.h"
#include "itkUncompressedImageIO.h"

#include <cmath>

namespace gnrapp
{
namespace
{

/** A reader that has read the header. */
template <typename TImage>
typename itk::ImageFileReader<TImage>::Pointer
OpenImage(const std::string & path, unsigned int components)
{
  InspectImageFile(path, components);
  if (const std::string obstacle = itk::UncompressedImageIO::DescribeObstacle(path); !obstacle.empty())
  {
    throw CommandLineError(path + ": cannot be read in parts: " + obstacle +
                           ". Write it without compression as .nii, .nrrd or .mha, or leave out --streamed-input");
  }
  const auto reader = itk::ImageFileReader<TImage>::New();
  reader->SetImageIO(itk::UncompressedImageIO::New());
  reader->SetFileName(path);
  reader->UpdateOutputInformation();
  return reader;
}

/** As masks are read elsewhere: everything that is not 0 is inside. */
class IsInside
{
public:
  unsigned char
  operator()(float value) const
  {
    if (!std::isfinite(value))
    {
      itkGenericExceptionMacro(<< "a mask has voxels that are NaN or infinite. Set them to 0 or 1");
    }
    return value != 0.0F ? 1 : 0;
  }
  bool
  operator==(const IsInside &) const
  {
    return true;
  }
  bool
  operator!=(const IsInside &) const
  {
    return false;
  }
};

using MaskFilterType = itk::UnaryFunctorImageFilter<RealImageType, MaskImageType, IsInside>;

} // namespace

ImageSources
SetStreamedInputs(RegistrationFilterType * filter, const RegistrationSettings & settings)
{
  ImageSources sources;
  const auto   keep = [&](auto source) {
    sources.emplace_back(source.GetPointer());
    source->GetOutput()->ReleaseDataFlagOn(); // what is needed once more is read once more
    return source->GetOutput();
  };
  const auto mask = [&](const std::string & path) {
    const auto inside = MaskFilterType::New();
    inside->SetInput(keep(OpenImage<RealImageType>(path, 1)));
    return keep(inside);
  };
  SetLandmarks(filter, settings);
  filter->SetFixedImage(keep(OpenImage<RealImageType>(settings.fixed, 1)));
  filter->SetMovingImage(keep(OpenImage<RealImageType>(settings.moving, 1)));
  for (const FilePair & channel : settings.channels)
  {
    filter->AddImagePair(keep(OpenImage<RealImageType>(channel.fixed, 1)),
                         keep(OpenImage<RealImageType>(channel.moving, 1)));
  }
  if (settings.fixedMask)
  {
    filter->SetFixedImageMask(mask(*settings.fixedMask));
  }
  if (settings.movingMask)
  {
    filter->SetMovingImageMask(mask(*settings.movingMask));
  }
  if (settings.incompressibilityImage)
  {
    filter->SetIncompressibilityImage(keep(OpenImage<RealImageType>(*settings.incompressibilityImage, 1)));
  }
  if (settings.initialVelocity)
  {
    filter->SetInitialVelocityField(keep(OpenImage<FieldType>(*settings.initialVelocity, 3)));
  }
  if (settings.initialTransform)
  {
    const auto method = gnr::valueOf<AlignmentMethod>(*settings.initialTransform);
    if (method && *method != AlignmentMethod::Identity)
    {
      throw CommandLineError("--initial-transform " + *settings.initialTransform +
                             ": needs the images as a whole. Align them on smaller copies first and give the "
                             "transform file, or leave out --streamed-input");
    }
    if (!method)
    {
      filter->SetInitialTransform(ReadTransform(*settings.initialTransform, settings.fslImages));
    }
  }
  return sources;
}

} // namespace gnrapp
