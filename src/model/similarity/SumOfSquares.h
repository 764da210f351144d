// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_model_similarity_SumOfSquares_h
#define gnr_model_similarity_SumOfSquares_h

#include "model/similarity/Measure.h"

namespace gnr
{

/** D = 1/(2N) sum w (m - f)^2. */
class SumOfSquares : public Similarity
{
public:
  using Similarity::Similarity;

  double
  value(const Real * m, const Real * f) override;
  void
  linearize(const Real * m, const Real * f, Real * lambda) override;
  const Real *
  curvature() const override
  {
    return weight_;
  }
};

/** The images themselves by squared differences. */
class SumOfSquaresMeasure : public Measure
{
public:
  std::unique_ptr<Similarity>
  compare(Domain & domain) const override
  {
    return std::make_unique<SumOfSquares>(domain);
  }
  Contrasts
  contrasts() const override
  {
    return Contrasts::One;
  }
  bool
  isSquared() const override
  {
    return true;
  }
  bool
  endsNearZero() const override
  {
    return true;
  }
};

/** Descriptors that do not depend on contrast, by squared differences. */
class DescriptorMeasure : public Measure
{
public:
  std::unique_ptr<Similarity>
  compare(Domain & domain) const override
  {
    return std::make_unique<SumOfSquares>(domain);
  }
  Contrasts
  contrasts() const override
  {
    return Contrasts::Any;
  }
  bool
  isSquared() const override
  {
    return true;
  }
};

} // namespace gnr

#endif
