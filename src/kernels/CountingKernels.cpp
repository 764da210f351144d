// SPDX-License-Identifier: Apache-2.0
#include "kernels/CountingKernels.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <type_traits>
#include <utility>

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

/** A row of costs.h. */
struct Cost
{
  double bytes;
  double old;
  double interpolations;
  double transforms;
};

/** The arrays that hold zeros: filled with them, and not written since. */
class Zeros
{
public:
  void
  add(const Real * x, std::size_t n)
  {
    const auto begin = reinterpret_cast<std::uintptr_t>(x);
    const auto end = begin + n * sizeof(Real);
    ranges_.erase(ranges_.lower_bound(begin), ranges_.lower_bound(end)); // of arrays that were here before
    ranges_[begin] = end;
  }
  bool
  contain(const void * x)
  {
    return find(x) != ranges_.end();
  }
  void
  remove(const void * x)
  {
    const auto found = find(x);
    if (found != ranges_.end())
    {
      ranges_.erase(found);
    }
  }

private:
  std::map<std::uintptr_t, std::uintptr_t>::iterator
  find(const void * x)
  {
    const auto address = reinterpret_cast<std::uintptr_t>(x);
    auto       next = ranges_.upper_bound(address);
    if (next == ranges_.begin())
    {
      return ranges_.end();
    }
    --next;
    return address < next->second ? next : ranges_.end();
  }

  std::map<std::uintptr_t, std::uintptr_t> ranges_; ///< begin -> end
};

/** Components of a field that may be written. */
template <typename T, typename = void>
struct IsView : std::false_type
{};
template <typename T>
struct IsView<T, std::void_t<decltype(T::data)>> : std::is_same<decltype(T::data), Real *>
{};

/** What the arguments of a call tell, seen from first to last. */
class Arguments
{
public:
  explicit Arguments(Zeros & zeros)
    : zeros_(zeros)
  {}

  template <typename T>
  void
  next(const T & argument)
  {
    if constexpr (std::is_same<T, std::size_t>::value)
    {
      units_ = argument;
    }
    else if constexpr (std::is_same<T, Extents>::value)
    {
      units_ = argument.points();
    }
    else if constexpr (std::is_same<T, Padded>::value)
    {
      units_ = argument.interior.points();
    }
    else if constexpr (std::is_same<T, const Padded *>::value)
    {
      units_ = argument->interior.points();
    }
    else if constexpr (std::is_same<T, const Real *>::value)
    {
      missing_ += argument == nullptr ? 1 : 0;
    }
    else if constexpr (std::is_pointer<T>::value && !std::is_const<std::remove_pointer_t<T>>::value)
    {
      write(argument); // what may be written is
    }
    else if constexpr (IsView<T>::value)
    {
      write(argument.data);
    }
    isFactorZero_ = false;
    if constexpr (std::is_same<T, Real>::value)
    {
      isFactorZero_ = argument == Real(0);
    }
  }

  std::size_t
  units() const
  {
    return units_;
  }
  /** Bytes of one unit. */
  double
  bytes(const Cost & cost) const
  {
    return cost.bytes - (overwrites_ ? cost.old : 0.0) - 4.0 * missing_;
  }

private:
  void
  write(const void * out)
  {
    zeros_.remove(out);
    overwrites_ = overwrites_ || isFactorZero_;
  }

  Zeros &     zeros_;
  std::size_t units_ = 0;
  int         missing_ = 0;
  bool        isFactorZero_ = false; ///< the argument before this one is a factor, and zero
  bool        overwrites_ = false;
};

/** Everything but the kernels. */
class Counter : public CountingKernels
{
public:
  Counter(Kernels & real, Script & script, bool isOnDevice, std::function<double()> number)
    : CountingKernels(addresses)
    , real_(real)
    , script_(script)
    , isOnDevice_(isOnDevice)
    , number_(std::move(number))
  {}

  std::string
  description() const override
  {
    return "no kernels (rehearsal)";
  }

  const KernelWork &
  work() const override
  {
    return work_;
  }
  void
  clearWork() override
  {
    work_ = KernelWork();
  }

  bool
  hasValues() const override
  {
    return false;
  }
  bool
  ends(Loop loop, int rounds, bool) override
  {
    return script_.ends(loop, rounds);
  }
  bool
  passes(bool) override
  {
    return true;
  }
  double
  measured(Quantity quantity, double) override
  {
    return script_.measured(quantity);
  }

