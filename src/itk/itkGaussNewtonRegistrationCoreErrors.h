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
#ifndef itkGaussNewtonRegistrationCoreErrors_h
#define itkGaussNewtonRegistrationCoreErrors_h

// Between the errors of the core and those of ITK; private to src/itk.

#include "itkGaussNewtonRegistrationError.h"

#include "itkProcessObject.h"

#include "gnr/Error.h"

namespace itk
{
namespace GaussNewtonRegistrationCoreErrors
{

inline GaussNewtonRegistrationErrorEnums::Kind
KindOf(gnr::ErrorKind kind)
{
  switch (kind)
  {
    case gnr::ErrorKind::OutOfResources:
      return GaussNewtonRegistrationErrorEnums::Kind::OutOfResources;
    case gnr::ErrorKind::NumericalFailure:
      return GaussNewtonRegistrationErrorEnums::Kind::NumericalFailure;
    default:
      return GaussNewtonRegistrationErrorEnums::Kind::BadInput;
  }
}

inline gnr::ErrorKind
KindOf(GaussNewtonRegistrationErrorEnums::Kind kind)
{
  switch (kind)
  {
    case GaussNewtonRegistrationErrorEnums::Kind::OutOfResources:
      return gnr::ErrorKind::OutOfResources;
    case GaussNewtonRegistrationErrorEnums::Kind::NumericalFailure:
      return gnr::ErrorKind::NumericalFailure;
    default:
      return gnr::ErrorKind::BadInput;
  }
}

/** Runs f; errors of the core leave as ITK exceptions. */
template <typename TFunction>
auto
WithItkErrors(const char * location, TFunction f) -> decltype(f())
{
  try
  {
    return f();
  }
  catch (const gnr::Error & error)
  {
    if (error.kind() == gnr::ErrorKind::Aborted)
    {
      throw ProcessAborted(__FILE__, __LINE__);
    }
    throw GaussNewtonRegistrationError(KindOf(error.kind()), __FILE__, __LINE__, error.what(), location);
  }
}

} // namespace GaussNewtonRegistrationCoreErrors
} // namespace itk

#endif
