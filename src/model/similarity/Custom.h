// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_model_similarity_Custom_h
#define gnr_model_similarity_Custom_h

#include "model/similarity/Measure.h"

#include "gnr/CustomMeasure.h"

#include <vector>

namespace gnr
{

/** The measure of the caller, whose curvature is the Gauss-Newton action; null in rehearsals, which have no values.
 * Memory: one scalar field, and on the host two to five while it compares. */
class Custom : public Similarity
{
public:
  Custom(CustomMeasure * measure, Domain & domain);

  double
  value(const Real * m, const Real * f) override;
  void
  linearize(const Real * m, const Real * f, Real * lambda) override;
  const Real *
  curvature() const override
  {
    return curvature_.data();
  }

private:
  using Host = std::vector<float>;

  /** D of all processes. */
  double
  compare(const Real * m, const Real * f, Host * force, Host * curvature);
  Host
  hostCopy(const Real * field) const;

  CustomMeasure * measure_;
  Buffer          curvature_;
};

class CustomMeasureAdaptor : public Measure
{
public:
  explicit CustomMeasureAdaptor(CustomMeasure * measure)
    : measure_(measure)
  {}
  std::unique_ptr<Similarity>
  compare(Domain & domain) const override
  {
    return std::make_unique<Custom>(measure_, domain);
  }
  Contrasts
  contrasts() const override
  {
    return Contrasts::Any; // who knows
  }
  bool
  isSymmetric() const override
  {
    return false;
  }

private:
  CustomMeasure * measure_;
};

} // namespace gnr

#endif
