// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_test_core_operationTables_h
#define gnr_test_core_operationTables_h

#include "trafficFormulas.h"

#include "model/Differences.h"
#include "optimization/Preconditioner.h"
#include "optimization/ZeroVelocityHessian.h"
#include "parallel/CountingCommunicator.h"

#include "gnr/Options.h"

namespace gnr
{
namespace test
{

inline Traffic
formulaOf(const Exchange & e, int ranks, int rank)
{
  const auto rowsOf = e.isOwner ? RowsOf::OwnGrid : RowsOf::FinerGrid;
  switch (e.kind)
  {
    case Exchange::Kind::Halo:
      return haloTraffic(e.size, ranks, rank, e.width, e.count);
    case Exchange::Kind::Forward:
      return forwardTraffic(e.size, rowsOf, e.ownerRows, ranks, rank, e.count);
    case Exchange::Kind::Backward:
      return backwardTraffic(e.size, rowsOf, e.ownerRows, ranks, rank, e.count);
    case Exchange::Kind::Reduction:
      break;
  }
  return reductionTraffic(ranks, rank, e.count);
}

/** The table of operations of doc/parallel.md. */
class Table
{
public:
  Table &
  halo(const GridSize & size, int width, int fields = 1, int times = 1)
  {
    return add({ Exchange::Kind::Halo, fields, size, width }, times);
  }
  /** A spectrum on its way between a grid and one that decides who has which of its rows. */
  Table &
  transposition(bool isForward, const GridSize & size, int ownerRows, bool isOwner, int components, int times = 1)
  {
    const auto kind = isForward ? Exchange::Kind::Forward : Exchange::Kind::Backward;
    return add({ kind, components, size, 0, ownerRows, isOwner }, times);
  }
  /** There and back. */
  Table &
  transforms(const GridSize & size, int components, int times = 1)
  {
    transposition(true, size, size[1], true, components, times);
    return transposition(false, size, size[1], true, components, times);
  }
  Table &
  reductions(int times, int values = 1)
  {
    Exchange reduction;
    reduction.count = values;
    return add(reduction, times);
  }

  Exchanges exchanges;

private:
  Table &
  add(const Exchange & exchange, int times)
  {
    if (times > 0)
    {
      exchanges[exchange] += times;
    }
    return *this;
  }
};

/** What the rows of the table depend on. */
struct Motion
{
  bool isMoving = true;
  int  steps = 4;
  int  velocityHalo = 7;
  int  departureHalo = 7;
  int  adjointHalo = 7;
};

inline const int differenceWidth = differenceHalo()[2];

/** What the limits take to become derivatives: of each component once, whose halo serves both, and of the divergence.
 */
inline void
addLimits(Table & table, const GridSize & size, const Options & options)
{
  if (options.gradientLimit || options.divergenceLimit)
  {
    table.halo(size, options.divergenceLimit ? differenceWidth : 1, 1, 3);
  }
  table.halo(size, differenceWidth, 1, options.divergenceLimit ? 1 : 0);
}

/** Of the components, and of what is found: the largest values of the velocity are known. */
inline void
addDeparturePoints(Table & table, const GridSize & size, const Motion & motion)
{
  table.halo(size, motion.velocityHalo, 1, 3).reductions(1, 3);
}

/** What the gradient has exchanged of states and weights stays. */
inline Table
productTable(const GridSize & size, const Options & options, const Motion & motion, bool withRegularization)
{
  Table table;
  table.transforms(size, 3, (withRegularization ? 1 : 0) + (options.incompressible ? 1 : 0));
  if (motion.isMoving)
  {
    table.halo(size, motion.departureHalo, 1, motion.steps).halo(size, motion.adjointHalo, 1, motion.steps);
    addLimits(table, size, options);
  }
  return table;
}

inline Table
objectiveTable(const GridSize & size, const Motion & motion)
{
  Table table;
  table.reductions(1, 3).reductions(1); // whether anything moves; and the distance
  if (motion.isMoving)
  {
    addDeparturePoints(table, size, motion);
    table.halo(size, motion.departureHalo, 1, motion.steps);
  }
  return table;
}

/** For states that were found since the last gradient. */
inline Table
gradientTable(const GridSize & size, const Options & options, const Motion & motion)
{
  Table table;
  if (motion.isMoving)
  {
    addDeparturePoints(table, size, motion);
    table.halo(size, differenceWidth, 1, 3 + motion.steps + 1).halo(size, motion.adjointHalo, 1, 1 + motion.steps);
    // The weights are found again.
    table.halo(size, 1, 1, options.gradientLimit ? 3 + 1 : 0)
      .halo(size, differenceWidth, 1, options.divergenceLimit ? 3 : 0);
    addLimits(table, size, options);
  }
  else
  {
    table.halo(size, differenceWidth);
  }
  return table.transforms(size, 3).reductions(1); // the inverse for the norm
}

inline Table
refreshTable(const GridSize & size, const Options & options)
{
  Table table;
  if (options.preconditioner == Preconditioner::TwoLevelInvH0)
  {
    const GridSize low = halfSize(size);
    table.transposition(true, size, size[1], true, 1).transposition(false, low, size[1], false, 1);
    table.halo(low, differenceWidth);
  }
  if (options.preconditioner == Preconditioner::InvH0)
  {
    table.halo(size, differenceWidth);
  }
  return table;
}

inline Table
preconditionerTable(const GridSize & size, const Options & options, int inner)
{
  const GridSize low = halfSize(size);
  const bool     isTwoLevel = options.preconditioner == Preconditioner::TwoLevelInvH0;
  Table          table;
  if (isTwoLevel)
  {
    table.transforms(size, 3);
    table.transposition(false, low, size[1], false, 3).transposition(true, low, size[1], false, 3);
  }
  if (options.preconditioner == Preconditioner::InvA)
  {
    return table.transforms(size, 3);
  }
  const int inverses = inner == mostInnerIterations ? inner - 1 : inner; // the last serves the next iteration only
  return table.transforms(isTwoLevel ? low : size, 3, 1 + inverses + (options.incompressible ? inner : 0))
    .reductions(1 + 3 + inner + 4 * inverses);
}

} // namespace test
} // namespace gnr

#endif
