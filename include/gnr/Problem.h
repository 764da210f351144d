// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_Problem_h
#define gnr_Problem_h

#include "gnr/Grid.h"
#include "gnr/Options.h"

#include <array>
#include <cstddef>
#include <vector>

namespace gnr
{

/** Voxels begin[a] <= i[a] < end[a] of a grid; empty by default. */
struct Box
{
  std::array<int, 3> begin{};
  std::array<int, 3> end{};
};

/** Whole planes of a grid across its last axis. */
inline Box
planesOf(const Grid & grid, int zBegin, int zEnd)
{
  return { { { 0, 0, zBegin } }, { { grid.size[0], grid.size[1], zEnd } } };
}

inline Box
wholeOf(const Grid & grid)
{
  return planesOf(grid, 0, grid.size[2]);
}

/** Host memory of the caller that holds the voxels of a box, x fastest, without gaps: one value per voxel or, for a
 * vector field, three (x0 y0 z0 x1 y1 z1 ...) in millimetres along the grid axes (not world axes).
 *
 * A box consists of whole planes of the grid. A null pointer means that there is none. */
template <typename TValue>
struct Block
{
  TValue * data = nullptr;
  Box      box;
};
using InputBlock = Block<const float>;
using OutputBlock = Block<float>;

/** Two images that the same deformation makes alike. */
struct ImagePair
{
  InputBlock fixed{};
  InputBlock moving{};
};

/** A point of the fixed image and the same point of the moving image, both in mm along the grid axes from the first
 * voxel of the grid. */
struct LandmarkPair
{
  std::array<double, 3> fixed{};  ///< in the image
  std::array<double, 3> moving{}; ///< where the sampled moving image has it; may lie outside
};

class CustomMeasure;

/** The images to register, moving to fixed, sampled on one grid.
 *
 * Finds the stationary velocity v (mm per unit time) that minimises
 * \f$ J(v) = \frac{1}{2N}\sum w\,(m(1)-f)^2 + \frac12\langle v, A v\rangle \f$ subject to
 * \f$ \partial_t m + v\cdot\nabla m = 0 \f$ (Mang & Biros, SISC 2017; Brunn et al., SC20), or with another measure in
 * place of squared differences. Results follow from v: the pullback map y(x) = x + u(x), m(1) = m0(y), is the flow of
 * -v over unit time; its inverse is the flow of +v.
 *
 * With several processes, each passes the box that it has: all of an image, a part, or nothing. Together they must
 * cover the image; where boxes overlap, their values must agree. */
struct Problem
{
  Grid    grid; ///< every axis at least 8 points
  Options options;

  InputBlock fixed{}; ///< any intensity scale; values that are not finite and constant images are refused
  InputBlock moving{};
  InputBlock fixedWeight{};       ///< of the mismatch, 0 to 1; stays in place. Nowhere set: one everywhere
  InputBlock movingWeight{};      ///< likewise; travels with the moving image
  InputBlock incompressibility{}; ///< weights >= 0 [S3], of what `moving` shows at each voxel
  InputBlock initialVelocity{};   ///< vectors, as Field::Velocity: the start, in place of zero

  /** Further images of what `fixed` and `moving` show, on the same grid and under the same weights: other contrasts,
   * maps, features. Their dissimilarities, with the weights in Options::similarity, are added to D. Every process has
   * as many, if without data. */
  std::vector<ImagePair> furtherPairs{};

  /** By how much the volume of what `moving` shows has changed when it was sampled on the grid, if that was through a
   * linear transform: its determinant, > 0. Densities are multiplied by its power, and where volumes shall be kept they
   * are those before it. */
  double movingVolumeChange = 1.0;

  /** Points that shall come to lie on one another, beside what the images say; the first process says which. */
  std::vector<LandmarkPair> landmarks{};

  CustomMeasure * customMeasure = nullptr; ///< for "custom" in the options; valid until the solve ends
};

} // namespace gnr

#endif
