/*=========================================================================
 *
 *  Copyright NumFOCUS
 *
 *  Licensed under the Apache License, Version 2.0 (the "License");
 *  you may not use this file except in compliance with the License.
 *  You may obtain a copy of the License at
 *
 *         https://www.apache.org/licenses/LICENSE-2.0.txt
 *
 *  Unless required by applicable law or agreed to in writing, software
 *  distributed under the License is distributed on an "AS IS" BASIS,
 *  WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 *  See the License for the specific language governing permissions and
 *  limitations under the License.
 *
 *=========================================================================*/
#include "ImageInput.h"

#include "CommandLineError.h"
#include "InputFile.h"
#include "NiftiCheck.h"
#include "NiftiIntent.h"
#include "NiftiOrientation.h"
#include "Program.h"
#include "TemporaryFiles.h"

#include "itkImageFileReader.h"
#include "itkImageIOFactory.h"

#include <vnl/vnl_det.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <sstream>
#include <system_error>

namespace gnrapp
{
namespace
{

bool
EndsWith(const std::string & text, const std::string & end)
{
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

/** MetaIO reports a short file on std::cerr only, and succeeds; this takes what it says. */
class ReaderComplaints
{
public:
  ReaderComplaints()
    : m_Previous(std::cerr.rdbuf(m_Text.rdbuf()))
  {}
  ~ReaderComplaints() { std::cerr.rdbuf(m_Previous); }
  ReaderComplaints(const ReaderComplaints &) = delete;
  ReaderComplaints &
  operator=(const ReaderComplaints &) = delete;

  std::string
  Text() const
  {
    return PlainDescription(m_Text.str());
  }

private:
  std::ostringstream m_Text;
  std::streambuf *   m_Previous;
};

[[noreturn]] void
ThrowUnreadable(const std::string & path, const std::string & reason)
{
  throw CommandLineError(path + ": cannot be read: " + reason +
                         ". Check that the file is complete, or export it again as NIfTI (.nii.gz), NRRD or MetaImage");
}

std::string
WithoutFinalStop(std::string text)
{
  while (!text.empty() && (text.back() == '.' || text.back() == ' '))
  {
    text.pop_back();
  }
  return text;
}

std::string
KindOf(const itk::ImageIOBase & io)
{
  switch (io.GetPixelType())
  {
    case itk::IOPixelEnum::RGB:
    case itk::IOPixelEnum::RGBA:
      return "a colour image";
    case itk::IOPixelEnum::COMPLEX:
      return "a complex image";
    default:
      return "a vector image";
  }
}

/** \param isGridOnly further axes do not matter */
ImageFileInfo
Inspect(const std::string & path, unsigned int components, FileCheck check, bool isGridOnly)
{
  CheckInputFile(path, "an image file", "Check the path; convert a DICOM series to NIfTI first");
  if (check == FileCheck::Voxels && (EndsWith(path, ".nii") || EndsWith(path, ".nii.gz")))
  {
    CheckNiftiFile(path);
  }
  const ReaderComplaints complaints;
  const auto             io = itk::ImageIOFactory::CreateImageIO(path.c_str(), itk::IOFileModeEnum::ReadMode);
  if (!io)
  {
    throw CommandLineError(path + ": is not an image in a known format. Give NIfTI (.nii, .nii.gz), NRRD or MetaImage");
  }
  io->SetFileName(path);
  try
  {
    io->ReadImageInformation();
  }
  catch (const itk::ExceptionObject & error)
  {
    ThrowUnreadable(path, WithoutFinalStop(PlainDescription(error.GetDescription())));
  }

  ImageFileInfo info;
  info.path = path;
  unsigned int axes = io->GetNumberOfDimensions();
  std::string  sizes;
  for (unsigned int axis = 0; axis < axes; ++axis)
  {
    sizes += (axis > 0 ? " x " : "") + std::to_string(io->GetDimensions(axis));
  }
  while (axes > 3 && io->GetDimensions(axes - 1) == 1)
  {
    --axes;
  }
  if (axes < 3)
  {
    throw CommandLineError(path + ": is a " + std::to_string(axes) + "-D image (" + sizes +
                           "). Give a volume with three axes");
  }
  if (axes > 3 && !isGridOnly)
  {
    throw CommandLineError(path + ": is a " + std::to_string(axes) + "-D image (" + sizes +
                           "). Extract one 3-D volume from it first");
  }
  info.components = io->GetNumberOfComponents();
  if (components != 0 && info.components != components)
  {
    if (components == 1)
    {
      throw CommandLineError(path + ": is " + KindOf(*io) + " with " + std::to_string(info.components) +
                             " components per voxel. Give an image with one value per voxel");
    }
    throw CommandLineError(path + ": is no vector field: it has " + std::to_string(info.components) +
                           " component(s) per voxel, not 3. Give a field as written by gnr-register");
  }
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    info.size[axis] = io->GetDimensions(axis);
    info.spacing[axis] = io->GetSpacing(axis);
  }
  info.componentType = io->GetComponentType();
  info.typeName = itk::ImageIOBase::GetComponentTypeAsString(info.componentType);
  std::replace(info.typeName.begin(), info.typeName.end(), '_', ' ');
  if (const std::string conflict = DescribeOrientationConflict(*io); !conflict.empty())
  {
    info.note = path + ": " + conflict;
  }
  return info;
}

} // namespace

ImageFileInfo
InspectImageFile(const std::string & path, unsigned int components, FileCheck check)
{
  return Inspect(path, components, check, false);
}

template <typename TImage>
typename itk::ImageFileReader<TImage>::Pointer
ReadImageFrom(const ImageFileInfo & info)
{
  const auto reader = itk::ImageFileReader<TImage>::New();
  reader->SetFileName(info.path);
  const ReaderComplaints complaints;
  try
  {
    reader->Update();
  }
  catch (const itk::ExceptionObject & error)
  {
    ThrowUnreadable(info.path, WithoutFinalStop(PlainDescription(error.GetDescription())));
  }
  if (const std::string text = complaints.Text(); !text.empty())
  {
    ThrowUnreadable(info.path, WithoutFinalStop(text));
  }
  return reader;
}

template itk::ImageFileReader<RealImageType>::Pointer
ReadImageFrom<RealImageType>(const ImageFileInfo &);

template <typename TImage>
typename TImage::Pointer
ReadImage(const ImageFileInfo & info)
{
  const typename TImage::Pointer image = ReadImageFrom<TImage>(info)->GetOutput();
  image->DisconnectPipeline();
  return image;
}

template itk::Image<unsigned char, 3>::Pointer
ReadImage<itk::Image<unsigned char, 3>>(const ImageFileInfo &);
template itk::Image<signed char, 3>::Pointer
ReadImage<itk::Image<signed char, 3>>(const ImageFileInfo &);
template itk::Image<unsigned short, 3>::Pointer
ReadImage<itk::Image<unsigned short, 3>>(const ImageFileInfo &);
template itk::Image<short, 3>::Pointer
ReadImage<itk::Image<short, 3>>(const ImageFileInfo &);
template itk::Image<unsigned int, 3>::Pointer
ReadImage<itk::Image<unsigned int, 3>>(const ImageFileInfo &);
template itk::Image<int, 3>::Pointer
ReadImage<itk::Image<int, 3>>(const ImageFileInfo &);
template itk::Image<unsigned long, 3>::Pointer
ReadImage<itk::Image<unsigned long, 3>>(const ImageFileInfo &);
template itk::Image<long, 3>::Pointer
ReadImage<itk::Image<long, 3>>(const ImageFileInfo &);
template itk::Image<float, 3>::Pointer
ReadImage<itk::Image<float, 3>>(const ImageFileInfo &);
template itk::Image<double, 3>::Pointer
ReadImage<itk::Image<double, 3>>(const ImageFileInfo &);
template FieldType::Pointer
ReadImage<FieldType>(const ImageFileInfo &);

itk::ImageBase<3>::Pointer
ReadGrid(const std::string & path)
{
  const ImageFileInfo info = Inspect(path, 0, FileCheck::Header, true); // neither further axes nor values matter
  const auto          io = itk::ImageIOFactory::CreateImageIO(path.c_str(), itk::IOFileModeEnum::ReadMode);
  io->SetFileName(path);
  {
    const ReaderComplaints complaints;
    io->ReadImageInformation();
  }
  // By itself: of more than three axes ITK's reader of 3-D images takes the directions for unknown.
  using GridType = itk::ImageBase<3>;
  const auto              grid = GridType::New();
  GridType::SizeType      size;
  GridType::SpacingType   spacing;
  GridType::PointType     origin;
  GridType::DirectionType direction;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    const double sign = io->GetSpacing(axis) < 0 ? -1.0 : 1.0;
    size[axis] = info.size[axis];
    spacing[axis] = sign * io->GetSpacing(axis);
    origin[axis] = io->GetOrigin(axis);
    for (unsigned int row = 0; row < 3; ++row)
    {
      direction(row, axis) = sign * io->GetDirection(axis)[row];
    }
  }
  if (!(std::abs(vnl_determinant(direction.GetVnlMatrix())) > 0))
  {
    ThrowUnreadable(path, "the directions of its axes are not independent");
  }
  grid->SetSpacing(spacing);
  grid->SetOrigin(origin);
  grid->SetDirection(direction);
  grid->SetRegions(size);
  return grid;
}

