// SPDX-License-Identifier: Apache-2.0
#include "ImageOutput.h"

#include "common/cli/CommandLineError.h"
#include "common/cli/Format.h"
#include "GzipFile.h"
#include "ImageInput.h"
#include "common/cli/LibraryMessages.h"
#include "NiftiIntent.h"
#include "WrittenImage.h"

#include "itkImageFileWriter.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>

namespace gnrapp
{
void
CheckImageName(const std::string & path)
{
  for (const char * extension : { ".nii", ".nii.gz", ".nrrd", ".mha" })
  {
    if (EndsWith(path, extension) &&
        std::filesystem::path(path).filename().string().size() > std::string(extension).size())
    {
      return;
    }
  }
  throw CommandLineError(path + ": is not a name for an image. Let it end in .nii.gz, .nii, .nrrd or .mha");
}

namespace
{

/** `finish` is called with the name of the uncompressed file. */
template <typename TImage, typename TFunction>
void
WriteImageAnd(const TImage *      image,
              const std::string & path,
              OutputFiles &       files,
              unsigned int        threads,
              TFunction           finish)
{
  // ITK ignores the compression level for NIfTI and spends 1.1 CPU-s on 29 MB; writing plain and compressing here takes
  // 0.3 CPU-s.
  const bool        gzip = EndsWith(path, ".nii.gz");
  const std::string temporary = files.TemporaryFor(path);
  const std::string plain = gzip ? files.ScratchFor(path, path.substr(0, path.size() - 3)) : temporary;

  const auto writer = itk::ImageFileWriter<TImage>::New();
  writer->SetFileName(plain);
  writer->SetInput(image);
  writer->SetUseCompression(!EndsWith(plain, ".nii"));
  writer->SetCompressionLevel(1);
  try
  {
    const SilentLibraries silence;
    writer->Update();
  }
  catch (const itk::ExceptionObject & error)
  {
    ThrowNotWritten(path, WriterReason(error.GetDescription(), plain, path));
  }
  CheckWrittenImage(
    plain, path, image->GetLargestPossibleRegion().GetNumberOfPixels() * sizeof(typename TImage::PixelType));
  finish(plain);
  if (gzip)
  {
    CompressFile(plain, temporary, path, threads);
    std::remove(plain.c_str());
  }
}

} // namespace

template <typename TImage>
void
WriteImage(const TImage * image, const std::string & path, OutputFiles & files, unsigned int threads)
{
  WriteImageAnd(image, path, files, threads, [](const std::string &) {});
}

void
WriteDispvect(const FieldType * field, const std::string & path, OutputFiles & files, unsigned int threads)
{
  // Turned round and marked here: ITK does both by itself, but only from 5.4 on.
  const auto turned = FieldType::New();
  turned->CopyInformation(field);
  turned->SetRegions(field->GetLargestPossibleRegion());
  turned->Allocate();
  const std::size_t count = field->GetLargestPossibleRegion().GetNumberOfPixels();
  std::transform(field->GetBufferPointer(), field->GetBufferPointer() + count, turned->GetBufferPointer(), TurnXY);
  WriteImageAnd(turned.GetPointer(), path, files, threads, [](const std::string & plain) {
    SetNiftiIntent(plain, NiftiIntent::DisplacementVector);
  });
}

template void
WriteImage(const itk::Image<unsigned char, 3> *, const std::string &, OutputFiles &, unsigned int);
template void
WriteImage(const itk::Image<signed char, 3> *, const std::string &, OutputFiles &, unsigned int);
template void
WriteImage(const itk::Image<unsigned short, 3> *, const std::string &, OutputFiles &, unsigned int);
template void
WriteImage(const itk::Image<short, 3> *, const std::string &, OutputFiles &, unsigned int);
template void
WriteImage(const itk::Image<unsigned int, 3> *, const std::string &, OutputFiles &, unsigned int);
template void
WriteImage(const itk::Image<int, 3> *, const std::string &, OutputFiles &, unsigned int);
template void
WriteImage(const itk::Image<unsigned long, 3> *, const std::string &, OutputFiles &, unsigned int);
template void
WriteImage(const itk::Image<long, 3> *, const std::string &, OutputFiles &, unsigned int);
template void
WriteImage(const itk::Image<float, 3> *, const std::string &, OutputFiles &, unsigned int);
template void
WriteImage(const itk::Image<double, 3> *, const std::string &, OutputFiles &, unsigned int);
template void
WriteImage(const FieldType *, const std::string &, OutputFiles &, unsigned int);

} // namespace gnrapp
