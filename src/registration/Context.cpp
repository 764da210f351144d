// SPDX-License-Identifier: Apache-2.0
#include "registration/Context.h"

#include "parallel/MessagePath.h"

#include <omp.h>

#include <algorithm>
#include <utility>

namespace gnr
{
namespace
{

/** Why there is no GPU, without what to do where one must be used. */
std::string
reasonFor(const Error & error)
{
  const std::string message = error.what(), purpose = "device cuda: ";
  if (message.find("does not exist") != std::string::npos) // the plugin: most machines do without
  {
    return "no plugin for GPUs is installed";
  }
  const std::size_t begin = message.rfind(purpose, 0) == 0 ? purpose.size() : 0;
  return "no GPU is used: " + message.substr(begin, message.find(';', begin) - begin);
}

} // namespace

Context
makeContext(const Options & options, std::shared_ptr<Communicator> communicator)
{
  Context context;
  context.communicator = std::move(communicator);
  Communicator & all = *context.communicator;
  // Where the user does not say otherwise, the processes of a machine share its processors.
  context.threads = options.threads.value_or(std::max(omp_get_max_threads() / all.sizeOnMachine(), 1));
  switch (options.device)
  {
    case Device::Reference:
      context.kernels = makeReferenceKernels();
      context.threads = 1;
      break;
    case Device::Cuda:
      context.kernels = makeCudaKernels(all.rankOnMachine());
      break;
    case Device::Auto:
      try
      {
        context.kernels = makeCudaKernels(all.rankOnMachine());
        context.deviceReason = "a GPU was found";
      }
      catch (const Error & error)
      {
        context.deviceReason = reasonFor(error);
        context.kernels = makeCpuKernels(context.threads);
      }
      break;
    case Device::Cpu:
      context.kernels = makeCpuKernels(context.threads);
      break;
  }
  context.device = context.kernels->description();
  if (!context.kernels->hasHostMemory())
  {
    context.hostKernels = makeCpuKernels(context.threads);
  }
  const MessagePathChoice path = chooseMessagePath(*context.kernels, all);
  context.transport = path.words;
  context.isPathRefused = path.isRefusal;
  context.sharers = processesOnDevice(*context.kernels, all);
  return context;
}

} // namespace gnr
