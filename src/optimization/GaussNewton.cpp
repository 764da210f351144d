// SPDX-License-Identifier: Apache-2.0
#include "optimization/GaussNewton.h"

#include "optimization/KrylovSolver.h"
#include "optimization/Preconditioner.h"

#include "gnr/Error.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

namespace gnr
{
namespace
{

/// Share of |<g, s>| by which J must fall, of which the quadratic model promises a half: a step that misses it by far
/// has gone into a wall of the limits, and ends where J falls by next to nothing for a while.
constexpr double armijo = 0.1;
constexpr double lastArmijo = 1e-4; // when the time is up, what lowers J at all is kept
/// A start with less than this share of the gradient at zero has its smooth part from a coarser grid or another beta.
constexpr double warmStart = 0.1;
constexpr int    mostHalvings = 12;
constexpr double mostDrift = 1e-3;      // of the mass, before time steps are doubled
constexpr double leastDriftFall = 0.7;  // to which that must bring it, to be done again
constexpr int    mostStepsForMass = 32; // in use, to be doubled
constexpr int    lastHalvings = 1;      // when the time is up

class Newton
{
public:
  Newton(Objective &        objective,
         const Options &    options,
         Control &          control,
         int                level,
         const VectorView & v,
         int                leastIterations,
         NewtonState &      state)
    : objective_(objective)
    , domain_(objective.domain())
    , kernels_(domain_.kernels())
    , options_(options)
    , control_(control)
    , level_(level)
    , leastIterations_(leastIterations)
    , state_(state)
    , v_(v)
    , x_(domain_.vector())
    , r_(domain_.vector())
    , z_(domain_.vector())
    , p_(domain_.vector())
  {}

  void
  run();

private:
  /** The gradient at v = 0, and the state before the first step. False where there is nothing to be done. */
  bool
  begin();

  std::size_t
  values() const
  {
    return 3 * domain_.points();
  }
  VectorView
  view(const Buffer & buffer) const
  {
    return domain_.view(buffer);
  }

  /** r = -g = -(A v + b), z = A^-1 r; returns ||g||. Needs the state at v. As it has A v, it also takes
   * regularization_. */
  double
  evaluateGradient();

  /** ||g(v = 0)|| of the images, or of the landmarks where images tell nothing: no transport. */
  double
  initialGradientNorm();

  /** D and J at v with the step count that v needs. */
  void
  evaluateObjective(int steps);

  /** Finds the step length and moves v and the state there. False if no step lowers the objective. */
  bool
  lineSearch(double slope, bool isLast, double & stepLength);

  /** Raises the time steps while the transport gains or loses mass, as far as that helps [T5]. */
  void
  keepMass();

  /** Whether a step that began at `start` lowered the objective by too little for its time. */
  bool
  isTooSlow(double decrease, double objective, double start) const;

  double
  mismatch() const
  {
    return state_.initialDistance > 0.0 ? std::sqrt(distance_ / state_.initialDistance) : 0.0;
  }

