// SPDX-License-Identifier: Apache-2.0
#include "kernels/kernels.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>

namespace gnr
{
namespace
{

// Far from any address that a process can have: a kernel that is not of this file stops at the first access.
void *
acquireAddresses(std::size_t)
{
  return reinterpret_cast<void *>(std::uintptr_t(1) << (std::numeric_limits<std::uintptr_t>::digits - 10));
}

void
releaseAddresses(void *)
{}

constexpr MemorySource addresses{ acquireAddresses, releaseAddresses, nullptr, nullptr, false };

/** Kernels that compute nothing, on arrays that have addresses but do not exist.
 *
 * The solver runs on them as it is, so what it allocates is what it will allocate. What they return leads it through
 * all of its phases: fields are different from zero unless they were filled with it, velocities small enough for the
 * time steps that were asked for, departure points as far away as those allow; distances fall with every question,
 * differences of two fields vanish, determinants are one.
 *
 * A new kernel needs a line here: mark() what it writes, return something that lets the solve go on. */
class PlanningKernels : public Kernels
{
public:
  explicit PlanningKernels(Kernels & real)
    : Kernels(addresses)
    , real_(real)
  {}

  std::string
  description() const override
  {
    return "no kernels (planning of memory)";
  }

  bool
  hasHostMemory() const override
  {
    return real_.hasHostMemory();
  }
  std::size_t
  hostBytes() const override
  {
    return real_.hostBytes();
  }
  void *
  messageMemory(std::size_t bytes) override
  {
    messageBytes_ = std::max(messageBytes_, bytes);
    return acquireAddresses(bytes);
  }
  std::size_t
  messageBytes() const override
  {
    return messageBytes_;
  }
  void
  startCopyToHost(const void *, void *, std::size_t) override
  {}
  void
  startCopyFromHost(const void *, void * memory, std::size_t) override
  {
    mark(memory);
  }
  void
  reserveScratch(std::size_t bytes) override
  {
    scratchBytes_ = std::max(scratchBytes_, bytes);
  }
  std::size_t
  scratchBytes() const override
  {
    return scratchBytes_;
  }

  void
  copyFromHost(const void *, void * memory, std::size_t) override
  {
    mark(memory);
  }
  void
  copyToHost(const void *, void *, std::size_t) override
  {}
  void
  fromHost(const float *, std::size_t, double, Real * x, std::size_t) override
  {
    mark(x);
  }
  void
  toHost(const Real *, double, float *, std::size_t, std::size_t) override
  {}

  void
  fill(Real * x, std::size_t n, Real value) override
  {
    mark(x);
    if (value == Real(0))
    {
      markZero(x, n);
    }
  }
  void
  copy(const Real *, Real * y, std::size_t) override
  {
    mark(y);
  }
  void
  axpby(Real, const Real *, Real, Real * y, std::size_t) override
  {
    mark(y);
  }
  void
  combine(Real a, const Real *, Real b, const Real *, Real * out, std::size_t n) override
  {
    mark(out);
    if (a == -b)
    {
      markZero(out, n); // two approximations of one thing: the iteration that compares them ends
    }
  }
  void
  scaleAndShift(Real, const Real *, Real, Real * y, std::size_t) override
  {
    mark(y);
  }
  void
  clamp(Real, Real, Real * x, std::size_t) override
  {
    mark(x);
  }
  void
  saturate(Real, Real, Real, Real * x, std::size_t) override
  {
    mark(x);
  }
  void
  multiply(Real, const Real *, const Real *, Real * out, std::size_t) override
  {
    mark(out);
  }
  double
  sum(const Real *, std::size_t n) override
  {
    return static_cast<double>(n);
  }
  double
  dot(const Real *, const Real *, std::size_t n) override
  {
    return static_cast<double>(n);
  }
  double
  maximumAbsolute(const Real * x, std::size_t) override
  {
    return isZero(x) ? 0.0 : reach;
  }
  double
  dotSum(const Real *, const Real *, const Real *, std::size_t n) override
  {
    return static_cast<double>(n);
  }
  void
  descend(Real, const Real *, const Real *, Real * x, Real * r, std::size_t) override
  {
    mark(x);
    mark(r);
  }
  void
  krylovUpdate(Real, const Real *, const Real *, const Real *, Real * x, Real * r, std::size_t) override
  {
    mark(x);
    mark(r);
  }
  void
  krylovDirection(Real, const Real *, const Real *, Real, Real * p, Real * ap, std::size_t) override
  {
    mark(p);
    mark(ap);
  }

