// SPDX-License-Identifier: Apache-2.0
#include "common/cli/CommandLineError.h"
#include "PointMap.h"
#include "TransformOutput.h"

#include "itkDisplacementFieldTransform.h"
#include "itkImageRegionIteratorWithIndex.h"
#include "itkMultiThreaderBase.h"

#include <atomic>
#include <cstddef>
#include <string>

namespace gnrapp
{

TransformType::Pointer
InvertTransformFor(const TransformType * transform, const itk::ImageBase<3> * image, const std::string & path)
{
  if (transform->IsLinear() || transform->GetInverseTransform())
  {
    return InvertTransform(transform, path);
  }
  PointMap inverse;
  inverse.AppendInverse(transform, path);
  using InverseFieldType = itk::DisplacementFieldTransform<double, 3>::DisplacementFieldType;
  const auto field = InverseFieldType::New();
  field->CopyInformation(image);
  field->SetRegions(image->GetLargestPossibleRegion());
  field->Allocate();
  std::atomic<std::size_t> missing{ 0 };
  itk::MultiThreaderBase::New()->ParallelizeImageRegion<3>(
    field->GetLargestPossibleRegion(),
    [&](const InverseFieldType::RegionType & region) {
      for (itk::ImageRegionIteratorWithIndex<InverseFieldType> at(field, region); !at.IsAtEnd(); ++at)
      {
        PointType here;
        PointType there;
        field->TransformIndexToPhysicalPoint(at.GetIndex(), here);
        if (inverse.Map(here, there) != MapStatus::Mapped)
        {
          ++missing;
        }
        at.Set(there - here);
      }
    },
    nullptr);
  if (missing > 0)
  {
    throw CommandLineError(path + ": cannot be inverted at " + std::to_string(missing) + " of " +
                           std::to_string(field->GetLargestPossibleRegion().GetNumberOfPixels()) +
                           " voxels of MOVING, so that there is no inverse for a file. Leave out --inverse or " +
                           "--composite; gnr-apply --invert inverts where there is an inverse");
  }
  const auto result = itk::DisplacementFieldTransform<double, 3>::New();
  result->SetDisplacementField(field);
  return result.GetPointer();
}

} // namespace gnrapp
