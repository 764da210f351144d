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
// What happens in GenerateData(), and the outputs.
#include "itkGaussNewtonRegistrationRun.h"

#include "itkGaussNewtonRegistrationBridge.h"
#include "itkGaussNewtonRegistrationDistribution.h"
#include "itkGaussNewtonRegistrationError.h"
#include "itkGaussNewtonRegistrationImages.h"

#include "itkCompositeTransform.h"
#include "itkDisplacementFieldTransform.h"
#include "itkEventObject.h"

#include "gnr/Communicator.h"
#include "gnr/Engine.h"
#include "gnr/Observer.h"

#include <algorithm>
#include <new>
#include <string>

namespace itk
{

namespace
{
using GaussNewtonRegistrationImages::AllocateOn;
using Bridge = GaussNewtonRegistrationBridge;
using ImageBaseType = Bridge::ImageBaseType;
using VectorImageType = Bridge::VectorImageType;
using DoubleVectorImageType = GaussNewtonRegistrationRun::DoubleVectorImageType;
using MaskImageType = Bridge::MaskImageType;
using RealImageType = Bridge::ScalarImageType;
using TransformType = Bridge::TransformType;
using RegionType = Bridge::RegionType;

// Shares of the progress: preparation of the images, the solve; the rest is for the outputs.
constexpr double preparedProgress = 0.05;
constexpr double solveProgress = 0.85;

/** The buffered vectors of an image, in the order in which they lie there. */
template <typename TFrom, typename TTo>
void
CopyVectors(const TFrom * from, TTo * to)
{
  const SizeValueType count = from->GetBufferedRegion().GetNumberOfPixels();
  const auto *        source = from->GetBufferPointer();
  auto *              target = to->GetBufferPointer();
  for (SizeValueType i = 0; i < count; ++i)
  {
    for (unsigned int d = 0; d < 3; ++d)
    {
      target[i][d] = static_cast<typename TTo::PixelType::ValueType>(source[i][d]);
    }
  }
}

VectorImageType::ConstPointer
ToSinglePrecision(const DataObject * field)
{
  if (const auto * const same = dynamic_cast<const VectorImageType *>(field))
  {
    return same;
  }
  const auto * const source = static_cast<const DoubleVectorImageType *>(field);
  const auto         result = AllocateOn<VectorImageType>(source, source->GetBufferedRegion());
  CopyVectors(source, result.GetPointer());
  return result.GetPointer();
}

MaskImageType::ConstPointer
AsMask(const DataObject * mask)
{
  return static_cast<const MaskImageType *>(mask);
}

RealImageType::ConstPointer
AsReal(const DataObject * image)
{
  return static_cast<const RealImageType *>(image);
}

const TransformType *
TransformOf(const DataObject * input)
{
  const auto * const decorated = dynamic_cast<const DataObjectDecorator<TransformType> *>(input);
  return decorated ? decorated->Get() : nullptr;
}

/** How the bridge gets at an input; empty for null. */
template <typename TConvert>
auto
SourceOf(ImageBaseType * image, bool isReadInParts, TConvert convert)
{
  using ImageType = typename decltype(convert(image))::ObjectType;
  Bridge::Source<std::remove_const_t<ImageType>> source;
  if (!image)
  {
    return source;
  }
  source.grid = image;
  if (isReadInParts)
  {
    source.read = [image, convert](const RegionType & region) {
      image->SetRequestedRegion(region);
      image->PropagateRequestedRegion();
      image->UpdateOutputData();
      return convert(image);
    };
    return source;
  }
  if (image->GetDataReleased())
  {
    image->UpdateOutputData();
  }
  source.whole = convert(image);
  return source;
}

/** A copy, so that a later run does not change the transform that has it. A transform stores no start index, so the
 * first voxel becomes index 0. */
DoubleVectorImageType::Pointer
FieldOfTransform(const DataObject * field)
{
  const auto copy = [](const auto * source) {
    const auto &                     region = source->GetLargestPossibleRegion();
    DoubleVectorImageType::PointType origin;
    source->TransformIndexToPhysicalPoint(region.GetIndex(), origin);
    const auto result = DoubleVectorImageType::New();
    result->SetRegions(region.GetSize());
    result->SetOrigin(origin);
    result->SetSpacing(source->GetSpacing());
    result->SetDirection(source->GetDirection());
    result->Allocate();
    CopyVectors(source, result.GetPointer());
    return result;
  };
  const auto * const single = dynamic_cast<const VectorImageType *>(field);
  return single ? copy(single) : copy(static_cast<const DoubleVectorImageType *>(field));
}
} // namespace

class GaussNewtonRegistrationRun::Listener : public gnr::Observer
{
public:
  Listener(GaussNewtonRegistrationRun & run, Bridge & bridge)
    : m_Run(run)
    , m_Bridge(bridge)
  {}

