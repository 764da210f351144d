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
#ifndef gnrapp_ImageInput_h
#define gnrapp_ImageInput_h

#include "itkCommonEnums.h"
#include "itkImage.h"
#include "itkImageFileReader.h"
#include "itkVector.h"

#include <array>
#include <string>

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
  std::string                note; ///< what the user should know about the header; usually nothing
};

/** How far a file is looked at. */
enum class FileCheck
{
  Voxels, ///< of a NIfTI file all, which ITK would not check: it is complete and holds finite values
  Header
};

/** Reads the header of a 3-D image and checks the file: it exists, it has a known format, it has three axes (a fourth
 * of length 1 is taken). `components` is what is needed: 1 for a scalar image, 3 for a displacement field, 0 for any.
 * Throws CommandLineError naming the file and the remedy. */
ImageFileInfo
InspectImageFile(const std::string & path, unsigned int components = 1, FileCheck check = FileCheck::Voxels);

/** Reads the voxels, converted to the pixel type of `TImage`. Throws CommandLineError naming the file. Instantiated for
 * all scalar pixel types of ITK, and for fields of float vectors. */
template <typename TImage>
typename TImage::Pointer
ReadImage(const ImageFileInfo & info);

/** The same, with the voxels in the output of a reader that can be asked for them again. Instantiated for real images.
 */
template <typename TImage>
typename itk::ImageFileReader<TImage>::Pointer
ReadImageFrom(const ImageFileInfo & info);

/** Whether a name ends as that of an image that can be read. */
bool
IsImageName(const std::string & path);

/** Between LPS and RAS, one way and back. */
inline FieldType::PixelType
TurnXY(FieldType::PixelType vector)
{
  vector[0] = -vector[0];
  vector[1] = -vector[1];
  return vector;
}

/** The grid of an image or a vector field, without its voxels. Throws CommandLineError naming the file. */
itk::ImageBase<3>::Pointer
ReadGrid(const std::string & path);

/** A complete displacement or velocity field, physical vectors (LPS, mm). Of a NIfTI file with intent 1006, whose
 * vectors are in RAS, they are turned to LPS. Refuses values that are not finite. */
FieldType::Pointer
ReadField(const std::string & path);

} // namespace gnrapp

#endif
