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
#include "itkTransform.h"
#include "itkVector.h"

#include "gnr/Engine.h"
#include "gnr/OptionTable.h"

#include "GaussNewtonRegistrationExport.h"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace itk
{

/** \class GaussNewtonRegistrationBridge
 * \brief Between ITK images in physical space and the solver on its grid; the part of
 * DiffeomorphicGaussNewtonRegistrationFilter that does not depend on pixel types.
 *
 * Resamples the moving image onto the fixed grid, makes weights of masks and fields of view, runs the solver, and turns
 * its vectors (mm along the grid axes) into physical vectors (LPS, mm). Not meant to be used by itself.
 *
 * Every method throws GaussNewtonRegistrationError, or ProcessAborted where the observer asked for it.
 *
 * \ingroup GaussNewtonRegistration
 */
class GaussNewtonRegistration_EXPORT GaussNewtonRegistrationBridge
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

  /** The inputs of one registration, in a process that has some. Pointers are not owned; null: not given. */
  struct Inputs
  {
    const ScalarImageType * fixed = nullptr;     ///< buffered on Distribution::GetInputRegion()
    const MaskImageType *   fixedMask = nullptr; ///< likewise
    Source<ScalarImageType> moving;
    Source<MaskImageType>   movingMask;
    const TransformType *   initialTransform = nullptr;
    Source<VectorImageType> initialVelocity; ///< physical vectors
    bool                    matchHistograms = false;
  };

  /** \class MemoryNeed
   * \brief Bytes that one registration needs in this process.
   * \ingroup GaussNewtonRegistration
   */
  struct GaussNewtonRegistration_EXPORT MemoryNeed
  {
    gnr::MemoryPlan solver;           ///< its fields
    std::size_t     inputs = 0;       ///< images that were passed, and their casts, until the solver has read them
    std::size_t     prepared = 0;     ///< what is made of them, resampled images and weights; likewise
    std::size_t     kept = 0;         ///< those images that stay in memory
    std::size_t     displacement = 0; ///< output
    std::size_t     cast = 0;         ///< one vector field in single precision, if those of the outputs are not
    std::size_t     inverse = 0;      ///< output, if computed
    std::size_t     others = 0;       ///< outputs that are computed

    std::size_t preparation = 0; ///< all that is needed while the images are prepared
    std::size_t solve = 0;       ///< ... during the solve
    std::size_t results = 0;     ///< ... while the outputs are made

    /** Takes over a plan and finds the sums. */
    void
    AddUp(const gnr::MemoryPlan & plan);

    std::size_t
    Largest() const
    {
      return std::max({ preparation, solve, results });
    }
  };

  /** \param distribution must outlive the bridge. All methods but VerifyGrids(), IsMovingImageUsedInPlace(),
   * GetPreparedBytes(), ReleaseSolver() and Warp() are collective. */
  GaussNewtonRegistrationBridge(MultiThreaderBase * threader, const Distribution & distribution);
  ~GaussNewtonRegistrationBridge();
  GaussNewtonRegistrationBridge(const GaussNewtonRegistrationBridge &) = delete;
  GaussNewtonRegistrationBridge &
  operator=(const GaussNewtonRegistrationBridge &) = delete;

  /** More than one: processes that are started for the solver. Before PlanMemory() and Solve(). */
  void
  SetNumberOfWorkers(unsigned int number);

  /** gnr::setOption() and gnr::getOption() with errors as GaussNewtonRegistrationError. */
  static gnr::Options
  SetOption(gnr::Options options, const std::string & name, const std::string & text, const gnr::OptionTable & table);
  static std::string
  GetOption(const gnr::Options & options, const std::string & name, const gnr::OptionTable & table);

  /** Checks sizes, and that each mask (may be null) lies on the grid of its image; needs no pixel data. */
  static void
  VerifyGrids(const ImageBaseType * fixed,
              const ImageBaseType * moving,
              const ImageBaseType * fixedMask,
              const ImageBaseType * movingMask);

  /** Checks the intensities, resamples, makes the weights, for the part of the fixed grid whose inputs this process
   * has. Of the inputs, only `fixed` and, if IsMovingImageUsedInPlace(), `moving.whole` must live until
   * gnr::Event::Kind::InputsRead. Empty where the process has no inputs. */
  void
  Prepare(const Inputs & inputs, const gnr::Options & options);

  /** What the solver will need; after Prepare(). */
  gnr::MemoryPlan
  PlanMemory() const;

  /** Bytes of the images that Prepare() has made. */
  std::size_t
  GetPreparedBytes() const;

  /** Whether the solver reads the buffer of the moving image itself: same grid, no initial transform. */
  bool
  IsMovingImageUsedInPlace() const;

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
  class Implementation;
  std::unique_ptr<Implementation> m_Implementation;
};

} // namespace itk

#endif
