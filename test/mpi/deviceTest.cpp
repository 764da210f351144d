// SPDX-License-Identifier: Apache-2.0
// Messages between the arrays of emulated GPUs, one for each process, on the path that GNR_TRANSPORT names; direct ones
// with CUDA_EMULATION_MEMORY=open, where the MPI library can read and write the memory of the emulated device as one
// that knows CUDA does that of a GPU. What a real library does with a real GPU is not tested.
#include "emulation.h"
#include "problems.h"

#include "parallel/FourierTransform.h"
#include "parallel/MessagePath.h"
#include "parallel/Messenger.h"

#include "gnr/Communicator.h"
#include "gnr/Registration.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>

using namespace gnr;

namespace
{

bool
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

bool
holds(const std::string & text, const std::string & part)
{
  return text.find(part) != std::string::npos;
}

void
expectNothingLeft()
{
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

std::vector<Real>
read(Kernels & kernels, const Real * data, std::size_t n)
{
  std::vector<Real> values(n);
  kernels.copyToHost(data, values.data(), n * sizeof(Real));
  return values;
}

/** The planes of this process of `components` fields of the whole grid. */
Buffer
part(Domain & domain, const std::vector<Real> & whole, int components)
{
  const std::size_t plane = static_cast<std::size_t>(domain.grid().size[0]) * domain.grid().size[1];
  Buffer            result(domain.kernels(), components * domain.points());
  for (int c = 0; c < components; ++c)
  {
    domain.kernels().copyFromHost(whole.data() + c * domain.grid().points() + plane * domain.slab().begin,
                                  result.data() + c * domain.points(),
                                  domain.points() * sizeof(Real));
  }
  return result;
}

std::vector<Real>
noise(std::size_t n)
{
  std::vector<Real> values(n);
  unsigned          state = 4711u;
  for (Real & value : values)
  {
    state = 1664525u * state + 1013904223u;
    value = Real(state >> 8) / Real(1 << 24) - Real(0.5);
  }
  return values;
}

Real
letter(int from, int to, int round, std::size_t i)
{
  return Real(from) + Real(0.125) * Real(to) + Real(100 * round) + Real(1000) * Real(i % 1000);
}

} // namespace

TEST(DeviceMessages, TakeThePathOfTheEnvironment)
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

TEST(DeviceMessages, ArriveWhateverTheirSize)
{
  // Below, at and above one piece, and with many; from every process to every other, several exchanges in a row, with
  // kernels that make what is sent just before and overwrite it just after.
  constexpr std::size_t piece = 4000, sizes[] = { 1, 999, 1000, 1001, 2000, 20011 };
  {
    Member      member(piece);
    Kernels &   kernels = *member.kernels;
    const int   own = member.communicator->rank(), ranks = member.communicator->size();
    std::size_t longest = 0;
    for (int round = 0; round < 3; ++round)
    {
      std::vector<Buffer>  sent, received;
      std::vector<Message> send, receive;
      std::vector<int>     peers;
      for (int rank = 0; rank < ranks; ++rank)
      {
        for (std::size_t s = 0; s < 6 && rank != own; ++s)
        {
          // Another size on the way back, so that the rounds of two processes differ.
          const std::size_t out = sizes[(s + own) % 6], in = sizes[(s + rank) % 6];
          std::vector<Real> values(out);
          for (std::size_t i = 0; i < out; ++i)
          {
            values[i] = letter(own, rank, round, i) - Real(1);
          }
          sent.emplace_back(kernels, out);
          received.emplace_back(kernels, in);
          kernels.copyFromHost(values.data(), sent.back().data(), out * sizeof(Real));
          kernels.scaleAndShift(Real(1), sent.back().data(), Real(1), sent.back().data(), out);
          kernels.fill(received.back().data(), in, Real(-1));
          send.push_back({ sent.back().data(), out * sizeof(Real), rank });
          receive.push_back({ received.back().data(), in * sizeof(Real), rank });
          peers.push_back(rank);
          longest = std::max(longest, std::max(in, out) * sizeof(Real));
        }
      }
      Messenger messenger(kernels, *member.communicator);
      messenger.start(Purpose::Halo, send, receive);
      double one = 1.0;
      member.communicator->sum(&one, 1); // other calls may come between
      messenger.finish();
      for (const Buffer & buffer : sent)
      {
        kernels.fill(buffer.data(), buffer.size(), Real(-2));
      }
      for (std::size_t m = 0; m < received.size(); ++m)
      {
        const std::vector<Real> values = read(kernels, received[m].data(), received[m].size());
        for (std::size_t i = 0; i < values.size(); ++i)
        {
          ASSERT_EQ(values[i], letter(peers[m], own, round, i)) << "value " << i << " from rank " << peers[m];
        }
      }
    }
    const std::size_t pieces = 2 * 6 * std::size_t(ranks - 1); // of those sent and received in one round
    if (ranks == 1 || isDirect())
    {
      EXPECT_EQ(kernels.messageBytes(), 0u);
    }
    else
    {
      EXPECT_GT(longest, 10 * piece);
      EXPECT_LE(kernels.messageBytes(), 2 * pieces * (piece + 64)) << "two halves, not the whole messages";
      EXPECT_LE(cuda_emulation::objects().hostBytes, kernels.messageBytes() + kernels.hostBytes())
        << "memory that nobody counts";
    }
  }
  expectNothingLeft();
}

namespace
{

void
expectHalos(std::optional<int> onProcessors)
{
  for (const Grid & grid : { Grid{ { 6, 5, 22 }, {} }, Grid{ { 4, 4, 6 }, {} } })
  {
    Member            member(200, onProcessors);
    Domain            domain(grid, *member.kernels, *member.communicator);
    const auto &      n = grid.size;
    const auto        around = [](int index, int size) { return ((index % size) + size) % size; };
    const auto        valueAt = [](int i, int j, int k) { return Real(i + 100 * j + 10000 * k); };
    std::vector<Real> vectors;
    for (int c = 0; c < 3; ++c)
    {
      for (int p = 0; p < n[0] * n[1] * n[2]; ++p)
      {
        vectors.push_back(Real(c + 1) * valueAt(p % n[0], p / n[0] % n[1], p / (n[0] * n[1])));
      }
    }
    const Buffer field = part(domain, vectors, 3);
    for (const int width : { 1, 4, n[2] + 2 })
    {
      const Halo                  halo{ { 2, 1, width } };
      const std::array<Padded, 3> all = domain.padded(domain.view(field), halo);
      for (int c = 0; c < 3; ++c)
      {
        const Padded &          p = all[c];
        const std::ptrdiff_t    offset = 2 + p.rowStride + width * p.planeStride;
        const std::vector<Real> values =
          read(*member.kernels, p.origin - offset, p.planeStride * (p.interior.nz + 2 * width));
        for (int k = -width; k < p.interior.nz + width && p.interior.nz > 0; ++k)
        {
          for (int j = -1; j <= n[1]; ++j)
          {
            for (int i = -2; i <= n[0] + 1; ++i)
            {
              ASSERT_EQ(values[offset + i + j * p.rowStride + k * p.planeStride],
                        Real(c + 1) * valueAt(around(i, n[0]), around(j, n[1]), around(k + domain.slab().begin, n[2])));
            }
          }
        }
      }
    }
  }
}

} // namespace

TEST(DeviceMessages, FillHalos)
{
  expectHalos(std::nullopt);
}

TEST(DeviceMessages, AreUnderstoodByProcessesWithoutAGpu)
{
  expectHalos(0);
}

TEST(DeviceMessages, TransposeForTheTransforms)
{
  const Grid              fine{ { 12, 14, 22 }, { { 1.0, 1.5, 2.0 } } };
  const Grid              coarse{ { 8, 8, 11 }, { { 1.5, 1.5 * 14 / 8, 4.0 } } };
  const std::vector<Real> in = noise(3 * fine.points());
  const auto              applied = [&](Domain & domain, Domain & half) {
    FourierTransform transform(domain), low(half);
    Symbol           symbol = transform.symbol(Symbol::Kind::InverseRegularization);
    symbol.beta = 1e-3;
    symbol.gamma = 8.0;
    const Buffer source = part(domain, in, 3);
    Buffer       out = domain.vector(), field = half.vector();
    transform.applyWithLowBand(
      symbol,
      source.data(),
      low,
      field.data(),
      [&] { half.kernels().scaleAndShift(Real(2), field.data(), Real(0.25), field.data(), field.size()); },
      out.data());
    transform.resample(out.data(), low, field.data(), 3);
    low.resample(field.data(), transform, source.data(), 3);
    std::vector<Real> values = read(domain.kernels(), out.data(), out.size());
    const auto        back = read(domain.kernels(), source.data(), source.size());
    values.insert(values.end(), back.begin(), back.end());
    return values;
  };
  const auto                     self = makeSelfCommunicator();
  const std::unique_ptr<Kernels> host = makeCpuKernels(1);
  Domain                         alone(fine, *host, *self), aloneHalf(coarse, *host, *self);
  const std::vector<Real>        expected = applied(alone, aloneHalf);
  Member                         member(700);
  Domain                         domain(fine, *member.kernels, *member.communicator);
  Domain                         half(coarse, *member.kernels, *member.communicator);
  const std::vector<Real>        result = applied(domain, half);
  double                         largest = 0.0, difference = 0.0;
  for (int c = 0; c < 6; ++c)
  {
    for (std::size_t i = 0; i < domain.points(); ++i)
    {
      const double value = expected[c * fine.points() + domain.slab().begin * 12 * 14 + i];
      largest = std::max(largest, std::abs(value));
      difference = std::max(difference, std::abs(value - result[c * domain.points() + i]));
    }
  }
  EXPECT_GT(largest, 0.1);
  EXPECT_LE(difference, 2e-6 * largest); // some roundings of single precision
}

TEST(DeviceMessages, DirectOnesAreRefusedWhereTheyDoNotWork)
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

TEST(DeviceMessages, ASelfTestFindsALibraryThatIsWrong)
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

namespace
{

struct Result
{
  std::vector<float> u; ///< of all planes, on every process
  Report             report;
  MemoryPlan         plan;
};

Result
solve(Device device, int n, Options options, std::shared_ptr<Communicator> communicator)
{
  options.device = device;
  options.threads = 1;
  const Grid grid = problems::cube(n);
  const auto blob = [](double x, double y, double z, double w) {
    const double r = x * x + 1.5 * y * y + z * z / (1 + w);
    return 1.0 / (1.0 + std::exp(8.0 * (std::sqrt(r) - 1.4)));
  };
  const double             c = problems::pi;
  const std::vector<float> fixed =
    problems::image(grid, [=](double x, double y, double z) { return blob(x - c, y - c, z - c, 0.0); });
  const std::vector<float> moving =
    problems::image(grid, [=](double x, double y, double z) { return blob(x - c - 0.3, y - c + 0.15, z - c, 0.3); });
  Result       result;
  Registration registration(grid, options, communicator);
  registration.setFixed({ fixed.data(), 0, n });
  registration.setMoving({ moving.data(), 0, n });
  result.plan = registration.planMemory();
  result.report = registration.run();
  result.u.resize(3 * grid.points());
  registration.displacement({ result.u.data(), 0, n });
  return result;
}

Options
steadyOptions()
{
  Options options;
  options.preconditioner = Preconditioner::InvA; // a rounding can change where an inner solve stops
  options.maximumIterations = 3;
  return options;
}

} // namespace

TEST(DeviceRegistration, GivesWhatOneProcessOnTheCpuGives)
{
  constexpr int n = 48;
  const double  voxel = problems::cube(n).spacing[0];
  auto          communicator = makeMpiCommunicator();
  communicator->setMessagePiece(50000); // several rounds, as with large images
  const int    rank = communicator->rank(), ranks = communicator->size();
  const Result cuda = solve(Device::Cuda, n, steadyOptions(), communicator);
  EXPECT_EQ(cuda.report.processes, ranks);
  EXPECT_EQ(cuda.report.device, "CUDA (emulated device, compute capability 9.0)");
  EXPECT_EQ(cuda.report.transport.rfind(ranks == 1 ? "" : isDirect() ? "direct: " : "staged ", 0), 0u);
  EXPECT_TRUE(cuda.report.messages.empty());
  EXPECT_EQ(cuda.report.fieldBytes, cuda.plan.fieldBytes);
  EXPECT_EQ(cuda.report.overflowBytes, 0u);
  EXPECT_EQ(cuda.report.scratchBytes, cuda.plan.scratchBytes);
  if (!isDirect()) // the self-test stages nothing, but the sizes of its messages differ
  {
    EXPECT_EQ(cuda.report.stagingBytes, cuda.plan.stagingBytes);
  }
  ASSERT_TRUE(cuda.plan.availableDeviceBytes.has_value());
  // All processes share the one device; a little of it is taken already.
  const std::size_t device = std::size_t(16) << 30;
  EXPECT_LE(*cuda.plan.availableDeviceBytes, device / ranks);
  EXPECT_GE(*cuda.plan.availableDeviceBytes, (device - (std::size_t(1) << 20)) / ranks);
  if (rank == 0)
  {
    const Result cpu = solve(Device::Cpu, n, steadyOptions(), nullptr);
    double       difference = 0.0;
    for (std::size_t i = 0; i < cpu.u.size(); ++i)
    {
      difference = std::max(difference, std::abs(double(cpu.u[i]) - double(cuda.u[i])));
    }
    EXPECT_GT(cpu.report.maximumDisplacement, 2 * voxel) << "there is nothing to compare";
    EXPECT_LE(difference, 1e-3 * voxel);
    EXPECT_EQ(cuda.report.newtonSteps, cpu.report.newtonSteps);
    EXPECT_EQ(cuda.report.hessianProducts, cpu.report.hessianProducts);
    std::printf("%d^3, %d processes, %s: largest difference %.2e voxel, staging %.2f MB\n",
                n,
                ranks,
                cuda.report.transport.c_str(),
                difference / voxel,
                double(cuda.report.stagingBytes) / 1048576.0);
  }
}

TEST(DeviceRegistration, SaysWhyItsMessagesAreNotDirect)
{
  const auto communicator = makeMpiCommunicator();
  Options    options = steadyOptions();
  options.maximumIterations = 1;
  if (isDirect() || communicator->size() == 1)
  {
    return;
  }
  const Variable variable("GNR_TRANSPORT", "direct");
  const Report   report = solve(Device::Cuda, 16, options, communicator).report;
  ASSERT_EQ(report.messages.size(), 1u);
  EXPECT_EQ(report.messages[0], "messages between the GPUs are " + report.transport);
  EXPECT_TRUE(holds(report.transport, "staged through") && holds(report.transport, "knows nothing of the emulated"))
    << report.transport;
}

TEST(DeviceRegistration, EndsForAllWhereOneDeviceFails)
{
  struct Failure
  {
    const char * call;
    std::size_t  skip;
    int          error;
    bool         isStagedOnly;
  };
  for (const Failure & failure : { Failure{ "cudaMalloc", 0, cudaErrorMemoryAllocation, false },
                                   Failure{ "cudaMalloc", 2, cudaErrorMemoryAllocation, false },
                                   Failure{ "cudaMallocHost", 2, cudaErrorMemoryAllocation, true },
                                   Failure{ "cudaLaunchKernelEx", 400, cudaErrorLaunchFailure, false },
                                   Failure{ "cudaMemcpyAsync", 200, cudaErrorIllegalAddress, true } })
  {
    auto      communicator = makeMpiCommunicator();
    const int rank = communicator->rank(), ranks = communicator->size();
    if (ranks == 1 || (failure.isStagedOnly && isDirect()))
    {
      continue;
    }
    if (rank == ranks - 1)
    {
      cuda_emulation::failCall(failure.call, failure.skip, failure.error);
    }
    Options options = steadyOptions();
    options.maximumIterations = 1;
    try
    {
      solve(Device::Cuda, 16, options, communicator);
      ADD_FAILURE() << failure.call << ": rank " << rank << " has not learned of it";
    }
    catch (const Error & error)
    {
      const std::string who = "process " + std::to_string(ranks - 1) + " of " + std::to_string(ranks) + ": ";
      EXPECT_EQ(error.kind(), ErrorKind::OutOfResources);
      EXPECT_EQ(std::string(error.what()).rfind(who, 0) == 0, rank != ranks - 1) << error.what();
      EXPECT_TRUE(holds(error.what(), std::string("device cuda: ") + failure.call) &&
                  holds(error.what(), "--device cpu"))
        << error.what();
    }
    EXPECT_EQ(cuda_emulation::stopFailing().empty(), rank != ranks - 1);
    communicator.reset();
    expectNothingLeft();
  }
}
