// SPDX-License-Identifier: Apache-2.0
#include "registration/SolveWork.h"

#include "optimization/ZeroVelocityHessian.h"
#include "registration/DetailAgreement.h"

#include <algorithm>
#include <cmath>

namespace gnr
{
namespace
{

bool
isWeighted(const MemoryPlan & plan)
{
  return plan.reachesBorder || plan.hasFixedWeight || plan.hasMovingWeight;
}

/** FourierTransform::resample(), component by component; the finer grid decides who has what. */
void
addResampling(Workload & work, const GridSize & from, const GridSize & to, int components)
{
  const auto points = [](const GridSize & s) { return static_cast<double>(s[0]) * s[1] * s[2]; };
  const bool isFiner = points(from) >= points(to);
  const int  rows = isFiner ? from[1] : to[1];
  work.addTransposition({ from, isFiner ? RowsOf::OwnGrid : RowsOf::FinerGrid, rows, 1, true }, components);
  work.addTransposition({ to, isFiner ? RowsOf::FinerGrid : RowsOf::OwnGrid, rows, 1, false }, components);
}

/** fillUnweighted() under the user's weights. */
void
addPreparation(Workload & work, const MemoryPlan & plan)
{
  const GridSize & size = plan.solverGrid.size;
  for (const bool isFilled : { plan.hasFixedWeight, plan.hasMovingWeight })
  {
    if (isFilled)
    {
      work.addTransforms(size, 1, 3 * 2);
      work.addReductions(2);
      work.addPoints(size, 3 * (12 + 8 + 16.0), 0, 9);
    }
  }
}

/** Velocity and images come from other grids. */
void
addTransfer(Workload & work, const MemoryPlan & plan, const Options & options, int level)
{
  const GridSize & finest = plan.solverGrid.size;
  const GridSize & own = plan.levels[level].size;
  const bool       isFinest = level + 1 == static_cast<int>(plan.levels.size());
  if (level > 0)
  {
    addResampling(work, plan.levels[level - 1].size, own, 3);
  }
  const int images = 2;
  const int weights = (plan.reachesBorder || plan.hasFixedWeight ? 1 : 0) + (plan.hasMovingWeight ? 1 : 0);
  if (options.smoothing > 0.0)
  {
    work.addTransforms(finest, 1, images);
  }
  if (!isFinest)
  {
    addResampling(work, finest, own, images + weights);
  }
}

void
addLevel(Workload &         work,
         const MemoryPlan & plan,
         const Options &    options,
         const Motion &     motion,
         int                level,
         const LevelWork &  levelWork)
{
  const GridSize & size = plan.levels[level].size;
  Motion           rest = motion;
  rest.isMoving = false;
  // At rest, then at the velocity of the coarser grid.
  work.add(objectiveWork(size, options, rest));
  work.add(gradientWork(size, options, rest));
  work.add(objectiveWork(size, options, level == 0 ? rest : motion));
  work.add(gradientWork(size, options, level == 0 ? rest : motion));
  work.add(regularizationWork(size));
  work.add(penaltyWork(size, options));

  // Steps, and what their Krylov iterations add.
  const int inner = innerIterationsOf(options, levelWork);
  work.add(newtonStepWork(size, options, motion, 0, inner, isWeighted(plan)), levelWork.newtonSteps);
  work.add(krylovIterationWork(size, options, motion, inner), levelWork.hessianProducts);
  if (plan.hasMovingWeight)
  {
    work.addHalo(size, motion.departureHalo, 1, motion.steps * (1 + levelWork.newtonSteps));
  }
}

/** integrateFlow(), and what is read out of the displacement. */
void
addResult(Workload & work, const MemoryPlan & plan, const SolveAssumptions & assumptions)
{
  const GridSize & size = plan.solverGrid.size;
  const double     farthest = assumptions.displacementShare * size[2];
  work.addReductions(3 + 3);
  for (int step = 1; step <= assumptions.mapSteps; ++step)
  {
    // Four evaluations of the velocity at points that move away from where they have started.
    const int halo = static_cast<int>(std::ceil(farthest * step / assumptions.mapSteps)) + 2;
    work.addHalo(size, halo, 3, 4);
    work.addReductions(4 * 3 + 3);
    work.addPoints(size, 4 * (36 - 24) + 24 + 3 * (36 + 36) + 36 + 36 + 12.0, 12, 20);
  }
  work.addHalo(size, static_cast<int>(std::ceil(farthest)) + 2, 1, plan.hasMovingWeight ? 2 : 1);
  work.addHalo(size, 1, 3);
  work.addReductions(20);

  // compareDetails()
  const GridSize coarse = detailGrid(plan.solverGrid, plan.imageGrid).grid.size;
  addResampling(work, size, coarse, isWeighted(plan) ? 4 : 3);
  work.addTransforms(coarse, 1, 3);
  work.addReductions(8);
  work.addPoints(size, 24 + 24 + 16 + 40.0, 1, 20);
}

} // namespace

LevelWork
workOfLevel(const SolveAssumptions & assumptions, int level, int levels)
{
  const int known = static_cast<int>(assumptions.levels.size());
  return known == 0 ? LevelWork() : assumptions.levels[std::max(0, level - levels + known)];
}

Motion
assumedMotion(const Options & options, const SolveAssumptions & assumptions)
{
  Motion motion;
  motion.steps = options.timeSteps;
  motion.velocityHalo = motion.departureHalo = motion.adjointHalo = assumptions.interpolationHalo;
  return motion;
}

int
innerIterationsOf(const Options & options, const LevelWork & work)
{
  const int applications = work.newtonSteps + work.hessianProducts;
  if (options.preconditioner == Preconditioner::InvA || applications == 0)
  {
    return 0;
  }
  return std::min(mostInnerIterations, (work.innerIterations + applications / 2) / applications);
}

Workload
solveWork(const MemoryPlan & plan, const Options & options, const SolveAssumptions & assumptions)
{
  Workload     work;
  const int    levels = static_cast<int>(plan.levels.size());
  const Motion motion = assumedMotion(options, assumptions);
  addPreparation(work, plan);
  for (int level = 0; level < levels; ++level)
  {
    addTransfer(work, plan, options, level);
    addLevel(work, plan, options, motion, level, workOfLevel(assumptions, level, levels));
  }
  addResult(work, plan, assumptions);
  return work;
}

} // namespace gnr
