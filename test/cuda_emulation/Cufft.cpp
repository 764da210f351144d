// SPDX-License-Identifier: Apache-2.0
// cuFFT on FFTW. Stricter than the original where that allows itself more: work areas are overwritten, and so is the
// input of complex-to-real transforms.
#include "emulation.h"

#include <cufft.h>
#include <fftw3.h>

#include <cstring>
#include <limits>
#include <map>
#include <memory>
#include <vector>

namespace
{

using Plan = fftwf_plan;

struct Transform
{
  bool                isMade = false;
  int                 rank = 0;
  int                 n[3] = {};
  int                 inEmbed[3] = {};
  int                 outEmbed[3] = {};
  int                 inStride = 1, inDistance = 0, outStride = 1, outDistance = 0;
  int                 batch = 0;
  cufftType           type = CUFFT_C2C;
  bool                automatic = true;
  void *              area = nullptr;
  std::size_t         areaBytes = 0;
  cudaStream_t        stream = nullptr;
  std::map<int, Plan> plans; ///< by direction and by whether it works in place
  ~Transform()
  {
    for (auto & plan : plans)
    {
      fftwf_destroy_plan(plan.second);
    }
  }
};

std::map<cufftHandle, std::shared_ptr<Transform>> &
transforms()
{
  static std::map<cufftHandle, std::shared_ptr<Transform>> instance;
  return instance;
}

std::shared_ptr<Transform>
find(cufftHandle handle)
{
  const auto found = transforms().find(handle);
  return found == transforms().end() ? nullptr : found->second;
}

/** Values from the first to the last that one side of a transform touches. */
std::size_t
extent(const Transform & t, bool isInput)
{
  const int * embed = isInput ? t.inEmbed : t.outEmbed;
  const bool  isHalf = (t.type == CUFFT_R2C && !isInput) || (t.type == CUFFT_C2R && isInput);
  std::size_t last = 0;
  for (int d = 0; d < t.rank; ++d)
  {
    const int n = d == t.rank - 1 && isHalf ? t.n[d] / 2 + 1 : t.n[d];
    last = last * (d == 0 ? 0 : embed[d]) + (n - 1);
  }
  return last * (isInput ? t.inStride : t.outStride) +
         std::size_t(t.batch - 1) * (isInput ? t.inDistance : t.outDistance) + 1;
}

Plan
planFor(Transform & t, int direction, void * in, void * out)
{
  Plan & plan = t.plans[2 * (direction + 1) + (in == out ? 1 : 0)];
  if (plan == nullptr)
  {
    const unsigned flags = FFTW_ESTIMATE | FFTW_UNALIGNED; // estimating touches no values
    auto *         complexIn = static_cast<fftwf_complex *>(in);
    auto *         complexOut = static_cast<fftwf_complex *>(out);
    if (t.type == CUFFT_R2C)
    {
      plan = fftwf_plan_many_dft_r2c(t.rank,
                                     t.n,
                                     t.batch,
                                     static_cast<float *>(in),
                                     t.inEmbed,
                                     t.inStride,
                                     t.inDistance,
                                     complexOut,
                                     t.outEmbed,
                                     t.outStride,
                                     t.outDistance,
                                     flags);
    }
    else if (t.type == CUFFT_C2R)
    {
      plan = fftwf_plan_many_dft_c2r(t.rank,
                                     t.n,
                                     t.batch,
                                     complexIn,
                                     t.inEmbed,
                                     t.inStride,
                                     t.inDistance,
                                     static_cast<float *>(out),
                                     t.outEmbed,
                                     t.outStride,
                                     t.outDistance,
                                     flags);
    }
    else
    {
      plan = fftwf_plan_many_dft(t.rank,
                                 t.n,
                                 t.batch,
                                 complexIn,
                                 t.inEmbed,
                                 t.inStride,
                                 t.inDistance,
                                 complexOut,
                                 t.outEmbed,
                                 t.outStride,
                                 t.outDistance,
                                 direction,
                                 flags);
    }
  }
  return plan;
}

/** Overwrites what a complex-to-real transform reads; what lies between its rows belongs to others. */
void
spoilInput(const Transform & t, void * in)
{
  std::size_t rows = 1;
  for (int d = 0; d < t.rank - 1; ++d)
  {
    rows *= t.n[d];
  }
  const std::size_t half = t.n[t.rank - 1] / 2 + 1;
  for (int b = 0; b < t.batch; ++b)
  {
    for (std::size_t row = 0; row < rows; ++row)
    {
      std::size_t place = 0, rest = row, size = 1; // of the row among those that are embedded
      for (int d = t.rank - 2; d >= 0; --d)
      {
        place += rest % t.n[d] * size;
        rest /= t.n[d];
        size *= t.inEmbed[d];
      }
      auto * const values =
        static_cast<cufftComplex *>(in) + std::size_t(b) * t.inDistance + place * t.inEmbed[t.rank - 1] * t.inStride;
      for (std::size_t i = 0; i < half; ++i)
      {
        std::memset(values + i * t.inStride, 0xff, sizeof(cufftComplex));
      }
    }
  }
}

cufftResult
execute(cufftHandle handle, cufftType type, void * in, void * out, int direction, const char * name)
{
  if (const int error = cuda_emulation::injectedError(name))
  {
    return static_cast<cufftResult>(error);
  }
  const auto t = find(handle);
  if (t == nullptr || !t->isMade)
  {
    return CUFFT_INVALID_PLAN;
  }
  const std::size_t inBytes = extent(*t, true) * (type == CUFFT_R2C ? sizeof(float) : sizeof(cufftComplex));
  const std::size_t outBytes = extent(*t, false) * (type == CUFFT_C2R ? sizeof(float) : sizeof(cufftComplex));
  const auto isAligned = [](void * p) { return reinterpret_cast<std::uintptr_t>(p) % sizeof(cufftComplex) == 0; };
  if (t->type != type || !isAligned(in) || !isAligned(out) || !cuda_emulation::isDeviceMemory(in, inBytes) ||
      !cuda_emulation::isDeviceMemory(out, outBytes) ||
      (t->areaBytes > 0 && !cuda_emulation::isDeviceMemory(t->area, t->areaBytes)))
  {
    return CUFFT_INVALID_VALUE;
  }
  const Plan plan = planFor(*t, direction, in, out);
  if (plan == nullptr)
  {
    return CUFFT_INTERNAL_ERROR;
  }
  ++cuda_emulation::countedWork().transforms;
  cuda_emulation::enqueue(t->stream, [t, plan, type, in, out, area = t->area] {
    if (t->areaBytes > 0)
    {
      std::memset(area, 0xff, t->areaBytes);
    }
    if (type == CUFFT_R2C)
    {
      fftwf_execute_dft_r2c(plan, static_cast<float *>(in), static_cast<fftwf_complex *>(out));
    }
    else if (type == CUFFT_C2R)
    {
      fftwf_execute_dft_c2r(plan, static_cast<fftwf_complex *>(in), static_cast<float *>(out));
      if (in != out)
      {
        spoilInput(*t, in);
      }
    }
    else
    {
      fftwf_execute_dft(plan, static_cast<fftwf_complex *>(in), static_cast<fftwf_complex *>(out));
    }
  });
  return CUFFT_SUCCESS;
}

} // namespace

