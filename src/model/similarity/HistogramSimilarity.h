// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_model_similarity_HistogramSimilarity_h
#define gnr_model_similarity_HistogramSimilarity_h

#include "model/similarity/Measure.h"

#include <memory>
#include <vector>

namespace gnr
{

/** How often intensities of the two images meet: p_ij = <w B_i(m) h_j(f)>, averaged over the domain [L6]. */
class JointHistogram
{
public:
  /** What lies beyond is clamped: the range of normalised images, and a little more. */
  static constexpr double lower = -0.1;
  static constexpr double upper = 1.2;

  explicit JointHistogram(int bins)
    : bins_(bins)
    , p_(static_cast<std::size_t>(bins) * bins)
  {}

  int
  bins() const
  {
    return bins_;
  }
  double &
  at(int i, int j)
  {
    return p_[static_cast<std::size_t>(i) * bins_ + j];
  }
  double
  at(int i, int j) const
  {
    return p_[static_cast<std::size_t>(i) * bins_ + j];
  }
  std::vector<double> &
  values()
  {
    return p_;
  }
  /** Between neighbouring nodes of m, and of f. */
  double
  movingStep() const
  {
    return (upper - lower) / (bins_ - 3);
  }
  double
  fixedStep() const
  {
    return (upper - lower) / (bins_ - 1);
  }
  /** The intensity at a node. */
  double
  moving(int i) const
  {
    return lower + (i - 1) * movingStep();
  }
  double
  fixed(int j) const
  {
    return lower + j * fixedStep();
  }

private:
  int                 bins_;
  std::vector<double> p_;
};

/** Measures that are functions of the joint histogram. Its derivative gives that by m [L7]; the Gauss-Newton action is
 * a number at each point, a function of m. Memory: a scalar field and a table. */
class HistogramSimilarity : public Similarity
{
public:
  /** As many classes as there are points along an axis, so that cells of coarse grids are not empty by chance, but at
   * least 16 and no more than `mostBins`. */
  HistogramSimilarity(Domain & domain, int mostBins);

  double
  value(const Real * m, const Real * f) override;
  void
  linearize(const Real * m, const Real * f, Real * lambda) override;
  const Real *
  curvature() const override
  {
    return curvature_.data();
  }

protected:
  /** D(p), >= 0. */
  virtual double
  valueOf(const JointHistogram & p) const = 0;
  /** -dD/dp_ij, up to what depends on j alone, and the curvature >= 0 by m at each node i, for every j. */
  virtual void
  differentiate(const JointHistogram & p, JointHistogram & force, JointHistogram & curvature) const = 0;

private:
  JointHistogram
  count(const Real * m, const Real * f);
  /** out = w sum_ij table_ij B_i(m) h_j(f), or with the derivative of B_i. */
  void
  lookUp(JointHistogram & table, const Real * m, const Real * f, bool isDerivative, Real * out);

  int    bins_;
  Buffer table_;
  Buffer curvature_;
};

/** Of such a one. They look at one image by way of the other: of any contrast, but they may not change places. */
template <typename TSimilarity>
class HistogramMeasure : public Measure
{
public:
  std::unique_ptr<Similarity>
  compare(Domain & domain) const override
  {
    return std::make_unique<TSimilarity>(domain);
  }
  Contrasts
  contrasts() const override
  {
    return Contrasts::Any;
  }
  bool
  isSymmetric() const override
  {
    return false;
  }
};

} // namespace gnr

#endif
