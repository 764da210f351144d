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
#include "itkGaussNewtonRegistrationBridge.h"

#include "itkGaussNewtonRegistrationImages.h"

#include "itkHistogramMatchingImageFilter.h"
#include "itkLinearInterpolateImageFunction.h"

#include "gnr/Registration.h"

#ifdef _OPENMP
#  include <omp.h>
#endif

#include <algorithm>
#include <functional>
#include <sstream>
#include <utility>

namespace itk
{

namespace
{
using namespace GaussNewtonRegistrationImages;

// The core's shortest axis; checked here as well, where the input can be named.
constexpr SizeValueType shortestAxis = 8;

// Masks and images often went through different programs, so their headers agree only roughly.
constexpr double maskTolerance = 0.1;

GaussNewtonRegistrationErrorEnums::Kind
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

// Runs f; errors of the core leave as ITK exceptions.
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

void
VerifySize(const ImageBaseType * image, const std::string & name)
{
  const auto size = image->GetLargestPossibleRegion().GetSize();
  for (unsigned int d = 0; d < 3; ++d)
  {
    if (size[d] < shortestAxis)
    {
      std::ostringstream message;
      message << name << ": " << size << " voxels; ";
      if (size[d] <= 1)
      {
        message << "this is a 2-D image, and the registration needs 3-D images.";
      }
      else
      {
        message << "the registration needs at least " << shortestAxis
                << " along every axis. Resample the image to a finer grid, or pad it.";
      }
      ThrowBadInput(message.str());
    }
  }
}

void
VerifyMask(const ImageBaseType * mask,
           const std::string &   maskName,
           const ImageBaseType * image,
           const std::string &   imageName)
{
  const auto maskSize = mask->GetLargestPossibleRegion().GetSize();
  const auto imageSize = image->GetLargestPossibleRegion().GetSize();
  if (maskSize != imageSize)
  {
    std::ostringstream message;
    message << maskName << ": " << maskSize << " voxels, but " << imageName << " has " << imageSize
            << "; resample the mask onto the grid of the image (nearest neighbour).";
    ThrowBadInput(message.str());
  }
  const double distance = CornerDistance(image, mask);
  if (distance > maskTolerance)
  {
    std::ostringstream message;
    message
      << maskName << ": its corners lie up to " << distance << " voxels away from those of " << imageName
      << " (origin, spacing or direction differ); resample the mask onto the grid of the image (nearest neighbour).";
    ThrowBadInput(message.str());
  }
}

gnr::Grid
GridOf(const ImageBaseType * image)
{
  gnr::Grid grid;
  for (unsigned int d = 0; d < 3; ++d)
  {
    grid.size[d] = static_cast<int>(image->GetLargestPossibleRegion().GetSize(d));
    grid.spacing[d] = image->GetSpacing()[d];
  }
  return grid;
}

gnr::HostImage
HostOf(const ScalarImageType * image)
{
  return { image->GetBufferPointer(), 0, static_cast<int>(image->GetLargestPossibleRegion().GetSize(2)) };
}

gnr::HostVectorImage
HostOf(VectorImageType * image)
{
  // A pixel is three floats without gaps, so the buffer is the interleaved array that the core writes.
  static_assert(sizeof(Vector<float, 3>) == 3 * sizeof(float), "itk::Vector has padding");
  return { image->GetBufferPointer()->GetDataPointer(),
           0,
           static_cast<int>(image->GetLargestPossibleRegion().GetSize(2)) };
}

// The thresholds at the mean keep the background, often most of the volume, out of the quantiles.
ScalarImageType::Pointer
MatchHistogram(const ScalarImageType * source, const ScalarImageType * reference)
{
  using FilterType = HistogramMatchingImageFilter<ScalarImageType, ScalarImageType>;
  const auto filter = FilterType::New();
  const auto sourceCopy = ScalarImageType::New();
  const auto referenceCopy = ScalarImageType::New();
  sourceCopy->Graft(source);
  referenceCopy->Graft(reference);
  filter->SetSourceImage(sourceCopy);
  filter->SetReferenceImage(referenceCopy);
  filter->SetNumberOfHistogramLevels(1024);
  filter->SetNumberOfMatchPoints(7);
  filter->ThresholdAtMeanIntensityOn();
  filter->Update();
  ScalarImageType::Pointer result = filter->GetOutput();
  result->DisconnectPipeline();
  return result;
}

class ObserverAdaptor : public gnr::Observer
{
public:
  ObserverAdaptor(GaussNewtonRegistrationBridge::Listener & listener, std::function<void()> releaseInputs)
    : m_Listener(listener)
    , m_ReleaseInputs(std::move(releaseInputs))
  {}

