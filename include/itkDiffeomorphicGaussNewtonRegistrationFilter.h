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
#include "itkGaussNewtonRegistrationBridge.h"
#include "itkGaussNewtonRegistrationDistribution.h"
#include "itkGaussNewtonRegistrationError.h"

#include "itkCompositeTransform.h"
#include "itkDataObjectDecorator.h"
#include "itkImage.h"
#include "itkImageToImageFilter.h"
#include "itkTransform.h"
#include "itkVector.h"

#include "gnr/Observer.h"
#include "gnr/OptionTable.h"
#include "gnr/Report.h"

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace itk
{

/** \class DiffeomorphicGaussNewtonRegistrationFilter
 * \brief Diffeomorphic registration of two 3-D images by a Gauss-Newton-Krylov method.
 *
 * Finds a stationary velocity field \f$v\f$ that minimises
 * \f[ J(v) = \frac{1}{2N}\sum_x w(x)\,(m(x,1) - f(x))^2 + \frac12\langle v, A v\rangle
 *     \quad\mbox{subject to}\quad \partial_t m + v\cdot\nabla m = 0,\; m(x,0) = m_0(x), \f]
 * with the fixed image \f$f\f$, the moving image \f$m_0\f$ and a Sobolev seminorm \f$A\f$ of order 1, 2 or 3 that also
 * penalises the divergence. The method is that of Mang and Biros (SIAM J. Sci. Comput. 39(6), 2017), Mang, Gholami,
 * Davatzikos and Biros (SIAM J. Sci. Comput. 41(5), 2019) and Brunn et al. (SC20; JPDC 149, 2021).
 *
 * **Maps.** All vectors are displacements in physical space (LPS, millimetres) on the grid of the fixed image. With the
 * displacement field \f$u\f$ and the initial transform \f$T\f$ (identity if none is set), the fixed point \f$x\f$
 * corresponds to the moving point
 * \f[ p = T(y(x)), \qquad y(x) = x + u(x), \f]
 * so the displacement is applied first. Without an initial transform the displacement field can be handed to
 * itk::WarpImageFilter or itk::DisplacementFieldTransform together with the moving image as it is; with one, use
 * GetFixedToMovingTransform() with itk::ResampleImageFilter. `doc/coordinates.md` has a worked number.
 *
 * **Inputs**
 * | name | type | needed | meaning |
 * |---|---|---|---|
 * | FixedImage (primary) | TFixedImage | yes | any scalar pixel type, at least 8 voxels along every axis |
 * | MovingImage | TMovingImage | yes | any scalar pixel type, on any grid; both may differ in size, spacing, origin and
 * direction |
 * | FixedImageMask | Image<unsigned char, 3> | no | on the grid of the fixed image; non-zero voxels count in the
 * mismatch
 * |
 * | MovingImageMask | Image<unsigned char, 3> | no | on the grid of the moving image; travels with it |
 * | InitialTransform | Transform<double, 3, 3>, decorated | no | maps fixed to moving physical points |
 * | InitialVelocityField | TDisplacementField | no | start, as made by GetVelocityField(); on any grid |
 *
 * The moving image is interpolated linearly, once, at \f$T(x)\f$ on the grid of the fixed image. Fixed voxels whose
 * image lies outside the moving image get the nearest moving intensity and no weight, so the border of the moving image
 * is not taken for an edge.
 *
 * **Outputs**
 * | index | getter | type |
 * |---|---|---|
 * | 0 | GetDisplacementField(), GetOutput() | TDisplacementField |
 * | 1 | GetInverseDisplacementField() | TDisplacementField |
 * | 2 | GetVelocityField() | TDisplacementField |
 * | 3 | GetWarpedMovingImage() | Image<float, 3> |
 * | 4 | GetJacobianDeterminantImage() | Image<float, 3> |
 *
 * **Events.** itk::StartEvent, itk::MultiResolutionIterationEvent at the start of each level, itk::IterationEvent after
 * each Newton step, itk::ProgressEvent (never falling, 1 at the end), itk::EndEvent, itk::AbortEvent. ITK derives
 * MultiResolutionIterationEvent from IterationEvent, so an observer of the latter is called for both. itk::UserEvent
 * tells of a warning or a note, which GetLatestMessage() returns. In an observer,
 * StopRegistration() ends the solve and keeps the result; AbortGenerateDataOn() ends it with itk::ProcessAborted.
 *
 * **Memory.** The solver takes the memory of all its fields at once; PlanMemory() tells how much before it does. The
 * images are read at the start: those whose ReleaseDataFlag is on are released then. Where a warped image is computed,
 * the moving one only if its source can simply be asked again, that is, if it has no inputs itself: a reader.
 *
 * **Several processes.** Where MPI is initialised, the processes of MPI_COMM_WORLD share one registration; see
 * SetMPICommunicator(). Each has a filter, and all call Update(). Either process 0 (the root) alone has inputs, or each
 * process has the same inputs and asks their sources for its part of them: readers that can stream then read no more
 * than that. The parameters are those of the root. The root gets the outputs as a whole, the others none; with
 * GatherOutputOff() each gets its slab of planes. IterationEvent, MultiResolutionIterationEvent and UserEvent are
 * invoked on the root, ProgressEvent on all; StopRegistration() and AbortGenerateDataOn() on any process hold for all,
 * and what goes wrong on one is thrown on all. `doc/parallel.md` has more.
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
 * \tparam TFixedImage 3-D scalar image
 * \tparam TMovingImage 3-D scalar image
 * \tparam TDisplacementField 3-D image of itk::Vector<float, 3> (no conversion) or itk::Vector<double, 3>
 *
 * \sa DisplacementFieldTransform, ConstantVelocityFieldTransform, WarpImageFilter
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
  static_assert(TFixedImage::ImageDimension == 3 && TMovingImage::ImageDimension == 3 &&
                  TDisplacementField::ImageDimension == 3,
                "DiffeomorphicGaussNewtonRegistrationFilter needs 3-D images");
  static_assert(TDisplacementField::PixelType::Dimension == 3,
                "DiffeomorphicGaussNewtonRegistrationFilter needs displacement fields of 3-D vectors");

  using FixedImageType = TFixedImage;
  using MovingImageType = TMovingImage;
  using DisplacementFieldType = TDisplacementField;
  using VectorType = typename DisplacementFieldType::PixelType;
  using MaskImageType = Image<unsigned char, 3>;
  using RealImageType = Image<float, 3>;
  using InitialTransformType = Transform<double, 3, 3>;
  using CompositeTransformType = CompositeTransform<double, 3>;
  using DataObjectPointerArraySizeType = ProcessObject::DataObjectPointerArraySizeType;

  using RegularizationEnum = DiffeomorphicGaussNewtonRegistrationFilterEnums::Regularization;
  using InterpolationEnum = DiffeomorphicGaussNewtonRegistrationFilterEnums::Interpolation;
  using PreconditionerEnum = DiffeomorphicGaussNewtonRegistrationFilterEnums::Preconditioner;
  using BetaStrategyEnum = DiffeomorphicGaussNewtonRegistrationFilterEnums::BetaStrategy;
  using IntensityNormalizationEnum = DiffeomorphicGaussNewtonRegistrationFilterEnums::IntensityNormalization;
  using DeviceEnum = DiffeomorphicGaussNewtonRegistrationFilterEnums::Device;
  using PresetEnum = DiffeomorphicGaussNewtonRegistrationFilterEnums::Preset;
  using MemoryNeed = GaussNewtonRegistrationBridge::MemoryNeed;
  using RegionType = ImageRegion<3>;

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

  /** Optional start: maps fixed physical points to moving physical points (as itk::ResampleImageFilter takes it). The
   * deformation that is found comes before it: a fixed point x corresponds to T(x + u(x)). */
  itkSetGetDecoratedObjectInputMacro(InitialTransform, InitialTransformType);

  /** Optional start of the solve in place of zero velocity: a field as produced by GetVelocityField(), physical vectors
   * (mm per unit time). It is interpolated linearly if its grid is not that of the fixed image. */
  itkSetInputMacro(InitialVelocityField, DisplacementFieldType);
  itkGetInputMacro(InitialVelocityField, DisplacementFieldType);
  /**@}*/

  /** \name Outputs */
  /**@{*/
  /** Displacement u: fixed point x corresponds to x + u(x) (then the initial transform, if any). Physical vectors (LPS,
   * mm) on the grid of the fixed image; the same object as GetOutput(). */
  DisplacementFieldType *
  GetDisplacementField()
  {
    return this->GetOutput();
  }
  const DisplacementFieldType *
  GetDisplacementField() const
  {
    return this->GetOutput();
  }

  /** Inverse displacement w on the grid of the fixed image: with y(x) = x + u(x), the point y (before the initial
   * transform) corresponds to the fixed point y + w(y). Throws if ComputeInverseDisplacementField is off. */
  DisplacementFieldType *
  GetInverseDisplacementField();
  const DisplacementFieldType *
  GetInverseDisplacementField() const;

  /** Stationary velocity (physical vectors, mm per unit time) whose exponential is y(x) = x + u(x), for
   * itk::ConstantVelocityFieldTransform, or as the InitialVelocityField of a later run. Throws if ComputeVelocityField
   * is off. */
  DisplacementFieldType *
  GetVelocityField();
  const DisplacementFieldType *
  GetVelocityField() const;

  /** The original moving image at T(x + u(x)): one linear interpolation, as by itk::WarpImageFilter; 0 outside the
   * moving image. Original intensities, on the grid of the fixed image. Throws if ComputeWarpedMovingImage is off. */
  RealImageType *
  GetWarpedMovingImage();
  const RealImageType *
  GetWarpedMovingImage() const;

  /** det(I + grad u) by second-order central differences, without unit: local volume of the moving space (before the
   * initial transform) per volume of the fixed space. Throws if ComputeJacobianDeterminantImage is off. */
  RealImageType *
  GetJacobianDeterminantImage();
  const RealImageType *
  GetJacobianDeterminantImage() const;

  /** The whole map x -> T(x + u(x)) from fixed to moving physical points, for itk::ResampleImageFilter, point sets and
   * itk::TransformFileWriter. A new object with a copy of the displacement field in double precision. Throws before
   * Update(). */
  typename CompositeTransformType::Pointer
  GetFixedToMovingTransform() const;

  /** Whether output 1 is computed (default on; 12 bytes per voxel, and as much time as the displacement takes: switch
   * it off where it is not needed). */
  itkSetMacro(ComputeInverseDisplacementField, bool);
  itkGetConstMacro(ComputeInverseDisplacementField, bool);
  itkBooleanMacro(ComputeInverseDisplacementField);

  /** Whether output 2 is filled (default on; 12 bytes per voxel). */
  itkSetMacro(ComputeVelocityField, bool);
  itkGetConstMacro(ComputeVelocityField, bool);
  itkBooleanMacro(ComputeVelocityField);

  /** Whether output 3 is computed (default on; 4 bytes per voxel). */
  itkSetMacro(ComputeWarpedMovingImage, bool);
  itkGetConstMacro(ComputeWarpedMovingImage, bool);
  itkBooleanMacro(ComputeWarpedMovingImage);

  /** Whether output 4 is computed (default on; 4 bytes per voxel). */
  itkSetMacro(ComputeJacobianDeterminantImage, bool);
  itkGetConstMacro(ComputeJacobianDeterminantImage, bool);
  itkBooleanMacro(ComputeJacobianDeterminantImage);
  /**@}*/

  /** \name Parameters
   * The defaults are those of gnr::Options. Values out of range are refused by Update(). */
  /**@{*/
  /** Sets any parameter of the solver by its name, as the command line of gnr-register spells it ("grid-scale") or
   * without dashes ("GridScale"); `doc/options.md` lists them. Throws GaussNewtonRegistrationError that tells the range
   * of a value that is not allowed, or the names if there is no such parameter. */
  void
  SetParameter(const std::string & name, const std::string & value);
  /** Its value, as SetParameter() takes it. */
  std::string
  GetParameter(const std::string & name) const;

  /** Overwrites the parameters with a named set; Device, NumberOfWorkUnits, UseHistogramMatching and the outputs to
   * compute stay as they are. */
  void
  SetPreset(PresetEnum preset);

  /** Weight of the regularisation, > 0; without unit. Smaller values follow the images more closely. */
  void
  SetBeta(double value);
  double
  GetBeta() const;

  /** Penalty of local volume change relative to Beta, >= 0; without unit. */
  void
  SetGamma(double value);
  double
  GetGamma() const;

  /** How Beta is reached. Fixed solves with Beta; Continuation goes down to it by factors of ten; Search finds the
   * smallest weight, not below Beta, for which the determinants of the map stay within bounds. */
  void
  SetBetaStrategy(BetaStrategyEnum value);
  BetaStrategyEnum
  GetBetaStrategy() const;

  /** On is BetaStrategy Search, Off is Fixed. */
  void
  SetFindRegularization(bool value)
  {
    this->SetBetaStrategy(value ? BetaStrategyEnum::Search : BetaStrategyEnum::Fixed);
  }
  bool
  GetFindRegularization() const
  {
    return this->GetBetaStrategy() == BetaStrategyEnum::Search;
  }
  itkBooleanMacro(FindRegularization);

  /** BetaStrategy Search keeps det(I + grad u) above this, between 0 and 1; without unit. */
  void
  SetDeterminantLowerBound(double value);
  double
  GetDeterminantLowerBound() const;

  /** BetaStrategy Search keeps det(I + grad u) below this, > 1; without unit. */
  void
  SetDeterminantUpperBound(double value);
  double
  GetDeterminantUpperBound() const;

  /** Order of the Sobolev seminorm of the velocity. */
  void
  SetRegularization(RegularizationEnum value);
  RegularizationEnum
  GetRegularization() const;

  /** Keep the velocity free of divergence: the map preserves volume. */
  void
  SetIncompressible(bool value);
  bool
  GetIncompressible() const;
  itkBooleanMacro(Incompressible);

  /** Grids of the pyramid, >= 1. */
  void
  SetNumberOfLevels(unsigned int value)
  {
    this->Assign(m_Options.levels, std::optional<int>(static_cast<int>(value)));
  }
  /** Three grids as far as they keep 16 voxels along every axis, more as far as they keep 32, and a coarser one that is
   * tried as a start (the default). */
  void
  SetNumberOfLevelsToAutomatic()
  {
    this->Assign(m_Options.levels, std::optional<int>());
  }
  bool
  GetNumberOfLevelsIsAutomatic() const
  {
    return !m_Options.levels.has_value();
  }
  /** The number that was set; throws if it is automatic. */
  unsigned int
  GetNumberOfLevels() const;

  /** Semi-Lagrangian steps of the transport, >= 1; the solver takes more where the velocity is large. */
  void
  SetNumberOfTimeSteps(unsigned int value);
  unsigned int
  GetNumberOfTimeSteps() const;

  /** Interpolation of the transported images inside the solver. */
  void
  SetInterpolation(InterpolationEnum value);
  InterpolationEnum
  GetInterpolation() const;

  /** Largest number of Newton steps per level. */
  void
  SetNumberOfIterations(unsigned int value);
  unsigned int
  GetNumberOfIterations() const;

  /** Largest number of Hessian products per Newton step, >= 1. */
  void
  SetMaximumNumberOfKrylovIterations(unsigned int value);
  unsigned int
  GetMaximumNumberOfKrylovIterations() const;

  /** The two finest levels end when the norm of the gradient falls below this share of its norm at zero velocity, the
   * next coarser one at half of it, and so on. */
  void
  SetGradientTolerance(double value);
  double
  GetGradientTolerance() const;

  /** The two finest levels end when a step lowers the objective by less than this share, coarser ones likewise. */
  void
  SetObjectiveTolerance(double value);
  double
  GetObjectiveTolerance() const;

  /** Preconditioner of the Krylov solver. */
  void
  SetPreconditioner(PreconditionerEnum value);
  PreconditionerEnum
  GetPreconditioner() const;

  /** Seconds of wall time after which the solve ends with the best result so far, > 0. */
  void
  SetTimeLimit(double seconds);
  /** No limit (the default). */
  void
  ClearTimeLimit();
  bool
  HasTimeLimit() const;
  /** Seconds; throws if there is no limit. */
  double
  GetTimeLimit() const;

  /** A level ends when a step lowers the objective by less than this share of it per second of wall time, > 0. Makes
   * the result depend on the speed of the machine. */
  void
  SetStallRate(double value);
  /** Never (the default). */
  void
  ClearStallRate();
  bool
  HasStallRate() const;
  /** Share per second; throws if there is none. */
  double
  GetStallRate() const;

  /** Size in voxels of the eddies that the regularisation resists, >= 0: smaller ones fold the grid, which cannot carry
   * them (doc/mathematics.md, "Regularisation"). */
  void
  SetGridScale(double value);
  double
  GetGridScale() const;

  /** Length of the velocity's gradient (root of the sum over components and axes, per unit time, so without unit) at
   * which the regularisation has become stiff, > 0: a smooth wall that leaves smaller gradients alone. On by default,
   * so that the grid can carry the deformation (doc/mathematics.md, "Regularisation"). */
  void
  SetGradientLimit(double value);
  /** No limit. */
  void
  ClearGradientLimit();
  bool
  HasGradientLimit() const;
  /** The limit; throws if there is none. */
  double
  GetGradientLimit() const;

  /** The same for the magnitude of the velocity's divergence, the rate of local volume change. */
  void
  SetDivergenceLimit(double value);
  /** No limit. */
  void
  ClearDivergenceLimit();
  bool
  HasDivergenceLimit() const;
  /** The limit; throws if there is none. */
  double
  GetDivergenceLimit() const;

  /** What det(I + grad u) of the result must reach in every voxel, above 0 and at most 0.5. Where it does not, the
   * velocity is smoothed on the way to that voxel, with a message: the result stays the flow of one velocity. 0.02 by
   * default, 0.12 with the preset Accurate: no voxel folds (doc/mathematics.md, "Regularisation"). */
  void
  SetDeterminantFloor(double value);
  /** Nothing is smoothed; folded voxels are counted and told. */
  void
  ClearDeterminantFloor();
  bool
  HasDeterminantFloor() const;
  /** The floor; throws if there is none. */
  double
  GetDeterminantFloor() const;

  /** On for images that are periodic on their box (simulations): no padding. Off by default. */
  void
  SetPeriodic(bool value);
  bool
  GetPeriodic() const;
  itkBooleanMacro(Periodic);

  /** Standard deviation of a Gaussian on both images, in voxels of each level, >= 0; 0: no smoothing. */
  void
  SetSmoothingSigma(double value);
  double
  GetSmoothingSigma() const;

  /** How the intensities are brought to a common scale inside the solver; the outputs are not affected. */
  void
  SetIntensityNormalization(IntensityNormalizationEnum value);
  IntensityNormalizationEnum
  GetIntensityNormalization() const;

  /** Match the histogram of the moving image to that of the fixed image (itk::HistogramMatchingImageFilter, 1024 bins,
   * 7 match points, background below the mean left out) before the solve; off by default. The warped moving image keeps
   * its own intensities. */
  itkSetMacro(UseHistogramMatching, bool);
  itkGetConstMacro(UseHistogramMatching, bool);
  itkBooleanMacro(UseHistogramMatching);

  /** Where the solver runs. */
  void
  SetDevice(DeviceEnum value);
  DeviceEnum
  GetDevice() const;

  /** CPU threads of the solver and of the ITK filters around it. Unless set, the solver takes what OpenMP would, but no
   * more than itk::MultiThreaderBase::GetGlobalMaximumNumberOfThreads(). */
  void
  SetNumberOfWorkUnits(ThreadIdType value) override;

#ifndef ITK_WRAPPING_PARSER
  /** All parameters of the solver at once. `threads` is the same as NumberOfWorkUnits. */
  void
  SetOptions(const gnr::Options & options);
  const gnr::Options &
  GetOptions() const
  {
    return m_Options;
  }
  /** The parameters that SetParameter() knows, with their ranges and texts; a subclass may know more. */
  virtual const gnr::OptionTable &
  GetOptionTable() const
  {
    return gnr::optionTable();
  }
#endif
  /**@}*/

  /** \name Several processes */
  /**@{*/
  /** The MPI communicator whose processes share the registration, as a Fortran handle: MPI_Comm_c2f() in C,
   * `comm.py2f()` with mpi4py. Unless it is set: MPI_COMM_WORLD where MPI is initialised, else this process alone.
   * Needs the plugin gnr-mpi. With a communicator, Update() is collective, and must be called before what follows in
   * the pipeline asks for the outputs. */
  void
  SetMPICommunicator(int fortranHandle)
  {
    this->Assign(m_MPICommunicator, std::optional<int>(fortranHandle));
  }
  /** MPI_COMM_WORLD where MPI is initialised (the default). */
  void
  ClearMPICommunicator()
  {
    this->Assign(m_MPICommunicator, std::optional<int>());
  }
  bool
  HasMPICommunicator() const
  {
    return m_MPICommunicator.has_value();
  }
  /** The handle that was set; throws if there is none. */
  int
  GetMPICommunicator() const;

  /** So many worker processes are started on this machine and share the registration: for programs that do not use MPI
   * themselves, such as 3D Slicer or a Python prompt. Update() stays an ordinary call of one process, which never
   * initialises MPI; a worker that crashes is an error here. NumberOfWorkUnits are shared out among them. Needs the
   * program gnr-worker, the plugin gnr-mpi and a launcher of MPI (mpirun). 1, the default: this process computes. */
  itkSetMacro(NumberOfProcesses, unsigned int);
  itkGetConstMacro(NumberOfProcesses, unsigned int);

  /** Off: this process registers by itself, whatever MPI says; for programs whose processes have pairs of their own. On
   * by default. */
  itkSetMacro(UseMPI, bool);
  itkGetConstMacro(UseMPI, bool);
  itkBooleanMacro(UseMPI);

  /** On (the default): the outputs of process 0 hold everything, those of the others nothing. Off: those of each
   * process hold its slab, of nz planes [nz r / N, nz (r + 1) / N) in process r of N, as their buffered and requested
   * region; no process ever has a whole field. */
  itkSetMacro(GatherOutput, bool);
  itkGetConstMacro(GatherOutput, bool);
  itkBooleanMacro(GatherOutput);

#ifndef ITK_WRAPPING_PARSER
  /** Processes that are connected in another way than by MPI. A communicator that has seen an error is of no use any
   * more. Null: as described above. */
  void
  SetCommunicator(std::shared_ptr<gnr::Communicator> communicator)
  {
    this->Assign(m_Communicator, communicator);
  }
#endif
  /**@}*/

  /** \name Progress and results */
  /**@{*/
  /** Ends a running solve at the next opportunity (also inside a Newton step) and keeps the result so far. May be
   * called from an observer or from another thread. */
  void
  StopRegistration()
  {
    m_StopRequested = true;
  }

#ifndef ITK_WRAPPING_PARSER
  /** Asked, also inside a Newton step, what to do next; the way to ask for a checkpoint (parameter Checkpoint). */
  void
  SetRequestSource(std::function<gnr::Request()> source)
  {
    m_RequestSource = std::move(source);
  }
#endif

  /** Newton steps taken so far, over all levels of the current or last run. */
  unsigned int
  GetElapsedIterations() const
  {
    return m_ElapsedIterations;
  }

  /** Level of the latest event; 0 is the coarsest. */
  unsigned int
  GetCurrentLevel() const
  {
    return m_CurrentLevel;
  }

  /** Similarity part D of the objective after the latest Newton step, on normalised intensities. Throws if there was no
   * step. */
  double
  GetMetric() const
  {
    return this->GetCurrentIterationRecord().distance;
  }

  /** ||m(1) - f|| / ||m0 - f||: 1 before registration, 0 for a perfect match. During the run on the grid of the current
   * level; after it, of the produced map on the grid of the fixed image. */
  double
  GetMismatch() const;

  /** Smallest and largest det(I + grad u), and the number of voxels where it is not positive; after Update(). */
  double
  GetMinimumJacobianDeterminant() const
  {
    return this->GetReportOfRun().determinantMinimum;
  }
  double
  GetMaximumJacobianDeterminant() const
  {
    return this->GetReportOfRun().determinantMaximum;
  }
  SizeValueType
  GetNumberOfFoldedVoxels() const
  {
    return this->GetReportOfRun().foldedVoxels;
  }

  /** The weight of the regularisation that the result belongs to: Beta, unless BetaStrategy is Search. After Update().
   */
  double
  GetUsedBeta() const
  {
    return this->GetReportOfRun().beta;
  }

  /** Why the last level ended, in words; after Update(). */
  std::string
  GetStopConditionDescription() const
  {
    return gnr::describe(this->GetReportOfRun().reason);
  }

  /** The latest warning or note of the solver; empty if there was none. All are in GetReport(). */
  const std::string &
  GetLatestMessage() const
  {
    return m_LatestMessage;
  }

  /** Bytes that Update() will need at most: fields of the solver, images that were passed, outputs. Reads the inputs,
   * and prepares them as Update() does, but does not solve. */
  SizeValueType
  EstimateRequiredMemory()
  {
    return this->MakeMemoryPlan().Largest();
  }

#ifndef ITK_WRAPPING_PARSER
  /** The same in detail. */
  MemoryNeed
  PlanMemory()
  {
    return this->MakeMemoryPlan();
  }

  /** What the last Update() planned before it began to solve; throws before the first successful one. */
  MemoryNeed
  GetMemoryNeed() const
  {
    this->GetReportOfRun();
    return m_MemoryNeed;
  }

  /** The latest Newton step. Throws if there was none. */
  const gnr::IterationRecord &
  GetCurrentIterationRecord() const;

  /** The latest level, while the filter runs and afterwards; `iterations` and `reason` are filled only in GetReport().
   * Throws if there was none. */
  const gnr::LevelRecord &
  GetCurrentLevelRecord() const;

  /** What was done and what came out; throws before the first successful Update(). */
  const gnr::Report &
  GetReport() const
  {
    return this->GetReportOfRun();
  }
#endif
  /**@}*/

  /** Computes what is out of date; collective where several processes share the registration. */
  void
  Update() override;
  /** The same: the outputs cannot be computed in part. */
  void
  UpdateLargestPossibleRegion() override
  {
    this->Update();
  }

  /** Makes output `idx`, of the type in the table above. */
  DataObject::Pointer
  MakeOutput(DataObjectPointerArraySizeType idx) override;
  /** The same by name, as used when an output is disconnected from the pipeline. */
  DataObject::Pointer
  MakeOutput(const ProcessObject::DataObjectIdentifierType & name) override
  {
    const bool isPrimary = name == this->GetPrimaryOutputName();
    return this->MakeOutput(isPrimary ? DisplacementFieldIndex : this->MakeIndexFromOutputName(name));
  }

protected:
  DiffeomorphicGaussNewtonRegistrationFilter();
  ~DiffeomorphicGaussNewtonRegistrationFilter() override = default;

  void
  PrintSelf(std::ostream & os, Indent indent) const override;

  /** A process without inputs takes what the root says. */
  void
  VerifyPreconditions() const override;

  /** The images need not occupy the same physical space. Checks sizes and the grids of the masks instead. */
  void
  VerifyInputInformation() const override;

  /** All outputs lie on the grid of the fixed image. */
  void
  GenerateOutputInformation() override;

  /** The problem is global: all of every input is needed, or this process' part of it... */
  void
  GenerateInputRequestedRegion() override;

  /** ... and all of every output is produced, or this process' part of it. */
  void
  EnlargeOutputRequestedRegion(DataObject * output) override;

  void
  GenerateData() override;

  /** Notes which inputs may be released early, before ITK hides their flags from GenerateData(). */
  void
  CacheInputReleaseDataFlags() override;

private:
  enum OutputIndex : DataObjectPointerArraySizeType
  {
    DisplacementFieldIndex = 0,
    InverseDisplacementFieldIndex = 1,
    VelocityFieldIndex = 2,
    WarpedMovingImageIndex = 3,
    JacobianDeterminantImageIndex = 4,
    OutputCount = 5
  };

  // Shares of the progress: preparation of the images, the solve; the rest is for the outputs.
  static constexpr double PreparedProgress = 0.05;
  static constexpr double SolveProgress = 0.85;

  using Bridge = GaussNewtonRegistrationBridge;
  using Distribution = GaussNewtonRegistrationDistribution;
  using BridgeVectorImageType = Bridge::VectorImageType;

  template <typename TValue>
  void
  Assign(TValue & member, const TValue & value);

  template <typename TOutput>
  TOutput *
  GetOptionalOutput(OutputIndex index, bool computed, const char * name) const;

  /** The buffered part of an image in another pixel type; the image itself where that is the same. */
  template <typename TOutput, typename TInput>
  static typename TOutput::ConstPointer
  CastTo(const TInput * image);

  /** How the bridge gets at an input; empty for null. */
  template <typename TBridgeImage, typename TInput>
  Bridge::Source<TBridgeImage>
  SourceOf(const TInput * image) const;

  /** What the solver reads; casts of the inputs where their pixels are not single precision. */
  struct SolverInputs
  {
    typename RealImageType::ConstPointer fixed{};
    typename RealImageType::ConstPointer moving{}; ///< null if the bridge has its own
  };

  SolverInputs
  PrepareInputs(Bridge & bridge);

  Distribution::Proposal
  MakeProposal() const;

  /** Lets f(distribution) run on all processes of a communicator, with their errors shared. */
  template <typename TFunction>
  void
  RunTogether(const std::shared_ptr<gnr::Communicator> & communicator, TFunction f);

  std::shared_ptr<gnr::Communicator>
  MakeCommunicator() const;

  /** What was agreed on for the last run that was shared, or what is set here. */
  Distribution::Settings
  GetSettingsOfRun() const;

  /** Whether an input that was released comes again at the cost of a reading: its source has no inputs of its own. */
  static bool
  IsReadAgain(const DataObject & input);

  /** Names of the images that are not needed after the solver has read them and whose ReleaseDataFlag is on. */
  std::set<std::string>
  FindReleasableInputs() const;

  MemoryNeed
  MakeMemoryPlan();

  MemoryNeed
  MakeMemoryPlanOfInputs();

  /** The images of this run; while the inputs are complete. */
  MemoryNeed
  MeasureImages(const Bridge & bridge, const std::set<std::string> & releasable) const;

  const gnr::Report &
  GetReportOfRun() const;

  typename BridgeVectorImageType::ConstPointer
  PutField(OutputIndex index, Bridge & bridge, gnr::Field field);

  RealImageType *
  AllocateRealOutput(OutputIndex index);

  /** Turns what the solver tells into ITK events, and abort and stop requests into its answers. */
  class Listener;

  std::optional<int>                 m_MPICommunicator{};
  bool                               m_UseMPI{ true };
  unsigned int                       m_NumberOfProcesses{ 1 };
  bool                               m_GatherOutput{ true };
  std::shared_ptr<gnr::Communicator> m_Communicator{};
  std::shared_ptr<Distribution>      m_Distribution{}; // of the current or the last run by Update()
  bool                               m_IsUpdatingTogether{ false };

  gnr::Options m_Options{};
  bool         m_UseHistogramMatching{ false };
  bool         m_ComputeInverseDisplacementField{ true };
  bool         m_ComputeVelocityField{ true };
  bool         m_ComputeWarpedMovingImage{ true };
  bool         m_ComputeJacobianDeterminantImage{ true };

  std::atomic<bool>                   m_StopRequested{ false };
  std::function<gnr::Request()>       m_RequestSource{};
  unsigned int                        m_ElapsedIterations{ 0 };
  unsigned int                        m_CurrentLevel{ 0 };
  std::optional<gnr::LevelRecord>     m_CurrentLevelRecord{};
  std::optional<gnr::IterationRecord> m_CurrentIterationRecord{};
  std::optional<gnr::Report>          m_Report{};
  MemoryNeed                          m_MemoryNeed{};
  std::string                         m_LatestMessage{};
  std::set<std::string>               m_ReleasableInputs{};
};

} // namespace itk

#ifndef ITK_MANUAL_INSTANTIATION
#  include "itkDiffeomorphicGaussNewtonRegistrationFilter.hxx"
#endif

#endif
