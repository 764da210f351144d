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

#include "gnr/Options.h"

namespace itk
{

namespace
{
// The filter casts between these enumerations and those of the core.
template <typename TItk, typename TCore>
constexpr bool
AreEqual(TItk itkValue, TCore coreValue)
{
  return static_cast<int>(itkValue) == static_cast<int>(coreValue);
}
using Enums = DiffeomorphicGaussNewtonRegistrationFilterEnums;
static_assert(AreEqual(Enums::Regularization::H1, gnr::Regularization::H1) &&
                AreEqual(Enums::Regularization::H2, gnr::Regularization::H2) &&
                AreEqual(Enums::Regularization::H3, gnr::Regularization::H3),
              "itk and gnr enumerations differ");
static_assert(AreEqual(Enums::Interpolation::Linear, gnr::Interpolation::Linear) &&
                AreEqual(Enums::Interpolation::Cubic, gnr::Interpolation::Cubic) &&
                AreEqual(Enums::Preconditioner::InvA, gnr::Preconditioner::InvA) &&
                AreEqual(Enums::Preconditioner::InvH0, gnr::Preconditioner::InvH0) &&
                AreEqual(Enums::Preconditioner::TwoLevelInvH0, gnr::Preconditioner::TwoLevelInvH0),
              "itk and gnr enumerations differ");
static_assert(AreEqual(Enums::BetaStrategy::Fixed, gnr::BetaStrategy::Fixed) &&
                AreEqual(Enums::BetaStrategy::Continuation, gnr::BetaStrategy::Continuation) &&
                AreEqual(Enums::BetaStrategy::Search, gnr::BetaStrategy::Search),
              "itk and gnr enumerations differ");
static_assert(AreEqual(Enums::IntensityNormalization::None, gnr::IntensityNormalization::None) &&
                AreEqual(Enums::IntensityNormalization::Percentiles, gnr::IntensityNormalization::Percentiles),
              "itk and gnr enumerations differ");
static_assert(AreEqual(Enums::Device::Auto, gnr::Device::Auto) && AreEqual(Enums::Device::CPU, gnr::Device::Cpu) &&
                AreEqual(Enums::Device::CUDA, gnr::Device::Cuda) &&
                AreEqual(Enums::Device::Reference, gnr::Device::Reference),
              "itk and gnr enumerations differ");
static_assert(AreEqual(Enums::Preset::Fast, gnr::Preset::Fast) &&
                AreEqual(Enums::Preset::Default, gnr::Preset::Default) &&
                AreEqual(Enums::Preset::Accurate, gnr::Preset::Accurate),
              "itk and gnr enumerations differ");
} // namespace

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
    case Enum::InvH0:
      return out << "itk::DiffeomorphicGaussNewtonRegistrationFilterEnums::Preconditioner::InvH0";
    case Enum::TwoLevelInvH0:
      return out << "itk::DiffeomorphicGaussNewtonRegistrationFilterEnums::Preconditioner::TwoLevelInvH0";
  }
  return out << "INVALID VALUE FOR itk::DiffeomorphicGaussNewtonRegistrationFilterEnums::Preconditioner";
}

std::ostream &
operator<<(std::ostream & out, DiffeomorphicGaussNewtonRegistrationFilterEnums::BetaStrategy value)
{
  using Enum = DiffeomorphicGaussNewtonRegistrationFilterEnums::BetaStrategy;
  switch (value)
  {
    case Enum::Fixed:
      return out << "itk::DiffeomorphicGaussNewtonRegistrationFilterEnums::BetaStrategy::Fixed";
    case Enum::Continuation:
      return out << "itk::DiffeomorphicGaussNewtonRegistrationFilterEnums::BetaStrategy::Continuation";
    case Enum::Search:
      return out << "itk::DiffeomorphicGaussNewtonRegistrationFilterEnums::BetaStrategy::Search";
  }
  return out << "INVALID VALUE FOR itk::DiffeomorphicGaussNewtonRegistrationFilterEnums::BetaStrategy";
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
