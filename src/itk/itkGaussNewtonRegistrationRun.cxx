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
#include "itkGaussNewtonRegistrationRun.h"

#include "itkGaussNewtonRegistrationBridge.h"
#include "itkGaussNewtonRegistrationCoreErrors.h"
#include "itkGaussNewtonRegistrationDistribution.h"

#include "itkSimpleDataObjectDecorator.h"

#include <algorithm>
#include <ostream>
#include <sstream>
#include <utility>

namespace itk
{

using GaussNewtonRegistrationCoreErrors::WithItkErrors;

namespace
{
/** On while it lives. */
class Mark
{
public:
  explicit Mark(bool & flag)
    : m_Flag(flag)
  {
    m_Flag = true;
  }
  ~Mark() { m_Flag = false; }

private:
  bool & m_Flag;
};

/** Whether an input that was released comes again at the cost of a reading: its source has no inputs of its own. */
bool
IsReadAgain(const DataObject & input)
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
} // namespace

GaussNewtonRegistrationRun::GaussNewtonRegistrationRun(ProcessObject * filter, PixelType fixed, PixelType moving)
  : m_Filter(filter)
  , m_FixedPixels(fixed)
  , m_MovingPixels(moving)
  , m_Engine(GaussNewtonRegistrationEngine::New())
{}

GaussNewtonRegistrationRun::~GaussNewtonRegistrationRun() = default;

void
GaussNewtonRegistrationRun::Throw(const std::string & description) const
{
  std::ostringstream message;
  message << "itk::ERROR: " << m_Filter->GetNameOfClass() << "(" << m_Filter << "): " << description;
  throw ExceptionObject(__FILE__, __LINE__, message.str(), ITK_LOCATION);
}

// --- parameters ------------------------------------------------------------------------------------------------------

void
GaussNewtonRegistrationRun::SetOptions(const gnr::Options & options, const gnr::OptionTable & table)
{
  if (gnr::toText(options, table) != gnr::toText(m_Settings.options, table))
  {
    m_Settings.options = options;
    m_Filter->Modified();
  }
}

gnr::Options
GaussNewtonRegistrationRun::OptionsWith(const std::string &      name,
                                        const std::string &      value,
                                        const gnr::OptionTable & table) const
{
  gnr::Options options = m_Settings.options;
  WithItkErrors(ITK_LOCATION, [&] { gnr::setOption(options, name, value, table); });
  return options;
}

std::string
GaussNewtonRegistrationRun::GetParameter(const std::string & name, const gnr::OptionTable & table) const
{
  return WithItkErrors(ITK_LOCATION, [&] { return gnr::getOption(m_Settings.options, name, table); });
}

gnr::Options
GaussNewtonRegistrationRun::OptionsWithMetric(const GaussNewtonRegistrationMetric * metric,
                                              double                                weight,
                                              const gnr::OptionTable &              table)
{
  if (!metric)
  {
    this->Throw("AddMetric: there is no metric.");
  }
  gnr::SimilarityList list = m_Settings.options.similarity;
  if (list.sums.size() > 1)
  {
    this->Throw("AddMetric: Similarity has measures for each pair of images (" + list.text() +
                "); name this one there, or call ClearMetrics() first.");
  }
  gnr::SimilaritySum & sum = list.sums.front();
  if (sum.isAutomatic())
  {
    sum.parts.clear();
  }
  sum.parts.push_back({ metric->GetMeasure(), weight });
  gnr::Options options = this->OptionsWith("similarity", list.text(), table);
  if (metric->GetCustomMeasure())
  {
    m_CustomMetric = metric;
  }
  return options;
}

ModifiedTimeType
GaussNewtonRegistrationRun::GetMTimeOfParts() const
{
  return std::max(m_Engine->GetMTime(), m_CustomMetric ? m_CustomMetric->GetMTime() : 0);
}

void
GaussNewtonRegistrationRun::SetEngine(GaussNewtonRegistrationEngine * engine)
{
  if (engine != m_Engine)
  {
    m_Engine = engine ? engine : GaussNewtonRegistrationEngine::New().GetPointer();
    m_Filter->Modified();
  }
}

auto
GaussNewtonRegistrationRun::MakeSettings() const -> Settings
{
  Settings settings = m_Settings;
  settings.gatherOutput = m_Engine->GetGatherOutput();
  return settings;
}

// --- state -----------------------------------------------------------------------------------------------------------

double
GaussNewtonRegistrationRun::GetMismatch() const
{
  if (m_Report)
  {
    return m_Report->mismatch;
  }
  return m_CurrentIterationRecord ? m_CurrentIterationRecord->mismatch : 1.0;
}

const gnr::IterationRecord &
GaussNewtonRegistrationRun::GetCurrentIterationRecord() const
{
  if (!m_CurrentIterationRecord)
  {
    this->Throw("No Newton step was taken yet.");
  }
  return *m_CurrentIterationRecord;
}

const gnr::LevelRecord &
GaussNewtonRegistrationRun::GetCurrentLevelRecord() const
{
  if (!m_CurrentLevelRecord)
  {
    this->Throw("No level was started yet.");
  }
  return *m_CurrentLevelRecord;
}

const gnr::Report &
GaussNewtonRegistrationRun::GetReport() const
{
  if (!m_Report)
  {
    this->Throw("There is no result: call Update() first.");
  }
  return *m_Report;
}

auto
GaussNewtonRegistrationRun::GetMemoryNeed() const -> const MemoryNeed &
{
  this->GetReport();
  return m_MemoryNeed;
}

void
GaussNewtonRegistrationRun::Print(std::ostream & os, Indent indent, const gnr::OptionTable & table) const
{
  const auto flag = [](bool value) { return value ? "On" : "Off"; };
  for (const gnr::OptionRow & row : table)
  {
    const std::string value = row.text(m_Settings.options);
    os << indent << row.title() << ": " << value << (row.unit.empty() || value == row.unset ? "" : " " + row.unit)
       << std::endl;
  }
  const Settings settings = this->MakeSettings();
  for (const SwitchName & each : SwitchNames)
  {
    os << indent << each.name << ": " << flag(settings.*each.member) << std::endl;
  }
  os << indent << "FixedLandmarks: " << m_FixedLandmarks.size() << std::endl;
  os << indent << "MovingLandmarks: " << m_MovingLandmarks.size() << std::endl;
  os << indent << "CustomMetric: " << m_CustomMetric.GetPointer() << std::endl;
  os << indent << "Engine:" << std::endl;
  m_Engine->Print(os, indent.GetNextIndent());
  os << indent << "Processes: " << (m_Distribution ? m_Distribution->GetNumberOfProcesses() : 1) << std::endl;
  os << indent << "TransformIsMade: " << flag(m_NoTransform.IsNotNull()) << std::endl;
  os << indent << "UpdatingTogether: " << flag(m_IsUpdatingTogether) << std::endl;
  os << indent << "StopRequested: " << flag(m_StopRequested) << std::endl;
  os << indent << "ElapsedIterations: " << m_ElapsedIterations << std::endl;
  os << indent << "CurrentLevel: " << m_CurrentLevel << std::endl;
  os << indent << "Mismatch: " << this->GetMismatch() << std::endl;
  os << indent << "StopCondition: " << (m_Report ? gnr::describe(m_Report->reason) : "(not run)") << std::endl;
}

// --- pipeline --------------------------------------------------------------------------------------------------------

std::shared_ptr<GaussNewtonRegistrationDistribution>
GaussNewtonRegistrationRun::MakeDistribution(std::shared_ptr<gnr::Communicator> communicator) const
{
  Distribution::Proposal proposal;
  proposal.settings = this->MakeSettings();
  for (unsigned int i = 0; i < NumberOfInputs; ++i)
  {
    proposal.inputs[i] = this->GetInput(i);
  }
  proposal.furtherPairs = this->CountFurtherPairs();
  const auto * output = this->GetOutputAs(DisplacementField);
  proposal.isOutOfDate =
    output->GetUpdateMTime() < std::max(output->GetPipelineMTime(), m_Filter->GetMTime()) || output->GetDataReleased();
  return std::make_shared<Distribution>(std::move(communicator), proposal);
}

bool
GaussNewtonRegistrationRun::IsShared() const
{
  return m_Distribution && m_Distribution->GetNumberOfProcesses() > 1;
}

bool
GaussNewtonRegistrationRun::HasNoInputs() const
{
  return m_Distribution && m_Distribution->HasNoInputs();
}

void
GaussNewtonRegistrationRun::RunTogether(const std::shared_ptr<gnr::Communicator> & communicator,
                                        const std::function<void()> &              f)
{
  m_Distribution.reset();
  try
  {
    const Mark mark(m_IsUpdatingTogether);
    Distribution::ShareErrors(*communicator, [&] {
      const auto inputs = m_Filter->GetIndexedInputs();
      if (communicator->rank() == 0 ||
          std::any_of(inputs.begin(), inputs.end(), [](const DataObject::Pointer & each) { return each.IsNotNull(); }))
      {
        m_Filter->UpdateOutputInformation();
      }
      m_Distribution = this->MakeDistribution(communicator);
      f();
      // So that no process takes for done what another one could not finish.
      double done = 1.0;
      communicator->sum(&done, 1);
      m_Distribution->Disconnect();
    });
  }
  catch (...)
  {
    m_Report.reset();
    m_Filter->ResetPipeline();
    for (const auto & output : m_Filter->GetIndexedOutputs())
    {
      output->ReleaseData();
    }
    this->GetOutputAs<DecoratedTransformType>(WholeTransform)->Set(m_NoTransform);
    throw;
  }
}

void
GaussNewtonRegistrationRun::Update()
{
  const std::shared_ptr<gnr::Communicator> communicator = m_Engine->MakeCommunicator();
  if (communicator->size() > 1)
  {
    this->RunTogether(communicator, [this] { this->UpdateTogether(); });
    return;
  }
  m_Distribution.reset();
  const Mark mark(m_IsUpdatingTogether);
  m_Filter->ProcessObject::Update();
}

void
GaussNewtonRegistrationRun::UpdateTogether()
{
  if (!m_Distribution->IsOutOfDate())
  {
    return;
  }
  // Some process has something new, so that all must take part. Not by the Update() of the output, which does nothing
  // where no voxel of it is wanted.
  m_Filter->Modified();
  m_Filter->UpdateOutputInformation();
  auto * const output = this->GetOutputAs(DisplacementField);
  m_Filter->PropagateRequestedRegion(output);
  m_Filter->UpdateOutputData(output);
}

void
GaussNewtonRegistrationRun::VerifyInputInformation() const
{
  if (!this->HasNoInputs())
  {
    const auto grid = [this](unsigned int index) { return this->GetInput<const ImageBaseType>(index); };
    Bridge::VerifyGrids(
      grid(FixedImage), grid(MovingImage), grid(FixedImageMask), grid(MovingImageMask), grid(IncompressibilityImage));
    if (this->CountInputs() > NumberOfInputs && (this->CountInputs() - NumberOfInputs) % 2 != 0)
    {
      this->Throw("An image of a further pair is missing: AddImagePair() adds both.");
    }
    for (unsigned int i = 0; i < this->CountFurtherPairs(); ++i)
    {
      Bridge::VerifyFurtherPair(
        i, grid(FixedImage), grid(MovingImage), grid(IndexOf(FixedImage, i)), grid(IndexOf(MovingImage, i)));
    }
  }
}

void
GaussNewtonRegistrationRun::GenerateOutputInformation()
{
  const ImageBaseType * const fixed =
    this->HasNoInputs() ? m_Distribution->GetFixedGrid() : this->GetInput<const ImageBaseType>(FixedImage);
  for (const auto & output : m_Filter->GetIndexedOutputs())
  {
    if (auto * const image = dynamic_cast<ImageBaseType *>(output.GetPointer()))
    {
      image->SetLargestPossibleRegion(fixed->GetLargestPossibleRegion());
      image->SetSpacing(fixed->GetSpacing());
      image->SetOrigin(fixed->GetOrigin());
      image->SetDirection(fixed->GetDirection());
    }
  }
}

void
GaussNewtonRegistrationRun::GenerateInputRequestedRegion()
{
  if (!m_Distribution || !m_Distribution->IsInputDistributed())
  {
    return;
  }
  const RegionType whole = m_Distribution->GetFixedGrid()->GetLargestPossibleRegion();
  for (unsigned int i = 0; i < this->CountInputs(); ++i)
  {
    if (auto * const image = this->GetInput<ImageBaseType>(i))
    {
      RegionType region = m_Distribution->GetInputRegion();
      region.SetIndex(region.GetIndex() + (image->GetLargestPossibleRegion().GetIndex() - whole.GetIndex()));
      if (KindOf(i) != FixedImage && KindOf(i) != FixedImageMask)
      {
        // Which voxels of it are needed is found later, by GenerateData().
        region.SetIndex(image->GetLargestPossibleRegion().GetIndex());
        region.SetSize({ { 1, 1, 1 } });
      }
      image->SetRequestedRegion(region);
    }
  }
}

void
GaussNewtonRegistrationRun::EnlargeOutputRequestedRegion(DataObject * output) const
{
  if (!this->IsShared())
  {
    output->SetRequestedRegionToLargestPossibleRegion();
    return;
  }
  auto * const     image = dynamic_cast<ImageBaseType *>(output);
  const RegionType region = m_Distribution->GetOutputRegion();
  if (image && !m_IsUpdatingTogether && !region.IsInside(image->GetRequestedRegion()))
  {
    InvalidRequestedRegionError error(__FILE__, __LINE__);
    error.SetLocation(ITK_LOCATION);
    error.SetDescription("This process has only its part of the registration's outputs; with GatherOutputOn() of the "
                         "engine, process 0 has all.");
    error.SetDataObject(output);
    throw error;
  }
  if (image)
  {
    image->SetRequestedRegion(region);
  }
}

auto
GaussNewtonRegistrationRun::FindReleasableInputs() const -> InputFlags
{
  const bool isWarped =
    this->IsShared() ? m_Distribution->GetSettings().computeWarpedMovingImage : m_Settings.computeWarpedMovingImage;
  InputFlags releasable(this->CountInputs());
  for (unsigned int i = 0; i < this->CountInputs(); ++i)
  {
    const auto * const input = this->GetInput<const ImageBaseType>(i);
    if (input && input->ShouldIReleaseData())
    {
      const bool isReadAgain =
        IsReadAgain(*input) || (m_Distribution && m_Distribution->IsInputDistributed() && input->GetSource());
      const bool isMoving = input == this->GetInput<const ImageBaseType>(MovingImage); // of a further pair, perhaps
      releasable[i] = !isMoving || !isWarped || isReadAgain;
    }
  }
  return releasable;
}

void
GaussNewtonRegistrationRun::CacheInputReleaseDataFlags()
{
  m_ReleasableInputs = this->FindReleasableInputs();
}

// --- memory ----------------------------------------------------------------------------------------------------------

void
GaussNewtonRegistrationMemoryNeed::AddUp(const gnr::MemoryPlan & plan)
{
  solver = plan;
  solve = results = 0;
  for (const auto & [name, ofSolver] : solver.phases)
  {
    const std::size_t fields = solver.hostBytes(ofSolver); // none of the host's, if they are a GPU's
    if (name == "preparation")
    {
      preparation = inputs + prepared + fields;
    }
    else if (name == "inverse displacement")
    {
      // Where it is not computed, the memory for it goes with the first of the other outputs.
      results = std::max(results, kept + displacement + cast + fields);
    }
    else if (name == "other results")
    {
      results = std::max(results, kept + displacement + cast + inverse + others + fields);
    }
    else
    {
      solve = std::max(solve, kept + fields);
    }
  }
}

auto
GaussNewtonRegistrationRun::PlanMemory() -> MemoryNeed
{
  const std::shared_ptr<gnr::Communicator> communicator = m_Engine->MakeCommunicator();
  if (communicator->size() > 1)
  {
    MemoryNeed need;
    this->RunTogether(communicator, [&] { need = this->PlanMemoryOfInputs(); });
    return need;
  }
  m_Distribution.reset();
  m_Filter->UpdateOutputInformation();
  m_Distribution = this->MakeDistribution(communicator);
  return this->PlanMemoryOfInputs();
}

auto
GaussNewtonRegistrationRun::PlanMemoryOfInputs() -> MemoryNeed
{
  m_Filter->PropagateRequestedRegion(this->GetOutputAs(DisplacementField));
  for (const auto & input : m_Filter->GetIndexedInputs())
  {
    if (input)
    {
      input->UpdateOutputData();
    }
  }
  Bridge bridge(m_Filter->GetMultiThreader(), *m_Distribution, m_Engine->GetNumberOfWorkers());
  this->PrepareInputs(bridge);
  MemoryNeed need = this->MeasureImages(bridge, this->FindReleasableInputs());
  need.AddUp(bridge.PlanMemory());
  return need;
}

auto
GaussNewtonRegistrationRun::MeasureImages(const Bridge & bridge, const InputFlags & releasable) const -> MemoryNeed
{
  constexpr std::size_t realBytes = sizeof(float);
  constexpr std::size_t doubleBytes = 3 * sizeof(double);
  const bool            isDouble = this->GetOutputAs<DoubleVectorImageType>(DisplacementField) != nullptr;
  const std::size_t     vectorBytes = isDouble ? doubleBytes : 3 * realBytes;
  MemoryNeed            need;
  need.prepared = bridge.GetPreparedBytes();
  const auto add = [&](unsigned int index, std::size_t pixelBytes, bool isCast) {
    if (const auto * const image = this->GetInput<const ImageBaseType>(index))
    {
      const std::size_t voxels = image->GetBufferedRegion().GetNumberOfPixels();
      need.inputs += voxels * (pixelBytes + (isCast ? realBytes : 0));
      need.kept += releasable[index] ? 0 : voxels * pixelBytes;
    }
  };
  for (unsigned int i = 0; i < this->CountInputs(); ++i)
  {
    const bool isReal = this->GetInput<const RealImageType>(i);
    switch (KindOf(i))
    {
      case FixedImage:
        add(i, m_FixedPixels.bytes, !isReal);
        break;
      case MovingImage:
        add(i, m_MovingPixels.bytes, !isReal);
        break;
      case IncompressibilityImage:
        add(i, realBytes, false);
        break;
      case InitialVelocityField:
        add(i, vectorBytes, false);
        break;
      default:
        add(i, 1, false); // masks
    }
  }

  const Settings &  settings = m_Distribution->GetSettings();
  const std::size_t voxels = m_Distribution->GetOutputRegion().GetNumberOfPixels();
  need.displacement = voxels * vectorBytes;
  need.cast = isDouble ? 3 * realBytes * voxels : 0;
  need.inverse = settings.computeInverseDisplacementField ? voxels * vectorBytes : 0;
  need.others = (settings.computeVelocityField ? voxels * vectorBytes : 0) +
                (settings.computeJacobianDeterminantImage + settings.computeWarpedMovingImage) * voxels * realBytes;
  if (m_NoTransform)
  {
    need.others += (settings.computeInverseDisplacementField ? 2 : 1) * voxels * doubleBytes;
  }
  return need;
}

} // namespace itk
