// SPDX-License-Identifier: Apache-2.0
#include "ImageInput.h"

#include "common/cli/CommandLineError.h"
#include "common/cli/Format.h"
#include "ImageFiles.h"
#include "InputFile.h"
#include "NiftiInput.h"
#include "NiftiIntent.h"
#include "NiftiOrientation.h"
#include "common/cli/Program.h"

#include "itkImageFileReader.h"
#include "itkImageIOFactory.h"
#include "itkImageRegionIteratorWithIndex.h"
#include "itkVectorImage.h"

#include <vnl/vnl_det.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <iostream>
#include <optional>
#include <sstream>
#include <vector>

namespace gnrapp
{
namespace
{

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

/** A reader that has read the header. */
itk::ImageIOBase::Pointer
OpenImage(const std::string & path)
{
  CheckImageHeader(path);
  const ReaderComplaints complaints;
  const auto             io = IsNiftiName(path) ? itk::ImageIOBase::Pointer(NiftiInput::New())
                                                : itk::ImageIOFactory::CreateImageIO(path.c_str(), itk::IOFileModeEnum::ReadMode);
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
  return io;
}

std::string
SizeText(const itk::ImageIOBase & io)
{
  std::string sizes;
  for (unsigned int axis = 0; axis < io.GetNumberOfDimensions(); ++axis)
  {
    sizes += (axis > 0 ? " x " : "") + std::to_string(io.GetDimensions(axis));
  }
  return std::to_string(io.GetNumberOfDimensions()) + "-D image (" + sizes + ")";
}

void
CheckThreeAxes(const std::string & path, const itk::ImageIOBase & io)
{
  if (io.GetNumberOfDimensions() < 3)
  {
    throw CommandLineError(path + ": is a " + SizeText(io) + ". Give a volume with three axes");
  }
}

/** Without axes of length 1 at the end. */
unsigned int
AxesOf(const itk::ImageIOBase & io)
{
  unsigned int axes = io.GetNumberOfDimensions();
  while (axes > 3 && io.GetDimensions(axes - 1) == 1)
  {
    --axes;
  }
  return axes;
}

/** How far the axes are from right angles at the corners of the image, in the smallest spacing. */
double
ShearOf(const itk::ImageIOBase & io)
{
  double largest = 0.0;
  for (unsigned int i = 0; i < 3; ++i)
  {
    for (unsigned int j = 0; j < 3; ++j)
    {
      double cosine = 0.0;
      for (unsigned int row = 0; row < 3; ++row)
      {
        cosine += io.GetDirection(i)[row] * io.GetDirection(j)[row];
      }
      const double length = static_cast<double>(io.GetDimensions(i) - 1) * std::abs(io.GetSpacing(i));
      largest = std::max(largest, i == j ? 0.0 : std::abs(cosine) * length);
    }
  }
  return largest / std::min({ std::abs(io.GetSpacing(0)), std::abs(io.GetSpacing(1)), std::abs(io.GetSpacing(2)) });
}

/** Tells one image from another; no secret hangs on it. */
template <typename TImage>
std::uint64_t
DigestOf(const TImage * image)
{
  const std::size_t       bytes = image->GetPixelContainer()->Size() * sizeof(typename TImage::PixelContainer::Element);
  const auto *            data = reinterpret_cast<const char *>(image->GetBufferPointer());
  std::uint64_t           digest = bytes;
  constexpr std::uint64_t factor = 0x9E3779B97F4A7C15ULL; // odd, so that no step loses anything
  for (std::size_t i = 0; i < bytes; i += sizeof digest)
  {
    std::uint64_t word = 0;
    std::memcpy(&word, data + i, std::min(sizeof word, bytes - i));
    digest = (digest ^ word) * factor;
    digest ^= digest >> 29;
  }
  return digest;
}

/** Reads an image whose header was checked. What is read again must be what was read first: a file can be truncated or
 * replaced while a solve runs. */
template <typename TImage>
class CheckedReader : public itk::ImageFileReader<TImage>
{
public:
  ITK_DISALLOW_COPY_AND_MOVE(CheckedReader);

  using Self = CheckedReader;
  using Superclass = itk::ImageFileReader<TImage>;
  using Pointer = itk::SmartPointer<Self>;

  itkNewMacro(Self);

  void
  SetInfo(const ImageFileInfo & info)
  {
    m_Info = info;
    this->SetFileName(info.path);
    if (IsNiftiName(info.path))
    {
      this->SetImageIO(NiftiInput::New());
    }
  }

protected:
  CheckedReader() = default;
  ~CheckedReader() override = default;

