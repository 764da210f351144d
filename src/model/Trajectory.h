// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_model_Trajectory_h
#define gnr_model_Trajectory_h

#include "parallel/Domain.h"

#include "gnr/Options.h"

#include <array>
#include <vector>

namespace gnr
{

/** A scalar that is carried from m0 at t = 0: m(j / steps) at all steps. */
struct State
{
  const Real *        initial = nullptr; ///< m0; must live as long as the state is used
  double              exponent = 0.0;    ///< how it answers to a change of volume [T5]
  std::vector<Buffer> levels{};          ///< m(j / steps), j = 1 ... steps

  /** What differences see of m(j / steps), j = 0 ... steps, on other processes: the same in all Krylov iterations. */
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
 * Krylov iterations. All levels of a state are kept. A velocity of zero short-cuts every solve. */
class Trajectory
{
public:
  Trajectory(Domain & domain, Interpolation interpolation);

  /** Says that states of an exponent from 0 to 1 will be carried; before the first velocity. */
  void
  expect(double exponent);

  /** Takes a new velocity (mm per unit time) and the number of steps. Costs the departure map: 3 interpolations; one
   * more where densities are carried. `scratch` is a vector field that is overwritten. Collective. */
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

  /** Where the points come from over one step forward in time, and over one backward: displacements in voxels, with the
   * halo that interpolation there needs. Only while isMoving(); the second after prepareAdjoint(). */
  ConstVectorView
  departure() const
  {
    return domain_.view(forward_.departure);
  }
  const Halo &
  departureHalo() const
  {
    return forward_.halo;
  }
  ConstVectorView
  adjointDeparture() const
  {
    return domain_.view(backward_.departure);
  }
  const Halo &
  adjointHalo() const
  {
    return backward_.halo;
  }

  /** Solves for a state from its m0. `steps` interpolations. Collective. */
  void
  solve(State & state);

  /** m(j / steps), j = 0 ... steps. */
  const Real *
  at(const State & state, int j) const;

  /** m(1). */
  const Real *
  end(const State & state) const
  {
    return at(state, steps_);
  }

  /** Carries a scalar (a mask weight) from t = 0 to 1 without keeping the way; out must not be in. Collective. */
  void
  advect(const Real * in, Real * out);

  /** Departure map and, where states are expected, growth factors of their adjoints for the velocity that setVelocity()
   * took: 4 interpolations, once per velocity. `scratch` is overwritten. Collective. */
  void
  prepareAdjoint(const ConstVectorView & v, const VectorView & scratch);

  /** The same in less memory: `v` is overwritten. Collective. */
  void
  prepareAdjoint(const VectorView & v);

  /** b = integral over t of lambda grad m - a grad(lambda m) (b += with `accumulate`), with the adjoint that ends in
   * lambda(1); `lambda` is overwritten. Needs the state and prepareAdjoint(). `steps` interpolations, steps + 1 fused
   * gradients. Collective. */
  void
  integrateAdjoint(State & state, Real * lambda, bool accumulate, const VectorView & b);

  /** The incremental state at t = 1 for the direction vt. Needs the state. `steps` interpolations, steps + 1 fused
   * gradients. Collective. */
  void
  incrementalState(State & state, const ConstVectorView & vt, Real * mt);

private:
  /** m(j / steps) for differences. */
  Padded
  differencePadded(State & state, int j);
  /** Begins with a velocity; whether there is a way to go. */
  bool
  begin(const ConstVectorView & v, int steps);
  /** What one step makes of what is carried with an exponent. */
  struct Growth
  {
    double exponent;
    Buffer factor;
  };
  /** The paths one way in time: of states forward, of their adjoints backward. */
  struct Way
  {
    double direction;                ///< of time
    double (*rate)(double exponent); ///< of growth, in div v: zero for forward intensities and backward densities
    Buffer              departure{}; ///< voxels
    Halo                halo{};
    std::vector<Growth> growths{}; ///< of the exponents that grow

    /** Null for one. */
    const Real *
    factorOf(double exponent) const;
  };
  /** Departure points and factors for a velocity, which is overwritten where there is no scratch. `departed` is
   * scratch once the points are known. */
  template <typename TVelocity, typename... TScratch>
  void
  follow(Way & way, const TVelocity & v, Real * departed, const TScratch &... scratch);

  Domain &              domain_;
  Interpolation         interpolation_;
  int                   steps_ = 0;
  bool                  moving_ = false; ///< v is not zero
  std::array<double, 3> largest_{};      ///< |v_c| of each component
  bool                  adjointReady_ = false;
  Way                   forward_;
  Way                   backward_;
};

} // namespace gnr

#endif
