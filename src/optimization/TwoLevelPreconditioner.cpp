// SPDX-License-Identifier: Apache-2.0
#include "optimization/Preconditioner.h"

#include "optimization/ZeroVelocityHessian.h"

#include "gnr/Grid.h"

#include <algorithm>
#include <array>

namespace gnr
{
namespace
{

constexpr int leastPoints = 8;

/** The grid of half the size over the same box. */
Grid
halfGrid(const Grid & fine)
{
  Grid coarse = fine;
  coarse.size = halfSize(fine.size);
  for (int a = 0; a < 3; ++a)
  {
    coarse.spacing[a] = fine.length(a) / coarse.size[a];
  }
  return coarse;
}

/** Where its first point lies, as a share of the box: symmetric to the last one, so that a mirrored image meets the
 * mirrored grid. */
std::array<double, 3>
halfOrigin(const Grid & fine, const std::array<double, 3> & fineOrigin)
{
  const Grid            coarse = halfGrid(fine);
  std::array<double, 3> origin = fineOrigin;
  for (int a = 0; a < 3; ++a)
  {
    origin[a] += 0.5 * (1.0 / coarse.size[a] - 1.0 / fine.size[a]);
  }
  return origin;
}

class TwoLevel : public PreconditionerOperator
{
public:
  explicit TwoLevel(Objective & objective)
    : objective_(objective)
    , domain_(halfGrid(objective.domain().grid()),
              objective.domain().kernels(),
              objective.domain().communicator(),
              halfOrigin(objective.domain().grid(), objective.domain().origin()))
    , transform_(domain_)
    , regularizer_(transform_, objective.regularizer())
    , structure_(objective.imageTransform(), transform_, domain_)
    , hessian_(domain_, regularizer_, structure_)
  {}

  void
  refresh(double eta) override
  {
    eta_ = eta;
    objective_.structure(structure_);
  }

  void
  apply(const Real * r, Real * z) override
  {
    // z is written last: until then the coarse fields live in it, where the grids leave room for that.
    const std::size_t values = 3 * domain_.points();
    Buffer            own;
    if (5 * values > 3 * objective_.domain().points())
    {
      own = Buffer(domain_.kernels(), 5 * values);
    }
    Real * const low = own ? own.data() : z;
    const auto   solve = [&]() { hessian_.solve(low, innerTolerance * eta_, mostInnerIterations, low + values); };
    objective_.regularizer().applyInverseAbove(r, transform_, low, solve, z);
  }

  int
  takeInnerIterations() override
  {
    return hessian_.takeIterations();
  }

private:
  Objective &         objective_;
  Domain              domain_;
  FourierTransform    transform_;
  Regularizer         regularizer_;
  Structure           structure_;
  ZeroVelocityHessian hessian_;
  double              eta_ = 0.5;
};

} // namespace

std::array<int, 3>
halfSize(const std::array<int, 3> & fine)
{
  std::array<int, 3> coarse{};
  for (int a = 0; a < 3; ++a)
  {
    coarse[a] = std::min(fine[a], fourierSize(std::max(leastPoints, fine[a] / 2)));
  }
  return coarse;
}

std::unique_ptr<PreconditionerOperator>
makeTwoLevelPreconditioner(Objective & objective)
{
  return std::make_unique<TwoLevel>(objective);
}

} // namespace gnr
