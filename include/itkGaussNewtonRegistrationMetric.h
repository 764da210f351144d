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
#ifndef itkGaussNewtonRegistrationMetric_h
#define itkGaussNewtonRegistrationMetric_h

#include "itkObject.h"
#include "itkObjectFactory.h"

#include "gnr/CustomMeasure.h"
#include "gnr/Options.h"

#include "GaussNewtonRegistrationExport.h"

#include <memory>
#include <ostream>
#include <string>

namespace itk
{

/** \class GaussNewtonRegistrationMetric
 * \brief One measure of similarity by which a DiffeomorphicGaussNewtonRegistrationFilter compares its images.
 *
 * Named() makes one of the solver's measures, Of() one of the caller's own. New() makes that of the default, "auto",
 * which stands alone. Options such as the width of the windows are parameters of the filter.
 *
 * \code
 *   filter->AddMetric(itk::GaussNewtonRegistrationMetric::Named("lncc"));
 *   filter->AddMetric(itk::GaussNewtonRegistrationMetric::Of(std::make_shared<MyMeasure>()), 0.5);
 * \endcode
 *
 * \sa gnr::CustomMeasure
 * \ingroup GaussNewtonRegistration
 */
class GaussNewtonRegistration_EXPORT GaussNewtonRegistrationMetric : public Object
{
public:
  ITK_DISALLOW_COPY_AND_MOVE(GaussNewtonRegistrationMetric);

  using Self = GaussNewtonRegistrationMetric;
  using Superclass = Object;
  using Pointer = SmartPointer<Self>;
  using ConstPointer = SmartPointer<const Self>;

  itkNewMacro(Self);

  /** Run-time type information. */
#ifdef itkOverrideGetNameOfClassMacro
  itkOverrideGetNameOfClassMacro(GaussNewtonRegistrationMetric);
#else
  itkTypeMacro(GaussNewtonRegistrationMetric, Object);
#endif

  /** "ssd", "ncc", "lncc", "mind", "mi", "ngf", "correlation-ratio" or "labels"; `doc/choices.md` tells which is for
   * what. Throws GaussNewtonRegistrationError, with the names, for others. */
  static Pointer
  Named(const std::string & name);

#ifndef ITK_WRAPPING_PARSER
  /** A measure of the caller's own. It is called from within Update(), in every process that shares the registration;
   * worker processes cannot have it. Modified() of this object tells the filter of a change in it.
   * Throws GaussNewtonRegistrationError for null. */
  static Pointer
  Of(std::shared_ptr<gnr::CustomMeasure> measure);

  gnr::SimilarityMeasure
  GetMeasure() const
  {
    return m_Measure;
  }
  /** Null unless made by Of(). */
  const std::shared_ptr<gnr::CustomMeasure> &
  GetCustomMeasure() const
  {
    return m_CustomMeasure;
  }
#endif

  /** "custom" if it is one of the caller's own. */
  std::string
  GetName() const;

protected:
  GaussNewtonRegistrationMetric() = default;
  ~GaussNewtonRegistrationMetric() override = default;

  void
  PrintSelf(std::ostream & os, Indent indent) const override;

private:
  gnr::SimilarityMeasure              m_Measure{ gnr::SimilarityMeasure::Automatic };
  std::shared_ptr<gnr::CustomMeasure> m_CustomMeasure{};
};

} // namespace itk

#endif