cufftResult
cufftCreate(cufftHandle * plan)
{
  if (const int error = cuda_emulation::injectedError("cufftCreate"))
  {
    return static_cast<cufftResult>(error);
  }
  static cufftHandle last = 0;
  *plan = ++last;
  transforms().emplace(*plan, std::make_shared<Transform>());
  cuda_emulation::countPlan(1);
  return CUFFT_SUCCESS;
}

cufftResult
cufftDestroy(cufftHandle plan)
{
  if (transforms().erase(plan) == 0)
  {
    return CUFFT_INVALID_PLAN;
  }
  cuda_emulation::countPlan(-1);
  return CUFFT_SUCCESS;
}

cufftResult
cufftSetAutoAllocation(cufftHandle plan, int automatic)
{
  const auto t = find(plan);
  if (t == nullptr || t->isMade)
  {
    return CUFFT_INVALID_PLAN;
  }
  t->automatic = automatic != 0;
  return CUFFT_SUCCESS;
}

cufftResult
cufftSetWorkArea(cufftHandle plan, void * area)
{
  if (const int error = cuda_emulation::injectedError("cufftSetWorkArea"))
  {
    return static_cast<cufftResult>(error);
  }
  const auto t = find(plan);
  if (t == nullptr)
  {
    return CUFFT_INVALID_PLAN;
  }
  t->area = area;
  return CUFFT_SUCCESS;
}

