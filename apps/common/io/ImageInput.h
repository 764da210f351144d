// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_ImageInput_h
#define gnrapp_ImageInput_h

#include "itkCommonEnums.h"
#include "itkImage.h"
#include "itkImageFileReader.h"
#include "itkVector.h"

#include <array>
#include <cstddef>
#include <string>
#include <vector>

namespace gnrapp
{

using RealImageType = itk::Image<float, 3>;
using MaskImageType = itk::Image<unsigned char, 3>;
using FieldType = itk::Image<itk::Vector<float, 3>, 3>;

/** What the header of an image file says. */
struct ImageFileInfo
{
  std::string                path;
  std::array<std::size_t, 3> size{};    ///< voxels
  std::array<double, 3>      spacing{}; ///< mm
  itk::IOComponentEnum       componentType{};
  std::string                typeName; ///< e.g. "short"
  unsigned int               components = 1;
  double                     shear = 0.0; ///< how far the axes are from right angles at the corners, voxels
  std::string                note;        ///< what the user should know about the header; usually nothing
};

/** Reads the header of a 3-D image and checks the file: it exists, it has a known format, it has three axes (a fourth
 * of length 1 is taken), and it is long enough for its voxels. No library sees a header before it is checked here.
 * `components` is what is needed: 1 for a scalar image, 3 for a displacement field.
 * Throws CommandLineError naming the file and the remedy. */
ImageFileInfo
InspectImageFile(const std::string & path, unsigned int components = 1);

/** Refuses an image whose axes are not at right angles, where its grid becomes that of a result: the solver and most
 * formats know no others. */
void
CheckRightAngles(const ImageFileInfo & info);

/** Reads the voxels, converted to the pixel type of `TImage`. Throws CommandLineError naming the file, if it is
 * truncated or damaged, or a NIfTI file that holds values that are not finite. Instantiated for all scalar pixel types
 * of ITK, and for fields of float vectors. */
template <typename TImage>
typename TImage::Pointer
ReadImage(const ImageFileInfo & info);

/** The same, with the voxels in the output of a reader that can be asked for them again: it throws if they are not
 * those of the first time. Instantiated for real images. */
template <typename TImage>
typename itk::ImageFileReader<TImage>::Pointer
ReadImageFrom(const ImageFileInfo & info);

/** Between LPS and RAS, one way and back. */
inline FieldType::PixelType
TurnXY(FieldType::PixelType vector)
{
  vector[0] = -vector[0];
  vector[1] = -vector[1];
  return vector;
}

/** The images that a file holds for --channel: one, or the volumes of a series, or the components of its voxels. The
 * voxels are not read. Throws CommandLineError as InspectImageFile(), and for a series of series. */
std::size_t
CountVolumes(const std::string & path);

/** All of them, each as ReadImage() gives one. */
std::vector<RealImageType::Pointer>
ReadVolumes(const std::string & path);

/** The grid of an image or a vector field; of a series, that of a volume. The voxels are not read. Throws
 * CommandLineError naming the file. */
itk::ImageBase<3>::Pointer
ReadGrid(const std::string & path);

/** A complete displacement or velocity field, physical vectors (LPS, mm). Of a NIfTI file with intent 1006 the vectors
 * are turned from RAS to LPS; the positions in deformation fields of NiftyReg become displacements. Refuses values that
 * are not finite, and NIfTI files whose intent is another kind of transform. */
FieldType::Pointer
ReadField(const std::string & path);

} // namespace gnrapp

#endif
