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
#ifndef itkDiffeomorphicGaussNewtonRegistrationFilterEnums_h
#define itkDiffeomorphicGaussNewtonRegistrationFilterEnums_h

#include "gnr/Options.h"

#include "GaussNewtonRegistrationExport.h"

#include <cstdint>
#include <ostream>

namespace itk
{

/** \class DiffeomorphicGaussNewtonRegistrationFilterEnums
 * \brief Enumerations of DiffeomorphicGaussNewtonRegistrationFilter, the same for all its instantiations: those of the
 * core, as ITK wants them.
 * \ingroup GaussNewtonRegistration
 */
class DiffeomorphicGaussNewtonRegistrationFilterEnums
{
public:
  /** \class BetaStrategy
   * \ingroup GaussNewtonRegistration
   * How the weight Beta of the regularisation is reached. */
  enum class BetaStrategy : uint8_t
  {
    /** Solve with Beta. */
    Fixed = static_cast<int>(gnr::BetaStrategy::Fixed),
    /** Down to Beta by factors of ten, each solve starts from the one before. */
    Continuation = static_cast<int>(gnr::BetaStrategy::Continuation),
    /** The smallest weight whose Jacobian determinants stay within bounds, not below Beta. */
    Search = static_cast<int>(gnr::BetaStrategy::Search)
  };

  /** \class IntensityNormalization
   * \ingroup GaussNewtonRegistration
   * How the intensities of the two images are brought to a common scale. */
  enum class IntensityNormalization : uint8_t
  {
    /** As they are. */
    None = static_cast<int>(gnr::IntensityNormalization::None),
    /** Robust percentiles of each image to [0, 1]. */
    Percentiles = static_cast<int>(gnr::IntensityNormalization::Percentiles)
  };

  /** \class Device
   * \ingroup GaussNewtonRegistration
   * Where the solver runs. */
  enum class Device : uint8_t
  {
    /** CUDA if a device works, otherwise the CPU; the report says which and why. */
    Auto = static_cast<int>(gnr::Device::Auto),
    /** OpenMP threads. */
    CPU = static_cast<int>(gnr::Device::Cpu),
    /** An NVIDIA GPU; an error where there is none. */
    CUDA = static_cast<int>(gnr::Device::Cuda),
    /** Plain serial loops in double precision: slow, for verification. */
    Reference = static_cast<int>(gnr::Device::Reference)
  };

  /** \class Preset
   * \ingroup GaussNewtonRegistration
   * Named sets of parameters: how much time to spend, or what the images are. */
  enum class Preset : uint8_t
  {
    Fast = static_cast<int>(gnr::Preset::Fast),
    Default = static_cast<int>(gnr::Preset::Default),
    Accurate = static_cast<int>(gnr::Preset::Accurate),
    /** Two CTs of a chest: densities, whose mass is kept. */
    LungCt = static_cast<int>(gnr::Preset::LungCt)
  };
};

/** Prints the word of a value, as gnr-register and SetParameter() have it. */
extern GaussNewtonRegistration_EXPORT std::ostream &
operator<<(std::ostream & out, DiffeomorphicGaussNewtonRegistrationFilterEnums::BetaStrategy value);
extern GaussNewtonRegistration_EXPORT std::ostream &
operator<<(std::ostream & out, DiffeomorphicGaussNewtonRegistrationFilterEnums::IntensityNormalization value);
extern GaussNewtonRegistration_EXPORT std::ostream &
operator<<(std::ostream & out, DiffeomorphicGaussNewtonRegistrationFilterEnums::Device value);
extern GaussNewtonRegistration_EXPORT std::ostream &
operator<<(std::ostream & out, DiffeomorphicGaussNewtonRegistrationFilterEnums::Preset value);

} // namespace itk

#endif
