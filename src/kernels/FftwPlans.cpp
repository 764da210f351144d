// SPDX-License-Identifier: Apache-2.0
#include "kernels/FftwPlans.h"

#include "gnr/Error.h"

#include <string>

namespace gnr
{
namespace
{

/** FFTW's planner is not thread-safe, and other users of FFTW in this process may plan too; this guards ours. */
std::mutex &
plannerMutex()
{
  static std::mutex mutex;
  return mutex;
}

enum Kind
{
  ForwardRow = 0,
  BackwardRow = 1,
  ForwardColumn = 2,
  BackwardColumn = 3
};

/** SIMD codelets may rely on rows that start on 16 bytes, which those of other lengths do not. */
unsigned
alignmentFlag(int n)
{
  return n * sizeof(Real) % 16 == 0 ? 0u : FFTW_UNALIGNED;
}

FftwPlan
checked(FftwPlan plan, const char * what, int a, int b)
{
  if (plan == nullptr)
  {
    throw Error(ErrorKind::OutOfResources,
                std::string("FFTW could not plan ") + what + " of " + std::to_string(a) + " x " + std::to_string(b) +
                  " points; is there enough memory?");
  }
  return plan;
}

} // namespace

FftwPlans::~FftwPlans()
{
  const std::lock_guard<std::mutex> lock(plannerMutex());
  for (auto & entry : plans_)
  {
    GNR_FFTW(destroy_plan)(entry.second);
  }
}

FftwPlan
FftwPlans::forwardRow(int n)
{
  const std::lock_guard<std::mutex> lock(mutex_);
  FftwPlan &                        plan = plans_[{ ForwardRow, n, 1 }];
  if (plan == nullptr)
  {
    const std::lock_guard<std::mutex> planning(plannerMutex());
    Real *                            real = static_cast<Real *>(GNR_FFTW(malloc)(sizeof(Real) * n));
    FftwComplex * complex = static_cast<FftwComplex *>(GNR_FFTW(malloc)(sizeof(FftwComplex) * (n / 2 + 1)));
    plan = GNR_FFTW(plan_dft_r2c_1d)(n, real, complex, FFTW_ESTIMATE | FFTW_PRESERVE_INPUT | alignmentFlag(n));
    GNR_FFTW(free)(real);
    GNR_FFTW(free)(complex);
    checked(plan, "rows", n, 1);
  }
  return plan;
}

FftwPlan
FftwPlans::backwardRow(int n)
{
  const std::lock_guard<std::mutex> lock(mutex_);
  FftwPlan &                        plan = plans_[{ BackwardRow, n, 1 }];
  if (plan == nullptr)
  {
    const std::lock_guard<std::mutex> planning(plannerMutex());
    Real *                            real = static_cast<Real *>(GNR_FFTW(malloc)(sizeof(Real) * n));
    FftwComplex * complex = static_cast<FftwComplex *>(GNR_FFTW(malloc)(sizeof(FftwComplex) * (n / 2 + 1)));
    plan = GNR_FFTW(plan_dft_c2r_1d)(n, complex, real, FFTW_ESTIMATE | FFTW_DESTROY_INPUT | alignmentFlag(n));
    GNR_FFTW(free)(real);
    GNR_FFTW(free)(complex);
    checked(plan, "rows", n, 1);
  }
  return plan;
}

FftwPlan
FftwPlans::column(int n, int width, int sign)
{
  const std::lock_guard<std::mutex> lock(mutex_);
  FftwPlan &                        plan = plans_[{ sign == FFTW_FORWARD ? ForwardColumn : BackwardColumn, n, width }];
  if (plan == nullptr)
  {
    const std::lock_guard<std::mutex> planning(plannerMutex());
    FftwComplex * complex = static_cast<FftwComplex *>(GNR_FFTW(malloc)(sizeof(FftwComplex) * n * width));
    plan = GNR_FFTW(plan_many_dft)(1, &n, width, complex, &n, width, 1, complex, &n, width, 1, sign, FFTW_ESTIMATE);
    GNR_FFTW(free)(complex);
    checked(plan, "columns", n, width);
  }
  return plan;
}

} // namespace gnr
