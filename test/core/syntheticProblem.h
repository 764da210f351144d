// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_test_core_syntheticProblem_h
#define gnr_test_core_syntheticProblem_h

#include "problems.h"

namespace problems
{

/** The template carried along by a smooth velocity of amplitude 0.5: the synthetic problem of the papers. */
inline double
reference(double x, double y, double z)
{
  // Eight classical Runge-Kutta steps back along the velocity; exact to 1e-6.
  const auto v = smoothVelocity(0.5);
  double     p[3] = { x, y, z };
  const auto slope = [&](const double q[3], double k[3]) {
    for (int c = 0; c < 3; ++c)
    {
      k[c] = -v[c](q[0], q[1], q[2]);
    }
  };
  const double h = 1.0 / 8;
  for (int step = 0; step < 8; ++step)
  {
    double k[4][3], q[3];
    slope(p, k[0]);
    for (int stage = 1; stage < 4; ++stage)
    {
      for (int c = 0; c < 3; ++c)
      {
        q[c] = p[c] + (stage == 3 ? h : h / 2) * k[stage - 1][c];
      }
      slope(q, k[stage]);
    }
    for (int c = 0; c < 3; ++c)
    {
      p[c] += h / 6 * (k[0][c] + 2 * k[1][c] + 2 * k[2][c] + k[3][c]);
    }
  }
  return templateImage(p[0], p[1], p[2]);
}

/** For smooth images without noise: weak regularisation. */
inline gnr::Options
syntheticOptions()
{
  gnr::Options options;
  options.similarity = gnr::SimilarityMeasure::SumOfSquares;
  options.device = solveDevice();
  options.beta = 1e-3;
  options.gradientTolerance = 1e-2;
  options.gamma = 0.0;
  options.gridScale = 0.0;
  // A rounding can change where an inner solve stops, and with it the path to the minimum by hundredths of a voxel.
  options.preconditioner = gnr::Preconditioner::InvA;
  options.periodic = true;
  options.intensityNormalization = gnr::IntensityNormalization::None;
  return options;
}

} // namespace problems

#endif
