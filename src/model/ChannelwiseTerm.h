// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_model_ChannelwiseTerm_h
#define gnr_model_ChannelwiseTerm_h

#include "model/DataTerm.h"
#include "model/similarity/Similarity.h"

namespace gnr
{

/** The sum of a similarity measure over the channels, which are carried one by one along the trajectory. In the
 * symmetric form the fixed images are carried, too, and each of both sides has a Hessian of its own [Y3].
 *
 * Traffic of a Hessian product per channel: 2 steps interpolations, 2 (steps + 1) fused gradients. */
class ChannelwiseTerm : public DataTerm
{
public:
  ChannelwiseTerm(Trajectory & trajectory, Domain & domain, const ImageSet & images, const Comparison & comparison);

  void
  addGradient(const ConstVectorView & v, bool accumulate, const VectorView & b) override;
  void
  addHessian(const ConstVectorView & p, bool accumulate, const VectorView & q) override;
  void
  addStructure(Structure & structure) override;
  double
  massDrift() override;
  bool
  isInPlace() const override
  {
    return pairs_.size() == 1 && pairs_.front().sides.size() == 1;
  }

private:
  /** An image that is carried, and how it is compared with what it is to be like. */
  struct Side
  {
    State                       state;
    std::unique_ptr<Similarity> similarity;
    double                      mass = 0.0; ///< at t = 0, of a density
  };
  /** The moving image, in the symmetric form also the fixed one. */
  struct Pair
  {
    std::vector<Side> sides;
    const Real *      fixed; ///< as it was given
    double            scale;
  };

  /** What a side is compared with. */
  const Real *
  opposite(const Pair & pair, const Side & side);
  /** The mean of m^{1/a}. */
  double
  mass(const Real * m, double exponent);

  void
  solveStates() override;
  void
  takeWeight() override;
  double
  evaluate() override;

  std::vector<Pair> pairs_;
};

} // namespace gnr

#endif