  void
  GenerateData() override
  {
    if (m_Digest) // libraries trust that a header is still the one that they know
    {
      const ImageFileInfo now = InspectImageFile(m_Info.path, m_Info.components);
      this->Require(now.size == m_Info.size && now.componentType == m_Info.componentType);
    }
    {
      const ReaderComplaints complaints;
      Superclass::GenerateData();
      if (const std::string text = complaints.Text(); !text.empty())
      {
        ThrowUnreadable(m_Info.path, WithoutFinalStop(text));
      }
    }
    const std::uint64_t digest = DigestOf(this->GetOutput());
    this->Require(!m_Digest || digest == *m_Digest);
    m_Digest = digest;
  }

private:
  void
  Require(bool isSame) const
  {
    if (!isSame)
    {
      throw CommandLineError(m_Info.path +
                             ": has changed since it was first read here. Leave images alone while they are in use, "
                             "and start again");
    }
  }

  ImageFileInfo                m_Info;
  std::optional<std::uint64_t> m_Digest; ///< of the voxels, once they were read
};

} // namespace

ImageFileInfo
InspectImageFile(const std::string & path, unsigned int components)
{
  const auto    io = OpenImage(path);
  ImageFileInfo info;
  info.path = path;
  CheckThreeAxes(path, *io);
  if (AxesOf(*io) > 3)
  {
    throw CommandLineError(path + ": is a " + SizeText(*io) + ". Extract one 3-D volume from it first");
  }
  info.components = io->GetNumberOfComponents();
  if (info.components != components)
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
  info.shear = ShearOf(*io);
  info.componentType = io->GetComponentType();
  info.typeName = itk::ImageIOBase::GetComponentTypeAsString(info.componentType);
  std::replace(info.typeName.begin(), info.typeName.end(), '_', ' ');
  if (IsNiftiName(path))
  {
    if (const std::string conflict = DescribeOrientationConflict(ReadNiftiHeader(path)); !conflict.empty())
    {
      info.note = path + ": " + conflict;
    }
  }
  return info;
}

void
CheckRightAngles(const ImageFileInfo & info)
{
  constexpr double largest = 0.1; // voxels
  if (info.shear > largest)
  {
    throw CommandLineError(info.path + ": " +
                           Format("its axes are not at right angles: at its corners they are %.3g voxels from it. "
                                  "Resample it to a grid of right angles first",
                                  info.shear));
  }
}

template <typename TImage>
typename itk::ImageFileReader<TImage>::Pointer
ReadImageFrom(const ImageFileInfo & info)
{
  const auto reader = CheckedReader<TImage>::New();
  reader->SetInfo(info);
  try
  {
    reader->Update();
  }
  catch (const itk::MemoryAllocationError &)
  {
    throw;
  }
  catch (const itk::ExceptionObject & error)
  {
    ThrowUnreadable(info.path, WithoutFinalStop(PlainDescription(error.GetDescription())));
  }
  return reader.GetPointer();
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
  const auto io = OpenImage(path);
  CheckThreeAxes(path, *io);
  ImageFileInfo info;
  info.path = path;
  info.shear = ShearOf(*io);
  CheckRightAngles(info);
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
    size[axis] = io->GetDimensions(axis);
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

/** What the header of a file with several volumes says, of which the first three axes count. */
struct Volumes
{
  std::size_t inSeries = 1;
  std::size_t inVoxel = 1;
};

Volumes
InspectVolumes(const std::string & path)
{
  const auto io = OpenImage(path);
  CheckThreeAxes(path, *io);
  const unsigned int axes = AxesOf(*io);
  Volumes            volumes;
  volumes.inSeries = axes > 3 ? io->GetDimensions(3) : 1;
  volumes.inVoxel = io->GetNumberOfComponents();
  if (axes > 4 || (volumes.inSeries > 1 && volumes.inVoxel > 1))
  {
    throw CommandLineError(path + ": is a " + SizeText(*io) + " with " + std::to_string(volumes.inVoxel) +
                           " component(s) per voxel. Extract a series of volumes with one value per voxel first");
  }
  return volumes;
}

/** Value i of voxel j stands at `values[i * ofVolume + j * ofVoxel]`. */
std::vector<RealImageType::Pointer>
SplitVolumes(const std::string & path,
             const float *       values,
             std::size_t         count,
             std::size_t         ofVolume,
             std::size_t         ofVoxel)
{
  const auto                          grid = ReadGrid(path);
  const std::size_t                   voxels = grid->GetLargestPossibleRegion().GetNumberOfPixels();
  std::vector<RealImageType::Pointer> volumes(count);
  for (std::size_t i = 0; i < count; ++i)
  {
    volumes[i] = RealImageType::New();
    volumes[i]->CopyInformation(grid);
    volumes[i]->SetRegions(grid->GetLargestPossibleRegion());
    volumes[i]->Allocate();
    for (std::size_t j = 0; j < voxels; ++j)
    {
      volumes[i]->GetBufferPointer()[j] = values[i * ofVolume + j * ofVoxel];
    }
  }
  return volumes;
}

} // namespace

std::size_t
CountVolumes(const std::string & path)
{
  const Volumes volumes = InspectVolumes(path);
  return volumes.inSeries * volumes.inVoxel;
}

std::vector<RealImageType::Pointer>
ReadVolumes(const std::string & path)
{
  const Volumes volumes = InspectVolumes(path);
  ImageFileInfo info;
  info.path = path;
  if (volumes.inSeries > 1)
  {
    const auto series = ReadImage<itk::Image<float, 4>>(info);
    return SplitVolumes(
      path, series->GetBufferPointer(), volumes.inSeries, series->GetPixelContainer()->Size() / volumes.inSeries, 1);
  }
  if (volumes.inVoxel > 1)
  {
    const auto vectors = ReadImage<itk::VectorImage<float, 3>>(info);
    return SplitVolumes(path, vectors->GetBufferPointer(), volumes.inVoxel, 1, volumes.inVoxel);
  }
  return { ReadImage<RealImageType>(InspectImageFile(path)) };
}

namespace
{

/** What the vectors of a field are. */
enum class VectorMeaning
{
  Displacements,    ///< LPS, as ITK writes and reads them
  RasDisplacements, ///< as the standard of NIfTI has it
  RasPositions      ///< where the points go to, as NiftyReg has it
};

VectorMeaning
MeaningOfVectors(const std::string & path, const itk::NiftiFileHeader & header)
{
  if (header.intentName == "NREG_TRANS") // of NiftyReg, whose intent_p1 tells the kind
  {
    if (header.intentParameter == 0)
    {
      return VectorMeaning::RasPositions;
    }
    if (header.intentParameter == 1)
    {
      return VectorMeaning::RasDisplacements;
    }
    throw CommandLineError(path + ": is a velocity field or a grid of control points of NiftyReg, not a displacement "
                                  "field. Convert it with reg_transform -def");
  }
  constexpr int firstOfFsl = 2006;
  constexpr int lastOfFsl = 2018;
  if (header.intent >= firstOfFsl && header.intent <= lastOfFsl)
  {
    throw CommandLineError(path + ": is a warp of FSL, whose vectors are in other coordinates. Convert it to a "
                                  "displacement field of ITK first, e.g. with wb_command -convert-warpfield");
  }
  const bool isTurned = header.intent == static_cast<int>(NiftiIntent::DisplacementVector);
  return isTurned ? VectorMeaning::RasDisplacements : VectorMeaning::Displacements;
}

void
TurnToDisplacements(FieldType * field, VectorMeaning meaning)
{
  if (meaning == VectorMeaning::Displacements)
  {
    return;
  }
  itk::ImageRegionIteratorWithIndex<FieldType> it(field, field->GetLargestPossibleRegion());
  for (; !it.IsAtEnd(); ++it)
  {
    auto vector = TurnXY(it.Get());
    if (meaning == VectorMeaning::RasPositions)
    {
      itk::Point<double, 3> point;
      field->TransformIndexToPhysicalPoint(it.GetIndex(), point);
      for (unsigned int row = 0; row < 3; ++row)
      {
        vector[row] = static_cast<float>(static_cast<double>(vector[row]) - point[row]);
      }
    }
    it.Set(vector);
  }
}

} // namespace

FieldType::Pointer
ReadField(const std::string & path)
{
  VectorMeaning meaning = VectorMeaning::Displacements;
  if (IsNiftiName(path))
  {
    CheckRegularFile(path, "a displacement field", "Check the path");
    meaning = MeaningOfVectors(path, ReadNiftiHeader(path));
  }
  const ImageFileInfo info = InspectImageFile(path, 3);
  CheckRightAngles(info);
  const auto field = ReadImage<FieldType>(info);
  TurnToDisplacements(field, meaning);
  const auto *      vectors = field->GetBufferPointer();
  const std::size_t count = field->GetLargestPossibleRegion().GetNumberOfPixels();
  const bool        finite = std::all_of(vectors, vectors + count, [](const auto & v) {
    constexpr float longest = 1e6F; // mm; of no image, and a solver must compute with it
    return std::all_of(v.Begin(), v.End(), [](float c) { return std::abs(c) <= longest; });
  });
  if (!finite)
  {
    throw CommandLineError(path + ": holds vectors that are not finite, or longer than 1e6 mm. Write the field again");
  }
  return field;
}

} // namespace gnrapp
