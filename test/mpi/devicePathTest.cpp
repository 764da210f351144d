// SPDX-License-Identifier: Apache-2.0
// Which path messages between GPUs take, and why not another one.
#include "gpus.h"

#include "gnr/Error.h"

#include <utility>
#include <vector>

using namespace gnr;
using namespace gnr::test;

TEST(DevicePath, TakeThePathOfTheEnvironment)
{
  Member member(1000);
  if (member.communicator->size() == 1)
  {
    EXPECT_EQ(member.choice.words, "");
    return;
  }
  EXPECT_EQ(member.communicator->messagePath(), isDirect() ? MessagePath::Direct : MessagePath::Staged);
  EXPECT_EQ(member.choice.words,
            isDirect() ? "direct: " + member.communicator->description() + " reads and writes the memory of the GPUs"
                       : "staged through pinned host memory");
  EXPECT_FALSE(member.choice.isRefusal);
}

TEST(DevicePath, DirectOnesAreRefusedWhereTheyDoNotWork)
{
  Member first(1000);
  if (first.communicator->size() == 1)
  {
    return;
  }
  const int  rank = first.communicator->rank();
  const bool direct = isDirect(); // before the variable is changed
  const auto refusal = [&](Communicator & communicator) {
    const MessagePathChoice choice = chooseMessagePath(*first.kernels, communicator);
    EXPECT_TRUE(choice.isRefusal);
    EXPECT_EQ(communicator.messagePath(), MessagePath::Staged);
    EXPECT_EQ(choice.words.rfind("staged through pinned host memory, not directly as GNR_TRANSPORT asks: ", 0), 0u)
      << choice.words;
    return choice.words;
  };
  {
    // One process of which nobody has told it.
    const Variable variable("GNR_TRANSPORT", rank == 1 ? nullptr : "direct");
    const auto     communicator = makeMpiCommunicator();
    const auto     words = refusal(*communicator);
    EXPECT_TRUE(holds(words, direct ? "process 1: GNR_TRANSPORT=direct is not in its environment" : "process 0: "))
      << words;
  }
  {
    // One that computes on its processors.
    const Variable variable("GNR_TRANSPORT", "direct");
    const auto     communicator = makeMpiCommunicator();
    const auto     cpu = makeCpuKernels(1);
    const auto     choice = chooseMessagePath(rank == 0 ? *cpu : *first.kernels, *communicator);
    EXPECT_TRUE(choice.isRefusal);
    EXPECT_TRUE(holds(choice.words, "process 0: it computes on CPU")) << choice.words;
  }
  {
    const Variable variable("GNR_TRANSPORT", rank == 0 ? "quick" : "direct");
    const auto     communicator = makeMpiCommunicator();
    try
    {
      chooseMessagePath(*first.kernels, *communicator);
      ADD_FAILURE() << "a word that means nothing";
    }
    catch (const Error & error)
    {
      EXPECT_EQ(error.kind(), ErrorKind::BadInput);
      EXPECT_TRUE(holds(error.what(), "GNR_TRANSPORT: 'quick' is not allowed; use staged")) << error.what();
      communicator->announceFailure(error.kind(), error.what()); // as Registration does
    }
  }
  if (!direct)
  {
    const Variable variable("GNR_TRANSPORT", "direct");
    const auto     communicator = makeMpiCommunicator();
    const auto     words = refusal(*communicator);
    EXPECT_TRUE(holds(words, "process 0: " + communicator->description() + " knows nothing of the emulated device"))
      << words;
  }
}

namespace
{

/** An MPI library that says that it knows GPUs, and spoils a byte of what one process receives. */
class Spoiling : public Communicator
{
public:
  Spoiling(std::shared_ptr<Communicator> real, int spoiled)
    : real_(std::move(real))
    , spoiled_(spoiled)
  {}
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
    return "a library with a mistake";
  }
  std::optional<std::string>
  refusesDeviceMemory() const override
  {
    return std::nullopt;
  }
  void
  sum(double * values, std::size_t n) override
  {
    real_->sum(values, n);
  }
  void
  minimum(double * values, std::size_t n) override
  {
    real_->minimum(values, n);
  }
  void
  maximum(double * values, std::size_t n) override
  {
    real_->maximum(values, n);
  }
  void
  broadcast(void * data, std::size_t bytes, int root) override
  {
    real_->broadcast(data, bytes, root);
  }
  void
  finishExchange() override
  {
    real_->finishExchange();
    if (rank() == spoiled_)
    {
      last_[last_.bytes / 2] ^= 1;
    }
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
    last_ = { static_cast<char *>(receive.back().data), receive.back().bytes };
    real_->startExchange(Purpose::Images, send, receive);
  }

private:
  struct Bytes
  {
    char *      data = nullptr;
    std::size_t bytes = 0;
    char &
    operator[](std::size_t i) const
    {
      return data[i];
    }
  };
  std::shared_ptr<Communicator> real_;
  int                           spoiled_;
  Bytes                         last_;
};

} // namespace

TEST(DevicePath, ASelfTestFindsALibraryThatIsWrong)
{
  const auto communicator = makeMpiCommunicator();
  if (!isDirect() || communicator->size() == 1)
  {
    return; // host code cannot touch the memory of the device
  }
  const auto kernels = makeCudaKernels();
  for (int spoiled = 0; spoiled < communicator->size(); ++spoiled)
  {
    Spoiling   spoiling(communicator, spoiled);
    const auto choice = chooseMessagePath(*kernels, spoiling);
    EXPECT_TRUE(choice.isRefusal);
    EXPECT_EQ(spoiling.messagePath(), MessagePath::Staged);
    EXPECT_TRUE(holds(choice.words, "process " + std::to_string(spoiled) + ": a test message of 4000 bytes from") &&
                holds(choice.words, "did not arrive as it was sent"))
      << choice.words;
  }
}
