// SPDX-License-Identifier: Apache-2.0
// Conjugate gradients whose numbers stay on the device: no call here waits but state().
#include "kernels/cuda/reduce.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <stdexcept>

namespace gnr
{
namespace cuda
{
namespace
{

/** KrylovState, and what updates read. */
struct Numbers
{
  KrylovState state;
  double      alpha;
  double      beta;
  double      mean[3]; ///< of the components of r
};
static_assert(sizeof(Numbers) <= CudaKernels::krylovBytes);

/** What a reduction over the points of a vector field gives at once. */
template <int count>
struct Sums
{
  double value[count];
};

template <int count>
__device__ __forceinline__ void
sumOfWarp(Sums<count> & sums)
{
#pragma unroll
  for (int s = 0; s < count; ++s)
  {
    for (unsigned distance = warpLanes / 2; distance > 0; distance /= 2)
    {
      sums.value[s] += __shfl_down_sync(allLanes, sums.value[s], distance);
    }
  }
}

/** The sums over all threads of a block, in its first thread, in an order that is always the same. */
template <int count>
__device__ __forceinline__ void
sumOfBlock(Sums<count> & sums)
{
  __shared__ Sums<count> warps[reduceBlock / warpLanes];
  sumOfWarp(sums);
  if (threadIdx.x % warpLanes == 0)
  {
    warps[threadIdx.x / warpLanes] = sums;
  }
  __syncthreads();
  if (threadIdx.x == 0)
  {
    for (int w = 1; w < reduceBlock / warpLanes; ++w)
    {
      for (int s = 0; s < count; ++s)
      {
        sums.value[s] += warps[w].value[s];
      }
    }
  }
}

template <int count, typename Term>
__global__ void
__launch_bounds__(reduceBlock) sumKernel(std::size_t n, Term term, Sums<count> * partial)
{
  const std::size_t step = static_cast<std::size_t>(gridDim.x) * reduceBlock;
  Sums<count>       sums{};
  for (std::size_t i = static_cast<std::size_t>(blockIdx.x) * reduceBlock + threadIdx.x; i < n; i += step)
  {
    term(i, sums);
  }
  sumOfBlock(sums);
  if (threadIdx.x == 0)
  {
    partial[blockIdx.x] = sums;
  }
}

/** What the blocks of sumKernel() give, to the numbers: one block. */
template <int count, typename Update>
__global__ void
__launch_bounds__(reduceBlock)
  updateKernel(const Sums<count> * partial, unsigned blocks, Numbers * numbers, Update update)
{
  Sums<count> sums{};
  for (unsigned b = threadIdx.x; b < blocks; b += reduceBlock)
  {
    for (int s = 0; s < count; ++s)
    {
      sums.value[s] += partial[b].value[s];
    }
  }
  sumOfBlock(sums);
  if (threadIdx.x == 0)
  {
    update(sums, *numbers);
  }
}

//---- terms of sums ------------------------------------------------------------------------------------------------
struct Product
{
  const Real * x;
  const Real * y;

  __device__ void
  operator()(std::size_t i, Sums<1> & sums) const
  {
    sums.value[0] += double(x[i]) * double(y[i]);
  }
};

struct ProductWithSum
{
  const Real * p;
  const Real * q;
  const Real * ap;

  __device__ void
  operator()(std::size_t i, Sums<1> & sums) const
  {
    sums.value[0] += double(p[i]) * (double(q[i]) + double(ap[i]));
  }
};

/** Of all components at a point. 24 B a point */
struct ResidualAndMeans
{
  const Real * r;
  const Real * z;
  std::size_t  n;

  __device__ void
  operator()(std::size_t i, Sums<4> & sums) const
  {
#pragma unroll
    for (int c = 0; c < 3; ++c)
    {
      const double value = double(r[c * n + i]);
      sums.value[0] += value * double(z[c * n + i]);
      sums.value[1 + c] += value;
    }
  }
};

//---- what the sums make of the numbers, as HostKrylovNumbers ------------------------------------------------------
template <int count>
__device__ __forceinline__ void
takeMeans(const Sums<count> & sums, double allPoints, Numbers & numbers)
{
  for (int c = 1; c < count; ++c)
  {
    numbers.mean[c - 1] = sums.value[c] / allPoints;
  }
}

struct Start
{
  double allPoints;
  double share;
  double rz; ///< if it is known
  bool   isKnown;
  bool   isFirst;

