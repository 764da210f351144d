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
#ifndef itkGaussNewtonRegistrationAlignment_h
#define itkGaussNewtonRegistrationAlignment_h

// What GaussNewtonRegistrationInitializer does with its images; private to src/itk.

#include "itkGaussNewtonRegistrationInitializer.h"

#include <functional>
#include <string>
#include <vector>

namespace itk
{
namespace GaussNewtonRegistrationAlignment
{
using ImageType = GaussNewtonRegistrationInitializer::ImageType;
using MaskImageType = GaussNewtonRegistrationInitializer::MaskImageType;
using TransformType = GaussNewtonRegistrationInitializer::TransformType;
using PointType = Point<double, 3>;

/** An image as the alignment sees it: on a grid of at most 96 samples along its longest edge and, as far as whole
 * voxels allow, equal spacing; intensities between its 0.5th and 99.5th percentile mapped to 0 ... 1. */
struct Picture
{
  ImageType::ConstPointer     image;
  MaskImageType::ConstPointer mask; ///< as given; may be null
  PointType                   gridCentre;
  double                      spacing = 0.0;        ///< of the samples, mm
  double                      smallestEdge = 0.0;   ///< of the image, mm
  Vector<double, 3>           secondMoments{ 0.0 }; ///< mean square distance of the mass from its centre, mm^2
};

/** Throws GaussNewtonRegistrationError, naming the input, if the intensities cannot be used or the mask is empty. */
Picture
MakePicture(const ImageType * image, const MaskImageType * mask, const std::string & name);

/** Centre of the intensities, inside the mask if `useMask`. */
PointType
CentreOfMass(const Picture & picture, bool useMask);

struct Settings
{
  SizeValueType samples = 0;
  unsigned int  bins = 0;
  unsigned int  iterations = 0;
  int           seed = 0;
  /** Called with the share of the work done; may throw. */
  std::function<void(double)> onProgress;
};

struct Alignment
{
  TransformType::Pointer transform;
  double                 initialInformation = 0.0; ///< mutual information at `starts.front()`, nats
  double                 finalInformation = 0.0;
  double                 overlap = 0.0; ///< share of the fixed image, or of its mask, inside the moving one in the end
  std::string            remark;        ///< what speaks against the result, in a sentence without its full stop
};

/** Rotation and translation, and if `isAffine` scaling and shearing, of largest mutual information. Rotations of any
 * angle are searched.
 * \param starts translations to begin with, fixed to moving; the first is trusted most
 * \param centre of the rotations, in fixed space */
Alignment
MaximizeInformation(const Picture &                        fixed,
                    const Picture &                        moving,
                    const std::vector<Vector<double, 3>> & starts,
                    const PointType &                      centre,
                    bool                                   isAffine,
                    const Settings &                       settings);

/** What speaks against a translation as the alignment: that the images agree far better when one is turned; nothing
 * otherwise. */
std::string
DescribeRotation(const Picture &           fixed,
                 const Picture &           moving,
                 const Vector<double, 3> & shift,
                 const PointType &         centre,
                 const Settings &          settings);

} // namespace GaussNewtonRegistrationAlignment
} // namespace itk

#endif
