// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/reduce.h"
#include "kernels/point/limit.h"
#include "kernels/point/saturation.h"

#include <cmath>

namespace gnr
{
namespace cuda
{

void
CudaKernels::fill(Real * x, std::size_t n, Real value)
{
  forEach(stream(), n, [=] __device__(std::size_t i) { x[i] = value; });
}

void
CudaKernels::copy(const Real * x, Real * y, std::size_t n)
{
  GNR_CUDA(cudaMemcpyAsync(y, x, n * sizeof(Real), cudaMemcpyDeviceToDevice, stream()));
}

void
CudaKernels::axpby(Real a, const Real * x, Real b, Real * y, std::size_t n)
{
  if (b == Real(0))
  {
    forEach(stream(), n, [=] __device__(std::size_t i) { y[i] = a * x[i]; });
  }
  else
  {
    forEach(stream(), n, [=] __device__(std::size_t i) { y[i] = a * x[i] + b * y[i]; });
  }
}

void
CudaKernels::combine(Real a, const Real * x, Real b, const Real * y, Real * out, std::size_t n)
{
  forEach(stream(), n, [=] __device__(std::size_t i) { out[i] = a * x[i] + b * y[i]; });
}

void
CudaKernels::scaleAndShift(Real a, const Real * x, Real b, Real * y, std::size_t n)
{
  forEach(stream(), n, [=] __device__(std::size_t i) { y[i] = a * x[i] + b; });
}

void
CudaKernels::clamp(Real lower, Real upper, Real * x, std::size_t n)
{
  forEach(stream(), n, [=] __device__(std::size_t i) {
    const Real low = x[i] < lower ? lower : x[i];
    x[i] = low > upper ? upper : low;
  });
}

void
CudaKernels::saturate(Real lower, Real upper, Real reach, Real * x, std::size_t n)
{
  forEach(stream(), n, [=] __device__(std::size_t i) { x[i] = point::saturate(x[i], lower, upper, reach); });
}

void
CudaKernels::multiply(Real a, const Real * x, const Real * y, Real * out, std::size_t n)
{
  forEach(stream(), n, [=] __device__(std::size_t i) { out[i] = a * x[i] * y[i]; });
}

void
CudaKernels::multiplyAdd(Real a, const Real * x, const Real * y, Real b, Real * out, std::size_t n)
{
  if (b == Real(0))
  {
    multiply(a, x, y, out, n);
    return;
  }
  forEach(stream(), n, [=] __device__(std::size_t i) { out[i] = a * x[i] * y[i] + b * out[i]; });
}

void
CudaKernels::power(Real exponent, Real * x, std::size_t n)
{
  forEach(stream(), n, [=] __device__(std::size_t i) { x[i] = x[i] > Real(0) ? std::pow(x[i], exponent) : Real(0); });
}

double
CudaKernels::sum(const Real * x, std::size_t n)
{
  return reduce<Sum>(*this, stream(), n, [=] __device__(std::size_t i) { return double(x[i]); });
}

double
CudaKernels::dot(const Real * x, const Real * y, std::size_t n)
{
  return reduce<Sum>(*this, stream(), n, [=] __device__(std::size_t i) { return double(x[i]) * double(y[i]); });
}

double
CudaKernels::maximumAbsolute(const Real * x, std::size_t n)
{
  return reduce<Maximum>(*this, stream(), n, [=] __device__(std::size_t i) { return std::fabs(double(x[i])); });
}

std::array<double, 3>
CudaKernels::maximaAbsolute(const ConstVectorView & v, std::size_t n)
{
  const Real * const data = v.data;
  const std::size_t  stride = v.stride;
  return reduceEach<Maximum, 3>(
    *this, stream(), n, [=] __device__(std::size_t i) { return std::fabs(double(data[blockIdx.y * stride + i])); });
}

double
CudaKernels::dotSum(const Real * p, const Real * q, const Real * s, std::size_t n)
{
  return reduce<Sum>(
    *this, stream(), n, [=] __device__(std::size_t i) { return double(p[i]) * (double(q[i]) + double(s[i])); });
}

void
CudaKernels::descend(Real alpha, const Real * p, const Real * hp, Real * x, Real * r, std::size_t n)
{
  forEach(stream(), n, [=] __device__(std::size_t i) {
    x[i] += alpha * p[i];
    r[i] -= alpha * hp[i];
  });
}

void
CudaKernels::krylovUpdate(Real         alpha,
                          const Real * p,
                          const Real * ap,
                          const Real * q,
                          Real *       x,
                          Real *       r,
                          std::size_t  n)
{
  forEach(stream(), n, [=] __device__(std::size_t i) {
    x[i] += alpha * p[i];
    r[i] -= alpha * (q[i] + ap[i]);
  });
}

void
CudaKernels::krylovDirection(Real beta, const Real * z, const Real * r, Real mean, Real * p, Real * ap, std::size_t n)
{
  forEach(stream(), n, [=] __device__(std::size_t i) {
    p[i] = z[i] + beta * p[i];
    ap[i] = (r[i] - mean) + beta * ap[i];
  });
}

} // namespace cuda
} // namespace gnr
