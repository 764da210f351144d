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
#ifndef itkGaussNewtonRegistrationSamples_h
#define itkGaussNewtonRegistrationSamples_h

// Coarse images and their samples, for the alignment; private to src/itk.

#include "itkGaussNewtonRegistrationAlignment.h"

#include "itkImageRegionConstIteratorWithIndex.h"

#include <array>

namespace itk
{
namespace GaussNewtonRegistrationAlignment
{
using FactorsType = std::array<unsigned int, 3>;

/** Whole factors that bring the spacing of a grid near to `spacing` along every axis, never below one voxel and never
 * fewer than 8 samples. */
FactorsType
FactorsFor(const ImageType * image, double spacing);

ImageType::Pointer
Shrink(const ImageType * image, const FactorsType & factors);

bool
IsInside(const MaskImageType * mask, const PointType & point);

/** Calls f(point, value) for the samples of a picture that count. */
template <typename TFunction>
void
ForEachSample(const ImageType * image, const MaskImageType * mask, TFunction f)
{
  for (ImageRegionConstIteratorWithIndex<ImageType> it(image, image->GetLargestPossibleRegion()); !it.IsAtEnd(); ++it)
  {
    PointType point;
    image->TransformIndexToPhysicalPoint(it.GetIndex(), point);
    if (!mask || IsInside(mask, point))
    {
      f(point, it.Get());
    }
  }
}

} // namespace GaussNewtonRegistrationAlignment
} // namespace itk

#endif
