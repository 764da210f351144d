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
#ifndef itkGaussNewtonRegistrationError_h
#define itkGaussNewtonRegistrationError_h

#include "itkMacro.h"

#include "GaussNewtonRegistrationExport.h"

#include <cstdint>
#include <ostream>
#include <string>

namespace itk
{

/** \class GaussNewtonRegistrationErrorEnums
 * \brief Why a registration could not be carried out.
 * \ingroup GaussNewtonRegistration
 */
class GaussNewtonRegistrationErrorEnums
{
public:
  /** \class Kind
   * \ingroup GaussNewtonRegistration
   * The kinds of failure; the command line tools exit with code 2, 3 and 4 for them. */
  enum class Kind : uint8_t
  {
    BadInput = 0,        ///< the images or parameters cannot be used as they are
    OutOfResources = 1,  ///< memory could not be had
    NumericalFailure = 2 ///< the solve produced something that is not a number
  };
};

/** Prints the name of the kind. */
extern GaussNewtonRegistration_EXPORT std::ostream &
                                      operator<<(std::ostream & out, GaussNewtonRegistrationErrorEnums::Kind value);

/** \class GaussNewtonRegistrationError
 * \brief Thrown by DiffeomorphicGaussNewtonRegistrationFilter for every failure other than an abort.
 *
 * The description names the input or the parameter, says what is wrong with it and what to do. An abort arrives as
 * itk::ProcessAborted, as from any ITK filter.
 *
 * \ingroup GaussNewtonRegistration
 */
class GaussNewtonRegistration_EXPORT GaussNewtonRegistrationError : public ExceptionObject
{
public:
  using KindEnum = GaussNewtonRegistrationErrorEnums::Kind;

  /** \param kind why it failed
   * \param file,lineNumber where in the source the failure was noticed
   * \param description what is wrong and what to do
   * \param location the method that failed */
  GaussNewtonRegistrationError(KindEnum            kind,
                               const std::string & file,
                               unsigned int        lineNumber,
                               const std::string & description,
                               const std::string & location = "Unknown");

  GaussNewtonRegistrationError(const GaussNewtonRegistrationError &) noexcept = default;
  GaussNewtonRegistrationError &
  operator=(const GaussNewtonRegistrationError &) noexcept = default;
  ~GaussNewtonRegistrationError() override;

  const char *
  GetNameOfClass() const override
  {
    return "GaussNewtonRegistrationError";
  }

  /** Why the registration failed. */
  KindEnum
  GetKind() const
  {
    return m_Kind;
  }

private:
  KindEnum m_Kind;
};

} // namespace itk

#endif
