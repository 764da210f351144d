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

#include "itkCastImageFilter.h"
#include "itkDisplacementFieldTransform.h"
#include "itkSimpleDataObjectDecorator.h"

#include <algorithm>
#include <new>
#include <type_traits>

namespace itk
{

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
class DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::Listener
  : public gnr::Observer
{
public:
  Listener(Self * filter, Bridge & bridge, SolverInputs & inputs)
    : m_Filter(filter)
    , m_Bridge(bridge)
    , m_Inputs(inputs)
  {}

  void
  onEvent(const gnr::Event & event) override
  {
    switch (event.kind)
    {
      case gnr::Event::Kind::Level:
        m_Filter->m_CurrentLevelRecord = event.level;
        m_Filter->m_CurrentLevel = static_cast<unsigned int>(event.level.level);
        this->InvokeOnRoot(MultiResolutionIterationEvent());
        break;
      case gnr::Event::Kind::Iteration:
        m_Filter->m_CurrentIterationRecord = event.iteration;
        m_Filter->m_CurrentLevel = static_cast<unsigned int>(event.iteration.level);
        ++m_Filter->m_ElapsedIterations;
        this->InvokeOnRoot(IterationEvent());
        break;
      case gnr::Event::Kind::Progress:
        m_Filter->UpdateProgress(static_cast<float>(Self::PreparedProgress + Self::SolveProgress * event.progress));
        break;
      case gnr::Event::Kind::Message:
        m_Filter->m_LatestMessage = event.message;
        this->InvokeOnRoot(UserEvent());
        break;
      case gnr::Event::Kind::InputsRead:
        m_Bridge.ReleaseInputs();
        m_Inputs = SolverInputs();
        for (const std::string & name : m_Filter->m_ReleasableInputs)
        {
          m_Filter->ProcessObject::GetInput(name)->ReleaseData();
        }
        break;
    }
  }

  gnr::Request
  poll() override
  {
    if (m_Filter->GetAbortGenerateData())
    {
      return gnr::Request::Abort;
    }
    if (m_Filter->m_StopRequested)
    {
      return gnr::Request::Stop;
    }
    return m_Filter->m_RequestSource ? m_Filter->m_RequestSource() : gnr::Request::Continue;
  }

private:
  void
  InvokeOnRoot(const EventObject & event)
  {
    if (m_Filter->m_Distribution->IsRoot())
    {
      m_Filter->InvokeEvent(event);
    }
  }

  Self *         m_Filter;
  Bridge &       m_Bridge;
  SolverInputs & m_Inputs;
};

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::
  DiffeomorphicGaussNewtonRegistrationFilter()
{
  this->SetPrimaryInputName("FixedImage");
  this->AddRequiredInputName("MovingImage", 1);
  this->AddOptionalInputName("FixedImageMask", 2);
  this->AddOptionalInputName("MovingImageMask", 3);
  this->AddOptionalInputName("InitialTransform", 4);
  this->AddOptionalInputName("InitialVelocityField", 5);

  this->SetNumberOfRequiredOutputs(OutputCount);
  for (DataObjectPointerArraySizeType i = 0; i < OutputCount; ++i)
  {
    this->ProcessObject::SetNthOutput(i, Self::MakeOutput(i));
  }
}

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
DataObject::Pointer
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::MakeOutput(
  DataObjectPointerArraySizeType idx)
{
  if (idx == WarpedMovingImageIndex || idx == JacobianDeterminantImageIndex)
  {
    return RealImageType::New().GetPointer();
  }
  return DisplacementFieldType::New().GetPointer();
}

// --- outputs ---------------------------------------------------------------------------------------------------------

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
template <typename TOutput>
TOutput *
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::GetOptionalOutput(
  OutputIndex  index,
  bool         computed,
  const char * name) const
{
  if (!computed)
  {
    itkExceptionMacro(<< "The " << name << " is not computed; call Compute" << name << "On() before Update().");
  }
  return static_cast<TOutput *>(const_cast<Self *>(this)->ProcessObject::GetOutput(index));
}

#define gnrOptionalOutput(Name, Type)                                                                                  \
  template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>                                  \
  auto DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::Get##Name()->Type *  \
  {                                                                                                                    \
    return this->template GetOptionalOutput<Type>(Name##Index, m_Compute##Name, #Name);                                \
  }                                                                                                                    \
  template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>                                  \
  auto DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::Get##Name()          \
    const->const Type *                                                                                                \
  {                                                                                                                    \
    return this->template GetOptionalOutput<Type>(Name##Index, m_Compute##Name, #Name);                                \
  }                                                                                                                    \
  ITK_MACROEND_NOOP_STATEMENT

gnrOptionalOutput(InverseDisplacementField, DisplacementFieldType);
gnrOptionalOutput(VelocityField, DisplacementFieldType);
gnrOptionalOutput(WarpedMovingImage, RealImageType);
gnrOptionalOutput(JacobianDeterminantImage, RealImageType);

#undef gnrOptionalOutput

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
auto
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::GetFixedToMovingTransform()
  const -> typename CompositeTransformType::Pointer
{
  this->GetReportOfRun();
  const RegionType whole = this->GetDisplacementField()->GetLargestPossibleRegion();
  if (this->GetDisplacementField()->GetBufferedRegion() != whole)
  {
    itkExceptionMacro(
      << "This process does not have the whole displacement field; ask process 0, with GatherOutputOn().");
  }
  using FieldTransformType = DisplacementFieldTransform<double, 3>;
  using FieldType = typename FieldTransformType::DisplacementFieldType;

  // Copies even where no cast is needed, so that a later run does not change the transform. A transform stores no start
  // index, so the first voxel becomes index 0.
  const auto copy = [](const DisplacementFieldType * source) {
    const auto &                  region = source->GetLargestPossibleRegion();
    typename FieldType::PointType origin;
    source->TransformIndexToPhysicalPoint(region.GetIndex(), origin);
    const auto result = FieldType::New();
    result->SetRegions(region.GetSize());
    result->SetOrigin(origin);
    result->SetSpacing(source->GetSpacing());
    result->SetDirection(source->GetDirection());
    result->Allocate();
    const SizeValueType count = region.GetNumberOfPixels();
    const VectorType *  from = source->GetBufferPointer();
    auto *              to = result->GetBufferPointer();
    for (SizeValueType i = 0; i < count; ++i)
    {
      for (unsigned int d = 0; d < 3; ++d)
      {
        to[i][d] = from[i][d];
      }
    }
    return result;
  };

  const auto deformation = FieldTransformType::New();
  deformation->SetDisplacementField(copy(this->GetDisplacementField()));
  if (m_ComputeInverseDisplacementField)
  {
    deformation->SetInverseDisplacementField(copy(this->GetInverseDisplacementField()));
  }

  // A composite applies the transform that was added last first.
  const auto composite = CompositeTransformType::New();
  if (const InitialTransformType * initial = this->GetInitialTransform())
  {
    composite->AddTransform(const_cast<InitialTransformType *>(initial));
  }
  composite->AddTransform(deformation);
  composite->FlattenTransformQueue();
  return composite;
}

// --- parameters ------------------------------------------------------------------------------------------------------

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
template <typename TValue>
void
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::Assign(TValue &       member,
                                                                                                  const TValue & value)
{
  if (member != value)
  {
    member = value;
    this->Modified();
  }
}

#define gnrParameter(Name, Type, member)                                                                               \
  template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>                                  \
  void DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::Set##Name(           \
    Type value)                                                                                                        \
  {                                                                                                                    \
    this->Assign(m_Options.member, static_cast<decltype(m_Options.member)>(value));                                    \
  }                                                                                                                    \
  template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>                                  \
  auto DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::Get##Name()          \
    const->Type                                                                                                        \
  {                                                                                                                    \
    return static_cast<Type>(m_Options.member);                                                                        \
  }                                                                                                                    \
  ITK_MACROEND_NOOP_STATEMENT

gnrParameter(Beta, double, beta);
gnrParameter(Gamma, double, gamma);
gnrParameter(BetaStrategy, BetaStrategyEnum, betaStrategy);
gnrParameter(DeterminantLowerBound, double, determinantLower);
gnrParameter(DeterminantUpperBound, double, determinantUpper);
gnrParameter(Regularization, RegularizationEnum, regularization);
gnrParameter(Incompressible, bool, incompressible);
gnrParameter(NumberOfTimeSteps, unsigned int, timeSteps);
gnrParameter(Interpolation, InterpolationEnum, interpolation);
gnrParameter(NumberOfIterations, unsigned int, maximumIterations);
gnrParameter(MaximumNumberOfKrylovIterations, unsigned int, maximumKrylovIterations);
gnrParameter(GradientTolerance, double, gradientTolerance);
gnrParameter(ObjectiveTolerance, double, objectiveTolerance);
gnrParameter(Preconditioner, PreconditionerEnum, preconditioner);
gnrParameter(GridScale, double, gridScale);
gnrParameter(Periodic, bool, periodic);
gnrParameter(SmoothingSigma, double, smoothing);
gnrParameter(IntensityNormalization, IntensityNormalizationEnum, intensityNormalization);
gnrParameter(Device, DeviceEnum, device);

#undef gnrParameter

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
void
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::SetParameter(
  const std::string & name,
  const std::string & value)
{
  const std::string  before = this->GetParameter(name);
  const gnr::Options options = Bridge::SetOption(m_Options, name, value, this->GetOptionTable());
  if (gnr::getOption(options, name, this->GetOptionTable()) != before)
  {
    this->SetOptions(options);
  }
}

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
std::string
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::GetParameter(
  const std::string & name) const
{
  return Bridge::GetOption(m_Options, name, this->GetOptionTable());
}

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
void
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::SetPreset(PresetEnum preset)
{
  // The machine is no matter of accuracy: what there is of it stays as it was set.
  gnr::Options options = gnr::makeOptions(static_cast<gnr::Preset>(preset));
  options.device = m_Options.device;
  options.threads = m_Options.threads;
  options.checkpoint = m_Options.checkpoint;
  options.checkpointInterval = m_Options.checkpointInterval;
  this->SetOptions(options);
}

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
unsigned int
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::GetNumberOfLevels() const
{
  if (!m_Options.levels)
  {
    itkExceptionMacro(<< "The number of levels is automatic; GetReport().levels tells how many there were.");
  }
  return static_cast<unsigned int>(*m_Options.levels);
}

// Parameters that may be unset.
#define gnrOptionalParameter(Name, member, words)                                                                      \
  template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>                                  \
  void DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::Set##Name(           \
    double value)                                                                                                      \
  {                                                                                                                    \
    this->Assign(m_Options.member, std::optional<double>(value));                                                      \
  }                                                                                                                    \
  template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>                                  \
  void DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::Clear##Name()        \
  {                                                                                                                    \
    this->Assign(m_Options.member, std::optional<double>());                                                           \
  }                                                                                                                    \
  template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>                                  \
  bool DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::Has##Name() const    \
  {                                                                                                                    \
    return m_Options.member.has_value();                                                                               \
  }                                                                                                                    \
  template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>                                  \
  double DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::Get##Name() const  \
  {                                                                                                                    \
    if (!m_Options.member)                                                                                             \
    {                                                                                                                  \
      itkExceptionMacro(<< "There is no " words ".");                                                                  \
    }                                                                                                                  \
    return *m_Options.member;                                                                                          \
  }                                                                                                                    \
  ITK_MACROEND_NOOP_STATEMENT

gnrOptionalParameter(TimeLimit, timeLimit, "time limit");
gnrOptionalParameter(StallRate, stallRate, "stall rate");
gnrOptionalParameter(GradientLimit, gradientLimit, "limit of the gradient");
gnrOptionalParameter(DivergenceLimit, divergenceLimit, "limit of the divergence");
gnrOptionalParameter(DeterminantFloor, determinantFloor, "floor of the determinant");

#undef gnrOptionalParameter

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
void
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::SetNumberOfWorkUnits(
  ThreadIdType value)
{
  Superclass::SetNumberOfWorkUnits(value);
  this->Assign(m_Options.threads, std::optional<int>(static_cast<int>(this->GetNumberOfWorkUnits())));
}

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
void
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::SetOptions(
  const gnr::Options & options)
{
  m_Options = options;
  if (options.threads)
  {
    Superclass::SetNumberOfWorkUnits(static_cast<ThreadIdType>(std::max(1, *options.threads)));
  }
  this->Modified();
}

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
int
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::GetMPICommunicator() const
{
  if (!m_MPICommunicator)
  {
    itkExceptionMacro(<< "No MPI communicator was set.");
  }
  return *m_MPICommunicator;
}

// --- progress and results --------------------------------------------------------------------------------------------

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
double
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::GetMismatch() const
{
  if (m_Report)
  {
    return m_Report->mismatch;
  }
  return m_CurrentIterationRecord ? m_CurrentIterationRecord->mismatch : 1.0;
}

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
const gnr::IterationRecord &
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::GetCurrentIterationRecord()
  const
{
  if (!m_CurrentIterationRecord)
  {
    itkExceptionMacro(<< "No Newton step was taken yet.");
  }
  return *m_CurrentIterationRecord;
}

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
const gnr::LevelRecord &
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::GetCurrentLevelRecord() const
{
  if (!m_CurrentLevelRecord)
  {
    itkExceptionMacro(<< "No level was started yet.");
  }
  return *m_CurrentLevelRecord;
}

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
const gnr::Report &
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::GetReportOfRun() const
{
  if (!m_Report)
  {
    itkExceptionMacro(<< "There is no result: call Update() first.");
  }
  return *m_Report;
}

// --- pipeline --------------------------------------------------------------------------------------------------------

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
auto
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::MakeProposal() const
  -> Distribution::Proposal
{
  Distribution::Proposal proposal;
  auto &                 settings = proposal.settings;
  settings.options = m_Options;
  settings.useHistogramMatching = m_UseHistogramMatching;
  settings.computeInverseDisplacementField = m_ComputeInverseDisplacementField;
  settings.computeVelocityField = m_ComputeVelocityField;
  settings.computeWarpedMovingImage = m_ComputeWarpedMovingImage;
  settings.computeJacobianDeterminantImage = m_ComputeJacobianDeterminantImage;
  settings.gatherOutput = m_GatherOutput;
  for (unsigned int i = 0; i < Distribution::NumberOfInputs; ++i)
  {
    proposal.inputs[i] = this->ProcessObject::GetInput(Distribution::InputNames[i]);
  }
  const DataObject * output = this->ProcessObject::GetOutput(DisplacementFieldIndex);
  proposal.isOutOfDate =
    output->GetUpdateMTime() < std::max(output->GetPipelineMTime(), this->GetMTime()) || output->GetDataReleased();
  return proposal;
}

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
std::shared_ptr<gnr::Communicator>
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::MakeCommunicator() const
{
  return m_Communicator ? m_Communicator : Distribution::MakeCommunicator(m_UseMPI, m_MPICommunicator);
}

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
auto
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::GetSettingsOfRun() const
  -> Distribution::Settings
{
  const bool isShared = m_Distribution && m_Distribution->GetNumberOfProcesses() > 1;
  return isShared ? m_Distribution->GetSettings() : this->MakeProposal().settings;
}

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
template <typename TFunction>
void
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::RunTogether(
  const std::shared_ptr<gnr::Communicator> & communicator,
  TFunction                                  f)
{
  m_Distribution.reset();
  m_IsUpdatingTogether = true;
  try
  {
    Distribution::ShareErrors(*communicator, [&] {
      const auto & inputs = this->MakeProposal().inputs;
      if (communicator->rank() == 0 || std::any_of(inputs.begin(), inputs.end(), [](auto input) { return input; }))
      {
        this->UpdateOutputInformation();
      }
      m_Distribution = std::make_shared<Distribution>(communicator, this->MakeProposal());
      f();
      // So that no process takes for done what another one could not finish.
      double done = 1.0;
      communicator->sum(&done, 1);
      m_Distribution->Disconnect();
    });
  }
  catch (...)
  {
    m_IsUpdatingTogether = false;
    m_Report.reset();
    this->ResetPipeline();
    for (DataObjectPointerArraySizeType i = 0; i < OutputCount; ++i)
    {
      this->ProcessObject::GetOutput(i)->ReleaseData();
    }
    throw;
  }
  m_IsUpdatingTogether = false;
}

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
void
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::Update()
{
  const std::shared_ptr<gnr::Communicator> communicator = this->MakeCommunicator();
  if (communicator->size() == 1)
  {
    m_Distribution.reset();
    m_IsUpdatingTogether = true;
    try
    {
      Superclass::Update();
    }
    catch (...)
    {
      m_IsUpdatingTogether = false;
      throw;
    }
    m_IsUpdatingTogether = false;
    return;
  }
  this->RunTogether(communicator, [this] {
    if (!m_Distribution->IsOutOfDate())
    {
      return;
    }
    // Some process has something new, so that all must take part. Not by the Update() of the output, which does nothing
    // where no voxel of it is wanted.
    this->Modified();
    this->UpdateOutputInformation();
    DataObject * output = this->ProcessObject::GetOutput(DisplacementFieldIndex);
    this->PropagateRequestedRegion(output);
    this->UpdateOutputData(output);
  });
}

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
void
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::VerifyPreconditions() const
{
  if (!m_Distribution || !m_Distribution->HasNoInputs())
  {
    Superclass::VerifyPreconditions();
  }
}

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
void
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::VerifyInputInformation()
  const
{
  if (!m_Distribution || !m_Distribution->HasNoInputs())
  {
    Bridge::VerifyGrids(
      this->GetFixedImage(), this->GetMovingImage(), this->GetFixedImageMask(), this->GetMovingImageMask());
  }
}

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
void
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::GenerateOutputInformation()
{
  const ImageBase<3> * fixed = this->GetFixedImage();
  if (m_Distribution && m_Distribution->HasNoInputs())
  {
    fixed = m_Distribution->GetFixedGrid();
  }
  for (DataObjectPointerArraySizeType i = 0; i < OutputCount; ++i)
  {
    auto * output = static_cast<ImageBase<3> *>(this->ProcessObject::GetOutput(i));
    output->SetLargestPossibleRegion(fixed->GetLargestPossibleRegion());
    output->SetSpacing(fixed->GetSpacing());
    output->SetOrigin(fixed->GetOrigin());
    output->SetDirection(fixed->GetDirection());
  }
}

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
void
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::
  GenerateInputRequestedRegion()
{
  // Not that of ImageToImageFilter, which would ask the moving image for the region of the fixed one.
  this->ProcessObject::GenerateInputRequestedRegion();
  if (!m_Distribution || !m_Distribution->IsInputDistributed())
  {
    return;
  }
  const RegionType whole = m_Distribution->GetFixedGrid()->GetLargestPossibleRegion();
  for (const auto & name : this->GetInputNames())
  {
    if (auto * image = dynamic_cast<ImageBase<3> *>(this->ProcessObject::GetInput(name)))
    {
      RegionType region = m_Distribution->GetInputRegion();
      region.SetIndex(region.GetIndex() + (image->GetLargestPossibleRegion().GetIndex() - whole.GetIndex()));
      if (name != "FixedImage" && name != "FixedImageMask")
      {
        // Which voxels of it are needed is found later, by GenerateData().
        region.SetIndex(image->GetLargestPossibleRegion().GetIndex());
        region.SetSize({ { 1, 1, 1 } });
      }
      image->SetRequestedRegion(region);
    }
  }
}

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
void
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::EnlargeOutputRequestedRegion(
  DataObject * output)
{
  if (!m_Distribution || m_Distribution->GetNumberOfProcesses() == 1)
  {
    output->SetRequestedRegionToLargestPossibleRegion();
    return;
  }
  auto *           image = static_cast<ImageBase<3> *>(output);
  const RegionType region = m_Distribution->GetOutputRegion();
  if (!m_IsUpdatingTogether && !region.IsInside(image->GetRequestedRegion()))
  {
    InvalidRequestedRegionError error(__FILE__, __LINE__);
    error.SetLocation(ITK_LOCATION);
    error.SetDescription(
      "This process has only its part of the registration's outputs; with GatherOutputOn(), process 0 "
      "has all.");
    error.SetDataObject(output);
    throw error;
  }
  image->SetRequestedRegion(region);
}

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
template <typename TOutput, typename TInput>
typename TOutput::ConstPointer
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::CastTo(const TInput * image)
{
  if constexpr (std::is_same_v<TOutput, TInput>)
  {
    return image;
  }
  else
  {
    // A graft keeps the inner filter from running the pipeline above the image again.
    const auto source = TInput::New();
    source->Graft(image);
    const auto cast = CastImageFilter<TInput, TOutput>::New();
    cast->SetInput(source);
    cast->GetOutput()->SetRequestedRegion(image->GetBufferedRegion());
    cast->Update();
    return cast->GetOutput();
  }
}

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
auto
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::PutField(OutputIndex index,
                                                                                                    Bridge &    bridge,
                                                                                                    gnr::Field field) ->
  typename BridgeVectorImageType::ConstPointer
{
  const RegionType region = m_Distribution->GetOutputRegion();
  if (region.GetNumberOfPixels() == 0)
  {
    bridge.ReadField(field, static_cast<BridgeVectorImageType *>(nullptr));
    return nullptr;
  }
  auto * output = static_cast<DisplacementFieldType *>(this->ProcessObject::GetOutput(index));
  output->SetBufferedRegion(region);
  output->Allocate();
  if constexpr (std::is_same_v<DisplacementFieldType, BridgeVectorImageType>)
  {
    bridge.ReadField(field, output);
    return output;
  }
  else
  {
    const auto inFloat = BridgeVectorImageType::New();
    inFloat->CopyInformation(output);
    inFloat->SetBufferedRegion(region);
    inFloat->SetRequestedRegion(region);
    inFloat->Allocate();
    bridge.ReadField(field, inFloat.GetPointer());
    const SizeValueType count = region.GetNumberOfPixels();
    const auto *        from = inFloat->GetBufferPointer();
    VectorType *        to = output->GetBufferPointer();
    for (SizeValueType i = 0; i < count; ++i)
    {
      for (unsigned int d = 0; d < 3; ++d)
      {
        to[i][d] = static_cast<typename VectorType::ValueType>(from[i][d]);
      }
    }
    return inFloat.GetPointer();
  }
}

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
auto
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::AllocateRealOutput(
  OutputIndex index) -> RealImageType *
{
  const RegionType region = m_Distribution->GetOutputRegion();
  if (region.GetNumberOfPixels() == 0)
  {
    return nullptr;
  }
  auto * output = static_cast<RealImageType *>(this->ProcessObject::GetOutput(index));
  output->SetBufferedRegion(region);
  output->Allocate();
  return output;
}

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
auto
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::PrepareInputs(
  Bridge & bridge) -> SolverInputs
{
  const Distribution::Settings & settings = m_Distribution->GetSettings();
  const auto                     workUnits = settings.options.threads;
  this->GetMultiThreader()->SetNumberOfWorkUnits(workUnits ? static_cast<ThreadIdType>(std::max(1, *workUnits))
                                                           : this->GetNumberOfWorkUnits());
  SolverInputs   result;
  Bridge::Inputs inputs;
  if (!m_Distribution->HasNoInputs())
  {
    result.fixed = CastTo<RealImageType>(this->GetFixedImage());
    inputs.fixed = result.fixed;
    inputs.fixedMask = this->GetFixedImageMask();
    inputs.moving = this->template SourceOf<RealImageType>(this->GetMovingImage());
    inputs.movingMask = this->template SourceOf<MaskImageType>(this->GetMovingImageMask());
    inputs.initialTransform = this->GetInitialTransform();
    inputs.initialVelocity = this->template SourceOf<BridgeVectorImageType>(this->GetInitialVelocityField());
    inputs.matchHistograms = settings.useHistogramMatching;
  }
  bridge.Prepare(inputs, settings.options);
  if (bridge.IsMovingImageUsedInPlace())
  {
    result.moving = inputs.moving.whole;
  }
  return result;
}

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
template <typename TBridgeImage, typename TInput>
auto
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::SourceOf(
  const TInput * image) const -> Bridge::Source<TBridgeImage>
{
  Bridge::Source<TBridgeImage> source;
  if (image)
  {
    source.grid = image;
    if (m_Distribution->IsInputDistributed())
    {
      source.read = [image](const RegionType & region) {
        auto * input = const_cast<TInput *>(image);
        input->SetRequestedRegion(region);
        input->PropagateRequestedRegion();
        input->UpdateOutputData();
        return CastTo<TBridgeImage>(image);
      };
    }
    else
    {
      if (image->GetDataReleased())
      {
        const_cast<TInput *>(image)->UpdateOutputData();
      }
      source.whole = CastTo<TBridgeImage>(image);
    }
  }
  return source;
}

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
bool
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::IsReadAgain(
  const DataObject & input)
{
  const ProcessObject::Pointer source = input.GetSource();
  if (!source)
  {
    return false;
  }
  const auto inputs = source->GetInputs(); // of an ImageFileReader its file name
  return std::all_of(inputs.begin(), inputs.end(), [](const DataObject::Pointer & each) {
    return !each || dynamic_cast<const SimpleDataObjectDecorator<std::string> *>(each.GetPointer());
  });
}

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
std::set<std::string>
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::FindReleasableInputs() const
{
  std::set<std::string> names;
  for (const auto & name : this->GetInputNames())
  {
    const DataObject * input = this->ProcessObject::GetInput(name);
    const bool         isReadAgain =
      input && (IsReadAgain(*input) || (m_Distribution && m_Distribution->IsInputDistributed() && input->GetSource()));
    const bool isNeeded = this->GetSettingsOfRun().computeWarpedMovingImage && name == "MovingImage" && !isReadAgain;
    if (dynamic_cast<const ImageBase<3> *>(input) != nullptr && input->ShouldIReleaseData() && !isNeeded)
    {
      names.insert(name);
    }
  }
  return names;
}

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
void
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::CacheInputReleaseDataFlags()
{
  m_ReleasableInputs = this->FindReleasableInputs();
  Superclass::CacheInputReleaseDataFlags();
}

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
auto
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::MeasureImages(
  const Bridge &                bridge,
  const std::set<std::string> & releasable) const -> MemoryNeed
{
  MemoryNeed need;
  need.prepared = bridge.GetPreparedBytes();
  const auto add = [&](const auto * image, const char * name, std::size_t castBytes) {
    if (image)
    {
      using PixelType = typename std::decay_t<decltype(*image)>::PixelType;
      const std::size_t voxels = image->GetBufferedRegion().GetNumberOfPixels();
      need.inputs += voxels * (sizeof(PixelType) + castBytes);
      need.kept += releasable.count(name) == 0 ? voxels * sizeof(PixelType) : 0;
    }
  };
  constexpr std::size_t realBytes = sizeof(float);
  add(this->GetFixedImage(), "FixedImage", std::is_same_v<FixedImageType, RealImageType> ? 0 : realBytes);
  add(this->GetMovingImage(), "MovingImage", std::is_same_v<MovingImageType, RealImageType> ? 0 : realBytes);
  add(this->GetFixedImageMask(), "FixedImageMask", 0);
  add(this->GetMovingImageMask(), "MovingImageMask", 0);
  add(this->GetInitialVelocityField(), "InitialVelocityField", 0);

  const Distribution::Settings settings = m_Distribution->GetSettings();
  const std::size_t            voxels = m_Distribution->GetOutputRegion().GetNumberOfPixels();
  const std::size_t            fieldBytes = voxels * sizeof(VectorType);
  need.displacement = fieldBytes;
  need.cast = std::is_same_v<DisplacementFieldType, BridgeVectorImageType> ? 0 : 3 * realBytes * voxels;
  need.inverse = settings.computeInverseDisplacementField ? fieldBytes : 0;
  need.others = (settings.computeVelocityField ? fieldBytes : 0) +
                (settings.computeJacobianDeterminantImage + settings.computeWarpedMovingImage) * voxels * realBytes;
  return need;
}

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
auto
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::MakeMemoryPlan()
  -> MemoryNeed
{
  const std::shared_ptr<gnr::Communicator> communicator = this->MakeCommunicator();
  if (communicator->size() > 1)
  {
    MemoryNeed need;
    this->RunTogether(communicator, [&] { need = this->MakeMemoryPlanOfInputs(); });
    return need;
  }
  m_Distribution.reset();
  this->UpdateOutputInformation();
  m_Distribution = std::make_shared<Distribution>(communicator, this->MakeProposal());
  return this->MakeMemoryPlanOfInputs();
}

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
auto
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::MakeMemoryPlanOfInputs()
  -> MemoryNeed
{
  this->GenerateInputRequestedRegion();
  for (const auto & name : this->GetInputNames())
  {
    if (DataObject * input = this->ProcessObject::GetInput(name))
    {
      input->PropagateRequestedRegion();
      input->UpdateOutputData();
    }
  }
  Bridge bridge(this->GetMultiThreader(), *m_Distribution);
  bridge.SetNumberOfWorkers(m_NumberOfProcesses);
  const SolverInputs inputs = this->PrepareInputs(bridge);
  MemoryNeed         need = this->MeasureImages(bridge, this->FindReleasableInputs());
  need.AddUp(bridge.PlanMemory());
  return need;
}

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
void
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::GenerateData()
{
  if (!m_Distribution || m_Distribution->GetNumberOfProcesses() == 1)
  {
    const bool mayHaveOthers =
      m_Communicator ? m_Communicator->size() > 1 : Distribution::MayHaveOthers(m_UseMPI, m_MPICommunicator);
    if (!m_IsUpdatingTogether && mayHaveOthers)
    {
      itkExceptionMacro(<< "Call Update() of this filter on every process before the pipeline asks for its outputs, or "
                           "UseMPIOff() if this process shall register by itself.");
    }
    m_Distribution = std::make_shared<Distribution>(gnr::makeSelfCommunicator(), this->MakeProposal());
  }
  else if (!m_IsUpdatingTogether)
  {
    itkExceptionMacro(<< "The outputs are out of date; call Update() of this filter on every process.");
  }

  m_StopRequested = false;
  m_ElapsedIterations = 0;
  m_CurrentLevel = 0;
  m_CurrentLevelRecord.reset();
  m_CurrentIterationRecord.reset();
  m_Report.reset();
  m_LatestMessage.clear();

  // Results of an earlier run would only take memory during this one, and must not survive a failure.
  for (DataObjectPointerArraySizeType i = 0; i < OutputCount; ++i)
  {
    auto *     output = static_cast<ImageBase<3> *>(this->ProcessObject::GetOutput(i));
    const auto largest = output->GetLargestPossibleRegion();
    output->Initialize();
    output->SetLargestPossibleRegion(largest);
    output->SetRequestedRegion(m_Distribution->GetOutputRegion());
  }

  this->UpdateProgress(0.0F);

  try
  {
    const Distribution::Settings settings = m_Distribution->GetSettings();
    Bridge                       bridge(this->GetMultiThreader(), *m_Distribution);
    bridge.SetNumberOfWorkers(m_NumberOfProcesses);
    const InitialTransformType * initialTransform = this->GetInitialTransform();
    {
      SolverInputs inputs = this->PrepareInputs(bridge);
      this->UpdateProgress(static_cast<float>(PreparedProgress));

      m_MemoryNeed = this->MeasureImages(bridge, m_ReleasableInputs);
      Listener listener(this, bridge, inputs);
      m_Report = bridge.Solve(listener);
      m_MemoryNeed.AddUp(m_Report->memoryPlan);
    }
    this->UpdateProgress(static_cast<float>(PreparedProgress + SolveProgress));

    if (settings.computeInverseDisplacementField)
    {
      // First, while there are no other outputs: it is computed only now, which takes memory.
      this->PutField(InverseDisplacementFieldIndex, bridge, gnr::Field::InverseDisplacement);
    }
    const auto displacement = this->PutField(DisplacementFieldIndex, bridge, gnr::Field::Displacement);
    if (settings.computeVelocityField)
    {
      this->PutField(VelocityFieldIndex, bridge, gnr::Field::Velocity);
    }
    if (settings.computeJacobianDeterminantImage)
    {
      bridge.ReadField(gnr::Field::Determinant, this->AllocateRealOutput(JacobianDeterminantImageIndex));
    }
    bridge.ReleaseSolver();
    if (settings.computeWarpedMovingImage)
    {
      const auto            moving = this->template SourceOf<RealImageType>(this->GetMovingImage());
      RealImageType * const warped = this->AllocateRealOutput(WarpedMovingImageIndex);
      const bool            isMovingElsewhere = !m_Distribution->IsInputDistributed() && !settings.gatherOutput;
      if (isMovingElsewhere && m_Distribution->GetNumberOfProcesses() > 1)
      {
        bridge.WarpAtRoot(moving, displacement, initialTransform, warped);
      }
      else if (warped)
      {
        bridge.Warp(moving, displacement, initialTransform, warped);
      }
    }
    this->UpdateProgress(1.0F);
  }
  catch (const std::bad_alloc &)
  {
    m_Report.reset();
    throw GaussNewtonRegistrationError(
      GaussNewtonRegistrationErrorEnums::Kind::OutOfResources,
      __FILE__,
      __LINE__,
      "Not enough memory for this registration; switch off outputs that are not needed, or use smaller images.",
      ITK_LOCATION);
  }
  catch (...)
  {
    m_Report.reset();
    throw;
  }
}

template <typename TFixedImage, typename TMovingImage, typename TDisplacementField>
void
DiffeomorphicGaussNewtonRegistrationFilter<TFixedImage, TMovingImage, TDisplacementField>::PrintSelf(
  std::ostream & os,
  Indent         indent) const
{
  Superclass::PrintSelf(os, indent);
  const auto flag = [](bool value) { return value ? "On" : "Off"; };

  for (const gnr::OptionRow & row : this->GetOptionTable())
  {
    const std::string value = row.text(m_Options);
    os << indent << row.title() << ": " << value << (row.unit.empty() || value == row.unset ? "" : " " + row.unit)
       << std::endl;
  }
  os << indent << "UseHistogramMatching: " << flag(m_UseHistogramMatching) << std::endl;
  os << indent << "MPICommunicator: ";
  m_MPICommunicator ? os << *m_MPICommunicator : os << "default";
  os << std::endl;
  os << indent << "NumberOfProcesses: " << m_NumberOfProcesses << std::endl;
  os << indent << "UseMPI: " << flag(m_UseMPI) << std::endl;
  os << indent << "GatherOutput: " << flag(m_GatherOutput) << std::endl;
  os << indent << "Communicator: " << (m_Communicator ? m_Communicator->description() : "none") << std::endl;
  os << indent << "Processes: " << (m_Distribution ? m_Distribution->GetNumberOfProcesses() : 1) << std::endl;
  os << indent << "UpdatingTogether: " << flag(m_IsUpdatingTogether) << std::endl;
  os << indent << "ComputeInverseDisplacementField: " << flag(m_ComputeInverseDisplacementField) << std::endl;
  os << indent << "ComputeVelocityField: " << flag(m_ComputeVelocityField) << std::endl;
  os << indent << "ComputeWarpedMovingImage: " << flag(m_ComputeWarpedMovingImage) << std::endl;
  os << indent << "ComputeJacobianDeterminantImage: " << flag(m_ComputeJacobianDeterminantImage) << std::endl;
  os << indent << "StopRequested: " << flag(m_StopRequested) << std::endl;
  os << indent << "ElapsedIterations: " << m_ElapsedIterations << std::endl;
  os << indent << "CurrentLevel: " << this->GetCurrentLevel() << std::endl;
  os << indent << "Mismatch: " << this->GetMismatch() << std::endl;
  os << indent << "StopCondition: " << (m_Report ? gnr::describe(m_Report->reason) : "(not run)") << std::endl;
}

} // namespace itk

#endif
