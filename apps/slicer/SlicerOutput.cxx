// SPDX-License-Identifier: Apache-2.0
#include "SlicerOutput.h"

#include "common/io/ImageOutput.h"
#include "common/map/PointMap.h"
#include "common/map/TransformOutput.h"

#include "itkDisplacementFieldTransform.h"
#include "itkImageRegionIteratorWithIndex.h"
#include "itkMultiThreaderBase.h"

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

/** The displacement f(x) - x on the grid of `reference`. */
template <typename TFunction>
FieldType::Pointer
Sample(TFunction f, const itk::ImageBase<3> * reference)
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
        PointType point;
        field->TransformIndexToPhysicalPoint(it.GetIndex(), point);
        it.Set(FieldType::PixelType(f(point) - point));
      }
    },
    nullptr);
  return field;
}

/** x + u(x); x where the field is not defined, as ITK and Slicer have it. */
PointType
Displace(const PointMap & field, const PointType & point)
{
  PointType displaced;
  return field.Map(point, displaced) == MapStatus::Mapped ? displaced : point;
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
  PointMap field;
  field.Append(displacement);
  return Sample([&](const PointType & point) { return initial->TransformPoint(Displace(field, point)); }, displacement);
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
  const TransformType::Pointer backward = InvertTransform(initial, initialTransform);
  PointMap                     field;
  field.Append(inverse);
  return Sample([&](const PointType & point) { return Displace(field, backward->TransformPoint(point)); },
                filter->GetMovingImage());
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
  WriteTransform(transform, path, files);
}

} // namespace gnrapp
