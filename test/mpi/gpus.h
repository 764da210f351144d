// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_test_mpi_gpus_h
#define gnr_test_mpi_gpus_h

#include "emulation.h"

#include "kernels/kernels.h"
#include "parallel/MessagePath.h"

#include "gnr/Communicator.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <string>

namespace gnr
{
namespace test
{

/** The path of messages that the environment asks for. */
inline bool
isDirect()
{
  const char * const path = std::getenv("GNR_TRANSPORT");
  return path != nullptr && std::strcmp(path, "direct") == 0;
}

/** A value of the environment as long as this lives. */
class Variable
{
public:
  Variable(const char * name, const char * value)
    : name_(name)
  {
    if (const char * const old = std::getenv(name))
    {
      old_ = old;
    }
    value != nullptr ? setenv(name, value, 1) : unsetenv(name);
  }
  ~Variable() { old_ ? setenv(name_, old_->c_str(), 1) : unsetenv(name_); }

private:
  const char *               name_;
  std::optional<std::string> old_;
};

inline bool
holds(const std::string & text, const std::string & part)
{
  return text.find(part) != std::string::npos;
}

inline void
expectNothingLeft()
{
  releaseCudaDevices(); // what is kept for the next registration
  const cuda_emulation::Objects left = cuda_emulation::objects();
  EXPECT_EQ(left.arrays, 0u);
  EXPECT_EQ(left.hostArrays, 0u);
  EXPECT_EQ(left.streams, 0u);
  EXPECT_EQ(left.plans, 0u);
}

/** Kernels on the device of this process, a communicator of all, and the path of the environment. */
struct Member
{
  /** \param onProcessors a rank that computes without a GPU, if there is one. */
  explicit Member(std::size_t piece, std::optional<int> onProcessors = std::nullopt)
    : communicator(makeMpiCommunicator())
    , kernels(onProcessors == communicator->rank() ? makeCpuKernels(1) : makeCudaKernels(communicator->rankOnMachine()))
  {
    communicator->setMessagePiece(piece);
    choice = chooseMessagePath(*kernels, *communicator);
  }
  std::shared_ptr<Communicator> communicator;
  std::unique_ptr<Kernels>      kernels;
  MessagePathChoice             choice;
};

} // namespace test
} // namespace gnr

#endif
