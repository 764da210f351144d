// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_model_DeformationLimit_h
#define gnr_model_DeformationLimit_h

#include "model/Term.h"
#include "parallel/Domain.h"

#include "gnr/Options.h"

namespace gnr
{

/** Stiffens the velocity where it shears or compresses faster than the grid can carry [S1]:
 *
 *   S(v) = average of Phi(|grad v|; limit) + Phi(|div v|; limit),  Phi(g; l) = kappa / 10 (g / l)^8 g^2
 *
 * |grad v|^2 is the sum over components and axes. At the limit this adds the weight kappa, 0.02 for the gradient and
 * 0.004 for the divergence, to the weight beta of H1, at half the limit 1/256 of that: a smooth wall that leaves the
 * rest alone. Behind it the weight ends at 0.04 and 0.02. Everything here is local: differences, no FFT. Without limits
 * nothing is computed. Memory: one scalar field per limit. */
class DeformationLimit : public Term
{
public:
  /** \param intensityRange of the images: D goes with its square, and so do the weights. */
  DeformationLimit(Domain & domain, const Options & options, double intensityRange);

  bool
  isActive() const
  {
    return gradientScale_ > 0.0 || divergenceScale_ > 0.0;
  }

  const char *
  name() const override
  {
    return "limits";
  }

  /** S(v). Overwrites the weights: addGradient() must follow before the Hessian is used again. Collective. */
  double
  value(const ConstVectorView & v) override;

  /** b += dS/dv at v; takes the weights Phi'/g there. Collective. */
  void
  addGradient(const ConstVectorView & v, bool accumulate, const VectorView & b) override;

  /** addGradient() for a velocity of zero, where all weights and derivatives are zero: computes nothing. */
  void
  rest()
  {
    isAtRest_ = true;
  }

  /** q += an approximation of S''(v) p, symmetric and positive semi-definite: the weights are held fixed, times a
   * factor between the second derivatives across grad v (1) and along it (9). Collective. */
  void
  addHessian(const ConstVectorView & p, bool accumulate, const VectorView & q) override;

  /** Nothing: its second derivative is a differential operator, zero at rest. */
  void
  addStructure(Structure &) override
  {}

private:
  /** The weights; adds the local sum of the penalty, for which a GPU is waited for, unless it is null. */
  void
  evaluate(const ConstVectorView & v, double * sum);
  /** One weight from s = squared, scale s^4 but no more than the cap. */
  void
  raise(double scale, double cap, const Real * squared, Buffer & weight, double * sum);
  void
  add(Real a, const ConstVectorView & f, bool accumulate, const VectorView & out);

  Domain & domain_;
  double   intensity_;       ///< square of the range
  double   gradientScale_;   ///< weight = scale |grad v|^8; 0 without a limit
  double   divergenceScale_; ///< likewise with div v
  bool     isAtRest_ = true;
  Buffer   gradientWeight_;
  KeptHalo gradientHalo_;
  Buffer   divergenceWeight_;
};

} // namespace gnr

#endif
