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
using RegionType = Bridge::RegionType;
using Distribution = Bridge::Distribution;

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

/** An image on a grid, without values, buffered on a region. */
template <typename TImage>
typename TImage::Pointer
AllocateOn(const ImageBaseType * grid, const RegionType & region)
{
  const auto image = TImage::New();
  image->CopyInformation(grid);
  image->SetBufferedRegion(region);
  image->SetRequestedRegion(region);
  image->Allocate();
  return image;
}

/** Throws unless the image is buffered on the region, which this process has of it, and has only finite values there.
 */
void
CheckFinite(const ScalarImageType * image, const RegionType & region, const std::string & name);

/** Throws if all values of an image are the same. This process has the region of it; with a distribution, the others
 * have theirs. */
void
CheckNotConstant(const ScalarImageType * image,
                 const RegionType &      region,
                 const Distribution *    distribution,
                 const std::string &     name);

/** Both for an image that this process has as a whole. */
void
CheckIntensities(const ScalarImageType * image, const std::string & name);

/** 1 where the mask is not zero, else 0, on a region of the mask's grid. Throws if it is not buffered there. */
ScalarImageType::Pointer
MakeWeight(const MaskImageType * mask, const RegionType & region, const std::string & name);

/** Throws if a weight, of which every process has a part, is 0 everywhere. */
void
CheckNotEmpty(const ScalarImageType * weight, const Distribution & distribution, const std::string & name);

struct ResampledMoving
{
  ScalarImageType::Pointer image;
  ScalarImageType::Pointer weight; ///< null: one everywhere, in all processes
};

/** The moving image at T(x) for the points x of the fixed grid of which this process has inputs, by linear
 * interpolation, of labels by the nearest voxel; outside, the value at the nearest point of the moving grid with weight
 * 0. The weight also carries the moving mask (may be empty), interpolated. Throws if less than 1 % of the fixed grid
 * lies inside the moving image. */
ResampledMoving
ResampleMoving(const Bridge::Source<ScalarImageType> & moving,
               const std::string &                     name,
               bool                                    isOfLabels,
               const Bridge::Source<MaskImageType> &   mask,
               const Distribution &                    distribution,
               const TransformType *                   transform,
               MultiThreaderBase *                     threader);

/** Vectors (mm) along the grid axes become physical vectors, in place. */
void
RotateToPhysical(VectorImageType * field, MultiThreaderBase * threader);

/** Physical vectors on any grid become vectors along the axes of the fixed grid, sampled where this process has inputs
 * by linear interpolation (nearest vector outside). Throws if a value is not finite. */
VectorImageType::Pointer
SampleOnGridAxes(const Bridge::Source<VectorImageType> & field,
                 const Distribution &                    distribution,
                 MultiThreaderBase *                     threader);

} // namespace GaussNewtonRegistrationImages
} // namespace itk

#endif
