// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_model_LandmarkTerm_h
#define gnr_model_LandmarkTerm_h

#include "model/PointPaths.h"
#include "model/Term.h"

#include "gnr/Options.h"
#include "gnr/Problem.h"

#include <vector>

namespace gnr
{

/** How far the pullback map y takes points p of the fixed image from where they belong, q of the moving image [Q3]:
 *
 *   P(v) = s / (2 N) sum_i |y(p_i) - q_i|^2 / sigma^2,   s = 0.01 times the square of the intensity range
 *
 * so that an error of sigma at all N of them is worth a tenth of the intensity range at all voxels. y is found by
 * following the points, and the Hessian is that of Gauss and Newton, J^T J: of rank 3 N, symmetric and positive
 * semi-definite. Without landmarks nothing is computed. No field is kept. A Hessian product samples and adds at 4
 * points a step and landmark, and reduces once. */
class LandmarkTerm : public Term
{
public:
  LandmarkTerm(Domain &                          domain,
               const Options &                   options,
               double                            intensityRange,
               const std::vector<LandmarkPair> & landmarks);

  bool
  isActive() const
  {
    return !targets_.empty();
  }

  const char *
  name() const override
  {
    return "landmarks";
  }

  double
  value(const ConstVectorView & v) override;
  void
  addGradient(const ConstVectorView & v, bool accumulate, const VectorView & b) override;
  void
  addHessian(const ConstVectorView & p, bool accumulate, const VectorView & q) override;

  /** Nothing: its second derivative is that of few points, no matrix at each. */
  void
  addStructure(Structure &) override
  {}

private:
  /** out += the transpose of J times these, scaled as the derivative of P is. */
  void
  add(std::vector<double> distances, bool accumulate, const VectorView & out) const;

  Domain &            domain_;
  double              stiffness_; ///< per mm^2, of the mean square
  PointPaths          paths_;
  std::vector<double> targets_; ///< q
};

} // namespace gnr

#endif
