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
#ifndef itkGaussNewtonRegistrationDistribution_h
#define itkGaussNewtonRegistrationDistribution_h

#include "itkGaussNewtonRegistrationRun.h"

#include "itkDataObject.h"
#include "itkImageBase.h"
#include "itkImageRegion.h"

#include "gnr/Communicator.h"

#include <array>
#include <functional>
#include <memory>

namespace itk
{

/** \class GaussNewtonRegistrationDistribution
 * \brief What the processes that share one registration agree on: settings, geometry, who has which part of the images.
 *
 * The part of DiffeomorphicGaussNewtonRegistrationFilter that knows of processes. Images are shared as slabs of planes
 * along the last axis of the fixed grid: of nz planes, process r of N has [nz r / N, nz (r + 1) / N).
 *
 * \ingroup GaussNewtonRegistration
 */
class GaussNewtonRegistrationDistribution
{
public:
  using ImageBaseType = ImageBase<3>;
  using RegionType = ImageRegion<3>;

  using Run = GaussNewtonRegistrationRun;
  using Switches = Run::Switches;
  using Settings = Run::Settings;

  /** What this process brings along. */
  struct Proposal
  {
    Settings                                            settings{};
    std::array<const DataObject *, Run::NumberOfInputs> inputs{}; ///< null: not set. Their geometry is up to date
    unsigned int                                        furtherPairs = 0;
    bool                                                isOutOfDate = false; ///< its outputs are to be computed (again)
  };

  /** Runs f. What it throws reaches the other processes of the communicator as GaussNewtonRegistrationError (or
   * ProcessAborted) with the same words; theirs leave it in the same way. */
  static void
  ShareErrors(gnr::Communicator & communicator, const std::function<void()> & f);

  /** Collective: the settings and the geometry are those of the root, process 0. Throws GaussNewtonRegistrationError
   * that names the setting if another process has one that is neither the root's nor the default, or has other inputs
   * than the root. */
  GaussNewtonRegistrationDistribution(std::shared_ptr<gnr::Communicator> communicator, const Proposal & proposal);

  const std::shared_ptr<gnr::Communicator> &
  GetCommunicator() const
  {
    return m_Communicator;
  }
  /** At the end of a run, in all processes at the same time, as MPI wants it; what was agreed on stays. */
  void
  Disconnect()
  {
    m_Communicator.reset();
  }
  int
  GetNumberOfProcesses() const
  {
    return m_NumberOfProcesses;
  }
  bool
  IsRoot() const
  {
    return m_Rank == 0;
  }

  const Settings &
  GetSettings() const
  {
    return m_Settings;
  }

  /** Every process has inputs, and reads its part of them. Otherwise the root has all. */
  bool
  IsInputDistributed() const
  {
    return m_IsInputDistributed;
  }
  /** This process has no inputs of its own. */
  bool
  HasNoInputs() const
  {
    return !m_IsInputDistributed && !IsRoot();
  }
  bool
  IsOutOfDate() const
  {
    return m_IsOutOfDate;
  }

  /** Pairs of images beside the first. */
  unsigned int
  GetNumberOfFurtherPairs() const
  {
    return m_NumberOfFurtherPairs;
  }

  /** The grid of the fixed image; no voxels. */
  const ImageBaseType *
  GetFixedGrid() const
  {
    return m_FixedGrid;
  }
  /** The planes of process `rank`. */
  RegionType
  GetSlab(int rank) const;
  /** The part of the fixed grid whose inputs this process has: all, its slab, or nothing. */
  RegionType
  GetInputRegion() const;
  /** The part of the fixed grid whose outputs this process gets: all, its slab, or nothing. */
  RegionType
  GetOutputRegion() const;

  /** Sum over the processes that have a part of the inputs; what the root says where it has all. */
  double
  SumOverInputs(double value) const;
  double
  MinimumOverInputs(double value) const;
  double
  MaximumOverInputs(double value) const;

private:
  std::shared_ptr<gnr::Communicator> m_Communicator;
  int                                m_Rank = 0;
  int                                m_NumberOfProcesses = 1;
  Settings                           m_Settings{};
  bool                               m_IsInputDistributed = false;
  bool                               m_IsOutOfDate = false;
  unsigned int                       m_NumberOfFurtherPairs = 0;
  ImageBaseType::Pointer             m_FixedGrid;
};

} // namespace itk

#endif
