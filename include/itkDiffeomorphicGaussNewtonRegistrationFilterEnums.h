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

#include "GaussNewtonRegistrationExport.h"

#include <cstdint>
#include <ostream>

namespace itk
{

/** \class DiffeomorphicGaussNewtonRegistrationFilterEnums
 * \brief Enumerations of DiffeomorphicGaussNewtonRegistrationFilter, the same for all its instantiations.
 * \ingroup GaussNewtonRegistration
 */
class DiffeomorphicGaussNewtonRegistrationFilterEnums
{
public:
  /** \class Regularization
   * \ingroup GaussNewtonRegistration
   * Sobolev seminorm of the velocity: the weight of wave vector k grows as |k|^2, |k|^4, |k|^6. */
  enum class Regularization : uint8_t
  {
    H1 = 1,
    H2 = 2,
    H3 = 3
  };

  /** \class Interpolation
   * \ingroup GaussNewtonRegistration
   * Interpolation of the transported images at departure points. */
  enum class Interpolation : uint8_t
  {
    Linear = 0, ///< 8 points
    Cubic = 1   ///< cubic Lagrange, 64 points
  };

  /** \class Preconditioner
   * \ingroup GaussNewtonRegistration
   * Preconditioner of the Krylov solver. */
  enum class Preconditioner : uint8_t
  {
    InvA = 0,         ///< inverse of the regularisation operator
    InvH0 = 1,        ///< inverse of the Hessian at zero velocity, with the deformed moving image
    TwoLevelInvH0 = 2 ///< InvH0 on the grid of half the size for the low frequencies, InvA for the others
  };

  /** \class BetaStrategy
   * \ingroup GaussNewtonRegistration
   * How the weight Beta of the regularisation is reached. */
  enum class BetaStrategy : uint8_t
  {
    Fixed = 0,        ///< solve with Beta
    Continuation = 1, ///< down to Beta by factors of ten, each solve starts from the one before
    Search = 2        ///< the smallest weight whose Jacobian determinants stay within bounds, not below Beta
  };

  /** \class IntensityNormalization
   * \ingroup GaussNewtonRegistration
   * How the intensities of the two images are brought to a common scale. */
  enum class IntensityNormalization : uint8_t
  {
    None = 0,       ///< as they are
    Percentiles = 1 ///< robust percentiles of each image to [0, 1]
  };

  /** \class Device
   * \ingroup GaussNewtonRegistration
   * Where the solver runs. */
  enum class Device : uint8_t
  {
    Auto = 0,     ///< CUDA if a device works, otherwise the CPU; the report says which and why
    CPU = 1,      ///< OpenMP threads
    CUDA = 2,     ///< an NVIDIA GPU; an error where there is none
    Reference = 3 ///< plain serial loops in double precision: slow, for verification
  };

  /** \class Preset
   * \ingroup GaussNewtonRegistration
   * Named sets of parameters: how much time to spend. */
  enum class Preset : uint8_t
  {
    Fast = 0,
    Default = 1,
    Accurate = 2
  };
};

/** Print the name of a value. */
extern GaussNewtonRegistration_EXPORT std::ostream &
operator<<(std::ostream & out, DiffeomorphicGaussNewtonRegistrationFilterEnums::Regularization value);
extern GaussNewtonRegistration_EXPORT std::ostream &
operator<<(std::ostream & out, DiffeomorphicGaussNewtonRegistrationFilterEnums::Interpolation value);
extern GaussNewtonRegistration_EXPORT std::ostream &
operator<<(std::ostream & out, DiffeomorphicGaussNewtonRegistrationFilterEnums::Preconditioner value);
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
