// SPDX-License-Identifier: Apache-2.0
#include "optimization/Workload.h"

#include "optimization/Preconditioner.h"
#include "optimization/ZeroVelocityHessian.h"

#include "kernels/types.h"
#include "model/Differences.h"

namespace gnr
{
namespace
{

Traffic &
operator+=(Traffic & sum, const Traffic & one)
{
  sum.messages += one.messages;
  sum.bytes += one.bytes;
  return sum;
}

Traffic
operator*(Workload::Count times, const Traffic & one)
{
  return { static_cast<std::uint64_t>(times) * one.messages, static_cast<std::uint64_t>(times) * one.bytes };
}

int
differenceWidth()
{
  return differenceHalo()[2];
}

/** Regularizer::project(). */
void
addProjection(Workload & work, const GridSize & size, const Options & options)
{
  if (options.incompressible)
  {
    work.addTransforms(size, 3);
  }
}

/** DeformationLimit::evaluate(), for the penalty and for the weights. */
void
addLimits(Workload & work, const GridSize & size, const Options & options)
{
  if (options.gradientLimit)
  {
    work.addHalo(size, 1, 1, 3);
    work.addPoints(size, 8 + 12 + 12 + 8, 0, 4);
  }
  if (options.divergenceLimit)
  {
    work.addHalo(size, differenceWidth(), 1, 3);
    work.addPoints(size, 8 + 12 + 12 + 12 + 8, 0, 5);
  }
}

/** DeformationLimit::add(), for the gradient and for the Hessian. */
void
addLimitDerivative(Workload & work, const GridSize & size, const Options & options)
{
  if (options.gradientLimit)
  {
    work.addHalo(size, 1, 1, 4);
    work.addPoints(size, 3 * 16, 0, 3);
  }
  if (options.divergenceLimit)
  {
    work.addHalo(size, differenceWidth(), 1, 4);
    work.addPoints(size, 8 + 12 + 12 + 12 + 3 * 12, 0, 7);
  }
}

/** departurePoints() and the halo of what it has found. */
void
addDeparturePoints(Workload & work, const GridSize & size, const Motion & motion)
{
  work.addHalo(size, motion.velocityHalo, 1, 3);
  work.addPoints(size, 3 * (8 + 4 + 12 + 4), 3, 15);
  work.addReductions(6);
}

bool
hasLimits(const Options & options)
{
  return options.gradientLimit || options.divergenceLimit;
}

/** solveRegularized(), of `iterations` that are not the last ones that it may do. */
void
addInnerSolve(Workload & work, const GridSize & size, const Options & options, int iterations)
{
  const bool endsEarly = iterations >= mostInnerIterations; // what serves the next iteration only is left out
  const int  inverses = endsEarly ? iterations - 1 : iterations;
  work.addTransforms(size, 3, 1 + inverses);
  work.addReductions(1 + 3 + iterations + 4 * inverses);
  if (options.incompressible)
  {
    work.addTransforms(size, 3, iterations);
  }
  // The dyad, and the vector algebra of each iteration.
  work.addPoints(size, 24 + 8 * 3 + iterations * (36.0 + 228.0), 0, 8 + iterations * 14.0);
}

} // namespace

void
Workload::addHalo(const GridSize & size, int width, int fields, Count times)
{
  halos_[{ size, width, fields }] += times;
}

void
Workload::addTransforms(const GridSize & size, int components, Count times)
{
  addTransposition({ size, RowsOf::OwnGrid, size[1], components, true }, times);
  addTransposition({ size, RowsOf::OwnGrid, size[1], components, false }, times);
}

void
Workload::addTransposition(const Transposition & transposition, Count times)
{
  transpositions_[transposition] += times;
  points_[transposition.size].transforms += static_cast<double>(times) * transposition.components;
}

void
Workload::addReductions(Count times)
{
  reductions_ += times;
}

void
Workload::addPoints(const GridSize & size, double bytes, double interpolations, double calls)
{
  PointWork & work = points_[size];
  work.bytes += bytes;
  work.interpolations += interpolations;
  work.calls += calls;
}

void
Workload::add(const Workload & other, Count times)
{
  for (const auto & [halo, count] : other.halos_)
  {
    halos_[halo] += times * count;
  }
  for (const auto & [transposition, count] : other.transpositions_)
  {
    transpositions_[transposition] += times * count;
  }
  reductions_ += times * other.reductions_;
  for (const auto & [size, work] : other.points_)
  {
    PointWork & sum = points_[size];
    sum.bytes += static_cast<double>(times) * work.bytes;
    sum.interpolations += static_cast<double>(times) * work.interpolations;
    sum.transforms += static_cast<double>(times) * work.transforms;
    sum.calls += static_cast<double>(times) * work.calls;
  }
}

Traffic
Workload::haloSent(int ranks, int rank) const
{
  Traffic sent;
  for (const auto & [halo, count] : halos_)
  {
    sent += count * haloTraffic(halo.size, ranks, rank, halo.width, halo.fields);
  }
  return sent;
}

Traffic
Workload::transposeSent(int ranks, int rank) const
{
  Traffic sent;
  for (const auto & [t, count] : transpositions_)
  {
    const auto traffic = t.isForward ? forwardTraffic : backwardTraffic;
    sent += count * traffic(t.size, t.rowsOf, t.ownerRows, ranks, rank, t.components);
  }
  return sent;
}

Traffic
Workload::reductionSent(int ranks, int rank) const
{
  return reductions_ * reductionTraffic(ranks, rank, 1);
}

Workload
productWork(const GridSize & size, const Options & options, const Motion & motion, bool withRegularization)
{
  Workload work;
  if (withRegularization)
  {
    work.addTransforms(size, 3);
  }
  const int width = differenceWidth(), nt = motion.steps;
  if (motion.isMoving)
  {
    // Incremental state: v . grad m at nt + 1 times, nt steps; adjoint: lambda grad m at nt + 1 times, nt steps back.
    work.addHalo(size, width, 1, 2 * (nt + 1));
    work.addHalo(size, motion.departureHalo, 1, nt);
    work.addHalo(size, motion.adjointHalo, 1, nt);
    work.addPoints(size, (20 + 24.0 * nt) + 8 + (20 + 32.0 * nt) + nt * (12 + 4 + 12 + 8.0), 2 * nt, 4 * nt + 4);
    addLimitDerivative(work, size, options);
  }
  else
  {
    work.addHalo(size, width, 1, 2);
    work.addPoints(size, 20 + 8 + 20, 0, 3);
  }
  addProjection(work, size, options);
  return work;
}

Workload
preconditionerRefreshWork(const GridSize & size, const Options & options, bool isWeighted)
{
  Workload work;
  GridSize gradient = size;
  if (options.preconditioner == Preconditioner::InvA)
  {
    return work;
  }
  if (options.preconditioner == Preconditioner::TwoLevelInvH0)
  {
    gradient = halfSize(size);
    const int fields = isWeighted ? 2 : 1;
    // The finer grid decides; of two grids of one size, the one that is resampled.
    work.addTransposition({ size, RowsOf::OwnGrid, size[1], 1, true }, fields);
    work.addTransposition({ gradient, RowsOf::FinerGrid, size[1], 1, false }, fields);
  }
  work.addHalo(gradient, differenceWidth());
  work.addPoints(gradient, 3 * 8, 0, 6);
  return work;
}

Workload
preconditionerWork(const GridSize & size, const Options & options, int innerIterations)
{
  Workload work;
  switch (options.preconditioner)
  {
    case Preconditioner::InvA:
      work.addTransforms(size, 3);
      break;
    case Preconditioner::InvH0:
      work.addPoints(size, 24, 0, 1);
      addInnerSolve(work, size, options, innerIterations);
      break;
    case Preconditioner::TwoLevelInvH0:
    {
      const GridSize low = halfSize(size);
      work.addTransforms(size, 3);
      work.addTransposition({ low, RowsOf::FinerGrid, size[1], 3, false });
      work.addTransposition({ low, RowsOf::FinerGrid, size[1], 3, true });
      addInnerSolve(work, low, options, innerIterations);
      break;
    }
  }
  return work;
}

Workload
krylovIterationWork(const GridSize & size, const Options & options, const Motion & motion, int innerIterations)
{
  const bool isInvA = options.preconditioner == Preconditioner::InvA;
  Workload   work = productWork(size, options, motion, !isInvA);
  work.add(preconditionerWork(size, options, innerIterations));
  // Interruption, curvature, residual; and three means for InvA.
  work.addReductions(isInvA ? 6 : 3);
  work.addPoints(size, isInvA ? 228 : 156, 0, isInvA ? 10 : 5);
  return work;
}

Workload
objectiveWork(const GridSize & size, const Options &, const Motion & motion)
{
  Workload work;
  work.addReductions((motion.isMoving ? 1 : 3) + 1); // the first component that moves is enough; and the distance
  if (motion.isMoving)
  {
    addDeparturePoints(work, size, motion);
    work.addHalo(size, motion.departureHalo, 1, motion.steps);
    work.addPoints(size, 3 * 4 + motion.steps * (12 + 4.0), motion.steps, 3 + motion.steps);
  }
  work.addPoints(size, 8, 0, 1);
  return work;
}

Workload
penaltyWork(const GridSize & size, const Options & options)
{
  Workload work;
  addLimits(work, size, options);
  work.addReductions(hasLimits(options) ? 1 : 0);
  return work;
}

Workload
gradientWork(const GridSize & size, const Options & options, const Motion & motion)
{
  Workload  work;
  const int width = differenceWidth(), nt = motion.steps;
  work.addPoints(size, 12, 0, 1);
  if (motion.isMoving)
  {
    addDeparturePoints(work, size, motion);
    work.addHalo(size, width, 1, 3);        // divergence
    work.addHalo(size, motion.adjointHalo); // at the departure points
    work.addPoints(size, 8 + 12 + 12 + 16 + 12, 1, 5);
    work.addHalo(size, width, 1, nt + 1);
    work.addHalo(size, motion.adjointHalo, 1, nt);
    work.addPoints(size, 20 + 32.0 * nt + nt * 20.0, nt, 2 * nt + 1);
    addLimits(work, size, options);
    addLimitDerivative(work, size, options);
  }
  else
  {
    work.addHalo(size, width);
    work.addPoints(size, 20, 0, 1);
  }
  addProjection(work, size, options);
  work.addTransforms(size, 3); // the inverse for the norm
  work.addReductions(1);
  work.addPoints(size, 24, 0, 1);
  return work;
}

Workload
regularizationWork(const GridSize & size)
{
  Workload work;
  work.addTransforms(size, 3);
  work.addReductions(1);
  work.addPoints(size, 24 + 36, 0, 2);
  return work;
}

Workload
newtonStepWork(const GridSize & size,
               const Options &  options,
               const Motion &   motion,
               int              krylovIterations,
               int              innerIterations,
               bool             isWeighted)
{
  Workload work = preconditionerRefreshWork(size, options, isWeighted);
  if (options.preconditioner == Preconditioner::InvA)
  {
    work.addReductions(3); // the first direction needs no inverse: it is that of the gradient's norm
  }
  else
  {
    work.add(preconditionerWork(size, options, innerIterations));
    work.addReductions(1);
  }
  work.addPoints(size, 60, 0, 3);
  work.add(krylovIterationWork(size, options, motion, innerIterations), krylovIterations);

  // Line search: A x, two inner products, one trial.
  work.addTransforms(size, 3);
  work.addReductions(2);
  work.addPoints(size, 48 + 36 + 24, 0, 4);
  work.add(penaltyWork(size, options));
  work.addReductions(3); // steps that the trial needs
  work.add(objectiveWork(size, options, motion));
  work.addReductions(1); // the distance with the refreshed weight
  work.add(gradientWork(size, options, motion));
  work.add(regularizationWork(size));
  work.addReductions(options.stallRate ? 1 : 0);
  return work;
}

} // namespace gnr