  void
  onLevel(const gnr::LevelRecord & record) override
  {
    m_Listener.OnLevel(record);
  }
  void
  onIteration(const gnr::IterationRecord & record) override
  {
    m_Listener.OnIteration(record);
  }
  void
  onProgress(double progress) override
  {
    m_Listener.OnProgress(progress);
  }
  void
  onMessage(const std::string & message) override
  {
    m_Listener.OnMessage(message);
  }
  void
  onInputsRead() override
  {
    m_ReleaseInputs();
    m_Listener.OnInputsRead();
  }
  gnr::Request
  poll() override
  {
    if (m_Listener.IsAbortRequested())
    {
      return gnr::Request::Abort;
    }
    return m_Listener.IsStopRequested() ? gnr::Request::Stop : gnr::Request::Continue;
  }

private:
  GaussNewtonRegistrationBridge::Listener & m_Listener;
  std::function<void()>                     m_ReleaseInputs;
};

std::size_t
BytesOf(const ScalarImageType * image)
{
  return image ? image->GetLargestPossibleRegion().GetNumberOfPixels() * sizeof(float) : 0;
}
} // namespace

class GaussNewtonRegistrationBridge::Implementation
{
public:
  MultiThreaderBase::Pointer         threader;
  ScalarImageType::ConstPointer      fixed;
  ScalarImageType::ConstPointer      moving; // on the fixed grid
  ScalarImageType::Pointer           fixedWeight;
  ScalarImageType::Pointer           movingWeight;
  VectorImageType::Pointer           velocity; // along the grid axes
  bool                               usesMovingInPlace = false;
  gnr::Options                       options;
  std::unique_ptr<gnr::Registration> registration;

  std::unique_ptr<gnr::Registration>
  MakeSolver() const
  {
    auto solver = std::make_unique<gnr::Registration>(GridOf(fixed), options);
    solver->setFixed(HostOf(fixed.GetPointer()));
    solver->setMoving(HostOf(moving.GetPointer()));
    if (fixedWeight)
    {
      solver->setFixedWeight(HostOf(fixedWeight.GetPointer()));
    }
    if (movingWeight)
    {
      solver->setMovingWeight(HostOf(movingWeight.GetPointer()));
    }
    if (velocity)
    {
      solver->setInitialVelocity(HostOf(velocity.GetPointer()));
    }
    return solver;
  }

  void
  ReleaseInputs()
  {
    fixed = nullptr;
    moving = nullptr;
    fixedWeight = nullptr;
    movingWeight = nullptr;
    velocity = nullptr;
  }

