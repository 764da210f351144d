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
  ForwardPlane = 0,
  BackwardPlane = 1,
  ForwardColumn = 2,
  BackwardColumn = 3
};

/** SIMD codelets need planes that start on 16 bytes; odd sizes do not have them. */
unsigned
alignmentFlag(std::size_t planeBytes)
{
  return planeBytes % 16 == 0 ? 0u : FFTW_UNALIGNED;
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
FftwPlans::forwardPlane(int nx, int ny)
{
  const std::lock_guard<std::mutex> lock(mutex_);
  FftwPlan &                        plan = plans_[{ ForwardPlane, nx, ny }];
  if (plan == nullptr)
  {
    const std::lock_guard<std::mutex> planning(plannerMutex());
    const std::size_t                 half = nx / 2 + 1;
    Real *                            real = static_cast<Real *>(GNR_FFTW(malloc)(sizeof(Real) * nx * ny));
    FftwComplex *  complex = static_cast<FftwComplex *>(GNR_FFTW(malloc)(sizeof(FftwComplex) * half * ny));
    const unsigned flags = FFTW_ESTIMATE | FFTW_PRESERVE_INPUT | alignmentFlag(sizeof(Real) * nx * ny) |
                           alignmentFlag(sizeof(Complex) * half * ny);
    plan = GNR_FFTW(plan_dft_r2c_2d)(ny, nx, real, complex, flags);
    GNR_FFTW(free)(real);
    GNR_FFTW(free)(complex);
    checked(plan, "a plane", nx, ny);
  }
  return plan;
}

FftwPlan
FftwPlans::backwardPlane(int nx, int ny)
{
  const std::lock_guard<std::mutex> lock(mutex_);
  FftwPlan &                        plan = plans_[{ BackwardPlane, nx, ny }];
  if (plan == nullptr)
  {
    const std::lock_guard<std::mutex> planning(plannerMutex());
    const std::size_t                 half = nx / 2 + 1;
    Real *                            real = static_cast<Real *>(GNR_FFTW(malloc)(sizeof(Real) * nx * ny));
    FftwComplex *  complex = static_cast<FftwComplex *>(GNR_FFTW(malloc)(sizeof(FftwComplex) * half * ny));
    const unsigned flags = FFTW_ESTIMATE | FFTW_DESTROY_INPUT | alignmentFlag(sizeof(Real) * nx * ny) |
                           alignmentFlag(sizeof(Complex) * half * ny);
    plan = GNR_FFTW(plan_dft_c2r_2d)(ny, nx, complex, real, flags);
    GNR_FFTW(free)(real);
    GNR_FFTW(free)(complex);
    checked(plan, "a plane", nx, ny);
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
