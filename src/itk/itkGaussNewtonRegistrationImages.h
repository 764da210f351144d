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
#ifndef itkGaussNewtonRegistrationImages_h
#define itkGaussNewtonRegistrationImages_h

// What the bridge does with images in physical space; private to src/itk.

#include "itkGaussNewtonRegistrationBridge.h"
#include "itkGaussNewtonRegistrationError.h"

#include <string>

namespace itk
{
namespace GaussNewtonRegistrationImages
{
using Bridge = GaussNewtonRegistrationBridge;
using ImageBaseType = Bridge::ImageBaseType;
using ScalarImageType = Bridge::ScalarImageType;
using VectorImageType = Bridge::VectorImageType;
using MaskImageType = Bridge::MaskImageType;
using TransformType = Bridge::TransformType;

[[noreturn]] void
ThrowBadInput(const std::string & description);

/** Largest distance between the same corner of two grids of one size, in voxels of the first. */
double
CornerDistance(const ImageBaseType * a, const ImageBaseType * b);

/** Same size, and every corner at the same place within 1e-4 voxel: the voxels can be used one for one. */
bool
HaveSameGrid(const ImageBaseType * a, const ImageBaseType * b);

/** "[x0, x1] x [y0, y1] x [z0, z1] mm": bounding box of the voxel centres in world coordinates. */
std::string
DescribeBox(const ImageBaseType * image);

/** Throws unless the image is buffered, has only finite values, and not only one. */
void
CheckIntensities(const ScalarImageType * image, const std::string & name);

/** 1 where the mask is not zero, else 0, on the grid of the mask. Throws if it is empty. */
ScalarImageType::Pointer
MakeWeight(const MaskImageType * mask, const std::string & name);

/** An image without values on the grid of `reference`. */
ScalarImageType::Pointer
AllocateLike(const ImageBaseType * reference);

struct ResampledMoving
{
  ScalarImageType::Pointer image;
  ScalarImageType::Pointer weight; ///< null: one everywhere
};

/** The moving image at T(x) for the points x of the fixed grid, by linear interpolation; outside, the value at the
 * nearest point of the moving grid with weight 0. The weight also carries the moving mask (may be null), interpolated.
 * Throws if less than 1 % of the fixed grid lies inside the moving image. */
ResampledMoving
ResampleMoving(const ScalarImageType * moving,
               const MaskImageType *   mask,
               const ImageBaseType *   fixed,
               const TransformType *   transform,
               MultiThreaderBase *     threader);

/** Vectors (mm) along the grid axes become physical vectors, in place. */
void
RotateToPhysical(VectorImageType * field, MultiThreaderBase * threader);

/** Physical vectors on any grid become vectors along the axes of the grid of `fixed`, sampled there by linear
 * interpolation (nearest vector outside). Throws if a value is not finite. */
VectorImageType::Pointer
SampleOnGridAxes(const VectorImageType * field, const ImageBaseType * fixed, MultiThreaderBase * threader);

} // namespace GaussNewtonRegistrationImages
} // namespace itk

#endif