  gnr::Registration &
  Solver() const
  {
    if (!registration)
    {
      itkGenericExceptionMacro(<< "GaussNewtonRegistrationBridge: Solve() comes before the results.");
    }
    return *registration;
  }
};

GaussNewtonRegistrationBridge::GaussNewtonRegistrationBridge(MultiThreaderBase * threader)
  : m_Implementation(std::make_unique<Implementation>())
{
  m_Implementation->threader = threader;
}

GaussNewtonRegistrationBridge::~GaussNewtonRegistrationBridge() = default;

void
GaussNewtonRegistrationBridge::MemoryNeed::AddUp(const gnr::MemoryPlan & plan)
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

void
GaussNewtonRegistrationBridge::VerifyGrids(const ImageBaseType * fixed,
                                           const ImageBaseType * moving,
                                           const ImageBaseType * fixedMask,
                                           const ImageBaseType * movingMask)
{
  VerifySize(fixed, "FixedImage");
  VerifySize(moving, "MovingImage");
  if (fixedMask)
  {
    VerifyMask(fixedMask, "FixedImageMask", fixed, "FixedImage");
  }
  if (movingMask)
  {
    VerifyMask(movingMask, "MovingImageMask", moving, "MovingImage");
  }
}

void
GaussNewtonRegistrationBridge::Prepare(const Inputs & inputs, const gnr::Options & options)
{
  Implementation & self = *m_Implementation;
  WithItkErrors(ITK_LOCATION, [&] { gnr::validate(options); });
  CheckIntensities(inputs.fixed, "FixedImage");
  CheckIntensities(inputs.moving, "MovingImage");

  self.options = options;
#ifdef _OPENMP
  if (!self.options.threads)
  {
    self.options.threads =
      std::min(omp_get_max_threads(), static_cast<int>(MultiThreaderBase::GetGlobalMaximumNumberOfThreads()));
  }
#endif

  self.fixed = inputs.fixed;
  if (inputs.fixedMask)
  {
    self.fixedWeight = MakeWeight(inputs.fixedMask, "FixedImageMask");
  }

  self.usesMovingInPlace = !inputs.initialTransform && HaveSameGrid(inputs.fixed, inputs.moving);
  if (self.usesMovingInPlace)
  {
    self.moving = inputs.moving;
    if (inputs.movingMask)
    {
      self.movingWeight = MakeWeight(inputs.movingMask, "MovingImageMask");
    }
  }
  else
  {
    const ResampledMoving resampled =
      ResampleMoving(inputs.moving, inputs.movingMask, inputs.fixed, inputs.initialTransform, self.threader);
    self.moving = resampled.image;
    self.movingWeight = resampled.weight;
  }

  if (inputs.matchHistograms)
  {
    self.moving = MatchHistogram(self.moving, self.fixed);
    self.usesMovingInPlace = false;
  }

  if (inputs.initialVelocity)
  {
    self.velocity = SampleOnGridAxes(inputs.initialVelocity, inputs.fixed, self.threader);
  }
}

bool
GaussNewtonRegistrationBridge::IsMovingImageUsedInPlace() const
{
  return m_Implementation->usesMovingInPlace;
}

gnr::MemoryPlan
GaussNewtonRegistrationBridge::PlanMemory() const
{
  return WithItkErrors(ITK_LOCATION, [&] { return m_Implementation->MakeSolver()->planMemory(); });
}

std::size_t
GaussNewtonRegistrationBridge::GetPreparedBytes() const
{
  const Implementation & self = *m_Implementation;
  return (self.usesMovingInPlace ? 0 : BytesOf(self.moving)) + BytesOf(self.fixedWeight) + BytesOf(self.movingWeight) +
         (self.velocity ? 3 * BytesOf(self.fixed) : 0);
}

const gnr::Report &
GaussNewtonRegistrationBridge::Solve(Listener & listener)
{
  return WithItkErrors(ITK_LOCATION, [&]() -> const gnr::Report & {
    Implementation & self = *m_Implementation;
    ObserverAdaptor  observer(listener, [&self] { self.ReleaseInputs(); });
    self.registration = self.MakeSolver();
    self.registration->setObserver(&observer);
    const gnr::Report & report = self.registration->run();
    self.registration->setObserver(nullptr);
    return report;
  });
}

void
GaussNewtonRegistrationBridge::GetDisplacement(VectorImageType * image) const
{
  WithItkErrors(ITK_LOCATION, [&] { m_Implementation->Solver().displacement(HostOf(image)); });
  RotateToPhysical(image, m_Implementation->threader);
}

void
GaussNewtonRegistrationBridge::GetInverseDisplacement(VectorImageType * image) const
{
  WithItkErrors(ITK_LOCATION, [&] { m_Implementation->Solver().inverseDisplacement(HostOf(image)); });
  RotateToPhysical(image, m_Implementation->threader);
}

void
GaussNewtonRegistrationBridge::GetVelocity(VectorImageType * image) const
{
  WithItkErrors(ITK_LOCATION, [&] { m_Implementation->Solver().velocity(HostOf(image)); });
  RotateToPhysical(image, m_Implementation->threader);
}

void
GaussNewtonRegistrationBridge::GetJacobianDeterminant(ScalarImageType * image) const
{
  WithItkErrors(ITK_LOCATION, [&] {
    const auto planes = static_cast<int>(image->GetLargestPossibleRegion().GetSize(2));
    m_Implementation->Solver().determinant(image->GetBufferPointer(), 0, planes);
  });
}

void
GaussNewtonRegistrationBridge::ReleaseSolver()
{
  m_Implementation->registration.reset();
}

void
GaussNewtonRegistrationBridge::Warp(const ScalarImageType * moving,
                                    const VectorImageType * displacement,
                                    const TransformType *   initialTransform,
                                    ScalarImageType *       warped) const
{
  using RegionType = ScalarImageType::RegionType;
  const auto interpolator = LinearInterpolateImageFunction<ScalarImageType, double>::New();
  interpolator->SetInputImage(moving);
  const SizeValueType rowLength = warped->GetLargestPossibleRegion().GetSize(0);
  const RegionType    whole = warped->GetLargestPossibleRegion();

  // One item per row: the buffers are walked linearly, and the points come from the index of the voxel.
  m_Implementation->threader->ParallelizeArray(
    0,
    whole.GetNumberOfPixels() / rowLength,
    [&](SizeValueType row) {
      const SizeValueType        begin = row * rowLength;
      const auto *               u = displacement->GetBufferPointer() + begin;
      float *                    out = warped->GetBufferPointer() + begin;
      auto                       index = warped->ComputeIndex(static_cast<OffsetValueType>(begin));
      ScalarImageType::PointType point;
      for (SizeValueType i = 0; i < rowLength; ++i, ++index[0])
      {
        warped->TransformIndexToPhysicalPoint(index, point);
        point += Vector<double, 3>(u[i]);
        if (initialTransform)
        {
          point = initialTransform->TransformPoint(point);
        }
        const auto c = moving->TransformPhysicalPointToContinuousIndex<double>(point);
        out[i] =
          interpolator->IsInsideBuffer(c) ? static_cast<float>(interpolator->EvaluateAtContinuousIndex(c)) : 0.0F;
      }
    },
    nullptr);
}

} // namespace itk
