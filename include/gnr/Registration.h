// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_Registration_h
#define gnr_Registration_h

#include "gnr/Communicator.h"
#include "gnr/Error.h"
#include "gnr/Grid.h"
#include "gnr/Options.h"
#include "gnr/Report.h"

#include "GaussNewtonRegistrationExport.h"

#include <memory>
#include <string>

namespace gnr
{

/** What an observer wants next. */
enum class Request
{
  Continue,
  Stop, ///< end the solve, keep the result so far
  Abort ///< end the solve, throw Error(Aborted)
};

/** Told of every step; asked, also inside Krylov iterations, whether to go on. */
class GaussNewtonRegistration_EXPORT Observer
{
public:
  virtual ~Observer() = default;
  /** A level begins: the record holds its number and its grid. */
  virtual void
  onLevel(const LevelRecord &)
  {}
  /** A Newton step is done. */
  virtual void
  onIteration(const IterationRecord &)
  {}
  /** Share of the work done, 0 ... 1, never falling. */
  virtual void
  onProgress(double)
  {}
  /** A warning or a fallback that the user should see. */
  virtual void
  onMessage(const std::string &)
  {}
  /** The images, the weights and the initial velocity have been copied: run() does not look at the caller's memory any
   * more. */
  virtual void
  onInputsRead()
  {}
  virtual Request
  poll()
  {
    return Request::Continue;
  }
};

/** Host memory that holds planes [zBegin, zEnd) of a scalar image on the image grid, x fastest, without gaps.
 *
 * Each process passes the planes that it has, or that it wants: all of them, some, also such as another one has, or
 * none
 * (`data` null and zBegin = zEnd). What several have is taken from the nearest at hand: it must be the same. */
struct HostImage
{
  const float * data = nullptr;
  int           zBegin = 0;
  int           zEnd = 0;
};

/** Planes [zBegin, zEnd) of a vector image on the image grid: components interleaved (x0 y0 z0 x1 y1 z1 ...), in
 * millimetres along the grid axes (not world axes). */
struct HostVectorImage
{
  float * data = nullptr;
  int     zBegin = 0;
  int     zEnd = 0;
};

/** What Registration, in this process, and LaunchedRegistration, in processes of its own, have in common. */
class GaussNewtonRegistration_EXPORT RegistrationInterface
{
public:
  virtual ~RegistrationInterface();

  virtual void
  setFixed(HostImage image) = 0;
  virtual void
  setMoving(HostImage image) = 0;
  virtual void
  setFixedWeight(HostImage weight) = 0;
  virtual void
  setMovingWeight(HostImage weight) = 0;
  virtual void
  setInitialVelocity(HostVectorImage velocity) = 0;
  virtual void
  setObserver(Observer * observer) = 0;
  virtual MemoryPlan
  planMemory() const = 0;
  virtual const Report &
  run() = 0;
  virtual void
  displacement(HostVectorImage out) const = 0;
  virtual void
  inverseDisplacement(HostVectorImage out) const = 0;
  virtual void
  velocity(HostVectorImage out) const = 0;
  virtual void
  determinant(float * data, int zBegin, int zEnd) const = 0;
  virtual const Report &
  report() const = 0;
};

/** Registers a moving to a fixed image that were sampled on one grid.
 *
 * Finds the stationary velocity v (mm per unit time) that minimises
 * \f$ J(v) = \frac{1}{2N}\sum w\,(m(1)-f)^2 + \frac12\langle v, A v\rangle \f$ subject to
 * \f$ \partial_t m + v\cdot\nabla m = 0 \f$ (Mang & Biros, SISC 2017; Brunn et al., SC20). Results follow from v:
 * the pullback map y(x) = x + u(x), m(1) = m0(y), is the flow of -v over unit time; its inverse is the flow of +v.
 *
 * \code
 *   gnr::Registration registration(grid, options);
 *   registration.setFixed({ fixed.data(), 0, nz });
 *   registration.setMoving({ moving.data(), 0, nz });
 *   const gnr::Report & report = registration.run();
 *   registration.displacement({ u.data(), 0, nz });
 * \endcode
 *
 * Over several processes every one constructs a Registration for the same grid and options and calls everything
 * together with the others; together they set all planes of the images, and each asks for the planes of the results
 * that it wants. All have the report, and an observer where they want one. An error of one is thrown by all.
 *
 * Not copyable; one thread at a time. Throws gnr::Error. */
class GaussNewtonRegistration_EXPORT Registration : public RegistrationInterface
{
public:
  /** \param grid of both images, every axis at least 8 points. Throws Error(BadInput) for an invalid grid or option and
   * for a device that does not exist, or where it differs between processes. */
  Registration(const Grid & grid, const Options & options, std::shared_ptr<Communicator> communicator = nullptr);
  ~Registration() override;
  Registration(const Registration &) = delete;
  Registration &
  operator=(const Registration &) = delete;

