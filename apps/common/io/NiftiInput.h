// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_NiftiInput_h
#define gnrapp_NiftiInput_h

#include "itkImageIOBase.h"
#include "itkNiftiFileHeader.h"

#include <string>
#include <vector>

namespace gnrapp
{

/** Whether a file is read as NIfTI by its name: .nii, .hdr, .img, each also with .gz, in any case of the letters. */
bool
IsNiftiName(const std::string & path);

/** The file, of a pair both: the header and the voxels, whether they exist or not. */
std::vector<std::string>
NiftiFilesOf(const std::string & path);

/** The header of a NIfTI file, or of a pair of files by the name of either, checked: it describes a volume, and the
 * files can hold the voxels. Throws CommandLineError naming the file and the remedy. */
itk::NiftiFileHeader
ReadNiftiHeader(const std::string & path);

/** Reads NIfTI images without NIfTI's library, which crashes or loops on some headers, prints on its own, fills up what
 * is missing with zeros, and ignores slopes of vectors; whole images only, in one pass over the file.
 *
 * Vectors come as they are in the file. Throws CommandLineError if the file is truncated or damaged, or holds values
 * that are not finite. It does not write. */
class NiftiInput : public itk::ImageIOBase
{
public:
  ITK_DISALLOW_COPY_AND_MOVE(NiftiInput);

  using Self = NiftiInput;
  using Superclass = itk::ImageIOBase;
  using Pointer = itk::SmartPointer<Self>;

  itkNewMacro(Self);

  bool
  CanReadFile(const char * path) override;
  bool
  SupportsDimension(unsigned long) override
  {
    return true;
  }
  void
  ReadImageInformation() override;
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
  Write(const void *) override;

protected:
  NiftiInput() = default;
  ~NiftiInput() override = default;

private:
  itk::NiftiFileHeader m_Header;
};

} // namespace gnrapp

#endif
