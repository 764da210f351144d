// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_test_precision_solve_h
#define gnr_test_precision_solve_h

#include <vector>

/** One registration problem for both precisions: solve.cpp is compiled once for each, so nothing of the core shows. */
namespace precision
{

/** A registration on a periodic cube of edge 2 pi mm, on one grid, with the default options but for these. */
struct Task
{
  int                points = 0; ///< along each axis
  std::vector<float> fixed;      ///< points^3 values, x fastest
  std::vector<float> moving;
  int                order = 1; ///< s of the regularisation: H1, H2, H3
  double             beta = 0.0;
  int                preconditioner = 0; ///< the value of a gnr::Preconditioner
  int                newtonSteps = 0;    ///< exactly so many, unless no step lowers the objective
};

struct Step
{
  double objective = 0.0;
  double relativeGradient = 0.0; ///< ||g|| / ||g(v = 0)||
  double stepLength = 0.0;
  int    hessianProducts = 0;
  int    innerIterations = 0;
};

struct Solution
{
  double             initialObjective = 0.0;
  std::vector<Step>  steps;
  std::vector<float> velocity; ///< mm per unit time, components interleaved
};

/** In float on the kernels of the CPU: what users run. */
Solution
solveInFloat(const Task & task);

/** In double on the reference kernels. */
Solution
solveInDouble(const Task & task);

/** J of a velocity (as in Solution), in double on the reference kernels. */
double
objectiveInDouble(const Task & task, const std::vector<float> & velocity);

} // namespace precision

#endif