  void
  onEvent(const gnr::Event & event) override
  {
    switch (event.kind)
    {
      case gnr::Event::Kind::Level:
        m_Run.m_CurrentLevelRecord = event.level;
        m_Run.m_CurrentLevel = static_cast<unsigned int>(event.level.level);
        this->InvokeOnRoot(MultiResolutionIterationEvent());
        break;
      case gnr::Event::Kind::Iteration:
        m_Run.m_CurrentIterationRecord = event.iteration;
        m_Run.m_CurrentLevel = static_cast<unsigned int>(event.iteration.level);
        ++m_Run.m_ElapsedIterations;
        this->InvokeOnRoot(IterationEvent());
        break;
      case gnr::Event::Kind::Progress:
        m_Run.m_Filter->UpdateProgress(static_cast<float>(preparedProgress + solveProgress * event.progress));
        break;
      case gnr::Event::Kind::Message:
        m_Run.m_LatestMessage = event.message;
        this->InvokeOnRoot(UserEvent());
        break;
      case gnr::Event::Kind::InputsRead:
        m_Bridge.ReleaseInputs();
        for (unsigned int i = 0; i < m_Run.m_ReleasableInputs.size(); ++i)
        {
          if (m_Run.m_ReleasableInputs[i])
          {
            m_Run.GetInput(i)->ReleaseData();
          }
        }
        break;
    }
  }

  gnr::Request
  poll() override
  {
    if (m_Run.m_Filter->GetAbortGenerateData())
    {
      return gnr::Request::Abort;
    }
    if (m_Run.m_StopRequested)
    {
      return gnr::Request::Stop;
    }
    return m_Run.m_RequestSource ? m_Run.m_RequestSource() : gnr::Request::Continue;
  }

private:
  void
  InvokeOnRoot(const EventObject & event)
  {
    if (m_Run.m_Distribution->IsRoot())
    {
      m_Run.m_Filter->InvokeEvent(event);
    }
  }