  bool
  hasHostMemory() const override
  {
    return real_.hasHostMemory();
  }
  bool
  readsPeriodicFields() const override
  {
    return isOnDevice_;
  }
  bool
  joinsComponents() const override
  {
    return isOnDevice_;
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
    zeros_.remove(memory);
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

protected:
  void
  add(const Cost & cost, double units, double bytes)
  {
    double & sum = cost.interpolations > 0.0 ? work_.interpolationBytes
                   : cost.transforms > 0.0   ? work_.transformBytes
                                             : work_.bytes;
    sum += units * bytes;
    work_.interpolations += units * cost.interpolations;
    work_.transforms += units * cost.transforms;
    work_.calls += units > 0.0 ? 1.0 : 0.0; // nothing is launched for nothing
  }

  /** Any kernel. */
  template <typename Result, typename... Parameters>
  Result
  call(const Cost & cost, const Parameters &... parameters)
  {
    Arguments arguments(zeros_);
    (arguments.next(parameters), ...);
    add(cost, static_cast<double>(arguments.units()), arguments.bytes(cost));
    if constexpr (std::is_same<Result, double>::value)
    {
      return number_() * static_cast<double>(std::max<std::size_t>(arguments.units(), 1)); // others may have values
    }
    else
    {
      return Result();
    }
  }

  Kernels &               real_;
  Script &                script_;
  const bool              isOnDevice_;
  std::function<double()> number_;
  KernelWork              work_;
  std::size_t             messageBytes_ = 0;
  std::size_t             scratchBytes_ = 0;
  Zeros                   zeros_;
};

// For each row of the table its cost, and a class that overrides the kernel of that name.
#define GNR_COST(kernel, bytes, old, values, transforms)                                                               \
  constexpr Cost kernel##Cost{ bytes, old, values, transforms };                                                       \
  template <typename Signature>                                                                                        \
  class Counting_##kernel;                                                                                             \
  template <typename Result, typename... Parameters>                                                                   \
  class Counting_##kernel<Result (Kernels::*)(Parameters...)> : public virtual Counter                                 \
  {                                                                                                                    \
  public:                                                                                                              \
    Result                                                                                                             \
    kernel(Parameters... parameters) override                                                                          \
    {                                                                                                                  \
      return this->template call<Result>(kernel##Cost, parameters...);                                                 \
    }                                                                                                                  \
  };
#include "kernels/costs.h"
#undef GNR_COST

/** All kernels together, and those of which more is known than their arguments tell. */
class EveryKernel
  :
#define GNR_COST(kernel, ...)                                                                                          \
public                                                                                                                 \
  Counting_##kernel<decltype(&Kernels::kernel)>,
#include "kernels/costs.h"
#undef GNR_COST
  public virtual Counter
{
public:
  EveryKernel(Kernels & real, Script & script, bool isOnDevice, std::function<double()> number)
    : Counter(real, script, isOnDevice, std::move(number))
  {}

  void
  fill(Real * x, std::size_t n, Real value) override
  {
    call<void>(fillCost, x, n, value);
    if (value == Real(0))
    {
      zeros_.add(x, n);
    }
  }
  double
  maximumAbsolute(const Real * x, std::size_t n) override
  {
    call<void>(maximumAbsoluteCost, x, n);
    return zeros_.contain(x) ? 0.0 : number_();
  }
  void
  pad(const Real *, const Padded & out) override
  {
    const Extents & e = out.interior;
    const Extents   wide{ e.nx + 2 * out.halo[0], e.ny + 2 * out.halo[1], e.nz };
    add(padCost, static_cast<double>(wide.points()), padCost.bytes);
  }

  void
  forwardPlanes(const Real * x, const Extents & extents, Complex * spectrum, std::ptrdiff_t rowStride) override
  {
    reserveScratch(real_.planesScratch(extents, rowStride));
    call<void>(forwardPlanesCost, x, extents, spectrum);
  }
  void
  backwardPlanes(Complex * spectrum, std::ptrdiff_t rowStride, const Extents & extents, Real * x) override
  {
    reserveScratch(real_.planesScratch(extents, rowStride));
    call<void>(backwardPlanesCost, spectrum, extents, x);
  }
  void
  applySymbol(Complex * const *,
              int                    components,
              const SpectrumLayout & layout,
              const Symbol &,
              const SpectrumBand * band) override
  {
    reserveScratch(real_.symbolScratch(components, layout, band));
    double numbers = columns(layout) * layout.size[2];
    if (band != nullptr)
    {
      numbers += 0.5 * columns(band->layout) * band->layout.size[2]; // there, not back
    }
    add(applySymbolCost, components * numbers, applySymbolCost.bytes);
  }
  void
  resampleSpectrum(const Complex * const *,
                   int                    components,
                   const SpectrumLayout & in,
                   Complex * const *      out,
                   const SpectrumLayout & outLayout) override
  {
    reserveScratch(real_.resampleScratch(components, in, outLayout));
    for (int c = 0; c < components; ++c)
    {
      zeros_.remove(out[c]);
    }
    // The columns that both have: there along one z, back along the other.
    add(resampleSpectrumCost,
        components * std::min(columns(in), columns(outLayout)) * (in.size[2] + outLayout.size[2]),
        resampleSpectrumCost.bytes);
  }
  void
  copyBlocks(const Complex *, std::ptrdiff_t, Complex * y, std::ptrdiff_t, std::size_t width, std::size_t count)
    override
  {
    call<void>(copyBlocksCost, y, width * count);
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
    result.maximum = number_(); // from 0 on: not constant, and a weight
    result.sum = number_() * static_cast<double>(result.count);
    add(statisticsCost, static_cast<double>(result.count), statisticsCost.bytes);
    return result;
  }

private:
  static double
  columns(const SpectrumLayout & layout)
  {
    return static_cast<double>(layout.rowCount()) * layout.nxHalf();
  }
};

} // namespace

std::unique_ptr<CountingKernels>
makeCountingKernels(Kernels & real, Script & script, bool isOnDevice, std::function<double()> number)
{
  return std::make_unique<EveryKernel>(real, script, isOnDevice, std::move(number));
}

} // namespace gnr