  template <int count>
  __device__ void
  operator()(const Sums<count> & sums, Numbers & numbers) const
  {
    KrylovState & state = numbers.state;
    state.rz = isKnown ? rz : sums.value[0] / allPoints;
    state.target = share * state.rz;
    state.slope = 0.0;
    state.iterations = 0;
    state.iterationsOfAll = isFirst ? 0 : state.iterationsOfAll;
    state.isGoing = true;
    state.isFinite = isFirst || state.isFinite;
    takeMeans(sums, allPoints, numbers);
  }
};

struct Advance
{
  double allPoints;

  __device__ void
  operator()(const Sums<1> & sums, Numbers & numbers) const
  {
    KrylovState & state = numbers.state;
    state.isGoing = state.isGoing && state.rz > state.target;
    if (!state.isGoing)
    {
      return;
    }
    ++state.iterations;
    ++state.iterationsOfAll;
    const double curvature = sums.value[0] / allPoints;
    const bool   isFinite = curvature - curvature == 0.0;
    state.isFinite = state.isFinite && isFinite;
    state.isGoing = isFinite && curvature > 0.0;
    if (state.isGoing)
    {
      numbers.alpha = state.rz / curvature;
      state.slope -= numbers.alpha * state.rz;
    }
  }
};

struct Turn
{
  double allPoints;

  template <int count>
  __device__ void
  operator()(const Sums<count> & sums, Numbers & numbers) const
  {
    KrylovState & state = numbers.state;
    const double  next = sums.value[0] / allPoints;
    state.isGoing = state.isGoing && next > 0.0;
    if (state.isGoing)
    {
      numbers.beta = next / state.rz;
      state.rz = next;
      takeMeans(sums, allPoints, numbers);
    }
  }
};

//---- updates of fields --------------------------------------------------------------------------------------------
/** 24 B a component and point */
struct Direction
{
  const Numbers * numbers;
  bool            isFirst;
  const Real *    r;
  const Real *    z;
  Real *          p;
  Real *          ap;
  std::size_t     n;

  __device__ void
  operator()(std::size_t i) const
  {
    if (!numbers->state.isGoing)
    {
      return;
    }
    const Real beta = isFirst ? Real(0) : Real(numbers->beta);
#pragma unroll
    for (int c = 0; c < 3; ++c)
    {
      const std::size_t o = c * n + i;
      const Real        right = r[o] - Real(numbers->mean[c]);
      p[o] = isFirst ? z[o] : z[o] + beta * p[o];
      ap[o] = isFirst ? right : right + beta * ap[o];
    }
  }
};

/** 12 B a component and point */
struct ProductDirection
{
  const Numbers * numbers;
  bool            isFirst;
  const Real *    z;
  Real *          p;

  __device__ void
  operator()(std::size_t i) const
  {
    if (numbers->state.isGoing)
    {
      p[i] = isFirst ? z[i] : z[i] + Real(numbers->beta) * p[i];
    }
  }
};

/** 28 B a component and point, 24 without ap */
struct Step
{
  const Numbers * numbers;
  const Real *    p;
  const Real *    q;
  const Real *    ap; ///< may be null
  Real *          x;
  Real *          r;

  __device__ void
  operator()(std::size_t i) const
  {
    if (numbers->state.isGoing)
    {
      const Real alpha = Real(numbers->alpha);
      x[i] += alpha * p[i];
      r[i] -= alpha * (ap != nullptr ? q[i] + ap[i] : q[i]);
    }
  }
};

class DeviceKrylovNumbers : public KrylovNumbers
{
public:
  DeviceKrylovNumbers(CudaKernels & kernels, const SharedField & field)
    : kernels_(kernels)
    , n_(field.points)
    , allPoints_(field.allPoints)
    , slot_(kernels.takeKrylovSlot())
    , numbers_(static_cast<Numbers *>(kernels.krylovMemory(slot_)))
  {}
  ~DeviceKrylovNumbers() override { kernels_.giveKrylovSlot(slot_); }

  void
  start(const Real * r, const Real * z, double share, std::optional<double> rz, Real * p, Real * ap) override;
  void
  advance(const Real * p, const Real * q, const Real * ap, Real * x, Real * r) override;
  void
  turn(const Real * r, const Real * z, Real * p, Real * ap) override;

