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
#ifndef itkUncompressedImageIO_h
#define itkUncompressedImageIO_h

#include "itkImageIOBase.h"

#include "GaussNewtonRegistrationExport.h"

#include <memory>
#include <ostream>
#include <string>

namespace itk
{

/** \class UncompressedImageIO
 * \brief Reads any part of an image file without compression: NIfTI (.nii), NRRD (.nrrd, .nhdr) or MetaImage (.mha,
 * .mhd).
 *
 * ITK's own reader of NIfTI, and that of NRRD, reads whole files even if a filter asks for some planes; that of
 * MetaImages reads planes, but fills up files that are too short. This one takes what the header means (grid, types,
 * metadata) from ITK's reader of that format, and reads no more voxels than it is asked for. The voxels are those of
 * ITK's reader, with one difference: values of a NIfTI file that are not finite stay, where ITK puts zeros.
 *
 * For what cannot be read in parts (compressed files, text, voxels in several files, vectors in NIfTI, which keeps
 * their components apart), and for files that are too short, ReadImageInformation() throws GaussNewtonRegistrationError
 * with the name of the file and the remedy.
 *
 * \code
 *   reader->SetImageIO(itk::UncompressedImageIO::New()); // itk::ImageFileReader
 * \endcode
 *
 * It does not write.
 *
 * \sa ImageFileReader, DiffeomorphicGaussNewtonRegistrationFilter
 * \ingroup GaussNewtonRegistration
 */
class GaussNewtonRegistration_EXPORT UncompressedImageIO : public ImageIOBase
{
public:
  ITK_DISALLOW_COPY_AND_MOVE(UncompressedImageIO);

  using Self = UncompressedImageIO;
  using Superclass = ImageIOBase;
  using Pointer = SmartPointer<Self>;
  using ConstPointer = SmartPointer<const Self>;

  itkNewMacro(Self);

  /** Run-time type information. */
#ifdef itkOverrideGetNameOfClassMacro
  itkOverrideGetNameOfClassMacro(UncompressedImageIO);
#else
  itkTypeMacro(UncompressedImageIO, ImageIOBase);
#endif

  /** Why a file cannot be read in parts, in words that follow `it` or `its`, as in `it is compressed`; nothing: it can.
   * The file must be one that ITK can read. Only its header is read. */
  static std::string
  DescribeObstacle(const std::string & fileName);

  /** Bytes of voxels that Read() has taken from files so far. */
  itkGetConstMacro(NumberOfBytesRead, SizeType);

  bool
  CanReadFile(const char * fileName) override;
  bool
  CanStreamRead() override
  {
    return true;
  }
  bool
  SupportsDimension(unsigned long) override
  {
    return true;
  }
  ImageIORegion
  GenerateStreamableReadRegionFromRequestedRegion(const ImageIORegion & requested) const override;

  void
  ReadImageInformation() override;

  /** The voxels of the IORegion. */
  void
  Read(void * buffer) override;

  bool
  CanWriteFile(const char *) override
  {
    return false;
  }
  void
  WriteImageInformation() override;
  void
  Write(const void * buffer) override;

protected:
  UncompressedImageIO();
  ~UncompressedImageIO() override;

  void
  PrintSelf(std::ostream & os, Indent indent) const override;

private:
  struct Layout; // where the voxels are

  std::unique_ptr<Layout> m_Layout;
  SizeType                m_NumberOfBytesRead = 0;
};

} // namespace itk

#endif
