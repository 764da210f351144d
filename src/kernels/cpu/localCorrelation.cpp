// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/reduce.h"
#include "kernels/point/correlation.h"

namespace gnr
{
namespace GNR_CPU_NAMESPACE
{
namespace
{

template <int width>
inline void
storeDoubles(Real * p, const Doubles<width> & value)
{
  store<width>(p, __builtin_convertvector(value, typename Vector<width>::Type));
}

/** (scale/2) omega times the mismatch of the points i ... i + width - 1, in double precision: the variances are
 * differences of numbers of like size, and the sum is in double precision anyway. use(statistics, slope, isInside) sees
 * what it is made of. */
template <int width, typename Use>
inline Doubles<width>
correlationTerm(const LocalMoments & sums,
                std::ptrdiff_t       i,
                double               epsilonSquared,
                double               scale,
                double               leastWeight,
                Use                  use)
{
  using T = Doubles<width>;
  const T    zero{}, one = zero + 1.0;
  const T    omega = sums.weight == nullptr ? one : loadDoubles<width>(sums.weight + i);
  const auto isInside = omega >= leastWeight;
  const auto s = point::localStatistics(loadDoubles<width>(sums.m + i),
                                        loadDoubles<width>(sums.f + i),
                                        loadDoubles<width>(sums.mm + i),
                                        loadDoubles<width>(sums.ff + i),
                                        loadDoubles<width>(sums.mf + i),
                                        one / (isInside ? omega : one),
                                        epsilonSquared);
  const T    slope = s.covariance / s.varianceM;
  use(s, slope, isInside);
  return isInside ? 0.5 * scale * omega * point::localMismatch(s, slope) : zero;
}

} // namespace

double
CpuKernels::localCorrelation(const LocalMoments & sums,
                             Real                 epsilonSquared,
                             Real                 scale,
                             Real                 leastWeight,
                             std::size_t          n)
{
  return reduceBlocks(n, [=](std::ptrdiff_t begin, std::ptrdiff_t end) {
    return sumOf(begin, end, [=](auto width, std::ptrdiff_t i) {
      return correlationTerm<width>(
        sums, i, epsilonSquared, scale, leastWeight, [](const auto &, const auto &, const auto &) {});
    });
  });
}

double
CpuKernels::localCorrelationDerivatives(const LocalMoments & sums,
                                        Real                 epsilonSquared,
                                        Real                 scale,
                                        Real                 leastWeight,
                                        std::size_t          n)
{
  return reduceBlocks(n, [=](std::ptrdiff_t begin, std::ptrdiff_t end) {
    return sumOf(begin, end, [=](auto width, std::ptrdiff_t i) {
      constexpr int count = decltype(width)::value;
      return correlationTerm<count>(
        sums, i, epsilonSquared, scale, leastWeight, [=](const auto & s, const auto & slope, const auto & isInside) {
          const Doubles<count> zero{};
          const Doubles<count> u = double(scale) * slope / s.varianceF, us = u * slope;
          storeDoubles<count>(sums.f + i, isInside ? u : zero);
          storeDoubles<count>(sums.ff + i, isInside ? us : zero);
          storeDoubles<count>(sums.mf + i, isInside ? us * s.meanM - u * s.meanF : zero);
        });
    });
  });
}

void
CpuKernels::correlationForce(const Real * f,
                             const Real * m,
                             const Real * weight,
                             const Real * gu,
                             const Real * gus,
                             const Real * gt,
                             Real *       out,
                             std::size_t  n)
{
  if (weight == nullptr)
  {
    GNR_FOR_EACH(i, n)
    {
      out[i] = f[i] * gu[i] - m[i] * gus[i] + gt[i];
    }
    return;
  }
  GNR_FOR_EACH(i, n)
  {
    out[i] = weight[i] * (f[i] * gu[i] - m[i] * gus[i] + gt[i]);
  }
}

} // namespace GNR_CPU_NAMESPACE
} // namespace gnr
