// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_registration_Pyramid_h
#define gnr_registration_Pyramid_h

#include "gnr/Grid.h"

#include <array>
#include <optional>
#include <vector>

namespace gnr
{

/** One grid of the continuation, and where its first point lies as a share of the box. */
struct PyramidGrid
{
  Grid                  grid;
  std::array<double, 3> origin{ { 0.0, 0.0, 0.0 } };
  /** Its solution is tried as a start of the next grid, beside the plain one. */
  bool isTrial = false;
};

/** The grids of the continuation, coarsest first; the last is `finest`, whose first `image` points hold the image.
 *
 * All cover the same box. Each axis is halved from grid to grid, rounded up to a size for the FFT, but never below 16
 * points. The coarse points lie symmetrically about the middle of the image, so that an image and its mirror image are
 * sampled alike. Unset `levels`: as many grids as differ, 3 or down to 32 points, and with `hasTrial` a trial grid
 * before them, if that can have 16 points on every axis. */
std::vector<PyramidGrid>
pyramidGrids(const Grid & finest, const Grid & image, std::optional<int> levels, bool hasTrial);

} // namespace gnr

#endif
