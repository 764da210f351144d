// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_model_PointPaths_h
#define gnr_model_PointPaths_h

#include "parallel/Domain.h"

#include <array>
#include <vector>

namespace gnr
{

/** Where single points go that follow -v over unit time, y(x) of the pullback map, and how that depends on v.
 *
 * Every point is traced by classical Runge-Kutta steps of about a voxel, v interpolated between the grid points [Q1].
 * The derivative is that of these steps, not of the flow [Q2]: it is exact wherever the interpolant has one. All
 * numbers of points are host memory that every process has: x, y, z of one after the other, in mm along the grid axes
 * from the beginning of the box, which they may leave. */
class PointPaths
{
public:
  PointPaths(Domain & domain, std::vector<double> starts);

  /** y of every point. 4 samples of v a step and point. Collective. */
  std::vector<double>
  follow(const ConstVectorView & v) const
  {
    return trace(v, nullptr);
  }

  /** The same, and keeps J = dy/dv at v. Memory on the host: 96 bytes a sample. Collective. */
  std::vector<double>
  linearize(const ConstVectorView & v);

  /** J w, mm. Collective. */
  std::vector<double>
  push(const ConstVectorView & w) const;

  /** out += the transpose of J, as derivatives by the values at grid points, times what stands for each point. */
  void
  pull(const std::vector<double> & forces, const VectorView & out) const;

private:
  using Matrix = std::array<double, 9>; ///< row by row

  /** All samples of a path: step by step, stage by stage, point by point. */
  struct Samples
  {
    std::vector<double> positions; ///< as the kernels want them
    std::vector<Matrix> slopes;    ///< of v there
  };
  /** y; keeps the samples, unless that is null. */
  std::vector<double>
  trace(const ConstVectorView & v, Samples * samples) const;
  /** v at positions as the kernels want them, and its derivatives by the place where they are asked for. Collective. */
  void
  sample(const ConstVectorView &     v,
         const std::vector<double> & positions,
         std::vector<double> &       values,
         Matrix *                    slopes) const;
  PeriodicSlab
  slab() const;

  Domain &            domain_;
  std::vector<double> starts_;
  std::vector<double> positions_;     ///< of the samples of linearize()
  std::vector<Matrix> sensitivities_; ///< dy/dv of each of them
};

} // namespace gnr

#endif
