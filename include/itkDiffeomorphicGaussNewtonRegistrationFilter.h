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
#ifndef itkDiffeomorphicGaussNewtonRegistrationFilter_h
#define itkDiffeomorphicGaussNewtonRegistrationFilter_h

#include "itkDiffeomorphicGaussNewtonRegistrationFilterEnums.h"
#include "itkGaussNewtonRegistrationEngine.h"
#include "itkGaussNewtonRegistrationError.h"
#include "itkGaussNewtonRegistrationMemoryNeed.h"
#include "itkGaussNewtonRegistrationMetric.h"
#include "itkGaussNewtonRegistrationRun.h"

#include "itkCompositeTransform.h"
#include "itkDataObjectDecorator.h"
#include "itkImage.h"
#include "itkImageToImageFilter.h"
#include "itkTransform.h"
#include "itkVector.h"

#include "gnr/OptionTable.h"
#include "gnr/Report.h"

#include <functional>
#include <string>
#include <type_traits>
#include <utility>

namespace itk
{

/** \class DiffeomorphicGaussNewtonRegistrationFilter
 * \brief Diffeomorphic registration of two 3-D images by a Gauss-Newton-Krylov method.
 *
 * Finds a stationary velocity field \f$v\f$ that minimises
 * \f[ J(v) = D(m(1), f) + \frac12\langle v, A v\rangle
 *     \quad\mbox{subject to}\quad \partial_t m + v\cdot\nabla m = 0,\; m(x,0) = m_0(x), \f]
 * with the fixed image \f$f\f$, the moving image \f$m_0\f$, a measure of dissimilarity \f$D\f$ and a Sobolev seminorm
 * \f$A\f$ of order 1, 2 or 3 that also penalises the divergence. The method is that of Mang and Biros (SIAM J. Sci.
 * Comput. 39(6), 2017) and Brunn et al. (SC20; JPDC 149, 2021).
 *
 * **Maps.** All vectors are displacements in physical space (LPS, millimetres) on the grid of the fixed image. With the
 * displacement field \f$u\f$ and the initial transform \f$T\f$ (identity if none is set), the fixed point \f$x\f$
 * corresponds to the moving point
 * \f[ p = T(y(x)), \qquad y(x) = x + u(x), \f]
 * so the displacement is applied first. GetTransform() has the whole map, for itk::ResampleImageFilter; without an
 * initial transform, itk::WarpImageFilter takes the displacement field. `doc/coordinates.md` has a worked number.
 *
 * The moving image is interpolated linearly, once, at \f$T(x)\f$ on the grid of the fixed image. Fixed voxels whose
 * image lies outside the moving image get the nearest moving intensity and no weight, so the border of the moving image
 * is not taken for an edge.
 *
 * **Parameters.** The everyday ones have Set and Get methods. SetParameter() sets any option by its name, the expert
 * ones too; `doc/options.md` lists them. The defaults are those of gnr-register.
 *
 * **Events.** itk::StartEvent, itk::MultiResolutionIterationEvent at the start of each level, itk::IterationEvent after
 * each Newton step, itk::ProgressEvent (never falling, 1 at the end), itk::EndEvent, itk::AbortEvent. ITK derives
 * MultiResolutionIterationEvent from IterationEvent, so an observer of the latter is called for both. itk::UserEvent
 * tells of a warning or a note, which GetLatestMessage() returns. In an observer, StopRegistration() ends the solve and
 * keeps the result; AbortGenerateDataOn() ends it with itk::ProcessAborted.
 *
 * **Memory.** The solver takes the memory of all its fields at once; PlanMemory() tells how much before it does. The
 * images are read at the start: those whose ReleaseDataFlag is on are released then. Where a warped image is computed,
 * the moving one only if its source can simply be asked again, that is, if it has no inputs itself: a reader.
 *
 * **Several processes.** SetEngine() says which processes compute; GaussNewtonRegistrationEngine tells how.
 *
 * **Errors.** itk::GaussNewtonRegistrationError for data or parameters that cannot be used, missing memory or device,
 * and numerical failure; its description names the input and the remedy.
 *
 * \code
 *   auto filter = itk::DiffeomorphicGaussNewtonRegistrationFilter<itk::Image<float, 3>>::New();
 *   filter->SetFixedImage(fixed);
 *   filter->SetMovingImage(moving);
 *   filter->Update();
 *   auto displacement = filter->GetDisplacementField();
 * \endcode
 *
 * \tparam TFixedImage,TMovingImage 3-D scalar images
 * \tparam TDisplacementField 3-D image of itk::Vector<float, 3> (no conversion) or itk::Vector<double, 3>
 *
 * \sa GaussNewtonRegistrationEngine, GaussNewtonRegistrationInitializer, DisplacementFieldTransform
 * \ingroup GaussNewtonRegistration
 */
template <typename TFixedImage,
          typename TMovingImage = TFixedImage,
          typename TDisplacementField = Image<Vector<float, 3>, 3>>
class ITK_TEMPLATE_EXPORT DiffeomorphicGaussNewtonRegistrationFilter
  : public ImageToImageFilter<TFixedImage, TDisplacementField>
{
public:
  ITK_DISALLOW_COPY_AND_MOVE(DiffeomorphicGaussNewtonRegistrationFilter);

  using Self = DiffeomorphicGaussNewtonRegistrationFilter;
  using Superclass = ImageToImageFilter<TFixedImage, TDisplacementField>;
  using Pointer = SmartPointer<Self>;
  using ConstPointer = SmartPointer<const Self>;

  itkNewMacro(Self);

  /** Run-time type information. */
#ifdef itkOverrideGetNameOfClassMacro
  itkOverrideGetNameOfClassMacro(DiffeomorphicGaussNewtonRegistrationFilter);
#else
  itkTypeMacro(DiffeomorphicGaussNewtonRegistrationFilter, ImageToImageFilter);
#endif

  static constexpr unsigned int ImageDimension = TFixedImage::ImageDimension;
  static_assert(TFixedImage::ImageDimension == 3 && TMovingImage::ImageDimension == 3,
                "DiffeomorphicGaussNewtonRegistrationFilter needs 3-D images");
  static_assert(std::is_base_of_v<Image<Vector<float, 3>, 3>, TDisplacementField> ||
                  std::is_base_of_v<Image<Vector<double, 3>, 3>, TDisplacementField>,
                "DiffeomorphicGaussNewtonRegistrationFilter needs displacement fields of 3-D vectors, float or double");

  using FixedImageType = TFixedImage;
  using MovingImageType = TMovingImage;
  using DisplacementFieldType = TDisplacementField;
  using MaskImageType = Image<unsigned char, 3>;
  using RealImageType = Image<float, 3>;
  using InitialTransformType = Transform<double, 3, 3>;
  using CompositeTransformType = CompositeTransform<double, 3>;
  using DecoratedTransformType = DataObjectDecorator<Transform<double, 3, 3>>;
  using LandmarkPointContainer = std::vector<Point<double, 3>>;
  using MemoryNeed = GaussNewtonRegistrationMemoryNeed;
  using DataObjectPointerArraySizeType = ProcessObject::DataObjectPointerArraySizeType;
  using PresetEnum = DiffeomorphicGaussNewtonRegistrationFilterEnums::Preset;
  using BetaStrategyEnum = DiffeomorphicGaussNewtonRegistrationFilterEnums::BetaStrategy;
  using IntensityNormalizationEnum = DiffeomorphicGaussNewtonRegistrationFilterEnums::IntensityNormalization;
  using DeviceEnum = DiffeomorphicGaussNewtonRegistrationFilterEnums::Device;

  /** \name Inputs */
  /**@{*/
  /** The fixed image (reference): defines the grid of all outputs. At least 8 voxels along every axis, finite and not
   * constant. */
  itkSetInputMacro(FixedImage, FixedImageType);
  itkGetInputMacro(FixedImage, FixedImageType);

  /** The moving image (template), on any grid; finite and not constant. */
  itkSetInputMacro(MovingImage, MovingImageType);
  itkGetInputMacro(MovingImage, MovingImageType);

  /** Optional; on the grid of the fixed image. The mismatch counts where it is not zero. */
  itkSetInputMacro(FixedImageMask, MaskImageType);
  itkGetInputMacro(FixedImageMask, MaskImageType);

  /** Optional; on the grid of the moving image. The mismatch counts where the deformed mask is not zero. */
  itkSetInputMacro(MovingImageMask, MaskImageType);
  itkGetInputMacro(MovingImageMask, MaskImageType);

  /** Optional; on the grid of the moving image, finite: how strongly tissue there resists a change of its volume, as
   * weights >= 0 that count times parameter IncompressibilityWeight. Parameter IncompressibilityForm says whether they
   * travel with the image; parameter Incompressibility makes such weights from CTs. */
  itkSetInputMacro(IncompressibilityImage, RealImageType);
  itkGetInputMacro(IncompressibilityImage, RealImageType);

  /** Optional start: maps fixed physical points to moving physical points (as itk::ResampleImageFilter takes it). The
   * deformation that is found comes before it: a fixed point x corresponds to T(x + u(x)). */
  itkSetGetDecoratedObjectInputMacro(InitialTransform, InitialTransformType);

  /** Optional start of the solve in place of zero velocity: a field as produced by GetVelocityField(), physical vectors
   * (mm per unit time). It is interpolated linearly if its grid is not that of the fixed image. */
  itkSetInputMacro(InitialVelocityField, DisplacementFieldType);
  itkGetInputMacro(InitialVelocityField, DisplacementFieldType);

  /** Adds a pair of images that the same deformation shall make alike, such as another contrast, a map of tissue or a
   * feature. They lie on the grids of FixedImage and MovingImage, whose masks hold for them, too. SetSimilarity() says
   * how much each pair counts and how it is compared. */
  void
  AddImagePair(const FixedImageType * fixed, const MovingImageType * moving);
  /** Takes all added pairs away. */
  void
  ClearImagePairs();
  /** With the first, which FixedImage and MovingImage are. */
  gnrGetMacro(NumberOfImagePairs, unsigned int, 1 + m_Run.CountFurtherPairs());

  /** Optional: points of the fixed image and, as many in the same order, the same points of the moving image, physical
   * (LPS, mm), each inside its image. The deformation is drawn to bring them together, as far as parameter
   * LandmarkSigma says, also where the images show nothing, and a start is tried that follows them alone. GetReport()
   * has their distances. With several processes those of the root count. Empty: none. */
  gnrSetGetMacro(FixedLandmarks, const LandmarkPointContainer &);
  gnrSetGetMacro(MovingLandmarks, const LandmarkPointContainer &);
  /**@}*/

  /** \name Outputs
   * From index 0 on in this order; the images lie on the grid of the fixed image. A getter throws where its output is
   * switched off. */
  /**@{*/
  /** Displacement u: fixed point x corresponds to x + u(x) (then the initial transform, if any). Physical vectors (LPS,
   * mm); the same object as GetOutput(). */
  gnrOutputMacro(DisplacementField, DisplacementFieldType);

  /** Inverse displacement w: with y(x) = x + u(x), the point y (before the initial transform) corresponds to the fixed
   * point y + w(y). */
  gnrOutputMacro(InverseDisplacementField, DisplacementFieldType);

  /** Stationary velocity (physical vectors, mm per unit time) whose exponential is y(x) = x + u(x), for
   * itk::ConstantVelocityFieldTransform, or as the InitialVelocityField of a later run. */
  gnrOutputMacro(VelocityField, DisplacementFieldType);

  /** The original moving image at T(x + u(x)): one linear interpolation, as by itk::WarpImageFilter; 0 outside the
   * moving image. Original intensities. */
  gnrOutputMacro(WarpedMovingImage, RealImageType);

  /** det(I + grad u) by second-order central differences, without unit: local volume of the moving space (before the
   * initial transform) per volume of the fixed space. */
  gnrOutputMacro(JacobianDeterminantImage, RealImageType);

  /** The whole map x -> T(x + u(x)) from fixed to moving physical points, for itk::ResampleImageFilter, point sets and
   * itk::TransformFileWriter. It is made when it is first asked for, and from then on by every run, with copies in
   * double precision of the displacement and, where that is computed, its inverse (24 bytes per voxel each). Throws
   * before Update(). */
  CompositeTransformType *
  GetTransform();
  /** The same as an output, for SetTransformInput() of what follows in the pipeline. */
  DecoratedTransformType *
  GetTransformOutput();

  /** What is computed beside the displacement; all on by default. The fields take 12 bytes per voxel, the images 4, and
   * the inverse as much time as the displacement. */
  gnrSwitchMacro(ComputeInverseDisplacementField, computeInverseDisplacementField);
  gnrSwitchMacro(ComputeVelocityField, computeVelocityField);
  gnrSwitchMacro(ComputeWarpedMovingImage, computeWarpedMovingImage);
  gnrSwitchMacro(ComputeJacobianDeterminantImage, computeJacobianDeterminantImage);
  /**@}*/

  /** \name Everyday parameters
   * Values out of range are refused by Update(). */
  /**@{*/
  /** Overwrites the parameters with a named set; Device, NumberOfWorkUnits, UseHistogramMatching and the outputs to
   * compute stay as they are. */
  void
  SetPreset(PresetEnum preset);

  /** How the images are compared, by name: "auto" (default), "ssd", "ncc", "lncc", "mind", "mi", "ngf",
   * "correlation-ratio", "labels", or a sum, "lncc+0.5*mind". For several pairs of images one for all, or one for each
   * with commas between them: "lncc,0.2*ssd". */
  void
  SetSimilarity(const std::string & name)
  {
    this->SetParameter("similarity", name);
  }
  gnrGetMacro(Similarity, std::string, this->GetParameter("similarity"));

  /** The same by objects, one of which may be your own: adds a measure, times a weight > 0, to those that Similarity
   * names; "auto" makes room for the first. */
  void
  AddMetric(const GaussNewtonRegistrationMetric * metric, double weight = 1.0);
  /** Similarity is "auto" again. */
  void
  ClearMetrics();

  /** How the intensities are brought to a common scale inside the solver; the outputs are not affected. */
  gnrParameterMacro(IntensityNormalization, IntensityNormalizationEnum, options.intensityNormalization);

  /** Match the histogram of the moving image to that of the fixed image (itk::HistogramMatchingImageFilter, 1024 bins,
   * 7 match points, background below the mean left out) before the solve; off by default. The warped moving image keeps
   * its own intensities. */
  gnrSwitchMacro(UseHistogramMatching, useHistogramMatching);

  /** Weight of the regularisation, > 0; without unit. Smaller values follow the images more closely. */
  gnrParameterMacro(Beta, double, options.beta);

  /** How Beta is reached. Fixed solves with Beta; Continuation goes down to it by factors of ten; Search finds the
   * smallest weight, not below Beta, for which the determinants of the map stay within bounds. */
  gnrParameterMacro(BetaStrategy, BetaStrategyEnum, options.betaStrategy);

  /** Keep the velocity free of divergence: the map preserves volume. */
  gnrSwitchMacro(Incompressible, options.incompressible);

  /** Grids of the pyramid, >= 1. By default three as far as they keep 16 voxels along every axis, more as far as they
   * keep 32, and a coarser one that is tried as a start; the getter then throws. SetParameter("levels", "automatic")
   * returns to that. */
  gnrParameterMacro(NumberOfLevels, unsigned int, options.levels);

  /** Largest number of Newton steps per level. */
  gnrParameterMacro(NumberOfIterations, unsigned int, options.maximumIterations);

  /** Seconds of wall time after which the solve ends with the best result so far, > 0. By default there is no limit,
   * and the getter throws; SetParameter("time-limit", "none") returns to that. */
  gnrParameterMacro(TimeLimit, double, options.timeLimit);

  /** Where the solver runs. */
  gnrParameterMacro(Device, DeviceEnum, options.device);

  /** CPU threads of the solver and of the ITK filters around it. Unless set, the solver takes what OpenMP would, but no
   * more than itk::MultiThreaderBase::GetGlobalMaximumNumberOfThreads(). */
  void
  SetNumberOfWorkUnits(ThreadIdType value) override;

  /** Which processes compute, and which of them get the outputs. By default, and for null, those of MPI_COMM_WORLD
   * where MPI is initialised, else this process. */
  gnrSetGetMacro(Engine, GaussNewtonRegistrationEngine *);
  /**@}*/

  /** \name Expert parameters
   * Every option of the solver by its name, as the command line of gnr-register spells it ("grid-scale") or without
   * dashes ("GridScale"). `doc/options.md` lists the names with their ranges, and so do the messages of errors. */
  /**@{*/
  /** Throws GaussNewtonRegistrationError that tells the range of a value that is not allowed, or the names if there is
   * no such parameter. */
  void
  SetParameter(const std::string & name, const std::string & value);
  /** Its value, as SetParameter() takes it. */
  std::string
  GetParameter(const std::string & name) const;
  /**@}*/

  /** \name Progress and results */
  /**@{*/
  /** Ends a running solve at the next opportunity (also inside a Newton step) and keeps the result so far. May be
   * called from an observer or from another thread. */
  void
  StopRegistration();

  /** Newton steps taken so far, over all levels of the current or last run; level of the latest event, 0 the coarsest.
   */
  gnrGetMacro(ElapsedIterations, unsigned int, m_Run.GetElapsedIterations());
  gnrGetMacro(CurrentLevel, unsigned int, m_Run.GetCurrentLevel());

  /** Similarity part D of the objective after the latest Newton step, on normalised intensities. */
  gnrGetMacro(MetricValue, double, m_Run.GetCurrentIterationRecord().distance);

  /** ||m(1) - f|| / ||m0 - f||: 1 before registration, 0 for a perfect match. During the run on the grid of the current
   * level; after it, of the produced map on the grid of the fixed image. */
  gnrGetMacro(Mismatch, double, m_Run.GetMismatch());

  /** Smallest and largest det(I + grad u), and the number of voxels where it is not positive; after Update(). */
  gnrGetMacro(MinimumJacobianDeterminant, double, m_Run.GetReport().determinantMinimum);
  gnrGetMacro(MaximumJacobianDeterminant, double, m_Run.GetReport().determinantMaximum);
  gnrGetMacro(NumberOfFoldedVoxels, SizeValueType, m_Run.GetReport().foldedVoxels);

  /** The weight that the result belongs to, Beta unless BetaStrategy is Search; why the last level ended, in words.
   * Both after Update(). */
  gnrGetMacro(UsedBeta, double, m_Run.GetReport().beta);
  gnrGetMacro(StopConditionDescription, std::string, gnr::describe(m_Run.GetReport().reason));

  /** The latest warning or note of the solver; empty if there was none. All are in GetReport(). */
  gnrGetMacro(LatestMessage, const std::string &, m_Run.GetLatestMessage());

  /** Bytes that Update() will need at most: fields of the solver, images that were passed, outputs. Reads the inputs,
   * and prepares them as Update() does, but does not solve. */
  SizeValueType
  EstimateRequiredMemory();
  /**@}*/

#ifndef ITK_WRAPPING_PARSER
  /** \name In C++ alone */
  /**@{*/
  /** All parameters at once; `threads` is the same as NumberOfWorkUnits. */
  void
  SetOptions(const gnr::Options & options);
  gnrGetMacro(Options, const gnr::Options &, m_Run.GetSettings().options);
  /** The parameters that SetParameter() knows, with their ranges and texts; a subclass may know more. */
  virtual const gnr::OptionTable &
  GetOptionTable() const
  {
    return gnr::optionTable();
  }

  /** Asked, also inside a Newton step, what to do next; the way to ask for a checkpoint (parameter Checkpoint). */
  void
  SetRequestSource(std::function<gnr::Request()> source)
  {
    m_Run.SetRequestSource(std::move(source));
  }

  /** What EstimateRequiredMemory() sums up. */
  MemoryNeed
  PlanMemory();

  /** What the last Update() planned before it began to solve; throws before the first successful one. */
  gnrGetMacro(MemoryNeed, const MemoryNeed &, m_Run.GetMemoryNeed());

  /** The latest Newton step, and the latest level; of this, `iterations` and `reason` are filled only in GetReport().
   * Both throw if there was none. */
  gnrGetMacro(CurrentIterationRecord, const gnr::IterationRecord &, m_Run.GetCurrentIterationRecord());
  gnrGetMacro(CurrentLevelRecord, const gnr::LevelRecord &, m_Run.GetCurrentLevelRecord());

  /** What was done and what came out; throws before the first successful Update(). */
  gnrGetMacro(Report, const gnr::Report &, m_Run.GetReport());
  /**@}*/
#endif

  /** Both compute what is out of date, as a whole; collective where several processes share the registration. */
  void
  Update() override;
  void
  UpdateLargestPossibleRegion() override;

  /** That of the filter, its engine and its metric. */
  ModifiedTimeType
  GetMTime() const override;

  DataObject::Pointer
  MakeOutput(DataObjectPointerArraySizeType idx) override;
  DataObject::Pointer
  MakeOutput(const ProcessObject::DataObjectIdentifierType & name) override;

protected:
  DiffeomorphicGaussNewtonRegistrationFilter();
  ~DiffeomorphicGaussNewtonRegistrationFilter() override = default;

  void
  PrintSelf(std::ostream & os, Indent indent) const override;

  // Unlike those of ImageToImageFilter: a process without inputs takes what the root says, the images need not occupy
  // the same space, and inputs and outputs are needed as a whole or as the part of this process.
  void
  VerifyPreconditions() const override;
  void
  VerifyInputInformation() const override;
  void
  GenerateOutputInformation() override;
  void
  GenerateInputRequestedRegion() override;
  void
  EnlargeOutputRequestedRegion(DataObject * output) override;
  void
  CacheInputReleaseDataFlags() override;
  void
  GenerateData() override;

private:
  using RunType = GaussNewtonRegistrationRun;

  RunType m_Run{ this, RunType::PixelTypeOf<TFixedImage>(), RunType::PixelTypeOf<TMovingImage>() };
};

} // namespace itk

#ifndef ITK_MANUAL_INSTANTIATION
#  include "itkDiffeomorphicGaussNewtonRegistrationFilter.hxx"
#endif

#endif
