// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/CufftPlans.h"

#include <algorithm>

namespace gnr
{
namespace cuda
{
namespace
{

/** cuFFT takes no pointers to what it only reads. */
cufftComplex *
asCufft(const Complex * p)
{
  return const_cast<cufftComplex *>(reinterpret_cast<const cufftComplex *>(p));
}

} // namespace

CufftPlans::~CufftPlans()
{
  for (const auto & entry : plans_)
  {
    cufftDestroy(entry.second.handle);
  }
}

template <typename Make>
CufftPlans::Plan
CufftPlans::find(const Key & key, Make make)
{
  auto found = plans_.find(key);
  if (found == plans_.end())
  {
    cufftHandle handle = 0;
    GNR_CUDA(cufftCreate(&handle));
    Plan plan{ handle, 0 };
    try
    {
      GNR_CUDA(cufftSetAutoAllocation(handle, 0));
      make(plan);
      GNR_CUDA(cufftSetStream(handle, queue_));
    }
    catch (...)
    {
      cufftDestroy(handle);
      throw;
    }
    plan.workBytes = std::max(plan.workBytes, leastWorkBytes);
    found = plans_.emplace(key, plan).first;
  }
  return found->second;
}

void
CufftPlans::run(const Plan & plan, void * workArea, const Real * in, Complex * out)
{
  GNR_CUDA(cufftSetWorkArea(plan.handle, workArea));
  measured(queue_, "cufftExecR2C", [&] { GNR_CUDA(cufftExecR2C(plan.handle, const_cast<Real *>(in), asCufft(out))); });
}

void
CufftPlans::run(const Plan & plan, void * workArea, Complex * in, Real * out)
{
  GNR_CUDA(cufftSetWorkArea(plan.handle, workArea));
  measured(queue_, "cufftExecC2R", [&] { GNR_CUDA(cufftExecC2R(plan.handle, asCufft(in), out)); });
}

void
CufftPlans::run(const Plan & plan, void * workArea, const Complex * in, Complex * out, int direction)
{
  GNR_CUDA(cufftSetWorkArea(plan.handle, workArea));
  measured(queue_, "cufftExecC2C", [&] { GNR_CUDA(cufftExecC2C(plan.handle, asCufft(in), asCufft(out), direction)); });
}

CufftPlans::Plan
CufftPlans::planes(cufftType type, int nx, int ny, std::ptrdiff_t rowStride, int count)
{
  return find(Key(type, nx, ny, rowStride, 0, count), [=](Plan & plan) {
    // An array, and how far its planes lie apart.
    struct
    {
      long long rows[2];
      long long distance;
    } image{ { ny, nx }, static_cast<long long>(nx) * ny }, spectrum{ { ny, rowStride }, rowStride * ny };
    auto &    in = type == CUFFT_R2C ? image : spectrum;
    auto &    out = type == CUFFT_R2C ? spectrum : image;
    long long size[2] = { ny, nx };
    GNR_CUDA(cufftMakePlanMany64(
      plan.handle, 2, size, in.rows, 1, in.distance, out.rows, 1, out.distance, type, count, &plan.workBytes));
  });
}

CufftPlans::Plan
CufftPlans::forwardPlanes(int nx, int ny, std::ptrdiff_t rowStride, int count)
{
  return planes(CUFFT_R2C, nx, ny, rowStride, count);
}

CufftPlans::Plan
CufftPlans::backwardPlanes(int nx, int ny, std::ptrdiff_t rowStride, int count)
{
  return planes(CUFFT_C2R, nx, ny, rowStride, count);
}

CufftPlans::Plan
CufftPlans::columns(int n, std::ptrdiff_t inStride, std::ptrdiff_t outStride, int columns)
{
  return find(Key(CUFFT_C2C, n, 0, inStride, outStride, columns), [=](Plan & plan) {
    long long size[1] = { n };
    GNR_CUDA(cufftMakePlanMany64(
      plan.handle, 1, size, size, inStride, 1, size, outStride, 1, CUFFT_C2C, columns, &plan.workBytes));
  });
}

} // namespace cuda
} // namespace gnr
