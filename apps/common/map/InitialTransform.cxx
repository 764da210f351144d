// SPDX-License-Identifier: Apache-2.0
#include "InitialTransform.h"

#include <chrono>

namespace gnrapp
{

TransformType::Pointer
Align(AlignmentMethod       method,
      const RealImageType * fixed,
      const RealImageType * moving,
      const MaskImageType * fixedMask,
      const MaskImageType * movingMask,
      AlignmentRecord &     record)
{
  const auto start = std::chrono::steady_clock::now();
  const auto initializer = itk::GaussNewtonRegistrationInitializer::New();
  initializer->SetMethod(method);
  initializer->SetFixedImage(fixed);
  initializer->SetMovingImage(moving);
  initializer->SetFixedImageMask(fixedMask);
  initializer->SetMovingImageMask(movingMask);
  initializer->Update();
  const TransformType::Pointer transform = initializer->GetTransform();

  // All of these transforms are affine: the images of four points tell everything.
  TransformType::InputPointType point;
  point.Fill(0.0);
  const auto origin = transform->TransformPoint(point);
  for (unsigned int column = 0; column < 3; ++column)
  {
    point.Fill(0.0);
    point[column] = 1.0;
    const auto image = transform->TransformPoint(point);
    for (unsigned int row = 0; row < 3; ++row)
    {
      record.matrix[row][column] = image[row] - origin[row];
      record.offset[row] = origin[row];
    }
  }
  record.word = gnr::nameOf(method);
  if (method == AlignmentMethod::Rigid || method == AlignmentMethod::Affine)
  {
    record.initialInformation = initializer->GetInitialMutualInformation();
    record.finalInformation = initializer->GetFinalMutualInformation();
    record.overlap = initializer->GetFinalOverlap();
  }
  record.remark = initializer->GetRemark();
  record.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return transform;
}

} // namespace gnrapp
