// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_test_precision_phantom_h
#define gnr_test_precision_phantom_h

#include <vector>

namespace precision
{

/** A head with a folded inner boundary and a cavity on a periodic cube, `points`^3 values between 0 and 0.9. Edges rise
 * from 10 to 90 % within 0.2 to 0.5 rad: 1.7 to 3.6 voxels of 48. */
std::vector<float>
movingHead(int points);

/** The same head carried along by a smooth flow of up to 0.5 rad along each axis, 4 voxels of 48, with a lump of
 * tissue that the moving head has not: no velocity makes the two equal. */
std::vector<float>
fixedHead(int points);

} // namespace precision

#endif
