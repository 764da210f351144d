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
#include "SlicerOutput.h"

#include "common/CommandLineError.h"
#include "common/ImageOutput.h"
#include "common/PointMap.h"
#include "common/Program.h"

#include "itkDisplacementFieldTransform.h"
#include "itkImageRegionIteratorWithIndex.h"
#include "itkMultiThreaderBase.h"
#include "itkTransformFileWriter.h"

#include <filesystem>

namespace gnrapp
{
namespace
{

bool
IsTransformName(const std::string & path)
{
  const std::string extension = std::filesystem::path(path).extension().string();
  return extension == ".h5" || extension == ".tfm" || extension == ".txt";
}

/** The displacement map(x) - x on the grid of `reference`; where the map is not defined, that of `outside`. */
FieldType::Pointer
Sample(const PointMap & map, const TransformType * outside, const itk::ImageBase<3> * reference)
{
  const auto field = FieldType::New();
  field->CopyInformation(reference);
  field->SetRegions(reference->GetLargestPossibleRegion());
  field->Allocate();
  itk::MultiThreaderBase::New()->ParallelizeImageRegion<3>(
    field->GetLargestPossibleRegion(),
    [&](const FieldType::RegionType & region) {
      for (itk::ImageRegionIteratorWithIndex<FieldType> it(field, region); !it.IsAtEnd(); ++it)
      {
        PointType from;
        PointType to;
        field->TransformIndexToPhysicalPoint(it.GetIndex(), from);
        if (map.Map(from, to) != MapStatus::Mapped)
        {
          to = outside->TransformPoint(from);
        }
        it.Set(FieldType::PixelType(to - from));
      }
    },
    nullptr);
  return field;
}

} // namespace

FieldType::Pointer
MakeTotalDisplacement(RegistrationFilterType * filter)
{
  const FieldType::Pointer displacement = filter->GetDisplacementField();
  const auto *             initial = filter->GetInitialTransform();
  if (initial == nullptr)
  {
    return displacement;
  }
  const TransformType::Pointer transform = const_cast<TransformType *>(initial);
  return Sample(PointMap::Forward(displacement, transform), transform, displacement);
}

FieldType::Pointer
MakeTotalInverseDisplacement(RegistrationFilterType * filter, const std::string & initialTransform)
{
  const FieldType::Pointer inverse = filter->GetInverseDisplacementField();
  const auto *             initial = filter->GetInitialTransform();
  if (initial == nullptr)
  {
    return inverse;
  }
  const TransformType::Pointer backward = initial->GetInverseTransform();
  if (backward.IsNull())
  {
    throw CommandLineError(initialTransform +
                           ": has no inverse, so the inverse transform cannot be made. Do without it");
  }
  return Sample(PointMap::BackwardByField(inverse, backward), backward, filter->GetMovingImage());
}

void
CheckTransformName(const std::string & path)
{
  if (!IsTransformName(path))
  {
    CheckImageName(path);
  }
}

void
WriteDisplacementTransform(FieldType * field, const std::string & path, OutputFiles & files, unsigned int threads)
{
  if (!IsTransformName(path))
  {
    WriteImage(field, path, files, threads);
    return;
  }
  const auto transform = itk::DisplacementFieldTransform<float, 3>::New();
  transform->SetDisplacementField(field);
  const auto writer = itk::TransformFileWriterTemplate<float>::New();
  writer->SetFileName(files.TemporaryFor(path));
  writer->SetInput(transform);
  try
  {
    writer->Update();
  }
  catch (const itk::ExceptionObject & error)
  {
    throw CommandLineError(path + ": cannot be written: " + PlainDescription(error.GetDescription()) +
                             " Is the disk full?",
                           ExitCode::OutOfResources);
  }
}

} // namespace gnrapp
