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
#include "itkGaussNewtonRegistrationError.h"

namespace itk
{

GaussNewtonRegistrationError::GaussNewtonRegistrationError(KindEnum            kind,
                                                           const std::string & file,
                                                           unsigned int        lineNumber,
                                                           const std::string & description,
                                                           const std::string & location)
  : ExceptionObject(file, lineNumber, description, location)
  , m_Kind(kind)
{}

// Out of line, so that the type information lives in this library and exceptions are caught across libraries.
GaussNewtonRegistrationError::~GaussNewtonRegistrationError() = default;

std::ostream &
operator<<(std::ostream & out, GaussNewtonRegistrationErrorEnums::Kind value)
{
  switch (value)
  {
    case GaussNewtonRegistrationErrorEnums::Kind::BadInput:
      return out << "itk::GaussNewtonRegistrationErrorEnums::Kind::BadInput";
    case GaussNewtonRegistrationErrorEnums::Kind::OutOfResources:
      return out << "itk::GaussNewtonRegistrationErrorEnums::Kind::OutOfResources";
    case GaussNewtonRegistrationErrorEnums::Kind::NumericalFailure:
      return out << "itk::GaussNewtonRegistrationErrorEnums::Kind::NumericalFailure";
  }
  return out << "INVALID VALUE FOR itk::GaussNewtonRegistrationErrorEnums::Kind";
}

} // namespace itk
