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
#include "itkDiffeomorphicGaussNewtonRegistrationFilterEnums.h"

namespace itk
{

std::ostream &
operator<<(std::ostream & out, DiffeomorphicGaussNewtonRegistrationFilterEnums::BetaStrategy value)
{
  return out << gnr::nameOf(static_cast<gnr::BetaStrategy>(value));
}

std::ostream &
operator<<(std::ostream & out, DiffeomorphicGaussNewtonRegistrationFilterEnums::IntensityNormalization value)
{
  return out << gnr::nameOf(static_cast<gnr::IntensityNormalization>(value));
}

std::ostream &
operator<<(std::ostream & out, DiffeomorphicGaussNewtonRegistrationFilterEnums::Device value)
{
  return out << gnr::nameOf(static_cast<gnr::Device>(value));
}

std::ostream &
operator<<(std::ostream & out, DiffeomorphicGaussNewtonRegistrationFilterEnums::Preset value)
{
  return out << gnr::nameOf(static_cast<gnr::Preset>(value));
}

} // namespace itk
