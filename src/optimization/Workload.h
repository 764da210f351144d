// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_optimization_Workload_h
#define gnr_optimization_Workload_h

#include "parallel/TrafficFormulas.h"

#include "gnr/Options.h"

#include <cstdint>
#include <map>
#include <tuple>

namespace gnr
{

/** What a part of the solve does, on whole grids: collective operations and the work at each point. It says how much,
 * TrafficFormulas who sends what of it. */
class Workload
{
public:
  using Count = std::int64_t;

  struct HaloExchange
  {
    GridSize size;
    int      width;
    int      fields; ///< that share their messages
    bool
    operator<(const HaloExchange & o) const
    {
      return std::tie(size, width, fields) < std::tie(o.size, o.width, o.fields);
    }
  };
  struct Transposition
  {
    GridSize size;
    RowsOf   rowsOf;
    int      ownerRows;
    int      components;
    bool     isForward;
    bool
    operator<(const Transposition & o) const
    {
      return std::tie(size, rowsOf, ownerRows, components, isForward) <
             std::tie(o.size, o.rowsOf, o.ownerRows, o.components, o.isForward);
    }
  };
  /** At each point of a grid. */
  struct PointWork
  {
    double bytes = 0.0;          ///< to and from memory, without interpolation, transforms and copies for messages
    double interpolations = 0.0; ///< values
    double transforms = 0.0;     ///< of one component, forward or backward
    double calls = 0.0;          ///< of kernels, whatever the number of points
  };

  void
  addHalo(const GridSize & size, int width, int fields = 1, Count times = 1);
  /** A whole FourierTransform::apply(): there and back. */
  void
  addTransforms(const GridSize & size, int components, Count times = 1);
  /** A spectrum on the way of FourierTransform::resample() or applyWithLowBand(). */
  void
  addTransposition(const Transposition & transposition, Count times = 1);
  /** `times` reductions of one value. */
  void
  addReductions(Count times);
  void
  addPoints(const GridSize & size, double bytes, double interpolations, double calls);
  void
  add(const Workload & other, Count times = 1);

  const std::map<HaloExchange, Count> &
  halos() const
  {
    return halos_;
  }
  const std::map<Transposition, Count> &
  transpositions() const
  {
    return transpositions_;
  }
  Count
  reductions() const
  {
    return reductions_;
  }
  const std::map<GridSize, PointWork> &
  points() const
  {
    return points_;
  }

  /** What a process sends for it. */
  Traffic
  haloSent(int ranks, int rank) const;
  Traffic
  transposeSent(int ranks, int rank) const;
  Traffic
  reductionSent(int ranks, int rank) const;

private:
  std::map<HaloExchange, Count>  halos_;
  std::map<Transposition, Count> transpositions_;
  Count                          reductions_ = 0;
  std::map<GridSize, PointWork>  points_;
};

/** The transport of a velocity: what the counts of a solve depend on besides sizes and options. Halos along z. */
struct Motion
{
  bool isMoving = true;   ///< the velocity is not zero
  int  steps = 4;         ///< semi-Lagrangian
  int  velocityHalo = 7;  ///< of v where the departure points are searched for
  int  departureHalo = 7; ///< of the state
  int  adjointHalo = 7;   ///< of the adjoint
};

/** Objective::hessian(): one product H p = A p + q; without A p, which the Krylov solver for InvA need not
 * compute, Objective::hessianOfTerms(). */
Workload
productWork(const GridSize & size, const Options & options, const Motion & motion, bool withRegularization);

/** PreconditionerOperator::refresh(), once per Newton step. */
Workload
preconditionerRefreshWork(const GridSize & size, const Options & options, bool isWeighted);

/** PreconditionerOperator::apply() whose inner solve takes so many iterations. */
Workload
preconditionerWork(const GridSize & size, const Options & options, int innerIterations);

/** One iteration of Krylov with its product and its application of the preconditioner. */
Workload
krylovIterationWork(const GridSize & size, const Options & options, const Motion & motion, int innerIterations);

/** The state for a velocity and the distance of the images. */
Workload
objectiveWork(const GridSize & size, const Options & options, const Motion & motion);

/** The gradient of distance and limits at the velocity of the state, and a norm. */
Workload
gradientWork(const GridSize & size, const Options & options, const Motion & motion);

/** A v for the gradient, with <v, A v>. */
Workload
regularizationWork(const GridSize & size);

/** What the limits of the deformation add to an objective. */
Workload
penaltyWork(const GridSize & size, const Options & options);

/** A Newton step with so many Krylov iterations (each but the last followed by an application of the preconditioner
 * with `innerIterations`, and one before), a line search that takes its first step, and the gradient behind it. */
Workload
newtonStepWork(const GridSize & size,
               const Options &  options,
               const Motion &   motion,
               int              krylovIterations,
               int              innerIterations,
               bool             isWeighted);

} // namespace gnr

#endif