namespace
{

std::string
TemporaryFolder()
{
  std::error_code             error;
  const std::filesystem::path folder = std::filesystem::temp_directory_path(error);
  if (error)
  {
    const char * const named = std::getenv("TMPDIR");
    throw std::system_error(error, named != nullptr ? named : "/tmp");
  }
  return folder.string();
}

/** ITK turns vectors of intent 1006 from RAS to LPS from 5.4 on and misreads such files before; a copy with the intent
 * of other vectors is read as it is by all versions. */
FieldType::Pointer
ReadDisplacementVectors(const std::string & path)
{
  CheckNiftiFile(path);
  PrivateFolder     scratch(TemporaryFolder());
  const std::string copy = scratch.MakeFile("displacement.nii");
  ExpandNifti(path, copy);
  SetNiftiIntent(copy, NiftiIntent::Vector);
  FieldType::Pointer field;
  try
  {
    field = ReadImage<FieldType>(InspectImageFile(copy, 3));
  }
  catch (const CommandLineError & error)
  {
    const std::string text = error.what(); // the user knows another file
    const bool        isOfCopy = text.rfind(copy, 0) == 0;
    throw CommandLineError(isOfCopy ? path + text.substr(copy.size()) : text, error.GetExitCode());
  }
  auto * const      vectors = field->GetBufferPointer();
  const std::size_t count = field->GetLargestPossibleRegion().GetNumberOfPixels();
  std::transform(vectors, vectors + count, vectors, TurnXY);
  return field;
}

} // namespace

bool
IsImageName(const std::string & path)
{
  const auto endings = { ".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd" };
  return std::any_of(endings.begin(), endings.end(), [&](const char * ending) { return EndsWith(path, ending); });
}

FieldType::Pointer
ReadField(const std::string & path)
{
  const bool        isTurned = (EndsWith(path, ".nii") || EndsWith(path, ".nii.gz")) && HoldsDisplacementVectors(path);
  const auto        field = isTurned ? ReadDisplacementVectors(path) : ReadImage<FieldType>(InspectImageFile(path, 3));
  const auto *      vectors = field->GetBufferPointer();
  const std::size_t count = field->GetLargestPossibleRegion().GetNumberOfPixels();
  const bool        finite = std::all_of(vectors, vectors + count, [](const auto & v) {
    return std::isfinite(v[0]) && std::isfinite(v[1]) && std::isfinite(v[2]);
  });
  if (!finite)
  {
    throw CommandLineError(path + ": holds vectors that are not finite. Write the field again");
  }
  return field;
}

} // namespace gnrapp
