// SPDX-License-Identifier: Apache-2.0
// Resamples an image through transforms, with ITK alone:
//
//   itk-only-resample float|double REFERENCE IMAGE OUTPUT [transform FILE | field FILE | velocity FILE]...
//
// composes the transforms as itk::CompositeTransform does, the last one applied first; linear interpolation, 0 outside.
//   itk-only-resample float|double points [...]... reads points, one a line, from standard input and maps them.
//   itk-only-resample version prints the version of ITK.
#include "itkCompositeTransform.h"
#include "itkConstantVelocityFieldTransform.h"
#include "itkDisplacementFieldTransform.h"
#include "itkImageFileReader.h"
#include "itkImageFileWriter.h"
#include "itkResampleImageFilter.h"
#include "itkTransformFileReader.h"
#include "itkVersion.h"

#include <cstdlib>
#include <iomanip>
#include <iostream>
#include <string>

namespace
{
using ImageType = itk::Image<float, 3>;

template <typename TImage>
typename TImage::Pointer
Read(const std::string & path)
{
  const auto reader = itk::ImageFileReader<TImage>::New();
  reader->SetFileName(path);
  reader->Update();
  return reader->GetOutput();
}

template <typename TValue>
void
Add(itk::CompositeTransform<TValue, 3> * composite, const std::string & kind, const std::string & path)
{
  using FieldType = itk::Image<itk::Vector<TValue, 3>, 3>;
  if (kind == "field")
  {
    const auto transform = itk::DisplacementFieldTransform<TValue, 3>::New();
    transform->SetDisplacementField(Read<FieldType>(path));
    composite->AddTransform(transform);
  }
  else if (kind == "velocity")
  {
    const auto transform = itk::ConstantVelocityFieldTransform<TValue, 3>::New();
    transform->SetConstantVelocityField(Read<FieldType>(path));
    transform->IntegrateVelocityField();
    composite->AddTransform(transform);
  }
  else if (kind == "transform")
  {
    const auto reader = itk::TransformFileReaderTemplate<TValue>::New();
    reader->SetFileName(path);
    reader->Update();
    for (const auto & base : *reader->GetTransformList())
    {
      auto * const transform = dynamic_cast<itk::Transform<TValue, 3, 3> *>(base.GetPointer());
      if (!transform)
      {
        itkGenericExceptionMacro(<< path << " holds a " << base->GetTransformTypeAsString());
      }
      std::cout << transform->GetTransformTypeAsString() << std::endl;
      composite->AddTransform(transform);
    }
  }
  else
  {
    itkGenericExceptionMacro(<< "unknown kind of file: " << kind);
  }
}

template <typename TValue>
void
Run(int argc, char * argv[])
{
  const bool isOfPoints = std::string(argv[2]) == "points";
  const auto composite = itk::CompositeTransform<TValue, 3>::New();
  for (int i = isOfPoints ? 3 : 5; i + 1 < argc; i += 2)
  {
    Add<TValue>(composite.GetPointer(), argv[i], argv[i + 1]);
  }
  if (isOfPoints)
  {
    itk::Point<TValue, 3> point;
    while (std::cin >> point[0] >> point[1] >> point[2])
    {
      const auto mapped = composite->TransformPoint(point);
      std::cout << std::setprecision(12) << mapped[0] << ' ' << mapped[1] << ' ' << mapped[2] << std::endl;
    }
    return;
  }
  const auto resample = itk::ResampleImageFilter<ImageType, ImageType, double, TValue>::New();
  resample->SetInput(Read<ImageType>(argv[3]));
  resample->SetReferenceImage(Read<ImageType>(argv[2]));
  resample->UseReferenceImageOn();
  resample->SetTransform(composite);
  const auto writer = itk::ImageFileWriter<ImageType>::New();
  writer->SetInput(resample->GetOutput());
  writer->SetFileName(argv[4]);
  writer->Update();
}
} // namespace

int
main(int argc, char * argv[])
{
  const std::string precision = argc > 1 ? argv[1] : "";
  try
  {
    if (precision == "version")
    {
      std::cout << itk::Version::GetITKVersion() << std::endl;
    }
    else if (argc < 5)
    {
      std::cerr << "Usage: see the first lines of the source" << std::endl;
      return EXIT_FAILURE;
    }
    else
    {
      precision == "float" ? Run<float>(argc, argv) : Run<double>(argc, argv);
    }
  }
  catch (const itk::ExceptionObject & error)
  {
    std::cerr << error << std::endl;
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