  bool
  isAtHand() const override
  {
    return false;
  }
  const KrylovState &
  state() override
  {
    if (!isCurrent_)
    {
      const Partials<KrylovState> place{ &numbers_->state, kernels_.partials<KrylovState>().host };
      kernels_.fetch(place, 1);
      state_ = *place.host;
      isCurrent_ = true;
    }
    return state_;
  }

private:
  /** Sums term(i) over the values and gives the numbers to update(sums, numbers). */
  template <int count, typename Term, typename Update>
  void
  sum(StreamHere here, std::size_t n, Term term, Update update)
  {
    constexpr std::size_t termsPerThread = 16;
    const unsigned        blocks = std::max(
      std::min(blocksFor(n, reduceBlock * termsPerThread), static_cast<unsigned>(CudaKernels::mostPartials)), 1u);
    Sums<count> * const partial = kernels_.partials<Sums<count>>().device;
    launch(sumKernel<count, Term>, dim3(blocks), dim3(reduceBlock), 0, here, n, term, partial);
    launch(updateKernel<count, Update>, dim3(1), dim3(reduceBlock), 0, here, partial, blocks, numbers_, update);
    isCurrent_ = false;
  }
  /** <r, z> and, for a loop with ap, the sums of the components of r. */
  template <typename Update>
  void
  sumResidual(StreamHere here, const Real * r, const Real * z, bool withMeans, Update update)
  {
    if (withMeans)
    {
      sum<4>(here, n_, ResidualAndMeans{ r, z, n_ }, update);
    }
    else
    {
      sum<1>(here, 3 * n_, Product{ r, z }, update);
    }
  }
  /** p and, if there is one, ap from the numbers. \param isFirst what they hold is not read. */
  void
  updateDirection(StreamHere here, bool isFirst, const Real * r, const Real * z, Real * p, Real * ap)
  {
    if (ap != nullptr)
    {
      forEach(here, n_, Direction{ numbers_, isFirst, r, z, p, ap, n_ });
    }
    else
    {
      forEach(here, 3 * n_, ProductDirection{ numbers_, isFirst, z, p });
    }
  }

  CudaKernels & kernels_;
  std::size_t   n_;
  double        allPoints_;
  int           slot_;
  Numbers *     numbers_; ///< on the device
  KrylovState   state_;
  bool          isCurrent_ = true; ///< state_ is what the device has
  bool          isFirst_ = true;   ///< no loop has begun
};

} // namespace

void
DeviceKrylovNumbers::start(const Real * r, const Real * z, double share, std::optional<double> rz, Real * p, Real * ap)
{
  const StreamHere here(kernels_.stream(), __FILE__, __LINE__, "krylovStart");
  sumResidual(here, r, z, ap != nullptr, Start{ allPoints_, share, rz.value_or(0.0), rz.has_value(), isFirst_ });
  isFirst_ = false;
  updateDirection(here, true, r, z, p, ap);
}

void
DeviceKrylovNumbers::advance(const Real * p, const Real * q, const Real * ap, Real * x, Real * r)
{
  const StreamHere here(kernels_.stream(), __FILE__, __LINE__, "krylovAdvance");
  if (ap != nullptr)
  {
    sum<1>(here, 3 * n_, ProductWithSum{ p, q, ap }, Advance{ allPoints_ });
  }
  else
  {
    sum<1>(here, 3 * n_, Product{ p, q }, Advance{ allPoints_ });
  }
  forEach(here, 3 * n_, Step{ numbers_, p, q, ap, x, r });
}

void
DeviceKrylovNumbers::turn(const Real * r, const Real * z, Real * p, Real * ap)
{
  const StreamHere here(kernels_.stream(), __FILE__, __LINE__, "krylovTurn");
  sumResidual(here, r, z, ap != nullptr, Turn{ allPoints_ });
  updateDirection(here, false, r, z, p, ap);
}

std::unique_ptr<KrylovNumbers>
CudaKernels::makeKrylovNumbers(const SharedField & field)
{
  // Sums over several processes go through the host anyway.
  if (field.isShared)
  {
    return Kernels::makeKrylovNumbers(field);
  }
  return std::make_unique<DeviceKrylovNumbers>(*this, field);
}

int
CudaKernels::takeKrylovSlot()
{
  const auto free = std::find(krylovSlots_.begin(), krylovSlots_.end(), false);
  if (free == krylovSlots_.end())
  {
    throw std::logic_error("CudaKernels: too many loops of conjugate gradients inside one another");
  }
  *free = true;
  return static_cast<int>(free - krylovSlots_.begin());
}

} // namespace cuda
} // namespace gnr