cufftResult
cufftSetStream(cufftHandle plan, cudaStream_t stream)
{
  if (const int error = cuda_emulation::injectedError("cufftSetStream"))
  {
    return static_cast<cufftResult>(error);
  }
  const auto t = find(plan);
  if (t == nullptr || !cuda_emulation::isStream(stream))
  {
    return CUFFT_INVALID_PLAN;
  }
  t->stream = stream;
  return CUFFT_SUCCESS;
}

cufftResult
cufftMakePlanMany64(cufftHandle     plan,
                    int             rank,
                    long long int * n,
                    long long int * inEmbed,
                    long long int   inStride,
                    long long int   inDistance,
                    long long int * outEmbed,
                    long long int   outStride,
                    long long int   outDistance,
                    cufftType       type,
                    long long int   batch,
                    std::size_t *   workBytes)
{
  if (const int error = cuda_emulation::injectedError("cufftMakePlanMany64"))
  {
    return static_cast<cufftResult>(error);
  }
  const auto t = find(plan);
  if (t == nullptr || t->isMade)
  {
    return CUFFT_INVALID_PLAN;
  }
  if (rank < 1 || rank > 3 || batch < 1 || (inEmbed == nullptr) != (outEmbed == nullptr))
  {
    return CUFFT_INVALID_VALUE;
  }
  t->rank = rank;
  t->type = type;
  t->batch = static_cast<int>(batch);
  long long packedIn = 1, packedOut = 1;
  for (int d = 0; d < rank; ++d)
  {
    t->n[d] = static_cast<int>(n[d]);
    const long long half = d == rank - 1 ? n[d] / 2 + 1 : n[d];
    const long long in = type == CUFFT_C2R ? half : n[d], out = type == CUFFT_R2C ? half : n[d];
    packedIn *= in;
    packedOut *= out;
    t->inEmbed[d] = static_cast<int>(inEmbed != nullptr ? inEmbed[d] : in);
    t->outEmbed[d] = static_cast<int>(outEmbed != nullptr ? outEmbed[d] : out);
  }
  const bool isPacked = inEmbed == nullptr; // strides and distances do not count then
  t->inStride = isPacked ? 1 : static_cast<int>(inStride);
  t->outStride = isPacked ? 1 : static_cast<int>(outStride);
  t->inDistance = static_cast<int>(isPacked ? packedIn : inDistance);
  t->outDistance = static_cast<int>(isPacked ? packedOut : outDistance);
  t->isMade = true;
  ++cuda_emulation::countedWork().plans;
  t->areaBytes = t->automatic ? 0 : sizeof(cufftComplex) * t->batch * static_cast<std::size_t>(packedOut);
  if (workBytes != nullptr)
  {
    *workBytes = t->areaBytes;
  }
  return CUFFT_SUCCESS;
}

cufftResult
cufftExecC2C(cufftHandle plan, cufftComplex * in, cufftComplex * out, int direction)
{
  return execute(plan, CUFFT_C2C, in, out, direction, "cufftExecC2C");
}

cufftResult
cufftExecR2C(cufftHandle plan, cufftReal * in, cufftComplex * out)
{
  return execute(plan, CUFFT_R2C, in, out, CUFFT_FORWARD, "cufftExecR2C");
}

cufftResult
cufftExecC2R(cufftHandle plan, cufftComplex * in, cufftReal * out)
{
  return execute(plan, CUFFT_C2R, in, out, CUFFT_INVERSE, "cufftExecC2R");
}
