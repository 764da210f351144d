// SPDX-License-Identifier: Apache-2.0
#include "registration/launched/Workers.h"

#include "kernels/Plugin.h"
#include "registration/Archive.h"

#include "gnr/Error.h"

#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace gnr
{
namespace launched
{
namespace
{

constexpr int patience = 20;       // milliseconds between two looks at what the observer wants
constexpr int endPatience = 10000; // for workers that were asked to end
constexpr int termPatience = 3000; // for workers that were told to

std::string
workerFile()
{
  if (const char * file = std::getenv("GNR_WORKER"))
  {
    if (access(file, X_OK) != 0)
    {
      throw Error(ErrorKind::BadInput,
                  std::string("several processes: GNR_WORKER names '") + file + "', which is no program; unset it");
    }
    return file;
  }
  const std::string here = ownFolder();
  for (const char * place : { "gnr-worker", "../bin/gnr-worker", "../../bin/gnr-worker" })
  {
    if (access((here + place).c_str(), X_OK) == 0)
    {
      return here + place;
    }
  }
  throw Error(ErrorKind::BadInput,
              "several processes: the program gnr-worker is neither in " + here + " nor in " + here +
                "../bin/; install it, let GNR_WORKER name it, or use one process");
}

std::string
firstLine(const std::string & text)
{
  return text.substr(0, text.find('\n'));
}

} // namespace

Workers::Workers(const Job & job, std::size_t bytes)
  : job_(job)
  , folder_(bytes)
{}

Workers::~Workers()
{
  try
  {
    std::string lines;
    finish(lines);
  }
  catch (const std::exception &) // nobody waits for an answer any more
  {}
}

void
Workers::start()
{
  const std::string content = pack(std::string(pluginVersion()), job_);
  const MappedFile  file = MappedFile::create(folder_.pathOf(SharedFile::Job), content.size());
  std::memcpy(file.data(), content.data(), content.size());
  listener_ = Channel::listenAt(folder_.pathOf(SharedFile::Socket));

  Launch launch;
  launch.processes = job_.processes;
  launch.command = { workerFile(), folder_.path(), std::to_string(job_.processes) };
  launch.pipes = true; // nothing comes through them but the end
  if (std::getenv("OMP_WAIT_POLICY") == nullptr)
  {
    // Threads that wait must not keep a processor busy that another process needs.
    launch.environment = { { "OMP_WAIT_POLICY", "passive" }, { "GOMP_SPINCOUNT", "3000" } };
  }
  launcher_ = std::make_unique<Launcher>(launch);
  waitFor(Word::Ready, [](const Frame *) {});
}

Frame
Workers::ask(const Frame & question, Word answer, const std::function<void(const Frame *)> & onFrame)
{
  tell(question);
  return waitFor(answer, onFrame);
}

void
Workers::tell(const Frame & frame)
{
  channel_.send(frame.word, frame.body); // who has ended is noticed by receive()
}

void
Workers::kill()
{
  if (launcher_)
  {
    launcher_->signal(SIGTERM);
  }
}

Frame
Workers::waitFor(Word answer, const std::function<void(const Frame *)> & onFrame)
{
  Silence silence;
  for (;;)
  {
    onFrame(nullptr);
    const double seconds = silence.look();
    if (!channel_.isOpen())
    {
      pollfd entry{ listener_.descriptor(), POLLIN, 0 };
      if (poll(&entry, 1, patience) > 0)
      {
        channel_ = listener_.accept();
        listener_ = Channel();
        folder_.remove(SharedFile::Socket);
        silence.heard();
      }
      else if (hasEnded(0))
      {
        ended();
      }
      continue;
    }
    Frame frame;
    switch (channel_.receive(frame, patience))
    {
      case Arrival::Nothing:
        if (limit_ && seconds > *limit_)
        {
          silent();
        }
        break;
      case Arrival::Closed:
        ended();
      case Arrival::Frame:
        silence.heard();
        if (frame.word == answer)
        {
          return frame;
        }
        if (frame.word == Word::Failed)
        {
          failed(frame);
        }
        if (frame.word != Word::Beat)
        {
          onFrame(&frame);
        }
    }
  }
}

void
Workers::silent()
{
  std::string lines;
  kill(); // it does not hear that the connection is closed
  finish(lines);
  throw Error(ErrorKind::OutOfResources,
              "several processes: " + Silence::words("process 0 of " + std::to_string(job_.processes), *limit_));
}

void
Workers::failed(const Frame & frame)
{
  const auto [kind, message] = unpack<std::pair<ErrorKind, std::string>>(frame.body);
  std::string lines;
  finish(lines);
  throw Error(kind, message);
}

void
Workers::ended()
{
  std::string       lines;
  const bool        wasReady = channel_.isOpen();
  const LaunchEnd   end = finish(lines);
  const std::string processes = std::to_string(job_.processes) + " processes";
  if (end.signal != 0)
  {
    throw Error(ErrorKind::OutOfResources,
                "several processes: one of " + processes + " was ended by signal " + std::to_string(end.signal) + " (" +
                  strsignal(end.signal) + ")" +
                  (end.signal == SIGKILL
                     ? ", as the system does where memory runs out; use smaller images, or a machine "
                       "with more memory"
                     : "; run it again, or use one process"));
  }
  const std::string said = !lines.empty() ? lines : end.complaints;
  const std::string why = said.empty() ? "" : ": " + firstLine(said);
  if (wasReady)
  {
    throw Error(ErrorKind::OutOfResources,
                "several processes: one of " + processes + " has ended with exit code " + std::to_string(end.exitCode) +
                  " before the registration was done" + why + "; use one process, or run it again");
  }
  throw Error(ErrorKind::BadInput,
              "several processes: " + processes + " could not be started (exit code " + std::to_string(end.exitCode) +
                ")" + why + "; check that the launcher belongs to the MPI library of this program, or use one process");
}

bool
Workers::hasEnded(int milliseconds) const
{
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds);
  for (;;)
  {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    pollfd     entry{ launcher_->output(), POLLIN, 0 };
    if (poll(&entry, 1, left.count() > 0 ? static_cast<int>(left.count()) : 0) > 0)
    {
      char          ignored[4096]; // nothing that is meant for anybody
      const ssize_t got = read(launcher_->output(), ignored, sizeof(ignored));
      if (got == 0)
      {
        return true; // the last one has closed it
      }
    }
    else if (left.count() <= 0)
    {
      return false;
    }
  }
}

LaunchEnd
Workers::finish(std::string & lines)
{
  LaunchEnd end;
  channel_ = Channel();
  listener_ = Channel();
  if (launcher_)
  {
    for (const auto & [number, milliseconds] : { std::pair(SIGTERM, endPatience), std::pair(SIGKILL, termPatience) })
    {
      if (hasEnded(milliseconds))
      {
        break;
      }
      launcher_->signal(number);
    }
    end = launcher_->wait([&lines](const std::string & line) { lines += line + "\n"; });
    launcher_.reset();
  }
  folder_.removeAll();
  return end;
}

} // namespace launched
} // namespace gnr
