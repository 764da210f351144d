// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_model_DataTerm_h
#define gnr_model_DataTerm_h

#include "model/Term.h"
#include "model/Trajectory.h"
#include "model/similarity/Similarity.h"

#include <memory>
#include <vector>

namespace gnr
{

/** Two images that are to be alike, normalised, on the domain. They must live as long as what uses them. */
struct Channel
{
  const Real * fixed = nullptr;
  const Real * moving = nullptr;
};

/** What is registered on one grid. Weights may be null; they hold for all channels. */
struct ImageSet
{
  std::vector<Channel> channels;
  const Real *         fixedWeight = nullptr;
  const Real *         movingWeight = nullptr; ///< travels with the moving images
  double               intensityRange = 1.0;
};

/** The dissimilarity of the images: the sum of a similarity measure over the channels, which are carried one by one
 * along the trajectory.
 *
 * Traffic of a Hessian product per channel: 2 steps interpolations, 2 (steps + 1) fused gradients. */
class DataTerm : public Term
{
public:
  DataTerm(Trajectory & trajectory, Domain & domain, const Options & options, const ImageSet & images);

  const char *
  name() const override
  {
    return "images";
  }

  /** Solves the state equations for the velocity of the trajectory. */
  void
  follow();

  /** Moves the moving weight to the velocity of the trajectory. It is then held fixed until the next call. */
  void
  refreshWeight();

  double
  value(const ConstVectorView & v) override;
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
  setWeight(const Real * weight);

  Trajectory &      trajectory_;
  Domain &          domain_;
  const Real *      fixedWeight_;
  const Real *      movingWeight_;
  Buffer            weight_; ///< product of both weights, where the moving one exists
  std::vector<Pair> pairs_;
};

} // namespace gnr

#endif
