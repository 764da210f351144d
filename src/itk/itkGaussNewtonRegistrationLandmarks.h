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
#ifndef itkGaussNewtonRegistrationLandmarks_h
#define itkGaussNewtonRegistrationLandmarks_h

// Pairs of landmarks on their way from physical space to the solver; private to src/itk.

#include "itkImageBase.h"
#include "itkPoint.h"
#include "itkTransform.h"

#include "gnr/Problem.h"

#include <vector>

namespace itk
{
namespace GaussNewtonRegistrationLandmarks
{

/** Pairs along the axes of the fixed grid: the moving points at T^-1, where the sampled moving image has them. Throws
 * GaussNewtonRegistrationError naming FixedLandmarks or MovingLandmarks where there are not as many of both, or where a
 * point is not finite, lies outside its image or has no inverse.
 * \param transform T; null: identity */
std::vector<gnr::LandmarkPair>
PairLandmarks(const std::vector<Point<double, 3>> & fixedPoints,
              const std::vector<Point<double, 3>> & movingPoints,
              const ImageBase<3> *                  fixed,
              const ImageBase<3> *                  moving,
              const Transform<double, 3, 3> *       transform);

} // namespace GaussNewtonRegistrationLandmarks
} // namespace itk

#endif
