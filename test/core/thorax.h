// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_test_core_thorax_h
#define gnr_test_core_thorax_h

#include "problems.h"

#include "../../examples/ThoraxPhantom.h"

#include "gnr/Engine.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <vector>

namespace problems
{

/** The phantom on a grid, to be registered. */
struct Thorax
{
  explicit Thorax(double spacing)
  {
    const double lengths[3] = { 336.0, 252.0, 336.0 };
    for (int a = 0; a < 3; ++a)
    {
      grid.size[a] = static_cast<int>(std::lround(lengths[a] / spacing));
      grid.spacing[a] = spacing;
    }
    options = gnr::makeOptions(gnr::Preset::LungCt);
    options.density = gnr::Density::Given;
    options.symmetric = false; // densities that are carried the whole way
    // The motion is smooth, and there is no noise.
    options.regularization = gnr::Regularization::H2;
    options.beta = 1e-4;
    options.periodic = true; // as air is
    options.device = solveDevice();
    const ThoraxPhantom phantom(0.7 * spacing);
    forEachPoint([&](const ThoraxPhantom::PointType & p) {
      fixed.push_back(static_cast<float>(phantom.Fixed(p)));
      moving.push_back(static_cast<float>(phantom.Moving(p)));
    });
  }

  void
  forEachPoint(const std::function<void(const ThoraxPhantom::PointType &)> & f) const
  {
    const auto at = [&](int axis, int i) { return (i - 0.5 * (grid.size[axis] - 1)) * grid.spacing[axis]; };
    for (int k = 0; k < grid.size[2]; ++k)
    {
      for (int j = 0; j < grid.size[1]; ++j)
      {
        for (int i = 0; i < grid.size[0]; ++i)
        {
          f({ { at(0, i), at(1, j), at(2, k) } });
        }
      }
    }
  }

  struct Errors
  {
    double map = 0.0;         ///< mean in the lungs, voxels
    double determinant = 0.0; ///< mean there, relative
    double bones = 0.0;       ///< largest |det - 1| in the spine and the ribs, where they do not move at all
    double meanOfBones = 0.0; ///< of det there
  };

  /** So that solves which hardly differ do not stop at different steps; they agree to about the tolerance times the
   * motion of three voxels. */
  void
  solveToTheEnd()
  {
    options.gradientTolerance = 1e-3;
    options.objectiveTolerance = 0.0;
  }

  /** Displacement, x y z of each voxel in mm. */
  std::vector<float>
  displacement()
  {
    std::vector<float> u(3 * grid.points());
    const gnr::Problem problem = problemOf();
    gnr::makeEngine()->run(problem)->read(gnr::Field::Displacement, { u.data(), wholeOf(grid) });
    return u;
  }
  gnr::Problem
  problemOf() const
  {
    gnr::Problem problem{ grid, options, { fixed.data(), wholeOf(grid) }, { moving.data(), wholeOf(grid) } };
    problem.movingVolumeChange = volumeChange;
    const auto optional = [&](const std::vector<float> & values) {
      return values.empty() ? gnr::InputBlock{} : gnr::InputBlock{ values.data(), wholeOf(grid) };
    };
    problem.fixedWeight = optional(fixedMask);
    problem.movingWeight = optional(movingMask);
    problem.incompressibility = optional(weights);
    return problem;
  }

  Errors
  run(gnr::Report * report = nullptr)
  {
    const auto         result = gnr::makeEngine()->run(problemOf());
    std::vector<float> u(3 * grid.points()), det(grid.points());
    result->read(gnr::Field::Displacement, { u.data(), wholeOf(grid) });
    result->read(gnr::Field::Determinant, { det.data(), wholeOf(grid) });
    if (report != nullptr)
    {
      *report = result->report();
    }
    const ThoraxPhantom phantom(1.0);
    Errors              errors;
    std::size_t         voxel = 0, counted = 0, bones = 0;
    forEachPoint([&](const ThoraxPhantom::PointType & p) {
      const ThoraxPhantom::PointType y = phantom.Map(p);
      if (ThoraxPhantom::Lung(y) < 0.0)
      {
        double squared = 0.0;
        for (int a = 0; a < 3; ++a)
        {
          squared += std::pow((p[a] + u[3 * voxel + a] - y[a]) / grid.spacing[a], 2);
        }
        errors.map += std::sqrt(squared);
        errors.determinant += std::abs(det[voxel] / phantom.Determinant(p) - 1.0);
        ++counted;
      }
      if (ThoraxPhantom::Bone(p) < 0.0 && y == p)
      {
        errors.bones = std::max(errors.bones, std::abs(det[voxel] - 1.0));
        errors.meanOfBones += det[voxel];
        ++bones;
      }
      ++voxel;
    });
    errors.map /= counted;
    errors.determinant /= counted;
    errors.meanOfBones /= bones;
    return errors;
  }

  gnr::Grid          grid;
  gnr::Options       options;
  std::vector<float> fixed, moving;
  std::vector<float> fixedMask, movingMask; ///< empty: none
  std::vector<float> weights;               ///< of incompressibility; empty: none
  double             volumeChange = 1.0;
};

} // namespace problems

#endif
