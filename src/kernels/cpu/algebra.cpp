// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/CpuKernels.h"

#include <cmath>

namespace gnr
{
namespace GNR_CPU_NAMESPACE
{
namespace
{
constexpr std::ptrdiff_t blockLength = 8192;
}

template <typename BlockSum>
double
CpuKernels::reduceBlocks(std::size_t n, BlockSum blockSum)
{
  const std::ptrdiff_t length = static_cast<std::ptrdiff_t>(n);
  const std::ptrdiff_t blocks = (length + blockLength - 1) / blockLength;
  double * const       partial = partials(blocks + 1);
#pragma omp parallel for schedule(static) num_threads(threads_)
  for (std::ptrdiff_t b = 0; b < blocks; ++b)
  {
    const std::ptrdiff_t end = (b + 1) * blockLength < length ? (b + 1) * blockLength : length;
    partial[b] = blockSum(b * blockLength, end);
  }
  double total = 0.0;
  for (std::ptrdiff_t b = 0; b < blocks; ++b)
  {
    total += partial[b];
  }
  return total;
}

// Every elementwise kernel is this loop.
#define GNR_FOR_EACH(i, n)                                                                                             \
  _Pragma("omp parallel for simd schedule(static) num_threads(threads_)") for (std::ptrdiff_t i = 0;                   \
                                                                               i < static_cast<std::ptrdiff_t>(n);     \
                                                                               ++i)

void
CpuKernels::fill(Real * x, std::size_t n, Real value)
{
  GNR_FOR_EACH(i, n)
  {
    x[i] = value;
  }
}

void
CpuKernels::copy(const Real * x, Real * y, std::size_t n)
{
  GNR_FOR_EACH(i, n)
  {
    y[i] = x[i];
  }
}

void
CpuKernels::axpby(Real a, const Real * x, Real b, Real * y, std::size_t n)
{
  if (b == Real(0))
  {
    GNR_FOR_EACH(i, n)
    {
      y[i] = a * x[i];
    }
  }
  else
  {
    GNR_FOR_EACH(i, n)
    {
      y[i] = a * x[i] + b * y[i];
    }
  }
}

void
CpuKernels::combine(Real a, const Real * x, Real b, const Real * y, Real * out, std::size_t n)
{
  GNR_FOR_EACH(i, n)
  {
    out[i] = a * x[i] + b * y[i];
  }
}

void
CpuKernels::scaleAndShift(Real a, const Real * x, Real b, Real * y, std::size_t n)
{
  GNR_FOR_EACH(i, n)
  {
    y[i] = a * x[i] + b;
  }
}

void
CpuKernels::clamp(Real lower, Real upper, Real * x, std::size_t n)
{
  GNR_FOR_EACH(i, n)
  {
    const Real low = x[i] < lower ? lower : x[i];
    x[i] = low > upper ? upper : low;
  }
}

void
CpuKernels::multiply(Real a, const Real * x, const Real * y, Real * out, std::size_t n)
{
  GNR_FOR_EACH(i, n)
  {
    out[i] = a * x[i] * y[i];
  }
}

double
CpuKernels::sum(const Real * x, std::size_t n)
{
  return reduceBlocks(n, [=](std::ptrdiff_t begin, std::ptrdiff_t end) {
    double s = 0.0;
#pragma omp simd reduction(+ : s)
    for (std::ptrdiff_t i = begin; i < end; ++i)
    {
      s += double(x[i]);
    }
    return s;
  });
}

double
CpuKernels::dot(const Real * x, const Real * y, std::size_t n)
{
  return reduceBlocks(n, [=](std::ptrdiff_t begin, std::ptrdiff_t end) {
    double s = 0.0;
#pragma omp simd reduction(+ : s)
    for (std::ptrdiff_t i = begin; i < end; ++i)
    {
      s += double(x[i]) * double(y[i]);
    }
    return s;
  });
}

double
CpuKernels::dotSum(const Real * p, const Real * q, const Real * s, std::size_t n)
{
  return reduceBlocks(n, [=](std::ptrdiff_t begin, std::ptrdiff_t end) {
    double t = 0.0;
#pragma omp simd reduction(+ : t)
    for (std::ptrdiff_t i = begin; i < end; ++i)
    {
      t += double(p[i]) * double(q[i] + s[i]);
    }
    return t;
  });
}

double
CpuKernels::maximumAbsolute(const Real * x, std::size_t n)
{
  Real largest = 0;
#pragma omp parallel for simd reduction(max : largest) schedule(static) num_threads(threads_)
  for (std::ptrdiff_t i = 0; i < static_cast<std::ptrdiff_t>(n); ++i)
  {
    const Real magnitude = std::abs(x[i]);
    largest = magnitude > largest ? magnitude : largest;
  }
  return largest;
}

void
CpuKernels::krylovUpdate(Real alpha, const Real * p, const Real * ap, const Real * q, Real * x, Real * r, std::size_t n)
{
  GNR_FOR_EACH(i, n)
  {
    x[i] += alpha * p[i];
    r[i] -= alpha * (q[i] + ap[i]);
  }
}

void
CpuKernels::krylovDirection(Real beta, const Real * z, const Real * r, Real mean, Real * p, Real * ap, std::size_t n)
{
  GNR_FOR_EACH(i, n)
  {
    p[i] = z[i] + beta * p[i];
    ap[i] = (r[i] - mean) + beta * ap[i];
  }
}

// The other elementwise kernels that reduce live here too, so that reduceBlocks is instantiated once.

double
CpuKernels::squaredDistance(const Real * a, const Real * b, const Real * weight, std::size_t n)
{
  if (weight == nullptr)
  {
    return reduceBlocks(n, [=](std::ptrdiff_t begin, std::ptrdiff_t end) {
      double s = 0.0;
#pragma omp simd reduction(+ : s)
      for (std::ptrdiff_t i = begin; i < end; ++i)
      {
        const Real d = a[i] - b[i];
        s += double(d * d);
      }
      return s;
    });
  }
  return reduceBlocks(n, [=](std::ptrdiff_t begin, std::ptrdiff_t end) {
    double s = 0.0;
#pragma omp simd reduction(+ : s)
    for (std::ptrdiff_t i = begin; i < end; ++i)
    {
      const Real d = a[i] - b[i];
      s += double(weight[i] * d * d);
    }
    return s;
  });
}

} // namespace GNR_CPU_NAMESPACE
} // namespace gnr
