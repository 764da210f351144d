// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_model_Structure_h
#define gnr_model_Structure_h

#include "parallel/FourierTransform.h"

#include <cstddef>
#include <vector>

namespace gnr
{

/** The Hessian of the terms at zero velocity: a symmetric positive semi-definite 3x3 matrix T(x) per point [K2], and
 * what densities add to it, on the grid of the objective or on a coarser one over the same box.
 *
 * A single image is kept as its gradient, T = w g g^T; more as six components. A density is no matrix per point, but
 * L^T w L with L p = g . p + a m div p. Memory: a vector field of its grid, on a coarser one also the weight, and six
 * scalar fields where there is more than one image; for each density two or three scalar fields and a vector field. A
 * penalty of volumes is L p = div p. */
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

  /** T += factor w grad m (grad m)^T, or factor times the operator of a density for an exponent a > 0. `m` and `weight`
   * (null for one) lie on the grid of the objective; a weight there must live as long as this is used. One gradient.
   * Collective. */
  void
  addImage(const Real * m, double exponent, const Real * weight, double factor);

  /** Adds s L^T w L with L p = div p; once after clear(). The weight, from 0 to 1, lies on the grid of the objective,
   * and there must live as long as this is used. Collective. */
  void
  addDivergence(const Real * weight, double scale);

  /** T += factor t, on the grid of the objective; to a coarser grid it comes as a local mean. Collective. */
  void
  addTensor(const SymmetricTensorView & t, double factor);

  /** q = T p. Collective. */
  void
  apply(const Real * p, Real * q) const;

private:
  enum class Form
  {
    Zero,
    Dyad,
    Tensor
  };

  /** An image as it is kept. */
  struct Image
  {
    Buffer       gradient;
    Buffer       ownWeight; ///< on a coarser grid
    const Real * weight = nullptr;
    Buffer       density{}; ///< a m
  };

  /** A weight on this grid, in `own` where that is a coarser one. */
  const Real *
  takeWeight(const Real * weight, Buffer & own);
  /** Fills what an image is kept in, its gradient times a scale; returns the image on this grid where that is a coarser
   * one. */
  Buffer
  take(const Real * m, const Real * weight, double scale, Image & image);
  /** q += L^T w L p. */
  void
  applyDensity(const Image & image, const ConstVectorView & p, const VectorView & q) const;

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
  Image              dyad_;
  Buffer             tensor_;
  std::vector<Image> densities_;
  std::size_t        countOfDensities_ = 0; ///< since clear(); the memory of others waits
  Buffer             ownVolumeWeight_;
  const Real *       volumeWeight_ = nullptr;
  double             volumeScale_ = 0.0;
};

} // namespace gnr

#endif
