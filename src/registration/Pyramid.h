// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_registration_Pyramid_h
#define gnr_registration_Pyramid_h

#include "gnr/Grid.h"

#include <optional>
#include <vector>

namespace gnr
{

/** The grids of the continuation, coarsest first; the last is `finest`. All cover the same box and start in its corner.
 * Each axis is halved from grid to grid, rounded up to a size for the FFT, but never below 16 points. Unset `levels`:
 * as many grids as differ, at most 3. */
std::vector<Grid>
pyramidGrids(const Grid & finest, std::optional<int> levels);

} // namespace gnr

#endif