  void
  pad(const Real *, const Padded &) override
  {}
  void
  gradientDot(const Padded &, const double *, const ConstVectorView &, Real, Real, Real * out) override
  {
    mark(out);
  }
  void
  scaledGradient(const Padded &, const double *, const Real *, Real, Real, const VectorView & out) override
  {
    mark(out.data);
  }
  void
  squaredGradient(const Padded &, const double *, Real, Real * out) override
  {
    mark(out);
  }
  void
  weightedLaplacian(const Padded &, const Padded &, const double *, Real, Real, Real * out) override
  {
    mark(out);
  }
  void
  derivative(const Padded &, int, double, Real, Real, Real * out) override
  {
    mark(out);
  }
  void
  jacobianDeterminant(const Padded *, const double *, Real * out) override
  {
    mark(out);
  }
  void
  interpolate(const Padded &, const ConstVectorView &, const Real *, Interpolation, Real * out) override
  {
    mark(out);
  }
  void
  interpolateVector(const Padded *, const ConstVectorView &, const Real *, const VectorView & out) override
  {
    mark(out.data);
  }
  void
  adjointGrowth(const Real *, const Real *, Real, Real * c, std::size_t) override
  {
    mark(c);
  }

  double
  squaredDistance(const Real *, const Real *, const Real *, std::size_t n) override
  {
    distance_ *= 0.5;
    return distance_ * static_cast<double>(n);
  }
  void
  weightedDifference(const Real *, const Real *, const Real *, Real * out, std::size_t) override
  {
    mark(out);
  }
  void
  gradientDyad(const ConstVectorView &, const Real *, const ConstVectorView &, const VectorView & out, std::size_t)
    override
  {
    mark(out.data);
  }
  double
  stiffen(const Real *, Real, Real, Real * weight, std::size_t) override
  {
    mark(weight);
    return 0.0;
  }
  void
  normalizedMean(const Real *, const Real *, Real, Real * out, std::size_t) override
  {
    mark(out);
  }
  void
  replaceUnweighted(const Real *, const Real *, Real * image, std::size_t) override
  {
    mark(image);
  }

  void
  forwardPlanes(const Real *, const Extents & extents, Complex *) override
  {
    reserveScratch(real_.planesScratch(extents));
  }
  void
  backwardPlanes(Complex * spectrum, const Extents & extents, Real * x) override
  {
    reserveScratch(real_.planesScratch(extents));
    mark(spectrum);
    mark(x);
  }
  void
  applySymbol(Complex * const *,
              int                    components,
              const SpectrumLayout & layout,
              const Symbol &,
              const SpectrumBand * band) override
  {
    reserveScratch(real_.symbolScratch(components, layout, band));
  }
  void
  copyBlocks(const Complex *, std::ptrdiff_t, Complex * y, std::ptrdiff_t, std::size_t, std::size_t) override
  {
    mark(y);
  }
  void
  resampleSpectrum(const Complex *, const SpectrumLayout & in, Complex *, const SpectrumLayout & out) override
  {
    reserveScratch(real_.resampleScratch(in, out));
  }

  Statistics
  statistics(const Real *, const Extents &, const Region & region) override
  {
    Statistics result;
    result.count = 1;
    for (int a = 0; a < 3; ++a)
    {
      result.count *= static_cast<std::size_t>(region.end[a] - region.begin[a]);
    }
    result.minimum = 1.0 - 1e-6; // not constant, a weight, and inside every bound on determinants
    result.maximum = 1.0;
    result.sum = static_cast<double>(result.count);
    return result;
  }
  void
  histogram(const Real *, std::size_t, double, double, std::uint64_t *, int) override
  {}
  void
  extendPeriodically(const Real *, const Extents &, const Extents &, Real * out) override
  {
    mark(out);
  }
  void
  extendByConstant(const Real *, const Extents &, const Extents &, Real, Real * out) override
  {
    mark(out);
  }
  void
  crop(const Real *, const Extents &, const Extents &, Real * out) override
  {
    mark(out);
  }

private:
  // Voxels, on grids whose spacing is one. Above the 4 that the transport allows a step, below twice as much, so that
  // four steps do and halos are as wide as they get.
  static constexpr double reach = 5.0;

  /** This array is not zero any more. */
  void
  mark(const void * x)
  {
    const auto found = zeroFrom(x);
    if (found != zeros_.end())
    {
      zeros_.erase(found);
    }
  }
  void
  markZero(const Real * x, std::size_t n)
  {
    const auto begin = reinterpret_cast<std::uintptr_t>(x);
    const auto end = begin + n * sizeof(Real);
    zeros_.erase(zeros_.lower_bound(begin), zeros_.lower_bound(end)); // of arrays that were here before
    zeros_[begin] = end;
  }
  bool
  isZero(const Real * x)
  {
    return zeroFrom(x) != zeros_.end();
  }
  std::map<std::uintptr_t, std::uintptr_t>::iterator
  zeroFrom(const void * x)
  {
    const auto address = reinterpret_cast<std::uintptr_t>(x);
    auto       next = zeros_.upper_bound(address);
    if (next == zeros_.begin())
    {
      return zeros_.end();
    }
    --next;
    return address < next->second ? next : zeros_.end();
  }

  Kernels &                                real_;
  std::size_t                              messageBytes_ = 0;
  std::size_t                              scratchBytes_ = 0;
  std::map<std::uintptr_t, std::uintptr_t> zeros_;            ///< begin -> end of what was filled with zero
  double                                   distance_ = 1e150; ///< halves with every question
};

} // namespace

std::unique_ptr<Kernels>
makePlanningKernels(Kernels & real)
{
  return std::make_unique<PlanningKernels>(real);
}

} // namespace gnr
