// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_model_Structure_h
#define gnr_model_Structure_h

#include "parallel/FourierTransform.h"

namespace gnr
{

/** The Hessian of the terms at zero velocity: a symmetric positive semi-definite 3x3 matrix T(x) per point [K2], on
 * the grid of the objective or on a coarser one over the same box.
 *
 * A single image is kept as its gradient, T = w g g^T; more as six components. Memory: a vector field of its grid, on a
 * coarser one also the weight, and six scalar fields where there is more than one image. */
class Structure
{
public:
  /** On the grid of the objective. */
  explicit Structure(Domain & domain);
  /** On the grid of `target`: what is added lies on the grid of `source`. */
  Structure(FourierTransform & source, FourierTransform & target, Domain & targetDomain);

  /** T = 0. */
  void
  clear();

  /** T += w grad m (grad m)^T. `m` and `weight` (null for one) lie on the grid of the objective; a weight there must
   * live as long as this is used. One gradient. Collective. */
  void
  addImage(const Real * m, const Real * weight);

  /** T += t, on the grid of the objective; to a coarser grid it comes as a local mean. Collective. */
  void
  addTensor(const SymmetricTensorView & t);

  /** q = T p. */
  void
  apply(const Real * p, Real * q) const;

private:
  enum class Form
  {
    Zero,
    Dyad,
    Tensor
  };

  /** From a dyad, or from nothing. */
  void
  becomeTensor();
  /** tensor_ = old tensor_ + w g g^T with the gradient and weight at hand. */
  void
  addDyad(Real old);

  Domain &           domain_;
  FourierTransform * source_ = nullptr; ///< null: everything lies on domain_
  FourierTransform * target_ = nullptr;
  Form               form_ = Form::Zero;
  Buffer             gradient_;
  Buffer             ownWeight_;
  const Real *       weight_ = nullptr;
  Buffer             tensor_;
};

} // namespace gnr

#endif
