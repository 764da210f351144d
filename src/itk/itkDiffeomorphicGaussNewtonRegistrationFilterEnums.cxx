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
operator<<(std::ostream & out, DiffeomorphicGaussNewtonRegistrationFilterEnums::Regularization value)
{
  using Enum = DiffeomorphicGaussNewtonRegistrationFilterEnums::Regularization;
  switch (value)
  {
    case Enum::H1:
      return out << "itk::DiffeomorphicGaussNewtonRegistrationFilterEnums::Regularization::H1";
    case Enum::H2:
      return out << "itk::DiffeomorphicGaussNewtonRegistrationFilterEnums::Regularization::H2";
    case Enum::H3:
      return out << "itk::DiffeomorphicGaussNewtonRegistrationFilterEnums::Regularization::H3";
  }
  return out << "INVALID VALUE FOR itk::DiffeomorphicGaussNewtonRegistrationFilterEnums::Regularization";
}

std::ostream &
operator<<(std::ostream & out, DiffeomorphicGaussNewtonRegistrationFilterEnums::Interpolation value)
{
  using Enum = DiffeomorphicGaussNewtonRegistrationFilterEnums::Interpolation;
  switch (value)
  {
    case Enum::Linear:
      return out << "itk::DiffeomorphicGaussNewtonRegistrationFilterEnums::Interpolation::Linear";
    case Enum::Cubic:
      return out << "itk::DiffeomorphicGaussNewtonRegistrationFilterEnums::Interpolation::Cubic";
  }
  return out << "INVALID VALUE FOR itk::DiffeomorphicGaussNewtonRegistrationFilterEnums::Interpolation";
}

std::ostream &
operator<<(std::ostream & out, DiffeomorphicGaussNewtonRegistrationFilterEnums::Preconditioner value)
{
  using Enum = DiffeomorphicGaussNewtonRegistrationFilterEnums::Preconditioner;
  switch (value)
  {
    case Enum::InvA:
      return out << "itk::DiffeomorphicGaussNewtonRegistrationFilterEnums::Preconditioner::InvA";
  }
  return out << "INVALID VALUE FOR itk::DiffeomorphicGaussNewtonRegistrationFilterEnums::Preconditioner";
}

std::ostream &
operator<<(std::ostream & out, DiffeomorphicGaussNewtonRegistrationFilterEnums::IntensityNormalization value)
{
  using Enum = DiffeomorphicGaussNewtonRegistrationFilterEnums::IntensityNormalization;
  switch (value)
  {
    case Enum::None:
      return out << "itk::DiffeomorphicGaussNewtonRegistrationFilterEnums::IntensityNormalization::None";
    case Enum::Percentiles:
      return out << "itk::DiffeomorphicGaussNewtonRegistrationFilterEnums::IntensityNormalization::Percentiles";
  }
  return out << "INVALID VALUE FOR itk::DiffeomorphicGaussNewtonRegistrationFilterEnums::IntensityNormalization";
}

std::ostream &
operator<<(std::ostream & out, DiffeomorphicGaussNewtonRegistrationFilterEnums::Device value)
{
  using Enum = DiffeomorphicGaussNewtonRegistrationFilterEnums::Device;
  switch (value)
  {
    case Enum::Auto:
      return out << "itk::DiffeomorphicGaussNewtonRegistrationFilterEnums::Device::Auto";
    case Enum::CPU:
      return out << "itk::DiffeomorphicGaussNewtonRegistrationFilterEnums::Device::CPU";
    case Enum::CUDA:
      return out << "itk::DiffeomorphicGaussNewtonRegistrationFilterEnums::Device::CUDA";
    case Enum::Reference:
      return out << "itk::DiffeomorphicGaussNewtonRegistrationFilterEnums::Device::Reference";
  }
  return out << "INVALID VALUE FOR itk::DiffeomorphicGaussNewtonRegistrationFilterEnums::Device";
}

std::ostream &
operator<<(std::ostream & out, DiffeomorphicGaussNewtonRegistrationFilterEnums::Preset value)
{
  using Enum = DiffeomorphicGaussNewtonRegistrationFilterEnums::Preset;
  switch (value)
  {
    case Enum::Fast:
      return out << "itk::DiffeomorphicGaussNewtonRegistrationFilterEnums::Preset::Fast";
    case Enum::Default:
      return out << "itk::DiffeomorphicGaussNewtonRegistrationFilterEnums::Preset::Default";
    case Enum::Accurate:
      return out << "itk::DiffeomorphicGaussNewtonRegistrationFilterEnums::Preset::Accurate";
  }
  return out << "INVALID VALUE FOR itk::DiffeomorphicGaussNewtonRegistrationFilterEnums::Preset";
}

} // namespace itk
