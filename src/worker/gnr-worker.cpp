// SPDX-License-Identifier: Apache-2.0
// gnr-worker FOLDER PROCESSES: one of the processes of gnr::makeLaunchedEngine(), which starts it under a launcher of
// MPI. Not meant to be called by users.
#include "kernels/Plugin.h"
#include "registration/Archive.h"
#include "registration/launched/Job.h"
#include "worker/Host.h"

#include "gnr/Engine.h"

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <new>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

namespace
{

using namespace gnr;
using worker::Host;
using launched::Frame;
using launched::Job;
using launched::MappedFile;
using launched::SharedFile;
using launched::SharedFolder;
using launched::Word;

const SharedFolder * folderOfSignal = nullptr;

extern "C" void
removeAndExit(int number)
{
  folderOfSignal->removeAll();
  _exit(128 + number);
}

/** Throws Error(BadInput) if the host is of another build. */
Job
readJob(const SharedFolder & folder)
{
  std::ifstream     file(folder.pathOf(SharedFile::Job), std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  std::string       version;
  Job               job;
  Archive           archive(bytes);
  archive(version);
  if (version != pluginVersion())
  {
    throw Error(ErrorKind::BadInput,
                "several processes: the program gnr-worker is of " + std::string(pluginVersion()) +
                  ", and the library that has started it is of " + version + "; install both from one build");
  }
  archive(job);
  return job;
}

/** A registration as the workers carry it out together; the first has the images and gets the results. */
class Work
{
public:
  /** \param host null: this is not the first */
  Work(const Job & job, std::shared_ptr<Communicator> communicator, const SharedFolder & folder, Host * host)
    : communicator_(std::move(communicator))
    , folder_(folder)
    , host_(host)
    , engine_(makeEngine(communicator_))
  {
    problem_.grid = job.grid;
    problem_.options = job.options;
    problem_.furtherPairs.resize(job.furtherPairs);
    problem_.movingVolumeChange = job.movingVolumeChange;
    problem_.landmarks = job.landmarks;
    if (host_ == nullptr)
    {
      return;
    }
    const std::vector<InputBlock> fixed = inputs(SharedFile::Fixed, 1 + job.furtherPairs);
    const std::vector<InputBlock> moving = inputs(SharedFile::Moving, 1 + job.furtherPairs);
    problem_.fixed = fixed.front();
    problem_.moving = moving.front();
    for (int i = 0; i < job.furtherPairs; ++i)
    {
      problem_.furtherPairs[i] = { fixed[i + 1], moving[i + 1] };
    }
    problem_.fixedWeight = job.hasFixedWeight ? input(SharedFile::FixedWeight, 1) : InputBlock();
    problem_.movingWeight = job.hasMovingWeight ? input(SharedFile::MovingWeight, 1) : InputBlock();
    problem_.incompressibility = job.hasIncompressibility ? input(SharedFile::Incompressibility, 1) : InputBlock();
    problem_.initialVelocity = job.hasVelocity ? input(SharedFile::Velocity, 3) : InputBlock();
    host_->setOnInputsRead([this] { inputs_.clear(); });
  }

  void
  carryOut(const Frame & task)
  {
    switch (task.word)
    {
      case Word::Plan:
        tell(Word::Planned, sumOf(engine_->plan(problem_)));
        break;
      case Word::Run:
      {
        result_ = engine_->run(problem_, host_);
        Report report = result_->report();
        report.memoryPlan = sumOf(report.memoryPlan);
        tell(Word::Finished, report);
        break;
      }
      default: // Read
        read(unpack<Field>(task.body));
    }
  }

private:
  InputBlock
  input(SharedFile file, int components)
  {
    inputs_.push_back(MappedFile::open(folder_.pathOf(file), bytesOf(components)));
    return { inputs_.back().data(), wholeOf(problem_.grid) };
  }

  /** Several images in one file. */
  std::vector<InputBlock>
  inputs(SharedFile file, int images)
  {
    const InputBlock        all = input(file, images);
    std::vector<InputBlock> blocks;
    for (int i = 0; i < images; ++i)
    {
      blocks.push_back({ all.data + i * problem_.grid.points(), all.box });
    }
    return blocks;
  }

  /** Into a file, by the first worker. */
  void
  read(Field field) const
  {
    if (host_ == nullptr)
    {
      result_->read(field, {});
      return;
    }
    const MappedFile out = MappedFile::create(folder_.pathOf(SharedFile::Result), bytesOf(componentsOf(field)));
    result_->read(field, { out.data(), wholeOf(problem_.grid) });
    host_->send(Word::Written);
  }

  std::size_t
  bytesOf(int components) const
  {
    return components * problem_.grid.points() * sizeof(float);
  }

  template <typename T>
  void
  tell(Word word, const T & value) const
  {
    if (host_ != nullptr)
    {
      host_->send(word, pack(value));
    }
  }

  /** A plan of all processes together. Collective. */
  MemoryPlan
  sumOf(MemoryPlan plan) const
  {
    std::vector<double> bytes{ static_cast<double>(plan.fieldBytes) };
    for (const auto & phase : plan.phases)
    {
      bytes.push_back(static_cast<double>(phase.second));
    }
    communicator_->sum(bytes.data(), bytes.size());
    plan.fieldBytes = static_cast<std::size_t>(bytes[0]);
    for (std::size_t i = 0; i < plan.phases.size(); ++i)
    {
      plan.phases[i].second = static_cast<std::size_t>(bytes[i + 1]);
    }
    return plan;
  }

  std::shared_ptr<Communicator> communicator_;
  const SharedFolder &          folder_;
  Host *                        host_;
  std::vector<MappedFile>       inputs_;
  Problem                       problem_;
  std::unique_ptr<Engine>       engine_;
  std::unique_ptr<Result>       result_;
};

/** What one process does from beginning to end. */
class Worker
{
public:
  Worker(const char * folder, int processes)
    : folder_(folder)
    , processes_(processes)
  {}

  /** Exit code. */
  int
  run()
  {
    try
    {
      work();
      return EXIT_SUCCESS;
    }
    catch (const Error & error)
    {
      return fail(error.kind(), error.what());
    }
    catch (const std::bad_alloc &)
    {
      return fail(ErrorKind::OutOfResources, "not enough memory; use smaller images, or more processes");
    }
    catch (const std::exception & error)
    {
      return fail(ErrorKind::NumericalFailure, error.what());
    }
  }

private:
  void
  work()
  {
    communicator_ = makeMpiCommunicator();
    if (communicator_->size() != processes_)
    {
      throw Error(ErrorKind::BadInput,
                  "several processes: of " + std::to_string(processes_) + " that were started only " +
                    std::to_string(communicator_->size()) +
                    " see one another: the launcher is not that of the MPI library of this program; let GNR_MPIEXEC "
                    "name the right one");
    }
    Job job;
    if (communicator_->rank() == 0)
    {
      folderOfSignal = &folder_;
      std::signal(SIGTERM, removeAndExit);
      std::signal(SIGINT, removeAndExit);
      host_ = std::make_unique<Host>(folder_);
      job = readJob(folder_);
    }
    job = unpack<Job>(communicator_->broadcastText(pack(job), 0));
    Work work(job, communicator_, folder_, host_.get());
    if (host_)
    {
      host_->send(Word::Ready);
    }
    for (;;)
    {
      Frame task;
      if (host_)
      {
        task = host_->nextTask();
      }
      communicator_->broadcast(&task.word, sizeof(task.word), 0);
      task.body = communicator_->broadcastText(task.body, 0);
      if (task.word == Word::End)
      {
        return;
      }
      work.carryOut(task);
    }
  }

  /** Tells the host. */
  int
  fail(ErrorKind kind, const std::string & message)
  {
    const std::string body = pack(std::make_pair(kind, message));
    if (communicator_ && communicator_->size() == processes_)
    {
      communicator_->announceFailure(kind, message);
      if (host_)
      {
        host_->send(Word::Failed, body);
        return EXIT_SUCCESS; // all is said
      }
      return speakForTheFirst(message);
    }
    try // the first to come is heard
    {
      launched::Channel::connectTo(folder_.pathOf(SharedFile::Socket)).send(Word::Failed, body);
    }
    catch (const Error &) // another was faster
    {}
    return EXIT_SUCCESS;
  }

  /** Where the first process is lost, the host hears of it by what the next one prints. */
  int
  speakForTheFirst(const std::string & message) const
  {
    if (!communicator_->standsInForTheFirst())
    {
      return EXIT_SUCCESS;
    }
    std::cerr << message << std::endl;
    return EXIT_FAILURE;
  }

  SharedFolder                  folder_;
  int                           processes_;
  std::shared_ptr<Communicator> communicator_;
  std::unique_ptr<Host>         host_;
};

} // namespace

int
main(int argc, char * argv[])
{
  if (argc == 2 && std::string(argv[1]) == "--version")
  {
    std::cout << pluginVersion() << '\n';
    return EXIT_SUCCESS;
  }
  const int processes = argc == 3 ? std::atoi(argv[2]) : 0;
  if (processes < 1)
  {
    std::cerr << "gnr-worker: error: is started by programs that use GaussNewtonRegistration, not by hand\n";
    return 2;
  }
  return Worker(argv[1], processes).run();
}
