// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_model_ChannelwiseTerm_h
#define gnr_model_ChannelwiseTerm_h

#include "model/DataTerm.h"
#include "model/similarity/Similarity.h"

namespace gnr
{

/** The sum of a similarity measure over the channels, which are carried one by one along the trajectory.
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
    return pairs_.size() == 1;
  }

private:
  struct Pair
  {
    State                       state;
    std::unique_ptr<Similarity> similarity;
    double                      scale;
    Buffer                      curvature{}; ///< with the scale, where that is not one
    double                      mass = 0.0;  ///< at t = 0, of a density
  };

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