  GaussNewtonRegistrationRun & m_Run;
  Bridge &                     m_Bridge;
};

void
GaussNewtonRegistrationRun::PrepareInputs(Bridge & bridge)
{
  const Settings & settings = m_Distribution->GetSettings();
  const auto       threads = settings.options.threads;
  m_Filter->GetMultiThreader()->SetNumberOfWorkUnits(threads ? static_cast<ThreadIdType>(std::max(1, *threads))
                                                             : m_Filter->GetNumberOfWorkUnits());
  Bridge::Inputs inputs;
  if (!m_Distribution->HasNoInputs())
  {
    const auto source = [this](unsigned int index, auto convert) {
      return SourceOf(this->GetInput<ImageBaseType>(index), m_Distribution->IsInputDistributed(), convert);
    };
    inputs.fixed = m_FixedPixels.toReal(this->GetInput(FixedImage));
    inputs.fixedMask = this->GetInput<const MaskImageType>(FixedImageMask);
    inputs.moving = source(MovingImage, m_MovingPixels.toReal);
    inputs.movingMask = source(MovingImageMask, &AsMask);
    inputs.incompressibility = source(IncompressibilityImage, &AsReal);
    inputs.initialTransform = TransformOf(this->GetInput(InitialTransform));
    inputs.initialVelocity = source(InitialVelocityField, &ToSinglePrecision);
    inputs.matchHistograms = settings.useHistogramMatching;
    inputs.fixedLandmarks = m_FixedLandmarks;
    inputs.movingLandmarks = m_MovingLandmarks;
    for (unsigned int i = 0; i < this->CountFurtherPairs(); ++i)
    {
      inputs.furtherPairs.push_back({ m_FixedPixels.toReal(this->GetInput(IndexOf(FixedImage, i))),
                                      source(IndexOf(MovingImage, i), m_MovingPixels.toReal) });
    }
  }
  if (m_CustomMetric && settings.options.similarity.has(gnr::SimilarityMeasure::Custom))
  {
    inputs.customMeasure = m_CustomMetric->GetCustomMeasure();
  }
  bridge.Prepare(inputs, settings.options);
}

void
GaussNewtonRegistrationRun::Start()
{
  if (!this->IsShared())
  {
    if (!m_IsUpdatingTogether && m_Engine->MayHaveOthers())
    {
      this->Throw("Call Update() of this filter on every process before the pipeline asks for its outputs, or give it "
                  "the engine ThisProcess() if this process shall register by itself.");
    }
    m_Distribution = this->MakeDistribution(gnr::makeSelfCommunicator());
  }
  else if (!m_IsUpdatingTogether)
  {
    this->Throw("The outputs are out of date; call Update() of this filter on every process.");
  }

  m_StopRequested = false;
  m_ElapsedIterations = 0;
  m_CurrentLevel = 0;
  m_CurrentLevelRecord.reset();
  m_CurrentIterationRecord.reset();
  m_Report.reset();
  m_LatestMessage.clear();

  // Results of an earlier run would only take memory during this one, and must not survive a failure.
  for (const auto & output : m_Filter->GetIndexedOutputs())
  {
    if (auto * const image = dynamic_cast<ImageBaseType *>(output.GetPointer()))
    {
      const RegionType largest = image->GetLargestPossibleRegion();
      image->Initialize();
      image->SetLargestPossibleRegion(largest);
      image->SetRequestedRegion(m_Distribution->GetOutputRegion());
    }
  }
  this->GetOutputAs<DecoratedTransformType>(WholeTransform)->Set(m_NoTransform);
}

void
GaussNewtonRegistrationRun::GenerateData()
{
  this->Start();
  m_Filter->UpdateProgress(0.0F);
  try
  {
    Bridge bridge(m_Filter->GetMultiThreader(), *m_Distribution, m_Engine->GetNumberOfWorkers());
    this->PrepareInputs(bridge);
    m_Filter->UpdateProgress(static_cast<float>(preparedProgress));

    m_MemoryNeed = this->MeasureImages(bridge, m_ReleasableInputs);
    Listener listener(*this, bridge);
    m_Report = bridge.Solve(listener);
    m_MemoryNeed.AddUp(m_Report->memoryPlan);
    m_Filter->UpdateProgress(static_cast<float>(preparedProgress + solveProgress));

    this->MakeOutputs(bridge);
    m_Filter->UpdateProgress(1.0F);
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

// --- outputs ---------------------------------------------------------------------------------------------------------

/** An image that has its part of the grid; null where this process has none. */
template <typename TImage>
TImage *
GaussNewtonRegistrationRun::AllocateOutput(Output index) const
{
  const RegionType region = m_Distribution->GetOutputRegion();
  if (region.GetNumberOfPixels() == 0)
  {
    return nullptr;
  }
  auto * const output = this->GetOutputAs<TImage>(index);
  output->SetBufferedRegion(region);
  output->Allocate();
  return output;
}

/** Fills an output with a field of the solver, which is returned in single precision. */
auto
GaussNewtonRegistrationRun::PutField(Output index, Bridge & bridge, gnr::Field field) -> VectorImageType::ConstPointer
{
  if (this->GetOutputAs<VectorImageType>(index))
  {
    auto * const output = this->AllocateOutput<VectorImageType>(index);
    bridge.ReadField(field, output);
    return output;
  }
  auto * const             output = this->AllocateOutput<DoubleVectorImageType>(index);
  VectorImageType::Pointer single;
  if (output)
  {
    single = AllocateOn<VectorImageType>(output, output->GetBufferedRegion());
  }
  bridge.ReadField(field, single.GetPointer());
  if (output)
  {
    CopyVectors(single.GetPointer(), output);
  }
  return single.GetPointer();
}

void
GaussNewtonRegistrationRun::MakeOutputs(Bridge & bridge)
{
  const Settings & settings = m_Distribution->GetSettings();
  if (settings.computeInverseDisplacementField)
  {
    // First, while there are no other outputs: it is computed only now, which takes memory.
    this->PutField(InverseDisplacementField, bridge, gnr::Field::InverseDisplacement);
  }
  const auto displacement = this->PutField(DisplacementField, bridge, gnr::Field::Displacement);
  if (settings.computeVelocityField)
  {
    this->PutField(VelocityField, bridge, gnr::Field::Velocity);
  }
  if (settings.computeJacobianDeterminantImage)
  {
    bridge.ReadField(gnr::Field::Determinant, this->AllocateOutput<RealImageType>(JacobianDeterminantImage));
  }
  bridge.ReleaseSolver();
  if (settings.computeWarpedMovingImage)
  {
    const auto moving =
      SourceOf(this->GetInput<ImageBaseType>(MovingImage), m_Distribution->IsInputDistributed(), m_MovingPixels.toReal);
    const TransformType * const initial = TransformOf(this->GetInput(InitialTransform));
    RealImageType * const       warped = this->AllocateOutput<RealImageType>(WarpedMovingImage);
    const bool                  isMovingElsewhere = !m_Distribution->IsInputDistributed() && !settings.gatherOutput;
    if (isMovingElsewhere && this->IsShared())
    {
      bridge.WarpAtRoot(moving, displacement, initial, warped);
    }
    else if (warped)
    {
      bridge.Warp(moving, displacement, initial, warped);
    }
  }
  if (m_NoTransform && this->HasWhole(DisplacementField))
  {
    this->MakeTransform();
  }
}

DataObject *
GaussNewtonRegistrationRun::GetOutput(Output index) const
{
  const SwitchName & compute = SwitchNames[index];
  if (index != DisplacementField && !(m_Settings.*compute.member))
  {
    this->Throw(std::string(compute.name).replace(0, std::string("Compute").size(), "The ") +
                " is not computed; call " + compute.name + "On() before Update().");
  }
  return this->GetOutputAs(index);
}

bool
GaussNewtonRegistrationRun::HasWhole(Output index) const
{
  const auto * const image = this->GetOutputAs<const ImageBaseType>(index);
  const RegionType & whole = image->GetLargestPossibleRegion();
  return whole.GetNumberOfPixels() > 0 && image->GetBufferedRegion() == whole;
}

auto
GaussNewtonRegistrationRun::GetTransformOutput() -> DecoratedTransformType *
{
  if (!m_NoTransform)
  {
    // It does not know its field, but its category: filters ask for that before they update their inputs.
    const auto composite = CompositeTransform<double, 3>::New();
    composite->AddTransform(DisplacementFieldTransform<double, 3>::New());
    m_NoTransform = composite;
  }
  auto * const output = this->GetOutputAs<DecoratedTransformType>(WholeTransform);
  if (!output->Get())
  {
    output->Set(m_NoTransform);
  }
  if (m_Report && output->Get() == m_NoTransform && this->HasWhole(DisplacementField))
  {
    this->MakeTransform();
  }
  return output;
}

auto
GaussNewtonRegistrationRun::GetTransform() -> TransformType *
{
  auto * const output = this->GetTransformOutput();
  this->GetReport();
  if (output->Get() == m_NoTransform)
  {
    this->Throw("This process does not have the whole displacement field. Ask process 0, with GatherOutputOn() of the "
                "engine, and before the field is released or disconnected.");
  }
  return output->GetModifiable();
}

void
GaussNewtonRegistrationRun::MakeTransform()
{
  const auto deformation = DisplacementFieldTransform<double, 3>::New();
  deformation->SetDisplacementField(FieldOfTransform(this->GetOutputAs(DisplacementField)));
  if (this->HasWhole(InverseDisplacementField))
  {
    deformation->SetInverseDisplacementField(FieldOfTransform(this->GetOutputAs(InverseDisplacementField)));
  }

  // A composite applies the transform that was added last first.
  const auto composite = CompositeTransform<double, 3>::New();
  if (const TransformType * const initial = TransformOf(this->GetInput(InitialTransform)))
  {
    composite->AddTransform(const_cast<TransformType *>(initial));
  }
  composite->AddTransform(deformation);
  composite->FlattenTransformQueue();
  this->GetOutputAs<DecoratedTransformType>(WholeTransform)->Set(composite);
}

} // namespace itk
