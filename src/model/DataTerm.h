// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_model_DataTerm_h
#define gnr_model_DataTerm_h

#include "model/Comparison.h"
#include "model/Term.h"
#include "model/Trajectory.h"

#include "gnr/Problem.h"

#include <memory>
#include <optional>
#include <vector>

namespace gnr
{

/** What is registered on one grid: a term for each comparison. Weights may be null; they hold for all of them. */
struct ImageSet
{
  std::vector<Comparison>   comparisons;
  const Real *              fixedWeight = nullptr;
  const Real *              movingWeight = nullptr; ///< travels with the moving images
  double                    intensityRange = 1.0;
  std::vector<LandmarkPair> landmarks{};                 ///< terms of the velocity
  const Real *              incompressibility = nullptr; ///< 0 to 1, of the moving images; null: zero [S3]
  double                    incompressibilityScale = 1.0;
  double                    movingVolumeChange = 1.0; ///< as in Problem
};

/** The dissimilarity of the images at the velocity of a trajectory. */
class DataTerm : public Term
{
public:
  DataTerm(Trajectory & trajectory, Domain & domain, const ImageSet & images);

  const char *
  name() const override
  {
    return "images";
  }

  /** Takes the velocity of the trajectory. Collective. */
  void
  follow();

  /** Carries the weight along the trajectory, of the fixed images, too, in the symmetric form. It is then held fixed
   * until the next call. Collective. */
  void
  refreshWeight();

  double
  value(const ConstVectorView & v) override;

  /** Of its densities, as a share: how far the integral of m^{1/a} at the end of time is from that at t = 0 [T5].
   * Collective. */
  virtual double
  massDrift()
  {
    return 0.0;
  }

  /** Whether addHessian() is done with the direction when it begins to write the force, so that both may be one field.
   */
  virtual bool
  isInPlace() const = 0;

protected:
  Trajectory &
  trajectory()
  {
    return trajectory_;
  }
  Domain &
  domain()
  {
    return domain_;
  }
  /** Product of both weights; null for one. */
  const Real *
  weight() const
  {
    return weight_ ? weight_.data() : fixedWeight_;
  }

private:
  virtual void
  solveStates() = 0;
  virtual void
  takeWeight()
  {}
  virtual double
  evaluate() = 0;
  /** Both weights as the trajectory leaves them. */
  void
  combineWeights();

  Trajectory &          trajectory_;
  Domain &              domain_;
  const Real *          fixedWeight_;
  const Real *          movingWeight_;
  Buffer                weight_; ///< where one of them is carried
  std::optional<double> value_;  ///< where it is known
};

/** The terms of a set. Channels that are compared by squared differences are carried all at once where that is cheaper,
 * the others one by one. */
std::vector<std::unique_ptr<DataTerm>>
makeDataTerms(Trajectory & trajectory, Domain & domain, const Options & options, const ImageSet & images);

} // namespace gnr

#endif
