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
#include "itkGaussNewtonRegistrationInitializer.h"

#include "itkGaussNewtonRegistrationAlignment.h"
#include "itkGaussNewtonRegistrationError.h"

#include "itkIdentityTransform.h"
#include "itkTranslationTransform.h"

#include <algorithm>
#include <cmath>
#include <sstream>

namespace itk
{

namespace Alignment = GaussNewtonRegistrationAlignment;

GaussNewtonRegistrationInitializer::GaussNewtonRegistrationInitializer()
{
  this->SetPrimaryInputName("FixedImage");
  this->AddRequiredInputName("MovingImage", 1);
  this->AddOptionalInputName("FixedImageMask", 2);
  this->AddOptionalInputName("MovingImageMask", 3);
  this->SetNumberOfRequiredOutputs(1);
  this->ProcessObject::SetNthOutput(0, Self::MakeOutput(0));
}

DataObject::Pointer
GaussNewtonRegistrationInitializer::MakeOutput(DataObjectPointerArraySizeType)
{
  return DecoratedTransformType::New().GetPointer();
}

auto
GaussNewtonRegistrationInitializer::GetOutput() -> DecoratedTransformType *
{
  return static_cast<DecoratedTransformType *>(this->ProcessObject::GetOutput(0));
}

auto
GaussNewtonRegistrationInitializer::GetOutput() const -> const DecoratedTransformType *
{
  return static_cast<const DecoratedTransformType *>(this->ProcessObject::GetOutput(0));
}

auto
GaussNewtonRegistrationInitializer::GetTransform() -> TransformType *
{
  TransformType * const transform = this->GetOutput()->GetModifiable();
  if (!transform)
  {
    itkExceptionMacro(<< "There is no result: call Update() first.");
  }
  return transform;
}

void
GaussNewtonRegistrationInitializer::GenerateData()
{
  m_InitialMutualInformation = 0.0;
  m_FinalMutualInformation = 0.0;
  m_FinalOverlap = 0.0;
  m_Remark.clear();
  this->UpdateProgress(0.0F);
  if (m_Method == MethodEnum::Identity)
  {
    this->GetOutput()->Set(IdentityTransform<double, 3>::New());
    this->UpdateProgress(1.0F);
    return;
  }

  // Centres within the mask of one image only would be those of different things.
  const bool               useMasks = this->GetFixedImageMask() && this->GetMovingImageMask();
  const bool               ignoreMasks = m_Method == MethodEnum::Moments && !useMasks;
  const MaskImageType *    fixedMask = ignoreMasks ? nullptr : this->GetFixedImageMask();
  const MaskImageType *    movingMask = ignoreMasks ? nullptr : this->GetMovingImageMask();
  const Alignment::Picture fixed = Alignment::MakePicture(this->GetFixedImage(), fixedMask, "FixedImage");
  const Alignment::Picture moving = Alignment::MakePicture(this->GetMovingImage(), movingMask, "MovingImage");
  const auto               centre = Alignment::CentreOfMass(fixed, useMasks);
  const Vector<double, 3>  betweenCentres = Alignment::CentreOfMass(moving, useMasks) - centre;

  Alignment::Settings settings;
  settings.samples = m_NumberOfSamples;
  settings.bins = m_NumberOfHistogramBins;
  settings.iterations = m_NumberOfIterations;
  settings.seed = m_RandomSeed;
  settings.onProgress = [this](double share) {
    this->UpdateProgress(static_cast<float>(share));
    if (this->GetAbortGenerateData())
    {
      throw ProcessAborted(__FILE__, __LINE__);
    }
  };
  if (m_Method == MethodEnum::Moments)
  {
    const auto translation = TranslationTransform<double, 3>::New();
    translation->SetOffset(betweenCentres);
    m_Remark = Alignment::DescribeRotation(fixed, moving, betweenCentres, centre, settings);
    this->GetOutput()->Set(translation);
    this->UpdateProgress(1.0F);
    return;
  }
  const std::vector<Vector<double, 3>> starts{ betweenCentres,
                                               moving.gridCentre - fixed.gridCentre,
                                               Vector<double, 3>(0.0) };
  const Alignment::Alignment           result =
    Alignment::MaximizeInformation(fixed, moving, starts, centre, m_Method == MethodEnum::Affine, settings);
  m_InitialMutualInformation = result.initialInformation;
  m_FinalMutualInformation = result.finalInformation;
  m_FinalOverlap = result.overlap;
  m_Remark = result.remark;
  const auto & parameters = result.transform->GetParameters();
  const bool   isFinite =
    std::all_of(parameters.begin(), parameters.end(), [](double parameter) { return std::isfinite(parameter); });
  if (!isFinite)
  {
    throw GaussNewtonRegistrationError(GaussNewtonRegistrationErrorEnums::Kind::NumericalFailure,
                                       __FILE__,
                                       __LINE__,
                                       "The alignment of FixedImage and MovingImage failed: its result is not finite. "
                                       "Pass masks of what both images show, "
                                       "or a transform from another tool, or use Moments.",
                                       ITK_LOCATION);
  }
  this->GetOutput()->Set(result.transform);
  this->UpdateProgress(1.0F);
}

void
GaussNewtonRegistrationInitializer::PrintSelf(std::ostream & os, Indent indent) const
{
  Superclass::PrintSelf(os, indent);
  os << indent << "Method: " << m_Method << std::endl;
  os << indent << "NumberOfSamples: " << m_NumberOfSamples << std::endl;
  os << indent << "NumberOfHistogramBins: " << m_NumberOfHistogramBins << std::endl;
  os << indent << "NumberOfIterations: " << m_NumberOfIterations << std::endl;
  os << indent << "RandomSeed: " << m_RandomSeed << std::endl;
  os << indent << "InitialMutualInformation: " << m_InitialMutualInformation << std::endl;
  os << indent << "FinalMutualInformation: " << m_FinalMutualInformation << std::endl;
  os << indent << "FinalOverlap: " << m_FinalOverlap << std::endl;
  os << indent << "Remark: " << m_Remark << std::endl;
}

std::ostream &
operator<<(std::ostream & out, GaussNewtonRegistrationInitializerEnums::Method value)
{
  return out << gnr::nameOf(value);
}

} // namespace itk
