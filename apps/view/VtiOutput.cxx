// SPDX-License-Identifier: Apache-2.0
#include "view/VtiOutput.h"

#include "common/cli/LibraryMessages.h"

#include <vtkFloatArray.h>
#include <vtkImageData.h>
#include <vtkNew.h>
#include <vtkPointData.h>
#include <vtkXMLImageDataWriter.h>

#include <fstream>

namespace gnrapp
{
namespace
{

/** Whether the last tag is there: VTK does not look whether the last of its bytes reached the disk. */
bool
EndsAsXml(const std::string & path)
{
  const std::string last = "</VTKFile>\n";
  std::string       end(last.size(), '\0');
  std::ifstream     in(path, std::ios::binary);
  in.seekg(-static_cast<std::streamoff>(last.size()), std::ios::end);
  in.read(end.data(), static_cast<std::streamsize>(end.size()));
  return in && end == last;
}

} // namespace

void
WriteVti(const RegistrationResult & result, const std::string & path, OutputFiles & files)
{
  const auto &         size = result.Grid().size;
  vtkNew<vtkImageData> image;
  image->SetDimensions(static_cast<int>(size[0]), static_cast<int>(size[1]), static_cast<int>(size[2]));
  image->SetSpacing(result.fixed->GetSpacing().GetDataPointer());
  image->SetOrigin(result.fixed->GetOrigin().GetDataPointer());
  double direction[9];
  for (unsigned int row = 0; row < 3; ++row)
  {
    for (unsigned int column = 0; column < 3; ++column)
    {
      direction[3 * row + column] = result.fixed->GetDirection()(row, column);
    }
  }
  image->SetDirectionMatrix(direction);

  const vtkIdType count = image->GetNumberOfPoints();
  const auto      borrow = [&](const char * name, const float * data, int components) {
    vtkNew<vtkFloatArray> array;
    array->SetName(name);
    array->SetNumberOfComponents(components);
    array->SetArray(const_cast<float *>(data), components * count, 1);
    image->GetPointData()->AddArray(array);
  };
  vtkNew<vtkFloatArray> warped;
  vtkNew<vtkFloatArray> determinant;
  warped->SetName("warped");
  determinant->SetName("determinant");
  warped->SetNumberOfValues(count);
  determinant->SetNumberOfValues(count);
  vtkIdType  offset = 0;
  VoxelIndex i;
  for (i[2] = 0; i[2] < size[2]; ++i[2])
  {
    for (i[1] = 0; i[1] < size[1]; ++i[1])
    {
      for (i[0] = 0; i[0] < size[0]; ++i[0], ++offset)
      {
        warped->SetValue(offset, static_cast<float>(result.MovingAt(i, false)));
        determinant->SetValue(offset, static_cast<float>(result.DeterminantAt(i)));
      }
    }
  }
  borrow("fixed", result.fixed->GetBufferPointer(), 1);
  image->GetPointData()->AddArray(warped);
  borrow("displacement", result.displacement->GetBufferPointer()->GetDataPointer(), 3);
  image->GetPointData()->AddArray(determinant);
  image->GetPointData()->SetActiveScalars("fixed");
  image->GetPointData()->SetActiveVectors("displacement");

  vtkNew<vtkXMLImageDataWriter> writer;
  const std::string             temporary = files.TemporaryFor(path);
  writer->SetFileName(temporary.c_str());
  writer->SetInputData(image);
  writer->SetDataModeToAppended();
  writer->EncodeAppendedDataOff();
  writer->SetHeaderTypeToUInt64();
  writer->SetCompressorTypeToLZ4(); // displacements hardly compress; zlib would take longer than the registration
  bool isWritten = false;
  {
    const SilentLibraries silence;
    isWritten = writer->Write() != 0 && writer->GetErrorCode() == 0;
  }
  if (!isWritten || !EndsAsXml(temporary))
  {
    ThrowNotWritten(path, "");
  }
}

} // namespace gnrapp
