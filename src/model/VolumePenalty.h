// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_model_VolumePenalty_h
#define gnr_model_VolumePenalty_h

#include "model/ChannelwiseTerm.h"
#include "parallel/FourierTransform.h"

#include <memory>

namespace gnr
{

/** The resistance of tissues to a change of their volume, with weights f that lie on the moving image and travel with
 * it [S3]:
 *
 *   P = s/2 <f(y) (sqrt(D det) - 1)^2>,   det = det(grad y)
 *
 * which is a half density of one that shall stay one. D is what the volume has changed beforehand. */
class MovingVolumePenalty : public ChannelwiseTerm
{
public:
  /** Of the weights, the scale and the change of volume in the set. */
  static std::unique_ptr<MovingVolumePenalty>
  make(Trajectory & trajectory, Domain & domain, const ImageSet & images);

  const char *
  name() const override
  {
    return "incompressibility";
  }

  /** None: it is of no image. */
  double
  massDrift() override
  {
    return 0.0;
  }

private:
  /** What is carried, and what it shall be. */
  struct Densities
  {
    Buffer initial;
    Buffer one;
  };

  MovingVolumePenalty(Trajectory & trajectory, Domain & domain, const ImageSet & images, Densities densities);

  Densities densities_;
};

/** The same by the rate of change, with weights that stay where they are [S4]:
 *
 *   P = s/8 <f (div v - log D)^2>
 *
 * of which [S3] is the like for small motions. Its Hessian and its structure are exact. A divergence, and for the
 * derivatives a gradient; no FFT. */
class StaticVolumePenalty : public Term
{
public:
  /** On the grid of the velocity, with weights on that of the images; null: nothing is computed. */
  StaticVolumePenalty(FourierTransform & velocity,
                      FourierTransform & images,
                      const Real *       weight,
                      const ImageSet &   set);

  const char *
  name() const override
  {
    return "incompressibility";
  }

  double
  value(const ConstVectorView & v) override;
  void
  addGradient(const ConstVectorView & v, bool accumulate, const VectorView & b) override;
  void
  addHessian(const ConstVectorView & p, bool accumulate, const VectorView & q) override;
  void
  addStructure(Structure & structure) override;

private:
  bool
  isActive() const
  {
    return weight_ != nullptr;
  }
  /** out = (accumulate ? out : 0) - grad(scale f (div p - rate)) */
  void
  add(const ConstVectorView & p, double rate, bool accumulate, const VectorView & out);

  Domain &     domain_;
  const Real * ofImages_; ///< f on their grid
  Buffer       ownWeight_;
  const Real * weight_;     ///< f on the grid of the velocity; null: there is none
  double       scale_;      ///< s/4
  double       changeRate_; ///< log D
};

} // namespace gnr

#endif
