// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_model_Trajectory_h
#define gnr_model_Trajectory_h

#include "parallel/Domain.h"

#include "gnr/Options.h"

#include <array>
#include <vector>

namespace gnr
{

/** Which way along the paths of a velocity. */
enum class Sense
{
  Forward, ///< with it
  Backward ///< with its negative, for what comes to meet
};

/** A scalar that is carried from m0 at t = 0: m(j h) at all steps, h their length. */
struct State
{
  const Real *        initial = nullptr; ///< m0; must live as long as the state is used
  double              exponent = 0.0;    ///< how it answers to a change of volume [T5]
  Sense               sense = Sense::Forward;
  std::vector<Buffer> levels{}; ///< m(j h), j = 1 ... steps

  /** What differences see of m(j h), j = 0 ... steps, on other processes: the same in all Krylov iterations. */
  std::vector<KeptHalo> halos{};
};

/** The paths of one stationary velocity, along which any number of states are carried: the transport equations by
 * semi-Lagrangian steps.
 *
 *   state                dm/dt + v . grad m + a m div v = 0                      forward   [T2], [T5]
 *   incremental state    dmt/dt + v . grad mt + a mt div v
 *                               + vt . grad m + a m div vt = 0                     forward   [T3]
 *   adjoint              -dl/dt - v . grad l - (1 - a) l div v = 0                backward  [T4]
 *
 * with the exponent a of the state: 0 for an intensity, which its point keeps; 1 for a density, whose mass is kept;
 * anything between for what is in between. v does not depend on time, so one departure map serves all steps and all
 * Krylov iterations. All levels of a state are kept. A velocity of zero short-cuts every solve.
 *
 * Time ends at 1; in the symmetric form at 1/2, where moving images meet the fixed ones, which come backward, by the
 * same equations with -v [Y1]. */
class Trajectory
{
public:
  Trajectory(Domain & domain, Interpolation interpolation, bool isSymmetric = false);

  bool
  isSymmetric() const
  {
    return isSymmetric_;
  }
  /** 1, or 1/2 where two sides meet. */
  double
  duration() const
  {
    return isSymmetric_ ? 0.5 : 1.0;
  }

  /** Says that states of an exponent from 0 to 1 will be carried; before the first velocity. */
  void
  expect(double exponent, Sense sense = Sense::Forward);

  /** Takes a new velocity (mm per unit time) and the number of steps. Costs the departure map: 3 interpolations; one
   * more where densities are carried. `scratch` is a vector field that is overwritten. What goes backward, or is
   * adjoint to what goes forward, needs prepareBackward(), too. Collective. */
  void
  setVelocity(const ConstVectorView & v, int steps, const VectorView & scratch);

  /** The same in less memory: `v` is overwritten. Collective. */
  void
  setVelocity(const VectorView & v, int steps);

  /** Takes a velocity of zero. */
  void
  rest(int steps);

  /** Whether the velocity is not zero. */
  bool
  isMoving() const
  {
    return moving_;
  }

  int
  steps() const
  {
    return steps_;
  }

  /** Where the points come from over one step, in voxels, and the halo that interpolation there needs. Only while
   * isMoving(). */
  ConstVectorView
  departure(Sense sense) const
  {
    return domain_.view(way(sense).departure);
  }
  const Halo &
  departureHalo(Sense sense) const
  {
    return way(sense).halo;
  }
  /** The way of an adjoint, which goes back in time. */
  static Sense
  opposite(Sense sense)
  {
    return sense == Sense::Forward ? Sense::Backward : Sense::Forward;
  }
  /** Length of a step, negative where it goes with -v. */
  double
  step(Sense sense) const
  {
    return (sense == Sense::Forward ? duration() : -duration()) / (moving_ ? steps_ : 1);
  }

  /** Solves for a state from its m0. `steps` interpolations. Collective. */
  void
  solve(State & state);

  /** m(j h), j = 0 ... steps. */
  const Real *
  at(const State & state, int j) const;

  /** m at the end of time. */
  const Real *
  end(const State & state) const
  {
    return at(state, steps_);
  }

  /** Carries a scalar (a mask weight) to the end of time without keeping the way; out must not be in. Collective. */
  void
  advect(const Real * in, Sense sense, Real * out);

  /** Departure map and, where states are expected, growth factors of the backward way, for the velocity that
   * setVelocity() took: 4 interpolations, once per velocity. `scratch` is overwritten. Collective. */
  void
  prepareBackward(const ConstVectorView & v, const VectorView & scratch);

  /** The same in less memory: `v` is overwritten. Collective. */
  void
  prepareBackward(const VectorView & v);

  /** b = integral over t of lambda grad m - a grad(lambda m) (b += with `accumulate`), with the adjoint that ends in
   * `lambda`, which is overwritten. Needs the state and prepareBackward(). `steps` interpolations, steps + 1 fused
   * gradients. Collective. */
  void
  integrateAdjoint(State & state, Real * lambda, bool accumulate, const VectorView & b);

  /** The incremental state at the end of time for the direction vt. Needs the state. `steps` interpolations, steps + 1
   * fused gradients. Collective. */
  void
  incrementalState(State & state, const ConstVectorView & vt, Real * mt);

private:
  /** m(j h) for differences. */
  Padded
  differencePadded(State & state, int j);
  /** Begins with a velocity; whether there is a way to go. */
  bool
  begin(const ConstVectorView & v, int steps);
  /** What one step makes of what is carried, by its rate of growth in div v. */
  struct Growth
  {
    double rate;
    Buffer factor;
  };
  /** The paths one way: of states, and of the adjoints of those that go the other way. */
  struct Way
  {
    Buffer              departure{}; ///< voxels
    Halo                halo{};
    bool                isReady = false;
    std::vector<Growth> growths{};

    /** Null for one. */
    const Real *
    factorOf(double rate) const;
  };
  const Way &
  way(Sense sense) const
  {
    return sense == Sense::Forward ? forward_ : backward_;
  }
  Way &
  way(Sense sense)
  {
    return sense == Sense::Forward ? forward_ : backward_;
  }
  /** For the velocity at hand. */
  const Way &
  ready(Sense sense) const;
  static double
  rateOfState(const State & state)
  {
    return state.sense == Sense::Forward ? -state.exponent : state.exponent;
  }
  static double
  rateOfAdjoint(const State & state)
  {
    return state.sense == Sense::Forward ? 1.0 - state.exponent : state.exponent - 1.0;
  }
  /** Departure points and factors for a velocity, which is overwritten where there is no scratch. `departed` is
   * scratch once the points are known. */
  template <typename TVelocity, typename... TScratch>
  void
  follow(Sense sense, const TVelocity & v, Real * departed, const TScratch &... scratch);

  Domain &              domain_;
  Interpolation         interpolation_;
  bool                  isSymmetric_;
  int                   steps_ = 0;
  bool                  moving_ = false; ///< v is not zero
  std::array<double, 3> largest_{};      ///< |v_c| of each component
  Way                   forward_;
  Way                   backward_;
};

} // namespace gnr

#endif
