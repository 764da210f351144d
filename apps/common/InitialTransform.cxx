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
