// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_CustomMeasure_h
#define gnr_CustomMeasure_h

#include "gnr/Grid.h"
#include "gnr/Problem.h"

#include "GaussNewtonRegistrationExport.h"

namespace gnr
{

/** A measure of similarity of the caller's own, as part of a problem: "custom" in Options::similarity, alone or in a
 * sum.
 *
 * It sees the images on the grids of the solver, from coarse to fine, padded where anatomy reaches the border, with
 * intensities from about 0 to 1. Each process has some planes of a grid; a measure that needs more must get it from
 * the others itself. The registration stays Gauss-Newton: the curvature stands for the second derivative of D, which
 * it should not fall much below, or steps are too long and have to be shortened. */
class GaussNewtonRegistration_EXPORT CustomMeasure
{
public:
  virtual ~CustomMeasure() = default;

  /** Host arrays with the voxels of a box, x fastest; they are gone after the call. */
  struct Images
  {
    Grid          grid;
    Box           box; ///< whole planes
    const float * fixed = nullptr;
    const float * moving = nullptr; ///< as it is deformed now
    const float * weight = nullptr; ///< of each voxel, 0 to 1; null for one
  };

  /** Compares the images; called by all processes together, each with its box.
   *
   * \param force minus the derivative of the returned value by each voxel of `moving`; null: only the value is needed.
   * \param curvature of the value along each voxel of `moving`, >= 0, filled with the weight before the call, which is
   * that of half the squared difference; null where `force` is.
   * \returns the dissimilarity of these voxels, a sum >= 0 in the unit of half the squared difference of intensities,
   * so that beta means the same as for other measures.
   *
   * What it throws ends the registration. A result that is not finite, or a negative curvature, ends it with
   * Error(NumericalFailure). */
  virtual double
  compare(const Images & images, float * force, float * curvature) = 0;
};

} // namespace gnr

#endif
