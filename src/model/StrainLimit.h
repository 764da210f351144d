// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_model_StrainLimit_h
#define gnr_model_StrainLimit_h

#include "parallel/Domain.h"

namespace gnr
{

/** Stiffens the velocity where its gradient comes near a limit that the grid can carry [S1]:
 *
 *   S(v) = average of Phi(|grad v|^2),  Phi(s) = beta stiffness / 6 (s / limit^2)^2 s
 *
 * Where |grad v| is half the limit this adds a sixteenth of `stiffness` to the H1 weight beta, at the limit `stiffness`,
 * at twice the limit sixteen times that. |grad v|^2 is the sum over components and axes. */
class StrainLimit
{
public:
  StrainLimit(Domain & domain, double beta, double limit);

  /** S(v). Two scalar fields of memory once used. Collective. */
  double
  value(const ConstVectorView & v);

  /** Takes the weights Phi' at v for addGradient() and addHessian(). Collective. */
  void
  refresh(const ConstVectorView & v);

  /** g += dS/dv at the velocity of refresh(), which must be v. Collective. */
  void
  addGradient(const ConstVectorView & v, const VectorView & g);

  /** hp += an approximation of S''(v) p, symmetric and positive semi-definite: the weights are held fixed, times a factor
   * between the second derivatives across grad v (1) and along it (5). Collective. */
  void
  addHessian(const ConstVectorView & p, const VectorView & hp);

private:
  /** Phi' at v into weight_, returns the sum of s Phi'. */
  double
  evaluate(const ConstVectorView & v, Buffer & weight);
  void
  add(const ConstVectorView & f, Real a, const VectorView & out);

  void
  divergence(const ConstVectorView & v, Real * out);
  Domain & domain_;
  double   scale_; ///< Phi' = scale s^2
  double   divergenceScale_;
  Buffer   weight_, divergenceWeight_;
};

} // namespace gnr

#endif
