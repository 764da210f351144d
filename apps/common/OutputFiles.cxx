/*=========================================================================
 *
 *  Copyright NumFOCUS
 *
 *  Licensed under the Apache License, Version 2.0 (the "License");
 *  you may not use this file except in compliance with the License.
 *  You may obtain a copy of the License at
 *
 *         https://www.apache.org/licenses/LICENSE-2.0.txt
 *
 *  Unless required by applicable law or agreed to in writing, software
 *  distributed under the License is distributed on an "AS IS" BASIS,
 *  WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 *  See the License for the specific language governing permissions and
 *  limitations under the License.
 *
 *=========================================================================*/
#include "OutputFiles.h"

#include "CommandLineError.h"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace gnrapp
{
namespace
{

// The signal handler may only touch lock-free atomics and plain memory that was complete before it was published here.
constexpr int     maximumTemporaries = 64;
char *            temporaryNames[maximumTemporaries];
std::atomic<int>  temporaryCount{ 0 };
char *            createdFolderName = nullptr;
std::atomic<bool> hasCreatedFolder{ false };
std::atomic<bool> committing{ false };
std::atomic<int>  pendingSignal{ 0 };
constexpr int     handledSignals[] = { SIGINT, SIGTERM, SIGHUP };
constexpr mode_t  folderMode = 0777;
constexpr mode_t  fileMode = 0666;

extern "C" void
RemoveTemporariesAndExit(int signalNumber)
{
  if (committing)
  {
    pendingSignal = signalNumber;
    return;
  }
  const int count = temporaryCount;
  for (int i = 0; i < count; ++i)
  {
    unlink(temporaryNames[i]);
  }
  if (hasCreatedFolder)
  {
    rmdir(createdFolderName);
  }
  _exit(128 + signalNumber);
}

std::string
FolderOf(const std::string & path)
{
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

} // namespace

OutputFiles::OutputFiles()
{
  struct sigaction action{};
  action.sa_handler = RemoveTemporariesAndExit;
  sigemptyset(&action.sa_mask);
  for (const int signalNumber : handledSignals)
  {
    sigaddset(&action.sa_mask, signalNumber);
  }
  for (const int signalNumber : handledSignals)
  {
    // A signal that the parent chose to ignore (nohup) stays ignored.
    struct sigaction previous{};
    sigaction(signalNumber, nullptr, &previous);
    if (previous.sa_handler != SIG_IGN)
    {
      sigaction(signalNumber, &action, nullptr);
    }
  }
}

OutputFiles::~OutputFiles()
{
  const int count = temporaryCount.exchange(0);
  for (int i = 0; i < count; ++i)
  {
    unlink(temporaryNames[i]);
    std::free(temporaryNames[i]);
  }
  if (hasCreatedFolder.exchange(false))
  {
    rmdir(createdFolderName);
    std::free(createdFolderName);
  }
}

void
OutputFiles::CheckFolderOf(const std::string & finalPath)
{
  const std::string folder = FolderOf(finalPath);
  struct stat       status{};
  if (stat(folder.c_str(), &status) != 0)
  {
    if (!hasCreatedFolder && mkdir(folder.c_str(), folderMode) == 0)
    {
      createdFolderName = strdup(folder.c_str());
      hasCreatedFolder = true;
    }
    else
    {
      throw CommandLineError(folder + ": the output folder does not exist and cannot be created (" +
                             std::strerror(errno) + "). Create it first, or choose another -o");
    }
  }
  else if (!S_ISDIR(status.st_mode))
  {
    throw CommandLineError(folder + ": the output folder is a file. Choose another -o");
  }
  const std::string probe = Register(finalPath, "probe");
  const int         descriptor = open(probe.c_str(), O_CREAT | O_WRONLY | O_EXCL, fileMode);
  if (descriptor < 0)
  {
    throw CommandLineError(folder + ": the output folder cannot be written (" + std::strerror(errno) +
                           "). Change its permissions, or choose another -o");
  }
  close(descriptor);
  unlink(probe.c_str());
  if (std::filesystem::is_directory(finalPath))
  {
    throw CommandLineError(finalPath + ": the output is an existing folder. Choose another -o");
  }
}

std::string
OutputFiles::Register(const std::string & finalPath, const char * suffix)
{
  // Hidden, and with the extension at its end because ITK picks the format by it.
  const std::filesystem::path path(finalPath);
  const std::string           name = path.filename().string();
  const auto                  dot = name.find('.', 1);
  const std::string           stem = name.substr(0, dot);
  const std::string           extension = dot == std::string::npos ? "" : name.substr(dot);
  const std::string           temporary =
    (path.parent_path() / ("." + stem + "." + suffix + "-" + std::to_string(getpid()) + extension)).string();

  const int index = temporaryCount;
  if (index >= maximumTemporaries)
  {
    throw std::logic_error("too many output files");
  }
  temporaryNames[index] = strdup(temporary.c_str());
  temporaryCount = index + 1;
  return temporary;
}

std::string
OutputFiles::TemporaryFor(const std::string & finalPath)
{
  const std::string temporary = Register(finalPath, "tmp");
  m_Renames.emplace_back(temporary, finalPath);
  return temporary;
}

std::string
OutputFiles::ScratchFor(const std::string & finalPath)
{
  return Register(finalPath, "scratch");
}

void
OutputFiles::Commit()
{
  committing = true;
  std::string failure;
  for (const auto & [temporary, finalPath] : m_Renames)
  {
    if (std::rename(temporary.c_str(), finalPath.c_str()) != 0)
    {
      failure = finalPath + ": cannot be written (" + std::strerror(errno) + "). Remove what has that name";
      break;
    }
  }
  if (failure.empty() && hasCreatedFolder.exchange(false))
  {
    std::free(createdFolderName);
  }
  committing = false;
  if (const int signalNumber = pendingSignal; signalNumber != 0)
  {
    RemoveTemporariesAndExit(signalNumber);
  }
  if (!failure.empty())
  {
    throw CommandLineError(failure);
  }
}

} // namespace gnrapp
