// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_model_Term_h
#define gnr_model_Term_h

#include "kernels/types.h"

namespace gnr
{

class Structure;

/** A part of the objective J(v) = 1/2 <v, A v> + sum of terms [O1].
 *
 * Derivatives are taken at the velocity of the last addGradient(), which freezes what they need. All calls are
 * collective. With `accumulate` off a term overwrites its output, for the first of a sum. */
class Term
{
public:
  virtual ~Term() = default;

  /** For reports. */
  virtual const char *
  name() const = 0;

  /** The value at v. Terms of images take it from the trajectory, which must be that of v. */
  virtual double
  value(const ConstVectorView & v) = 0;

  /** b += d value / dv at v. */
  virtual void
  addGradient(const ConstVectorView & v, bool accumulate, const VectorView & b) = 0;

  /** q += H p, with a symmetric positive semi-definite approximation H of the second derivative. */
  virtual void
  addHessian(const ConstVectorView & p, bool accumulate, const VectorView & q) = 0;

  /** Adds what H is at zero velocity, a matrix per point, for the preconditioners [K2]. */
  virtual void
  addStructure(Structure & structure) = 0;
};

} // namespace gnr

#endif
