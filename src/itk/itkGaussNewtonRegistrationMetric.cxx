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
#include "itkGaussNewtonRegistrationMetric.h"

#include "itkGaussNewtonRegistrationError.h"

#include "gnr/EnumNames.h"

#include <utility>

namespace itk
{

namespace
{
[[noreturn]] void
Refuse(const std::string & what)
{
  throw GaussNewtonRegistrationError(
    GaussNewtonRegistrationErrorEnums::Kind::BadInput, __FILE__, __LINE__, "metric: " + what, ITK_LOCATION);
}
} // namespace

auto
GaussNewtonRegistrationMetric::Named(const std::string & name) -> Pointer
{
  const auto measure = gnr::valueOf<gnr::SimilarityMeasure>(name);
  if (!measure || measure == gnr::SimilarityMeasure::Custom)
  {
    Refuse("'" + name + "' is no measure of the solver; doc/choices.md lists them, and Of() takes one of your own");
  }
  const Pointer metric = New();
  metric->m_Measure = *measure;
  return metric;
}

auto
GaussNewtonRegistrationMetric::Of(std::shared_ptr<gnr::CustomMeasure> measure) -> Pointer
{
  if (!measure)
  {
    Refuse("Of() was given no measure");
  }
  const Pointer metric = New();
  metric->m_Measure = gnr::SimilarityMeasure::Custom;
  metric->m_CustomMeasure = std::move(measure);
  return metric;
}

std::string
GaussNewtonRegistrationMetric::GetName() const
{
  return gnr::nameOf(m_Measure);
}

void
GaussNewtonRegistrationMetric::PrintSelf(std::ostream & os, Indent indent) const
{
  Superclass::PrintSelf(os, indent);
  os << indent << "Name: " << this->GetName() << std::endl;
  os << indent << "CustomMeasure: " << m_CustomMeasure.get() << std::endl;
}

} // namespace itk
