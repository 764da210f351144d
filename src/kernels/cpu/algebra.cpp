// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/reduce.h"
#include "kernels/point/limit.h"
#include "kernels/point/saturation.h"

#include <cmath>

namespace gnr
{
namespace GNR_CPU_NAMESPACE
{

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
CpuKernels::saturate(Real lower, Real upper, Real reach, Real * x, std::size_t n)
{
  GNR_FOR_EACH(i, n)
  {
    x[i] = point::saturate(x[i], lower, upper, reach);
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

void
CpuKernels::multiplyAdd(Real a, const Real * x, const Real * y, Real b, Real * out, std::size_t n)
{
  if (b == Real(0))
  {
    multiply(a, x, y, out, n);
    return;
  }
  GNR_FOR_EACH(i, n)
  {
    out[i] = a * x[i] * y[i] + b * out[i];
  }
}

void
CpuKernels::power(Real exponent, Real * x, std::size_t n)
{
  GNR_FOR_EACH(i, n)
  {
    x[i] = x[i] > Real(0) ? std::pow(x[i], exponent) : Real(0);
  }
}

double
CpuKernels::sum(const Real * x, std::size_t n)
{
  return reduceBlocks(n, [=](std::ptrdiff_t begin, std::ptrdiff_t end) {
    return sumOf(begin, end, [=](auto width, std::ptrdiff_t i) { return loadDoubles<width>(x + i); });
  });
}

double
CpuKernels::dot(const Real * x, const Real * y, std::size_t n)
{
  return reduceBlocks(n, [=](std::ptrdiff_t begin, std::ptrdiff_t end) {
    return sumOf(
      begin, end, [=](auto width, std::ptrdiff_t i) { return loadDoubles<width>(x + i) * loadDoubles<width>(y + i); });
  });
}

double
CpuKernels::dotSum(const Real * p, const Real * q, const Real * s, std::size_t n)
{
  return reduceBlocks(n, [=](std::ptrdiff_t begin, std::ptrdiff_t end) {
    return sumOf(begin, end, [=](auto width, std::ptrdiff_t i) {
      return loadDoubles<width>(p + i) * (loadDoubles<width>(q + i) + loadDoubles<width>(s + i));
    });
  });
}

double
CpuKernels::maximumAbsolute(const Real * x, std::size_t n)
{
  Real largest = 0;
#pragma omp parallel for simd reduction(max : largest) schedule(static) num_threads(threadsFor(n, sharedElements))
  for (std::ptrdiff_t i = 0; i < static_cast<std::ptrdiff_t>(n); ++i)
  {
    const Real magnitude = std::abs(x[i]);
    largest = magnitude > largest ? magnitude : largest;
  }
  return largest;
}

void
CpuKernels::descend(Real alpha, const Real * p, const Real * hp, Real * x, Real * r, std::size_t n)
{
  GNR_FOR_EACH(i, n)
  {
    x[i] += alpha * p[i];
    r[i] -= alpha * hp[i];
  }
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

// The other elementwise kernels that reduce stand here too.

void
CpuKernels::stiffen(const Real * squared, Real scale, Real cap, Real * weight, std::size_t n, double * penalty)
{
  const double total = reduceBlocks(n, [=](std::ptrdiff_t begin, std::ptrdiff_t end) {
    double sum = 0.0;
    for (std::ptrdiff_t i = begin; i < end; ++i)
    {
      Real w;
      sum += double(point::wall(squared[i], scale, cap, w));
      weight[i] = w;
    }
    return sum;
  });
  if (penalty != nullptr)
  {
    *penalty = total;
  }
}

double
CpuKernels::squaredDistance(const Real * a, const Real * b, const Real * weight, std::size_t n)
{
  if (weight == nullptr)
  {
    return reduceBlocks(n, [=](std::ptrdiff_t begin, std::ptrdiff_t end) {
      return sumOf(begin, end, [=](auto width, std::ptrdiff_t i) {
        const auto d = loadDoubles<width>(a + i) - loadDoubles<width>(b + i);
        return d * d;
      });
    });
  }
  return reduceBlocks(n, [=](std::ptrdiff_t begin, std::ptrdiff_t end) {
    return sumOf(begin, end, [=](auto width, std::ptrdiff_t i) {
      const auto d = loadDoubles<width>(a + i) - loadDoubles<width>(b + i);
      return loadDoubles<width>(weight + i) * d * d;
    });
  });
}

} // namespace GNR_CPU_NAMESPACE
} // namespace gnr
