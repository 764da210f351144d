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

#include "itkGaussNewtonRegistrationCoreErrors.h"
#include "itkGaussNewtonRegistrationImages.h"
#include "itkGaussNewtonRegistrationLandmarks.h"
#include "itkGaussNewtonRegistrationSampling.h"

#include "itkHistogramMatchingImageFilter.h"

#ifdef _OPENMP
#  include <omp.h>
#endif

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <sstream>
#include <utility>
#include <vector>

#ifdef __unix__
#  include <unistd.h>
#endif

namespace itk
{

namespace
{
using namespace GaussNewtonRegistrationImages;
using namespace GaussNewtonRegistrationSampling;
using GaussNewtonRegistrationCoreErrors::WithItkErrors;
using GaussNewtonRegistrationLandmarks::PairLandmarks;

// The core's shortest axis; checked here as well, where the input can be named.
constexpr SizeValueType shortestAxis = 8;

// Masks and images often went through different programs, so their headers agree only roughly.
constexpr double gridTolerance = 0.1;

/** |det| of a linear transform. */
double
VolumeChangeOf(const Transform<double, 3, 3> & transform)
{
  if (!transform.IsLinear())
  {
    ThrowBadInput("InitialTransform: is not linear, so that it changes volumes from place to place; for densities, "
                  "resample the moving image through it, multiply by its determinant and leave the transform out. "
                  "Volumes cannot be kept with it.");
  }
  const Point<double, 3> origin{};
  const auto             columnOf = [&](unsigned int axis) {
    Point<double, 3> unit{};
    unit[axis] = 1.0;
    return transform.TransformPoint(unit) - transform.TransformPoint(origin);
  };
  return std::abs(CrossProduct(columnOf(0), columnOf(1)) * columnOf(2));
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

/** Throws unless what belongs to an image lies on its grid. \param remedy what to do otherwise */
void
VerifyOnGridOf(const ImageBaseType * image,
               const std::string &   imageName,
               const ImageBaseType * other,
               const std::string &   name,
               const char *          remedy)
{
  const auto size = other->GetLargestPossibleRegion().GetSize();
  const auto imageSize = image->GetLargestPossibleRegion().GetSize();
  if (size != imageSize)
  {
    std::ostringstream message;
    message << name << ": " << size << " voxels, but " << imageName << " has " << imageSize << "; " << remedy;
    ThrowBadInput(message.str());
  }
  const double distance = CornerDistance(image, other);
  if (distance > gridTolerance)
  {
    std::ostringstream message;
    message << name << ": its corners lie up to " << distance << " voxels away from those of " << imageName
            << " (origin, spacing or direction differ); " << remedy;
    ThrowBadInput(message.str());
  }
}

constexpr const char * resampleMask = "resample the mask onto the grid of the image (nearest neighbour).";
constexpr const char * resampleImage = "resample it onto the grid of that image.";

/** By which messages call an image of a further pair. */
std::string
NameOfFurther(const char * name, std::size_t number)
{
  return name + std::to_string(number + 2);
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

/** The voxels of `region`, whole planes of the fixed grid, in the buffer of an image; nothing where there is no image,
 * or no plane. \param first the voxel of the image that corresponds to the first of the region */
template <typename TBlock, typename TImage>
TBlock
BlockOf(TImage * image, const RegionType & region, const ImageBaseType * fixed, IndexType first)
{
  TBlock block;
  if (image && region.GetNumberOfPixels() > 0)
  {
    // A pixel is one float or three, without gaps, so the buffer is the array that the core reads and writes.
    static_assert(sizeof(Vector<float, 3>) == 3 * sizeof(float), "itk::Vector has padding");
    using ValueType = decltype(block.data);
    block.data = reinterpret_cast<ValueType>(image->GetBufferPointer() + image->ComputeOffset(first));
    for (unsigned int d = 0; d < 3; ++d)
    {
      block.box.begin[d] = static_cast<int>(region.GetIndex(d) - fixed->GetLargestPossibleRegion().GetIndex(d));
      block.box.end[d] = block.box.begin[d] + static_cast<int>(region.GetSize(d));
    }
  }
  return block;
}

/** CPU threads: what OpenMP would take, unless several processes share the machine and nobody has divided it among
 * them. */
int
ChooseThreads(const gnr::Communicator & communicator)
{
  int threads = static_cast<int>(MultiThreaderBase::GetGlobalMaximumNumberOfThreads());
#ifdef _OPENMP
  threads = std::min(threads, omp_get_max_threads());
#  ifdef _SC_NPROCESSORS_ONLN
  if (communicator.sizeOnMachine() > 1 && std::getenv("OMP_NUM_THREADS") == nullptr)
  {
    const auto share = static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN)) / communicator.sizeOnMachine();
    threads = std::clamp(share, 1, threads);
  }
#  endif
#endif
  return threads;
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

/** The voxels of `image`, on a grid of the same size, that correspond to a region of the fixed grid. */
RegionType
RegionOn(const ImageBaseType * image, RegionType region, const ImageBaseType * fixed)
{
  region.SetIndex(region.GetIndex() +
                  (image->GetLargestPossibleRegion().GetIndex() - fixed->GetLargestPossibleRegion().GetIndex()));
  return region;
}

/** The voxels of the moving images can be used one for one. */
bool
IsOnFixedGrid(const GaussNewtonRegistrationBridge::Inputs & inputs)
{
  return !inputs.initialTransform && HaveSameGrid(inputs.fixed, inputs.moving.grid);
}

std::size_t
BytesOf(const ScalarImageType * image)
{
  return image ? image->GetBufferedRegion().GetNumberOfPixels() * sizeof(float) : 0;
}
} // namespace

GaussNewtonRegistrationBridge::GaussNewtonRegistrationBridge(MultiThreaderBase *  threader,
                                                             const Distribution & distribution,
                                                             unsigned int         numberOfWorkers)
  : m_Threader(threader)
  , m_Distribution(distribution)
  , m_NumberOfWorkers(numberOfWorkers)
{}

template <typename TImage>
gnr::InputBlock
GaussNewtonRegistrationBridge::InputOf(const TImage * image) const
{
  const ImageBaseType * fixedGrid = m_Distribution.GetFixedGrid();
  const RegionType      region = m_Distribution.GetInputRegion();
  return BlockOf<gnr::InputBlock>(
    image, region, fixedGrid, image ? RegionOn(image, region, fixedGrid).GetIndex() : IndexType());
}

gnr::Problem
GaussNewtonRegistrationBridge::MakeProblem() const
{
  gnr::Problem problem;
  problem.grid = GridOf(m_Distribution.GetFixedGrid());
  problem.options = m_Options;
  problem.fixed = this->InputOf(m_Fixed.GetPointer());
  problem.moving = this->InputOf(m_Moving.GetPointer());
  problem.fixedWeight = this->InputOf(m_FixedWeight.GetPointer());
  problem.movingWeight = this->InputOf(m_MovingWeight.GetPointer());
  problem.incompressibility = this->InputOf(m_Incompressibility.GetPointer());
  problem.initialVelocity = this->InputOf(m_Velocity.GetPointer());
  problem.movingVolumeChange = m_MovingVolumeChange;
  problem.landmarks = m_Landmarks;
  problem.customMeasure = m_CustomMeasure.get();
  problem.furtherPairs.resize(m_Distribution.GetNumberOfFurtherPairs());
  for (std::size_t i = 0; i < m_FurtherPairs.size(); ++i)
  {
    problem.furtherPairs[i] = { this->InputOf(m_FurtherPairs[i].fixed.GetPointer()),
                                this->InputOf(m_FurtherPairs[i].moving.GetPointer()) };
  }
  return problem;
}

std::unique_ptr<gnr::Engine>
GaussNewtonRegistrationBridge::MakeEngine() const
{
  return m_NumberOfWorkers == 1 ? gnr::makeEngine(m_Distribution.GetCommunicator())
                                : gnr::makeLaunchedEngine(static_cast<int>(m_NumberOfWorkers));
}

template <typename TImage>
void
GaussNewtonRegistrationBridge::Read(gnr::Field field, TImage * image) const
{
  if (!m_Result)
  {
    itkGenericExceptionMacro(<< "GaussNewtonRegistrationBridge: Solve() comes before the results.");
  }
  WithItkErrors(ITK_LOCATION, [&] {
    const RegionType region = image ? image->GetBufferedRegion() : RegionType();
    m_Result->read(field, BlockOf<gnr::OutputBlock>(image, region, m_Distribution.GetFixedGrid(), region.GetIndex()));
  });
}

void
GaussNewtonRegistrationBridge::VerifyGrids(const ImageBaseType * fixed,
                                           const ImageBaseType * moving,
                                           const ImageBaseType * fixedMask,
                                           const ImageBaseType * movingMask,
                                           const ImageBaseType * incompressibility)
{
  VerifySize(fixed, "FixedImage");
  VerifySize(moving, "MovingImage");
  if (fixedMask)
  {
    VerifyOnGridOf(fixed, "FixedImage", fixedMask, "FixedImageMask", resampleMask);
  }
  if (movingMask)
  {
    VerifyOnGridOf(moving, "MovingImage", movingMask, "MovingImageMask", resampleMask);
  }
  if (incompressibility)
  {
    VerifyOnGridOf(moving, "MovingImage", incompressibility, "IncompressibilityImage", resampleImage);
  }
}

void
GaussNewtonRegistrationBridge::VerifyFurtherPair(unsigned int          number,
                                                 const ImageBaseType * fixed,
                                                 const ImageBaseType * moving,
                                                 const ImageBaseType * furtherFixed,
                                                 const ImageBaseType * furtherMoving)
{
  VerifyOnGridOf(fixed, "FixedImage", furtherFixed, NameOfFurther("FixedImage", number), resampleImage);
  VerifyOnGridOf(moving, "MovingImage", furtherMoving, NameOfFurther("MovingImage", number), resampleImage);
}

auto
GaussNewtonRegistrationBridge::SampleMoving(const Inputs &                  inputs,
                                            const Source<ScalarImageType> & moving,
                                            const std::string &             name,
                                            const Source<MaskImageType> &   mask,
                                            bool                            isOfLabels,
                                            ScalarImageType::Pointer & weight) const -> ScalarImageType::ConstPointer
{
  if (IsOnFixedGrid(inputs))
  {
    const RegionType              same = RegionOn(moving.grid, m_Distribution.GetInputRegion(), inputs.fixed);
    ScalarImageType::ConstPointer result = moving.whole ? moving.whole : moving.read(same);
    if (!moving.whole)
    {
      CheckFinite(result, same, name);
    }
    if (mask)
    {
      const RegionType                  ofMask = RegionOn(mask.grid, m_Distribution.GetInputRegion(), inputs.fixed);
      const MaskImageType::ConstPointer part = mask.whole ? mask.whole : mask.read(ofMask);
      weight = MakeWeight(part, ofMask, "MovingImageMask");
      CheckNotEmpty(weight, m_Distribution, "MovingImageMask");
    }
    return result;
  }
  const ResampledMoving resampled =
    ResampleMoving(moving, name, isOfLabels, mask, m_Distribution, inputs.initialTransform, m_Threader);
  weight = resampled.weight;
  return resampled.image.GetPointer();
}

void
GaussNewtonRegistrationBridge::PrepareVolumes(const Inputs & inputs, const gnr::Options & options)
{
  const bool isDensity = options.density != gnr::Density::None;
  const bool isOfCt = options.incompressibility == gnr::Incompressibility::Ct;
  if (isDensity && !options.densityExponent && !(inputs.fixedMask && inputs.movingMask))
  {
    // A moving image that was resampled has a weight without a mask, too.
    ThrowBadInput(
      std::string(inputs.fixedMask ? "MovingImageMask" : "FixedImageMask") +
      ": is missing; density exponent auto compares the lungs of both images, so give the masks of both, or "
      "a number for the exponent.");
  }
  if (inputs.matchHistograms && (isDensity || isOfCt))
  {
    ThrowBadInput(isDensity ? "UseHistogramMatching: would change the masses of densities; switch it off."
                            : "UseHistogramMatching: would change the CT numbers that incompressibility ct reads; "
                              "switch it off.");
  }
  if (isDensity || isOfCt || inputs.incompressibility)
  {
    m_MovingVolumeChange = inputs.initialTransform ? VolumeChangeOf(*inputs.initialTransform) : 1.0;
  }
  if (inputs.incompressibility)
  {
    constexpr const char * name = "IncompressibilityImage";
    if (const auto & whole = inputs.incompressibility.whole)
    {
      CheckFinite(whole, whole->GetLargestPossibleRegion(), name);
    }
    ScalarImageType::Pointer unused; // where the image lies that has these weights
    m_Incompressibility = this->SampleMoving(inputs, inputs.incompressibility, name, {}, false, unused);
  }
}

void
GaussNewtonRegistrationBridge::Prepare(const Inputs & inputs, const gnr::Options & options)
{
  WithItkErrors(ITK_LOCATION, [&] {
    gnr::validate(options);
    m_Options = options;
    if (!m_Options.threads)
    {
      m_Options.threads = ChooseThreads(*m_Distribution.GetCommunicator());
    }
  });
  m_CustomMeasure = inputs.customMeasure;
  if (m_Distribution.HasNoInputs())
  {
    return;
  }
  const RegionType region = m_Distribution.GetInputRegion();
  CheckFinite(inputs.fixed, region, "FixedImage");
  CheckNotConstant(inputs.fixed, region, &m_Distribution, "FixedImage");
  if (inputs.moving.whole)
  {
    CheckIntensities(inputs.moving.whole, "MovingImage"); // otherwise, where it is read
  }

  m_Landmarks = PairLandmarks(
    inputs.fixedLandmarks, inputs.movingLandmarks, inputs.fixed, inputs.moving.grid, inputs.initialTransform);

  m_Fixed = inputs.fixed;
  if (inputs.fixedMask)
  {
    m_FixedWeight = MakeWeight(inputs.fixedMask, RegionOn(inputs.fixedMask, region, inputs.fixed), "FixedImageMask");
    CheckNotEmpty(m_FixedWeight, m_Distribution, "FixedImageMask");
  }

  this->PrepareVolumes(inputs, options);

  m_UsesWeightsInPlace = IsOnFixedGrid(inputs);
  m_UsesMovingInPlace = m_UsesWeightsInPlace && !inputs.matchHistograms;
  const auto isOfLabels = [&](std::size_t pair) {
    return options.similarity.of(pair).has(gnr::SimilarityMeasure::Labels);
  };
  const auto matched =
    [&](const ScalarImageType::ConstPointer & moving, const ScalarImageType * fixed, std::size_t pair) {
      return inputs.matchHistograms && !isOfLabels(pair) ? ScalarImageType::ConstPointer(MatchHistogram(moving, fixed))
                                                         : moving;
    };
  m_Moving =
    matched(this->SampleMoving(inputs, inputs.moving, "MovingImage", inputs.movingMask, isOfLabels(0), m_MovingWeight),
            inputs.fixed,
            0);

  for (const Pair & pair : inputs.furtherPairs)
  {
    const std::string        fixedName = NameOfFurther("FixedImage", m_FurtherPairs.size());
    const std::string        movingName = NameOfFurther("MovingImage", m_FurtherPairs.size());
    ScalarImageType::Pointer sameWeight; // without the mask: that of the first pair holds for all
    const RegionType         ofFixed = RegionOn(pair.fixed, region, inputs.fixed);
    CheckFinite(pair.fixed, ofFixed, fixedName);
    CheckNotConstant(pair.fixed, ofFixed, &m_Distribution, fixedName);
    if (pair.moving.whole)
    {
      CheckIntensities(pair.moving.whole, movingName);
    }
    const std::size_t number = m_FurtherPairs.size() + 1;
    const auto        moving = this->SampleMoving(inputs, pair.moving, movingName, {}, isOfLabels(number), sameWeight);
    m_FurtherPairs.push_back({ pair.fixed, matched(moving, pair.fixed, number) });
  }

  if (inputs.initialVelocity)
  {
    m_Velocity = SampleOnGridAxes(inputs.initialVelocity, m_Distribution, m_Threader);
  }
}

gnr::MemoryPlan
GaussNewtonRegistrationBridge::PlanMemory() const
{
  return WithItkErrors(ITK_LOCATION, [&] { return this->MakeEngine()->plan(this->MakeProblem()); });
}

std::size_t
GaussNewtonRegistrationBridge::GetPreparedBytes() const
{
  return (m_UsesMovingInPlace ? 0 : (1 + m_FurtherPairs.size()) * BytesOf(m_Moving)) + BytesOf(m_FixedWeight) +
         BytesOf(m_MovingWeight) + (m_UsesWeightsInPlace ? 0 : BytesOf(m_Incompressibility)) +
         (m_Velocity ? 3 * BytesOf(m_Fixed) : 0);
}

const gnr::Report &
GaussNewtonRegistrationBridge::Solve(gnr::Observer & observer)
{
  WithItkErrors(ITK_LOCATION, [&] { m_Result = this->MakeEngine()->run(this->MakeProblem(), &observer); });
  return m_Result->report();
}

void
GaussNewtonRegistrationBridge::ReleaseInputs()
{
  m_Fixed = nullptr;
  m_Moving = nullptr;
  m_FurtherPairs.clear();
  m_FixedWeight = nullptr;
  m_MovingWeight = nullptr;
  m_Incompressibility = nullptr;
  m_Velocity = nullptr;
}

void
GaussNewtonRegistrationBridge::ReadField(gnr::Field field, VectorImageType * image) const
{
  this->Read(field, image);
  if (image)
  {
    RotateToPhysical(image, m_Threader);
  }
}

void
GaussNewtonRegistrationBridge::ReadField(gnr::Field field, ScalarImageType * image) const
{
  this->Read(field, image);
}

void
GaussNewtonRegistrationBridge::ReleaseSolver()
{
  m_Result.reset();
}

} // namespace itk
