// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_model_ChannelwiseTerm_h
#define gnr_model_ChannelwiseTerm_h

#include "model/DataTerm.h"
#include "model/similarity/Similarity.h"

namespace gnr
{

/** The sum of a similarity measure over the channels, which are carried one by one along the trajectory.
 *
 * Traffic of a Hessian product per channel: 2 steps interpolations, 2 (steps + 1) fused gradients, and what the measure
 * needs. */
class ChannelwiseTerm : public DataTerm
{
public:
  ChannelwiseTerm(Trajectory & trajectory, Domain & domain, const Options & options, const ImageSet & images);

  void
  addGradient(const ConstVectorView & v, bool accumulate, const VectorView & b) override;
  void
  addHessian(const ConstVectorView & p, bool accumulate, const VectorView & q) override;
  void
  addStructure(Structure & structure) override;

private:
  struct Pair
  {
    State                       state;
    std::unique_ptr<Similarity> similarity;
  };

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
