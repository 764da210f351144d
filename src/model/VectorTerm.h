// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_model_VectorTerm_h
#define gnr_model_VectorTerm_h

#include "model/DataTerm.h"
#include "model/VectorTransport.h"

#include "gnr/Options.h"

#include <vector>

namespace gnr
{

/** The sum of squared differences over many channels in vector form:
 *
 *   D = 1/2 sum_k s_k <w (m_k - f_k), m_k - f_k>,   p(1) = sum_k s_k w (f_k - m_k) grad m_k,
 *   M = sum_k s_k w grad m_k grad m_k^T             Q vt = the force that ends as M z(1)                        [C1]
 *
 * In the symmetric form the fixed channels are carried, too, with the same M of the gradients of both [Y4].
 *
 * A Hessian product costs the same for any number of channels: 6 steps interpolations that share weights in threes, and
 * 2 steps Jacobians of a step, for each side. No level of a state is kept. Memory: 6 scalar fields of M, one vector
 * field for each side, and another while it works, two for the gradient of two sides. */
class VectorTerm : public DataTerm
{
public:
  VectorTerm(Trajectory &         trajectory,
             Domain &             domain,
             const Options &      options,
             const ImageSet &     images,
             std::vector<Channel> channels);

  void
  addGradient(const ConstVectorView & v, bool accumulate, const VectorView & b) override;
  void
  addHessian(const ConstVectorView & p, bool accumulate, const VectorView & q) override;
  void
  addStructure(Structure & structure) override;
  bool
  isInPlace() const override
  {
    return transports_.size() == 1;
  }

private:
  void
  solveStates() override;
  double
  evaluate() override;

  /** A channel of both images at the end of time. */
  struct Deformed
  {
    Buffer       moving;
    Buffer       scratch;
    Buffer       carried; ///< the fixed one in the symmetric form
    const Real * fixed = nullptr;
  };
  Deformed
  space();
  void
  deform(const Channel & channel, Deformed & deformed);

  std::vector<Channel>         channels_;
  Interpolation                interpolation_;
  std::vector<VectorTransport> transports_; ///< of the moving images, and of the fixed ones in the symmetric form
  Buffer                       structure_;  ///< M
};

} // namespace gnr

#endif