  /** Images, any intensity scale; not finite values and constant images are refused by run(). The memory must live
   * until run() has called Observer::onInputsRead(), or has returned. One process must have what another has not. */
  void
  setFixed(HostImage image) override;
  void
  setMoving(HostImage image) override;

  /** Weights between 0 and 1 of the mismatch, on the image grid. The fixed weight stays in place, the moving
   * weight travels with the moving image. Unset: one everywhere. */
  void
  setFixedWeight(HostImage weight) override;
  void
  setMovingWeight(HostImage weight) override;

  /** Start from this velocity (same convention as velocity()) in place of zero. */
  void
  setInitialVelocity(HostVectorImage velocity) override;

  /** Not owned; may be null. */
  void
  setObserver(Observer * observer) override;

  /** What run() and the results will take, found by a run of the solver on arrays that are counted but do not exist.
   * The images must be set: where anatomy reaches the border, the grid is padded. Takes milliseconds; changes nothing.
   * For this process alone; what is on its way between processes needs up to 12 bytes for each of its voxels at a time
   * when the fields need less. Throws Error(BadInput) where an image is missing. */
  MemoryPlan
  planMemory() const override;

  /** What such a registration would take of each of `processes` processes: of the one that needs most. Needs neither
   * images nor other processes. \param plan of a registration with the same options by any number of processes: grids
   * and weights are taken from it. Throws Error(BadInput) unless there are 1 to nz processes. */
  static MemoryPlan
  planMemory(const MemoryPlan & plan, const Options & options, int processes);

  /** What such a registration would take on a GPU that is not here. \param plan of the same on the CPU (of one on a
   * GPU: returned as it is). Fields are the same; work areas, for which cuFFT would have to be asked, are as large as
   * they can be. Messages between GPUs are not in it. */
  static MemoryPlan
  planForDevice(const MemoryPlan & plan);

  /** Solves. Throws Error(BadInput | OutOfResources | NumericalFailure | Aborted). */
  const Report &
  run() override;

  /** Results after run(), written into the planes that the caller asks for, cropped to the image grid. */
  /** u with y(x) = x + u(x): fixed point x corresponds to moving point x + u(x). Millimetres along the grid axes. */
  void
  displacement(HostVectorImage out) const override;
  /** The inverse of y: moving point x corresponds to fixed point x + u(x). */
  void
  inverseDisplacement(HostVectorImage out) const override;
  /** The stationary field whose exponential is y: minus the solver's v. Millimetres per unit time, grid axes. */
  void
  velocity(HostVectorImage out) const override;
  /** det(I + grad u) by second-order central differences, as itk::DisplacementFieldJacobianDeterminantFilter. */
  void
  determinant(float * data, int zBegin, int zEnd) const override;

  const Report &
  report() const override;

private:
  friend class Rehearsal;
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

} // namespace gnr

#endif
