// SPDX-License-Identifier: Apache-2.0
#include "optimization/Preconditioner.h"

#include "optimization/ZeroVelocityHessian.h"

#include "gnr/Grid.h"

#include <cmath>
#include <cstdlib>
#include <utility>

namespace gnr
{
namespace
{

static int    mostInnerIterations = getenv("GI") ? atoi(getenv("GI")) : 10;
static double innerShare = getenv("GS") ? atof(getenv("GS")) : 0.1;

/** The grid of about half the size over the same box. */
Grid
halfGrid(const Grid & fine)
{
  Grid coarse = fine;
  for (int a = 0; a < 3; ++a)
  {
    coarse.size[a] = (fine.size[a] / 2 + 1) / 2 * 2;
    if (coarse.size[a] < 8) coarse.size[a] = fine.size[a];
    coarse.spacing[a] = fine.length(a) / coarse.size[a];
  }
  return coarse;
}

class TwoLevel : public PreconditionerOperator
{
public:
  explicit TwoLevel(ReducedProblem & problem)
    : problem_(problem)
    , fine_(problem.regularizer().transform())
    , domain_(halfGrid(problem.domain().grid()),
              problem.domain().kernels(),
              problem.domain().communicator(),
              problem.domain().origin())
    , transform_(domain_)
    , regularizer_(transform_, problem.regularizer())
    , hessian_(domain_, regularizer_)
    , image_(domain_.scalar())
    , r_(domain_.vector())
  {}

  void
  refresh(double eta) override
  {
    eta_ = eta;
    Kernels & kernels = domain_.kernels();
    fine_.resample(problem_.deformedMoving(), transform_, image_.data(), 1);
    const Real * weight = problem_.hessianWeight();
    if (weight != nullptr)
    {
      if (!weight_)
      {
        weight_ = domain_.scalar();
      }
      fine_.resample(weight, transform_, weight_.data(), 1);
      kernels.clamp(Real(0), Real(1), weight_.data(), weight_.size());
    }
    hessian_.refresh(image_.data(), weight_ ? weight_.data() : nullptr);
  }

  void
  apply(const Real * r, Real * z) override
  {
    problem_.regularizer().applyInverseAbove(
      r, transform_, r_.data(),
      [&]() {
        innerIterations_ += hessian_.solve(r_.data(), 0.0, innerShare * eta_, mostInnerIterations, r_.data());
      },
      z);
  }

  int
  takeInnerIterations() override
  {
    return std::exchange(innerIterations_, 0);
  }

private:
  ReducedProblem &    problem_;
  FourierTransform &  fine_;
  Domain              domain_;
  FourierTransform    transform_;
  Regularizer         regularizer_;
  ZeroVelocityHessian hessian_;
  Buffer              image_, weight_, r_;
  double              eta_ = 0.5;
  int                 innerIterations_ = 0;
};

} // namespace

std::unique_ptr<PreconditionerOperator>
makeTwoLevelPreconditioner(ReducedProblem & problem)
{
  return std::make_unique<TwoLevel>(problem);
}

} // namespace gnr
