// SPDX-License-Identifier: Apache-2.0
#include "SlabOutput.h"

#include "common/cli/LibraryMessages.h"
#include "OutputFiles.h"
#include "WrittenImage.h"

#include "itkImageFileWriter.h"
#include "itkMetaImageIO.h"

#include <cstddef>
#include <cstdio>

namespace gnrapp
{

template <typename TImage>
void
WriteSlabs(const TImage * image, const std::string & temporary, const std::string & path, Processes & processes)
{
  for (int rank = 0; rank < processes.Size(); ++rank)
  {
    if (rank == processes.Rank())
    {
      itk::ImageIORegion region(3);
      const auto &       slab = image->GetBufferedRegion();
      for (unsigned int d = 0; d < 3; ++d)
      {
        region.SetIndex(d, slab.GetIndex(d) - image->GetLargestPossibleRegion().GetIndex(d));
        region.SetSize(d, slab.GetSize(d));
      }
      if (rank == 0)
      {
        std::remove(temporary.c_str()); // of an empty file ITK would try to keep the rest
      }
      const auto writer = itk::ImageFileWriter<TImage>::New();
      writer->SetImageIO(itk::MetaImageIO::New());
      writer->SetFileName(temporary);
      writer->SetInput(image);
      writer->SetUseCompression(false);
      if (processes.Size() > 1)
      {
        writer->SetIORegion(region);
      }
      try
      {
        const SilentLibraries silence;
        writer->Update();
      }
      catch (const itk::ExceptionObject & error)
      {
        ThrowNotWritten(path, WriterReason(error.GetDescription(), temporary, path));
      }
      constexpr std::size_t voxelBytes = sizeof(typename TImage::PixelType);
      const std::size_t     planeBytes = slab.GetSize(0) * slab.GetSize(1) * voxelBytes;
      CheckWrittenSlab(temporary,
                       path,
                       image->GetLargestPossibleRegion().GetNumberOfPixels() * voxelBytes,
                       image->GetBufferPointer(),
                       static_cast<std::size_t>(region.GetIndex(2)) * planeBytes,
                       slab.GetSize(2) * planeBytes);
    }
    processes.Agree(); // the first makes the file, the others paste into it
  }
}

template void
WriteSlabs(const RealImageType *, const std::string &, const std::string &, Processes &);
template void
WriteSlabs(const FieldType *, const std::string &, const std::string &, Processes &);

} // namespace gnrapp
