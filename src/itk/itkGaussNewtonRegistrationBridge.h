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
#ifndef itkGaussNewtonRegistrationBridge_h
#define itkGaussNewtonRegistrationBridge_h

#include "itkGaussNewtonRegistrationDistribution.h"

#include "itkImage.h"
#include "itkMultiThreaderBase.h"
#include "itkPoint.h"
#include "itkTransform.h"
#include "itkVector.h"

#include "gnr/Engine.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace itk
{

/** \class GaussNewtonRegistrationBridge
 * \brief Between ITK images in physical space and the solver on its grid.
 *
 * Resamples the moving image onto the fixed grid, makes weights of masks and fields of view, runs the solver, and turns
 * its vectors (mm along the grid axes) into physical vectors (LPS, mm).
 *
 * Every method throws GaussNewtonRegistrationError, or ProcessAborted where the observer asked for it.
 *
 * \ingroup GaussNewtonRegistration
 */
class GaussNewtonRegistrationBridge
{
public:
  using ImageBaseType = ImageBase<3>;
  using ScalarImageType = Image<float, 3>;
  using VectorImageType = Image<Vector<float, 3>, 3>;
  using MaskImageType = Image<unsigned char, 3>;
  using TransformType = Transform<double, 3, 3>;
  using RegionType = ImageRegion<3>;
  using Distribution = GaussNewtonRegistrationDistribution;

  /** \class Source
   * \brief An image that is in memory as a whole, or of which parts are read when they are needed.
   * \ingroup GaussNewtonRegistration
   */
  template <typename TImage>
  struct Source
  {
    ImageBaseType::ConstPointer   grid;  ///< null: not given
    typename TImage::ConstPointer whole; ///< null: `read` gives parts
    /** An image that is buffered at least there, until the next call. */
    std::function<typename TImage::ConstPointer(const RegionType &)> read;

    explicit
    operator bool() const
    {
      return grid.IsNotNull();
    }
  };

  /** Images that the same deformation makes alike as the first two. */
  struct Pair
  {
    ScalarImageType::ConstPointer fixed; ///< as the first
    Source<ScalarImageType>       moving;
  };

  /** The inputs of one registration, in a process that has some; null: not given. */
  struct Inputs
  {
    ScalarImageType::ConstPointer fixed;               ///< buffered on Distribution::GetInputRegion()
    const MaskImageType *         fixedMask = nullptr; ///< likewise
    Source<ScalarImageType>       moving;
    Source<MaskImageType>         movingMask;
    Source<ScalarImageType>       incompressibility; ///< on the grid of the moving image
    const TransformType *         initialTransform = nullptr;
    Source<VectorImageType>       initialVelocity; ///< physical vectors
    bool                          matchHistograms = false;
    std::vector<Pair>             furtherPairs; ///< each on the grids of the first two
    std::vector<Point<double, 3>> fixedLandmarks;
    std::vector<Point<double, 3>> movingLandmarks; ///< as many, in the same order

    std::shared_ptr<gnr::CustomMeasure> customMeasure; ///< also in a process without other inputs
  };

  /** \param distribution must outlive the bridge
   * \param numberOfWorkers more than one: processes that are started for the solver. All methods but VerifyGrids(),
   * GetPreparedBytes(), ReleaseSolver() and Warp() are collective. */
  GaussNewtonRegistrationBridge(MultiThreaderBase *  threader,
                                const Distribution & distribution,
                                unsigned int         numberOfWorkers);
  GaussNewtonRegistrationBridge(const GaussNewtonRegistrationBridge &) = delete;
  GaussNewtonRegistrationBridge &
  operator=(const GaussNewtonRegistrationBridge &) = delete;

  /** Checks sizes, and that masks and weights (may be null) lie on the grids of their images; needs no pixel data. */
  static void
  VerifyGrids(const ImageBaseType * fixed,
              const ImageBaseType * moving,
              const ImageBaseType * fixedMask,
              const ImageBaseType * movingMask,
              const ImageBaseType * incompressibility);

  /** Checks that a further pair lies on the grids of the first. */
  static void
  VerifyFurtherPair(unsigned int          number,
                    const ImageBaseType * fixed,
                    const ImageBaseType * moving,
                    const ImageBaseType * furtherFixed,
                    const ImageBaseType * furtherMoving);

  /** Checks the intensities, resamples, makes the weights, for the part of the fixed grid whose inputs this process
   * has. Keeps the images that the solver will read. Empty where the process has no inputs. */
  void
  Prepare(const Inputs & inputs, const gnr::Options & options);

  /** What the solver will need; after Prepare(). */
  gnr::MemoryPlan
  PlanMemory() const;

  /** Bytes of the images that Prepare() has made. */
  std::size_t
  GetPreparedBytes() const;

  /** Runs the solver. */
  const gnr::Report &
  Solve(gnr::Observer & observer);

  /** Releases what was prepared; to be called when the solver has read it. */
  void
  ReleaseInputs();

  /** A result of Solve() in physical vectors, or a scalar one, into an image on the fixed grid, for the planes that are
   * allocated; null: none. */
  void
  ReadField(gnr::Field field, VectorImageType * image) const;
  void
  ReadField(gnr::Field field, ScalarImageType * image) const;

  /** Releases the solver and its memory; the results cannot be asked for any more. */
  void
  ReleaseSolver();

  /** moving(T(x + u(x))) where `warped` is allocated (as is `displacement`, on the same grid): linear interpolation, 0
   * outside.
   * \param initialTransform T; null: identity */
  void
  Warp(const Source<ScalarImageType> & moving,
       const VectorImageType *         displacement,
       const TransformType *           initialTransform,
       ScalarImageType *               warped) const;

  /** The same, collective, where the root alone has the moving image (elsewhere `moving` is empty) and every process
   * wants its slab: the displacements go to the root, a few planes at a time, and come back as intensities. */
  void
  WarpAtRoot(const Source<ScalarImageType> & moving,
             const VectorImageType *         displacement,
             const TransformType *           initialTransform,
             ScalarImageType *               warped) const;

private:
  struct SolverPair
  {
    ScalarImageType::ConstPointer fixed;
    ScalarImageType::ConstPointer moving;
  };

  /** The voxels of an image, whose grid has the size of the fixed one, that are an input of this process. */
  template <typename TImage>
  gnr::InputBlock
  InputOf(const TImage * image) const;

  /** An image of the moving space on the fixed grid, with its weight where it is masked or resampled. */
  ScalarImageType::ConstPointer
  SampleMoving(const Inputs &                  inputs,
               const Source<ScalarImageType> & moving,
               const std::string &             name,
               const Source<MaskImageType> &   mask,
               bool                            isOfLabels,
               ScalarImageType::Pointer &      weight) const;

  /** What densities and weights of volumes need beside the images. */
  void
  PrepareVolumes(const Inputs & inputs, const gnr::Options & options);

  gnr::Problem
  MakeProblem() const;
  std::unique_ptr<gnr::Engine>
  MakeEngine() const;

  template <typename TImage>
  void
  Read(gnr::Field field, TImage * image) const;

  MultiThreaderBase::Pointer     m_Threader;
  const Distribution &           m_Distribution;
  unsigned int                   m_NumberOfWorkers;
  ScalarImageType::ConstPointer  m_Fixed{};
  ScalarImageType::ConstPointer  m_Moving{}; // on the fixed grid, or from its first voxel on a grid of the same size
  ScalarImageType::Pointer       m_FixedWeight{};
  ScalarImageType::Pointer       m_MovingWeight{};
  ScalarImageType::ConstPointer  m_Incompressibility{}; // as m_Moving
  VectorImageType::Pointer       m_Velocity{};          // along the grid axes
  std::vector<SolverPair>        m_FurtherPairs{};
  double                         m_MovingVolumeChange{ 1.0 };
  std::vector<gnr::LandmarkPair> m_Landmarks{};
  std::shared_ptr<gnr::CustomMeasure> m_CustomMeasure{};
  bool                                m_UsesMovingInPlace{ false };
  bool                                m_UsesWeightsInPlace{ false }; // those of volumes
  gnr::Options                        m_Options{};
  std::unique_ptr<gnr::Result>        m_Result{};
};

} // namespace itk

#endif
