// SPDX-License-Identifier: Apache-2.0
// A plugin gnr-mpi for tests: everything goes to the real one, but one process fails in one call, with
//   GNR_TEST_FAULT=<process>:<purpose>:<number of the call, from 1>:<kind>, numbers of gnr::Purpose and gnr::ErrorKind.
// Reductions and broadcasts are calls of Purpose::Reduction. With GNR_TEST_FAULT_COUNTS=<folder> each process writes
// there, into a file named by its number, how often it has called, purpose by purpose.
#include "kernels/Plugin.h"

#include "gnr/Communicator.h"

#include <dlfcn.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>

namespace
{

using gnr::Error;
using gnr::ErrorKind;
using gnr::Message;
using gnr::Purpose;

template <typename Function>
Function
real(const char * name)
{
  static void * const plugin = dlopen(GNR_REAL_PLUGIN, RTLD_NOW | RTLD_LOCAL);
  if (plugin == nullptr)
  {
    throw Error(ErrorKind::BadInput, std::string("the plugin for faults: ") + dlerror());
  }
  return reinterpret_cast<Function>(dlsym(plugin, name));
}

/** Of all communicators of this process. */
std::array<long, gnr::numberOfPurposes> calls{};

class FaultyCommunicator : public gnr::Communicator
{
public:
  explicit FaultyCommunicator(gnr::Communicator * communicator)
    : real_(communicator)
  {}

  ~FaultyCommunicator() override
  {
    if (const char * folder = std::getenv("GNR_TEST_FAULT_COUNTS"))
    {
      std::ofstream file(std::string(folder) + "/" + std::to_string(rank()));
      for (const long number : calls)
      {
        file << number << ' ';
      }
    }
  }

  int
  rank() const override
  {
    return real_->rank();
  }
  int
  size() const override
  {
    return real_->size();
  }
  int
  rankOnMachine() const override
  {
    return real_->rankOnMachine();
  }
  int
  sizeOnMachine() const override
  {
    return real_->sizeOnMachine();
  }
  std::string
  description() const override
  {
    return real_->description();
  }
  std::optional<std::string>
  refusesDeviceMemory() const override
  {
    return real_->refusesDeviceMemory();
  }
  void
  sum(double * values, std::size_t number) override
  {
    called(Purpose::Reduction);
    real_->sum(values, number);
    takeReductions();
  }
  void
  minimum(double * values, std::size_t number) override
  {
    called(Purpose::Reduction);
    real_->minimum(values, number);
    takeReductions();
  }
  void
  maximum(double * values, std::size_t number) override
  {
    called(Purpose::Reduction);
    real_->maximum(values, number);
    takeReductions();
  }
  void
  broadcast(void * data, std::size_t bytes, int root) override
  {
    called(Purpose::Reduction);
    real_->broadcast(data, bytes, root);
    takeReductions();
  }
  void
  finishExchange() override
  {
    real_->finishExchange();
  }
  void
  announceFailure(ErrorKind kind, const std::string & message) override
  {
    real_->announceFailure(kind, message);
  }

protected:
  void
  start(const std::vector<Message> & send, const std::vector<Message> & receive) override
  {
    // What is sent has just been counted. An exchange in which this process sends nothing passes for one of images.
    Purpose purpose = Purpose::Images;
    for (const Purpose other : { Purpose::Halo, Purpose::Transpose })
    {
      if (traffic(other).messages != real_->traffic(other).messages)
      {
        purpose = other;
      }
    }
    called(purpose);
    real_->startExchange(purpose, send, receive);
  }

private:
  void
  called(Purpose purpose)
  {
    const int    which = static_cast<int>(purpose);
    const long   number = ++calls[which];
    const char * fault = std::getenv("GNR_TEST_FAULT");
    int          process = 0;
    int          where = 0;
    long         when = 0;
    int          kind = 0;
    if (fault != nullptr && std::sscanf(fault, "%d:%d:%ld:%d", &process, &where, &when, &kind) == 4 &&
        process == rank() && where == which && when == number)
    {
      throw Error(static_cast<ErrorKind>(kind), "a fault that a test has ordered");
    }
  }

  void
  takeReductions()
  {
    const auto & theirs = real_->traffic(Purpose::Reduction);
    const auto & ours = traffic(Purpose::Reduction);
    count(Purpose::Reduction, theirs.messages - ours.messages, theirs.bytes - ours.bytes);
  }

  std::unique_ptr<gnr::Communicator> real_;
};

} // namespace

extern "C" GNR_PLUGIN_FUNCTION const char *
gnrPluginVersion()
{
  return gnr::pluginVersion();
}

extern "C" GNR_PLUGIN_FUNCTION bool
gnrIsMpiInitialized()
{
  return real<bool (*)()>("gnrIsMpiInitialized")();
}

extern "C" GNR_PLUGIN_FUNCTION gnr::Communicator *
                               gnrMakeMpiCommunicator(const int * fortranHandle, std::size_t longestMessage)
{
  using Make = gnr::Communicator * (*)(const int *, std::size_t);
  return new FaultyCommunicator(real<Make>("gnrMakeMpiCommunicator")(fortranHandle, longestMessage));
}
