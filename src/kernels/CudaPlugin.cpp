// SPDX-License-Identifier: Apache-2.0
#include "kernels/CallersDevice.h"
#include "kernels/Plugin.h"
#include "kernels/kernels.h"

#include <atomic>
#include <string>

namespace gnr
{
namespace
{

constexpr const char * remedy =
  "build it with -DGaussNewtonRegistration_CUDA=ON or install the package that has it, and the "
  "libraries of CUDA that it names (cuFFT), or take --device cpu";

template <typename Function>
Function
find(const char * function)
{
  return reinterpret_cast<Function>(pluginFunction("gnr-cuda", function, "device cuda", remedy));
}

using Release = void (*)();
using Current = void * (*)();
using MakeCurrent = void (*)(void *);

// Null until the plugin is opened, which stays open.
std::atomic<Release>     release{ nullptr };
std::atomic<Current>     current{ nullptr };
std::atomic<MakeCurrent> makeCurrent{ nullptr };

thread_local CallersDevice * innermost = nullptr;

} // namespace

std::unique_ptr<Kernels>
makeCudaKernels(int processOnMachine)
{
  const auto make = find<Kernels * (*)(int)>("gnrMakeCudaKernels");
  release = find<Release>("gnrReleaseCuda");
  makeCurrent = find<MakeCurrent>("gnrSetCudaContext");
  current = find<Current>("gnrCudaContext");
  CallersDevice::pluginOpened();
  return std::unique_ptr<Kernels>(make(processOnMachine));
}

void
releaseCudaDevices()
{
  if (const Release function = release)
  {
    function();
  }
}

CallersDevice::CallersDevice()
  : outer_(innermost)
{
  innermost = this;
  remember();
}

CallersDevice::~CallersDevice()
{
  innermost = outer_;
  if (isKnown_)
  {
    makeCurrent.load()(context_);
  }
}

void
CallersDevice::remember()
{
  if (const Current function = current)
  {
    context_ = function();
    isKnown_ = true;
  }
}

void
CallersDevice::pluginOpened()
{
  for (CallersDevice * each = innermost; each != nullptr && !each->isKnown_; each = each->outer_)
  {
    each->remember();
  }
}

} // namespace gnr