  Objective &     objective_;
  Domain &        domain_;
  Kernels &       kernels_;
  const Options & options_;
  Control &       control_;
  const int       level_;
  const int       leastIterations_;
  NewtonState &   state_;
  VectorView      v_;
  Buffer          x_, r_, z_, p_;
  Buffer          ap_; ///< for A^-1 as the preconditioner only
  double          distance_ = 0.0;
  double          regularization_ = 0.0; ///< 1/2 <v, A v> and the penalty
  double          penalty_ = 0.0;        ///< of the terms of the velocity: limits of the deformation, landmarks
  double          massDrift_ = 0.0;      ///< after the last step
};

double
Newton::evaluateGradient()
{
  objective_.gradientOfTerms(v_, view(r_));
  objective_.regularizer().apply(v_.data, z_.data());
  regularization_ = 0.5 * domain_.inner(v_.data, z_.data(), values()) + penalty_;
  kernels_.combine(Real(-1), z_.data(), Real(-1), r_.data(), r_.data(), values());
  objective_.regularizer().applyInverse(r_.data(), z_.data());
  const double squared = domain_.inner(r_.data(), z_.data(), values());
  if (!std::isfinite(squared))
  {
    throw Error(ErrorKind::NumericalFailure, "the gradient is not finite; check the images or increase --beta");
  }
  return std::sqrt(std::max(squared, 0.0));
}

double
Newton::initialGradientNorm()
{
  kernels_.fill(p_.data(), values(), Real(0));
  objective_.rest();
  objective_.refreshWeight();
  state_.initialDistance = objective_.distance();
  state_.initialPenalty = objective_.penaltyAtRest(view(p_));
  const auto norm = [&] {
    objective_.regularizer().applyInverse(r_.data(), z_.data());
    const double squared = domain_.inner(r_.data(), z_.data(), values());
    return std::isfinite(squared) ? std::sqrt(std::max(squared, 0.0)) : squared;
  };
  // What pulls at landmarks is so much more than the images that a share of it would leave these unsolved.
  objective_.gradientWithoutLandmarks(view(p_), view(r_));
  const double ofImages = norm();
  if (!objective_.hasLandmarks() || !kernels_.passes(!(ofImages > 0.0)))
  {
    return ofImages;
  }
  objective_.gradientOfTerms(view(p_), view(r_));
  return norm();
}

void
Newton::evaluateObjective(int steps)
{
  objective_.setVelocity(v_, steps, view(z_));
  distance_ = objective_.distance();
}

bool
Newton::lineSearch(double slope, bool isLast, double & stepLength)
{
  const int    halvings = isLast ? lastHalvings : mostHalvings;
  const double share = isLast ? lastArmijo : armijo;
  objective_.regularizer().apply(x_.data(), z_.data());
  const double xav = domain_.inner(v_.data, z_.data(), values());
  const double xax = domain_.inner(x_.data(), z_.data(), values());
  const double before = distance_ + regularization_;
  double       reference = before;
  double       alpha = 1.0;
  for (int halving = 0; halving <= halvings; ++halving, alpha *= 0.5)
  {
    kernels_.combine(Real(1), v_.data, Real(alpha), x_.data(), p_.data(), values());
    const std::optional<int> needed = objective_.trialSteps(view(p_));
    if (!needed)
    {
      continue;
    }
    const double penalty = objective_.velocityPenalty(view(p_));
    const double regularization = regularization_ - penalty_ + alpha * xav + 0.5 * alpha * alpha * xax + penalty;
    const int    steps = std::max(*needed, objective_.steps());
    if (steps > objective_.steps())
    {
      // A finer time discretisation changes D slightly: compare like with like.
      objective_.setVelocity(v_, steps, view(z_));
      reference = objective_.distance() + regularization_;
    }
    objective_.setVelocity(view(p_), steps, view(z_));
    const double distance = objective_.distance();
    if (kernels_.passes(distance + regularization <= reference + share * alpha * slope))
    {
      kernels_.copy(p_.data(), v_.data, values());
      distance_ = distance;
      regularization_ = std::max(0.0, regularization);
      penalty_ = penalty;
      stepLength = alpha;
      return true;
    }
  }
  evaluateObjective(objective_.steps());
  return false;
}

void
Newton::keepMass()
{
  double drift = objective_.massDrift();
  // What interpolation smooths away of m^{1/a}, a < 1, no time step brings back.
  bool isHelping = options_.densityExponent == 1.0;
  while (!kernels_.passes(drift <= mostDrift || !isHelping || objective_.steps() > mostStepsForMass))
  {
    evaluateObjective(2 * objective_.steps());
    const double former = std::exchange(drift, objective_.massDrift());
    isHelping = drift < leastDriftFall * former;
  }
  massDrift_ = drift;
}

bool
Newton::isTooSlow(double decrease, double objective, double start) const
{
  if (!options_.stallRate)
  {
    return false;
  }
  double seconds = control_.seconds() - start;
  domain_.communicator().maximum(&seconds, 1); // all processes decide alike
  return decrease < *options_.stallRate * seconds * objective;
}

bool
Newton::begin()
{
  LevelRecord & record = state_.record;
  record.level = level_;
  record.grid = objective_.imageTransform().domain().grid();
  record.velocityGrid = domain_.grid();
  record.beta = options_.beta;

  state_.initialNorm = initialGradientNorm();
  if (!std::isfinite(state_.initialNorm))
  {
    throw Error(ErrorKind::NumericalFailure, "the gradient of the images is not finite; check their intensities");
  }
  // Nothing is to be had then, whatever rounding leaves of a force.
  const bool areIdentical = !kernels_.passes(state_.initialDistance + state_.initialPenalty > 0.0);
  if (areIdentical || !(state_.initialNorm > 0.0))
  {
    kernels_.fill(v_.data, values(), Real(0));
    record.reason = areIdentical ? StopReason::ImagesIdentical : StopReason::NoGradient;
    return false;
  }
  state_.timeSteps = objective_.steps(v_);
  return true;
}

void
Newton::run()
{
  LevelRecord & record = state_.record;
  if (!state_.isBegun && !begin())
  {
    return;
  }
  const double initialNorm = state_.initialNorm;
  evaluateObjective(state_.timeSteps);
  objective_.refreshWeight();
  distance_ = objective_.distance();
  penalty_ = objective_.currentPenalty(v_);
  double norm = evaluateGradient();

  if (!state_.isBegun)
  {
    record.initialObjective = distance_ + regularization_;
    record.initialMismatch = mismatch();
    record.initialRelativeGradient = norm / initialNorm;
    state_.isWarm = norm < warmStart * initialNorm;
    state_.isBegun = true;
  }
  const auto preconditioner = makePreconditioner(options_.preconditioner, objective_);
  if (preconditioner->isInverseRegularization())
  {
    ap_ = domain_.vector();
  }
  for (;; ++state_.iteration)
  {
    const int iteration = state_.iteration;
    state_.timeSteps = objective_.steps();
    control_.betweenSteps();
    const bool isSolved = norm <= options_.gradientTolerance * initialNorm && iteration > leastIterations_;
    if (kernels_.ends(Loop::Newton, iteration - 1, isSolved))
    {
      record.reason = StopReason::GradientTolerance;
      return;
    }
    if (iteration > options_.maximumIterations)
    {
      record.reason = StopReason::IterationLimit;
      return;
    }
    const double start = control_.seconds();
    const double forcing = std::sqrt(norm / initialNorm);
    // From a start near the solution, no tighter than what the last step needs (Kelley 1995, section 6.3). Elsewhere
    // the smooth part of the step, which weighs little in the norm of the gradient, needs all of the forcing term.
    const double lastStep = state_.isWarm ? 0.5 * options_.gradientTolerance * initialNorm / norm : 0.0;
    const double eta = std::min(0.5, std::max(forcing, lastStep));
    preconditioner->refresh(eta);
    const KrylovResult krylov = solveNewtonSystem(objective_,
                                                  *preconditioner,
                                                  control_,
                                                  norm * norm,
                                                  eta,
                                                  options_.maximumKrylovIterations,
                                                  { x_.data(), r_.data(), z_.data(), p_.data(), ap_.data() });
    if (krylov.interruption && krylov.iterations == 0)
    {
      record.reason = *krylov.interruption;
      return;
    }

    const double objective = distance_ + regularization_;
    double       stepLength = 0.0;
    // Every iterate of conjugate gradients is a direction of descent, so the unfinished step of an interruption too.
    if (!lineSearch(krylov.slope, krylov.interruption.has_value(), stepLength))
    {
      record.reason = krylov.interruption.value_or(StopReason::LineSearchFailed);
      return;
    }
    const double decrease = objective - (distance_ + regularization_);
    keepMass();
    objective_.refreshWeight();
    distance_ = objective_.distance();
    norm = evaluateGradient();

    IterationRecord step;
    step.level = level_;
    step.iteration = iteration;
    step.objective = distance_ + regularization_;
    step.distance = distance_;
    step.regularization = regularization_;
    step.mismatch = mismatch();
    step.relativeGradient = norm / initialNorm;
    step.krylovIterations = krylov.iterations;
    step.innerIterations = krylov.innerIterations;
    step.stepLength = stepLength;
    step.timeSteps = objective_.steps();
    step.massDrift = massDrift_;
    step.seconds = control_.seconds();
    record.iterations.push_back(step);
    control_.onIteration(step);

    if (krylov.interruption)
    {
      record.reason = *krylov.interruption;
      return;
    }
    // At v = 0 the objective is this.
    const double initial = state_.initialDistance + state_.initialPenalty;
    const double reference = options_.stallReference == StallReference::Progress ? initial - step.objective : objective;
    if (!kernels_.passes(!(decrease < options_.objectiveTolerance * reference)) ||
        !kernels_.passes(!isTooSlow(decrease, objective, start)))
    {
      record.reason =
        norm <= options_.gradientTolerance * initialNorm ? StopReason::GradientTolerance : StopReason::ObjectiveStalled;
      return;
    }
  }
}

} // namespace

void
minimize(Objective &        objective,
         const Options &    options,
         Control &          control,
         int                level,
         const VectorView & v,
         int                leastIterations,
         NewtonState &      state)
{
  Newton(objective, options, control, level, v, leastIterations, state).run();
}

} // namespace gnr
