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
#ifndef itkDiffeomorphicGaussNewtonRegistrationFilter_hxx
#define itkDiffeomorphicGaussNewtonRegistrationFilter_hxx

#include "itkDiffeomorphicGaussNewtonRegistrationFilter.h"

#include <algorithm>

// What depends on pixel types; the rest is in src/itk/itkGaussNewtonRegistrationRun.cxx.

namespace itk
{

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::
  DiffeomorphicGaussNewtonRegistrationFilter()
{
  this->SetPrimaryInputName(RunType::InputNames[RunType::FixedImage]);
  this->AddRequiredInputName(RunType::InputNames[RunType::MovingImage], RunType::MovingImage);
  for (unsigned int i = RunType::FixedImageMask; i < RunType::NumberOfInputs; ++i)
  {
    this->AddOptionalInputName(RunType::InputNames[i], i);
  }
  this->SetNumberOfRequiredOutputs(RunType::NumberOfOutputs);
  for (unsigned int i = 0; i < RunType::NumberOfOutputs; ++i)
  {
    this->ProcessObject::SetNthOutput(i, Self::MakeOutput(i));
  }
}

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
void
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::AddImagePair(
  const FixedImageType *  fixed,
  const MovingImageType * moving)
{
  m_Run.CheckPair(fixed, moving);
  const unsigned int number = m_Run.CountFurtherPairs();
  this->ProcessObject::SetNthInput(RunType::IndexOf(RunType::FixedImage, number), const_cast<FixedImageType *>(fixed));
  this->ProcessObject::SetNthInput(RunType::IndexOf(RunType::MovingImage, number),
                                   const_cast<MovingImageType *>(moving));
}

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
void
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::ClearImagePairs()
{
  this->SetNumberOfIndexedInputs(RunType::NumberOfInputs);
}

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
DataObject::Pointer
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::MakeOutput(
  DataObjectPointerArraySizeType idx)
{
  switch (idx)
  {
    case RunType::WarpedMovingImage:
    case RunType::JacobianDeterminantImage:
      return RealImageType::New().GetPointer();
    case RunType::WholeTransform:
      return DecoratedTransformType::New().GetPointer();
    default:
      return DisplacementFieldType::New().GetPointer();
  }
}

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
DataObject::Pointer
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::MakeOutput(
  const ProcessObject::DataObjectIdentifierType & name)
{
  const bool isPrimary = name == this->GetPrimaryOutputName();
  return this->MakeOutput(isPrimary ? 0 : this->MakeIndexFromOutputName(name));
}

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
auto
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::GetTransform()
  -> CompositeTransformType *
{
  return static_cast<CompositeTransformType *>(m_Run.GetTransform());
}

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
auto
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::GetTransformOutput()
  -> DecoratedTransformType *
{
  return m_Run.GetTransformOutput();
}

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
void
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::SetPreset(PresetEnum preset)
{
  gnr::Options options = gnr::makeOptions(static_cast<gnr::Preset>(preset));
  for (const gnr::OptionRow & row : gnr::optionTable())
  {
    if (row.group == gnr::OptionGroup::Machine) // no matter of accuracy: it stays as it was set
    {
      row.member.set(options, row.member.get(this->GetOptions()));
    }
  }
  this->SetOptions(options);
}

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
void
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::AddMetric(
  const GaussNewtonRegistrationMetric * metric,
  double                                weight)
{
  this->SetOptions(m_Run.OptionsWithMetric(metric, weight, this->GetOptionTable()));
}

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
void
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::ClearMetrics()
{
  this->SetSimilarity(GaussNewtonRegistrationMetric::New()->GetName());
}

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
void
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::SetNumberOfWorkUnits(
  ThreadIdType value)
{
  Superclass::SetNumberOfWorkUnits(value);
  m_Run.Set(m_Run.GetSettings().options.threads, static_cast<int>(this->GetNumberOfWorkUnits()));
}

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
void
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::SetOptions(
  const gnr::Options & options)
{
  m_Run.SetOptions(options, this->GetOptionTable());
  if (options.threads)
  {
    Superclass::SetNumberOfWorkUnits(static_cast<ThreadIdType>(std::max(1, *options.threads)));
  }
}

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
void
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::SetParameter(
  const std::string & name,
  const std::string & value)
{
  this->SetOptions(m_Run.OptionsWith(name, value, this->GetOptionTable()));
}

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
std::string
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::GetParameter(
  const std::string & name) const
{
  return m_Run.GetParameter(name, this->GetOptionTable());
}

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
void
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::StopRegistration()
{
  m_Run.Stop();
}

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
SizeValueType
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::EstimateRequiredMemory()
{
  return m_Run.PlanMemory().Largest();
}

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
auto
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::PlanMemory() -> MemoryNeed
{
  return m_Run.PlanMemory();
}

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
void
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::Update()
{
  m_Run.Update();
}

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
void
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::UpdateLargestPossibleRegion()
{
  this->Update();
}

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
ModifiedTimeType
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::GetMTime() const
{
  return std::max(Superclass::GetMTime(), m_Run.GetMTimeOfParts());
}

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
void
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::VerifyPreconditions() const
{
  if (!m_Run.HasNoInputs())
  {
    Superclass::VerifyPreconditions();
  }
}

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
void
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::VerifyInputInformation()
  const
{
  m_Run.VerifyInputInformation();
}

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
void
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::GenerateOutputInformation()
{
  m_Run.GenerateOutputInformation();
}

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
void
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::
  GenerateInputRequestedRegion()
{
  // Not that of ImageToImageFilter, which would ask the moving image for the region of the fixed one.
  this->ProcessObject::GenerateInputRequestedRegion();
  m_Run.GenerateInputRequestedRegion();
}

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
void
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::EnlargeOutputRequestedRegion(
  DataObject * output)
{
  m_Run.EnlargeOutputRequestedRegion(output);
}

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
void
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::GenerateData()
{
  m_Run.GenerateData();
}

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
void
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::CacheInputReleaseDataFlags()
{
  m_Run.CacheInputReleaseDataFlags();
  Superclass::CacheInputReleaseDataFlags();
}

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
void
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::PrintSelf(
  std::ostream & os,
  Indent         indent) const
{
  Superclass::PrintSelf(os, indent);
  m_Run.Print(os, indent, this->GetOptionTable());
}

} // namespace itk

#endif
