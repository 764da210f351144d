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
#include "itkGaussNewtonRegistrationDistribution.h"

#include "itkGaussNewtonRegistrationCoreErrors.h"
#include "itkGaussNewtonRegistrationError.h"

#include "gnr/OptionTable.h"

#include <algorithm>
#include <new>
#include <string>
#include <type_traits>
#include <utility>

namespace itk
{

namespace
{
using namespace GaussNewtonRegistrationCoreErrors;
using Distribution = GaussNewtonRegistrationDistribution;
using ImageBaseType = Distribution::ImageBaseType;
using Settings = Distribution::Settings;
using Switches = Distribution::Switches;
using Run = Distribution::Run;
constexpr unsigned int inputCount = Run::NumberOfInputs;

struct Geometry
{
  std::array<IndexValueType, 3> index{};
  std::array<SizeValueType, 3>  size{};
  std::array<double, 3>         spacing{};
  std::array<double, 3>         origin{};
  std::array<double, 9>         direction{};
};

/** What the root tells the others, besides the options. */
struct Header
{
  Switches                         switches;
  std::array<bool, inputCount>     hasInput{};
  std::array<Geometry, inputCount> geometry{}; // of those that are images
  unsigned int                     furtherPairs = 0;
};
static_assert(std::is_trivially_copyable_v<Header>, "the header travels between processes as bytes");

[[noreturn]] void
ThrowBadInput(const std::string & description)
{
  throw GaussNewtonRegistrationError(GaussNewtonRegistrationErrorEnums::Kind::BadInput,
                                     __FILE__,
                                     __LINE__,
                                     description,
                                     "itk::DiffeomorphicGaussNewtonRegistrationFilter");
}

Geometry
GeometryOf(const ImageBaseType * image)
{
  Geometry g;
  for (unsigned int i = 0; i < 3; ++i)
  {
    g.index[i] = image->GetLargestPossibleRegion().GetIndex(i);
    g.size[i] = image->GetLargestPossibleRegion().GetSize(i);
    g.spacing[i] = image->GetSpacing()[i];
    g.origin[i] = image->GetOrigin()[i];
    for (unsigned int j = 0; j < 3; ++j)
    {
      g.direction[3 * i + j] = image->GetDirection()(i, j);
    }
  }
  return g;
}

bool
operator==(const Geometry & a, const Geometry & b)
{
  return a.index == b.index && a.size == b.size && a.spacing == b.spacing && a.origin == b.origin &&
         a.direction == b.direction;
}

ImageBaseType::Pointer
MakeGrid(const Geometry & g)
{
  const auto                   grid = ImageBaseType::New();
  ImageBaseType::RegionType    region;
  ImageBaseType::SpacingType   spacing;
  ImageBaseType::PointType     origin;
  ImageBaseType::DirectionType direction;
  for (unsigned int i = 0; i < 3; ++i)
  {
    region.SetIndex(i, g.index[i]);
    region.SetSize(i, g.size[i]);
    spacing[i] = g.spacing[i];
    origin[i] = g.origin[i];
    for (unsigned int j = 0; j < 3; ++j)
    {
      direction(i, j) = g.direction[3 * i + j];
    }
  }
  grid->SetLargestPossibleRegion(region);
  grid->SetSpacing(spacing);
  grid->SetOrigin(origin);
  grid->SetDirection(direction);
  return grid;
}

/** Throws if a setting was changed here in another way than on the root. */
void
CompareSettings(int rank, const Settings & mine, const Settings & ofRoot)
{
  const auto compare = [&](const char * name, const std::string & m, const std::string & r, const std::string & d) {
    if (m != r && m != d)
    {
      ThrowBadInput(std::string(name) + ": process " + std::to_string(rank) + " has " + m + ", process 0 has " + r +
                    "; set it on process 0 alone, or the same on all processes.");
    }
  };
  const Settings defaults;
  for (const gnr::OptionRow & row : gnr::optionTable())
  {
    compare(row.title().c_str(), row.text(mine.options), row.text(ofRoot.options), row.text(defaults.options));
  }
  for (const auto & each : Run::SwitchNames)
  {
    const auto text = [&each](const Switches & switches) { return switches.*each.member ? "on" : "off"; };
    compare(each.name, text(mine), text(ofRoot), text(defaults));
  }
}

/** Throws if this process has inputs that are not those of the root. Further pairs have the geometry of the first. */
void
CompareInputs(int rank, const Header & mine, const Header & ofRoot)
{
  if (mine.furtherPairs != ofRoot.furtherPairs)
  {
    ThrowBadInput("AddImagePair: process " + std::to_string(rank) + " has " + std::to_string(mine.furtherPairs) +
                  " further pairs of images, process 0 has " + std::to_string(ofRoot.furtherPairs) +
                  "; add the same on all processes, or all on process 0 alone.");
  }
  for (unsigned int i = 0; i < inputCount; ++i)
  {
    const std::string name = Run::InputNames[i];
    const std::string here = "process " + std::to_string(rank);
    if (mine.hasInput[i] != ofRoot.hasInput[i])
    {
      ThrowBadInput(name + ": " +
                    (mine.hasInput[i] ? here + " has one, process 0 has none" : here + " has none, process 0 has one") +
                    "; set the same inputs on all processes, or all on process 0 alone.");
    }
    if (!(mine.geometry[i] == ofRoot.geometry[i]))
    {
      ThrowBadInput(name + ": its size, spacing, origin or direction on " + here +
                    " is not that on process 0; set the same image on all processes, or on process 0 alone.");
    }
  }
}

constexpr const char * outOfMemory =
  "Not enough memory for this registration; use more processes, switch off outputs that are not needed, or use smaller "
  "images.";
} // namespace

void
GaussNewtonRegistrationDistribution::ShareErrors(gnr::Communicator & communicator, const std::function<void()> & f)
{
  const auto tell = [&](gnr::ErrorKind kind, const std::string & message) {
    if (communicator.size() > 1)
    {
      communicator.announceFailure(kind, message);
    }
  };
  try
  {
    WithItkErrors(ITK_LOCATION, f);
  }
  catch (const ProcessAborted &)
  {
    tell(gnr::ErrorKind::Aborted, "the registration was aborted");
    throw;
  }
  catch (const GaussNewtonRegistrationError & error)
  {
    tell(KindOf(error.GetKind()), error.GetDescription());
    throw;
  }
  catch (const MemoryAllocationError &)
  {
    tell(gnr::ErrorKind::OutOfResources, outOfMemory);
    throw GaussNewtonRegistrationError(
      GaussNewtonRegistrationErrorEnums::Kind::OutOfResources, __FILE__, __LINE__, outOfMemory, ITK_LOCATION);
  }
  catch (const ExceptionObject & error)
  {
    // Of an image that could not be read, say.
    tell(gnr::ErrorKind::BadInput, error.GetDescription());
    throw;
  }
  catch (const std::bad_alloc &)
  {
    tell(gnr::ErrorKind::OutOfResources, outOfMemory);
    throw GaussNewtonRegistrationError(
      GaussNewtonRegistrationErrorEnums::Kind::OutOfResources, __FILE__, __LINE__, outOfMemory, ITK_LOCATION);
  }
  catch (const std::exception & error)
  {
    tell(gnr::ErrorKind::BadInput, error.what());
    throw;
  }
  catch (...)
  {
    tell(gnr::ErrorKind::BadInput, "process " + std::to_string(communicator.rank()) + " has failed");
    throw;
  }
}

GaussNewtonRegistrationDistribution::GaussNewtonRegistrationDistribution(
  std::shared_ptr<gnr::Communicator> communicator,
  const Proposal &                   proposal)
  : m_Communicator(std::move(communicator))
  , m_Rank(m_Communicator->rank())
  , m_NumberOfProcesses(m_Communicator->size())
  , m_Settings(proposal.settings)
{
  Header mine;
  mine.switches = proposal.settings;
  mine.furtherPairs = proposal.furtherPairs;
  for (unsigned int i = 0; i < inputCount; ++i)
  {
    mine.hasInput[i] = proposal.inputs[i] != nullptr;
    if (const auto * image = dynamic_cast<const ImageBaseType *>(proposal.inputs[i]))
    {
      mine.geometry[i] = GeometryOf(image);
    }
  }
  Header     ofRoot = mine;
  const bool hasInputs =
    std::any_of(mine.hasInput.begin(), mine.hasInput.end(), [](bool isSet) { return isSet; }) || IsRoot();

  if (GetNumberOfProcesses() > 1)
  {
    m_Communicator->broadcast(&ofRoot, sizeof ofRoot, 0);
    static_cast<Switches &>(m_Settings) = ofRoot.switches;
    WithItkErrors(ITK_LOCATION, [&] {
      m_Settings.options = gnr::optionsOf(m_Communicator->broadcastText(gnr::toText(m_Settings.options), 0));
    });
    CompareSettings(m_Rank, proposal.settings, m_Settings);
    if (hasInputs)
    {
      CompareInputs(m_Rank, mine, ofRoot);
    }
    double counts[2] = { hasInputs ? 1.0 : 0.0, proposal.isOutOfDate ? 1.0 : 0.0 };
    m_Communicator->sum(counts, 2);
    const int withInputs = static_cast<int>(counts[0]);
    if (withInputs != 1 && withInputs != GetNumberOfProcesses())
    {
      ThrowBadInput("FixedImage: " + std::to_string(withInputs) + " of " + std::to_string(GetNumberOfProcesses()) +
                    " processes have inputs; set them on all processes, or on process 0 alone.");
    }
    m_IsInputDistributed = withInputs > 1;
    m_IsOutOfDate = counts[1] > 0.0;
    if (m_IsInputDistributed && m_Settings.useHistogramMatching)
    {
      ThrowBadInput("UseHistogramMatching needs the images as a whole; set the inputs on process 0 alone, or switch it "
                    "off and match the histograms beforehand.");
    }
    const SizeValueType planes = ofRoot.geometry[0].size[2];
    if (planes < static_cast<SizeValueType>(GetNumberOfProcesses()))
    {
      ThrowBadInput("FixedImage has " + std::to_string(planes) + " planes along its last axis, too few for " +
                    std::to_string(GetNumberOfProcesses()) + " processes; use fewer processes.");
    }
  }
  else
  {
    m_IsOutOfDate = proposal.isOutOfDate;
  }
  m_NumberOfFurtherPairs = ofRoot.furtherPairs;
  m_FixedGrid = MakeGrid(ofRoot.geometry[0]);
}

auto
GaussNewtonRegistrationDistribution::GetSlab(int rank) const -> RegionType
{
  RegionType          region = m_FixedGrid->GetLargestPossibleRegion();
  const SizeValueType planes = region.GetSize(2);
  const auto          bound = [&](int r) { return planes * static_cast<SizeValueType>(r) / GetNumberOfProcesses(); };
  region.SetIndex(2, region.GetIndex(2) + static_cast<IndexValueType>(bound(rank)));
  region.SetSize(2, bound(rank + 1) - bound(rank));
  return region;
}

auto
GaussNewtonRegistrationDistribution::GetInputRegion() const -> RegionType
{
  if (m_IsInputDistributed)
  {
    return GetSlab(m_Rank);
  }
  return IsRoot() ? m_FixedGrid->GetLargestPossibleRegion() : RegionType();
}

auto
GaussNewtonRegistrationDistribution::GetOutputRegion() const -> RegionType
{
  if (!m_Settings.gatherOutput)
  {
    return GetSlab(m_Rank);
  }
  return IsRoot() ? m_FixedGrid->GetLargestPossibleRegion() : RegionType();
}

double
GaussNewtonRegistrationDistribution::SumOverInputs(double value) const
{
  if (m_IsInputDistributed)
  {
    m_Communicator->sum(&value, 1);
  }
  return value;
}

double
GaussNewtonRegistrationDistribution::MinimumOverInputs(double value) const
{
  if (m_IsInputDistributed)
  {
    m_Communicator->minimum(&value, 1);
  }
  return value;
}

double
GaussNewtonRegistrationDistribution::MaximumOverInputs(double value) const
{
  if (m_IsInputDistributed)
  {
    m_Communicator->maximum(&value, 1);
  }
  return value;
}

} // namespace itk
