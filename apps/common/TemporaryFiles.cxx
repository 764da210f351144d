// SPDX-License-Identifier: Apache-2.0
#include "TemporaryFiles.h"

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <stdexcept>
#include <system_error>

#include <csignal>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace gnrapp
{
namespace
{

constexpr int         handledSignals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGXCPU, SIGUSR1, SIGUSR2 };
constexpr mode_t      folderMode = 0777;
constexpr mode_t      privateFileMode = 0600;
constexpr std::size_t longestName = 4096;
constexpr int         slotCount = 128;
const std::string     folderPrefix = ".gnr-";
std::atomic<int>      pendingSignal{ 0 };
std::atomic<int>      response{ static_cast<int>(SignalResponse::RemoveAndEnd) };
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<bool>::is_always_lock_free);

/** What a signal has to remove. The handler may only touch lock-free atomics, and names that were complete before they
 * were published by `isUsed`. */
struct Slot
{
  std::atomic<bool> isTaken{ false }; ///< by Register()
  std::atomic<bool> isUsed{ false };  ///< the name is complete
  char              name[longestName];
};
Slot slots[slotCount];

void
RemoveEverything()
{
  for (Slot & slot : slots)
  {
    if (slot.isUsed)
    {
      unlink(slot.name); // of a folder it fails
    }
  }
  for (int i = slotCount - 1; i >= 0; --i) // a folder within another one has the higher number
  {
    if (slots[i].isUsed)
    {
      rmdir(slots[i].name);
    }
  }
}

extern "C" void
EndBySignal(int signalNumber)
{
  switch (static_cast<SignalResponse>(response.load()))
  {
    case SignalResponse::Wait:
      pendingSignal = signalNumber;
      return;
    case SignalResponse::Ignore:
      return;
    case SignalResponse::RemoveAndEnd:
      break;
  }
  RemoveEverything();
  _exit(128 + signalNumber);
}

void
HandleSignals()
{
  static std::once_flag once;
  std::call_once(once, [] {
    struct sigaction action{};
    action.sa_handler = EndBySignal;
    sigemptyset(&action.sa_mask);
    for (const int signalNumber : handledSignals)
    {
      sigaddset(&action.sa_mask, signalNumber);
    }
    for (const int signalNumber : handledSignals)
    {
      struct sigaction previous{};
      sigaction(signalNumber, nullptr, &previous);
      if (previous.sa_handler != SIG_IGN)
      {
        sigaction(signalNumber, &action, nullptr);
      }
    }
  });
}

[[noreturn]] void
ThrowErrno(const std::string & path)
{
  throw std::system_error(errno, std::generic_category(), path);
}

int
Register(const std::string & path)
{
  if (path.size() >= longestName)
  {
    errno = ENAMETOOLONG;
    ThrowErrno(path);
  }
  HandleSignals();
  for (int i = 0; i < slotCount; ++i)
  {
    if (!slots[i].isTaken.exchange(true))
    {
      std::memcpy(slots[i].name, path.c_str(), path.size() + 1);
      slots[i].isUsed = true;
      return i;
    }
  }
  throw std::logic_error("too many temporary files");
}

void
Forget(int slot)
{
  slots[slot].isUsed = false;
  slots[slot].isTaken = false;
}

/** The machine, as part of a file name: elsewhere a process of the same number is another one. */
std::string
MachineName()
{
  char name[256] = "";
  gethostname(name, sizeof name - 1);
  std::string text(name);
  for (char & c : text)
  {
    c = c == '/' || c == '-' ? '_' : c;
  }
  return text;
}

/** Takes away folders whose program was killed: of this user and machine, their process gone and their lock free. */
void
RemoveLeftovers(const std::string & parent)
{
  const std::string prefix = folderPrefix + MachineName() + "-";
  std::error_code   none;
  for (std::filesystem::directory_iterator entry(parent, none), end; !none && entry != end; entry.increment(none))
  {
    const std::string name = entry->path().filename().string();
    if (name.rfind(prefix, 0) != 0)
    {
      continue;
    }
    const long  process = std::strtol(name.c_str() + prefix.size(), nullptr, 10);
    const int   folder = open(entry->path().c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat status{};
    if (folder >= 0 && process > 0 && fstat(folder, &status) == 0 && status.st_uid == geteuid() &&
        kill(static_cast<pid_t>(process), 0) != 0 && errno == ESRCH && flock(folder, LOCK_EX | LOCK_NB) == 0)
    {
      std::filesystem::remove_all(entry->path(), none);
      none.clear();
    }
    if (folder >= 0)
    {
      close(folder);
    }
  }
}

} // namespace

PrivateFolder::PrivateFolder(const std::string & parent)
{
  RemoveLeftovers(parent);
  HandleSignals();
  m_Path = (std::filesystem::path(parent) / (folderPrefix + MachineName() + "-" + std::to_string(getpid()) + "-XXXXXX"))
             .string();
  // Between making and registering, a signal has to wait.
  const int  before = response.exchange(static_cast<int>(SignalResponse::Wait));
  const bool isMade = mkdtemp(m_Path.data()) != nullptr;
  const int  error = errno;
  if (isMade)
  {
    m_Slot = Register(m_Path);
  }
  SetSignalResponse(static_cast<SignalResponse>(before));
  if (!isMade)
  {
    errno = error;
    ThrowErrno(parent);
  }
  // Held as long as the process lives; where there are no locks nothing is ever taken for a leftover.
  m_Lock = open(m_Path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (m_Lock >= 0)
  {
    flock(m_Lock, LOCK_SH | LOCK_NB);
  }
}

PrivateFolder::~PrivateFolder()
{
  for (const int slot : m_Slots)
  {
    unlink(slots[slot].name);
    Forget(slot);
  }
  rmdir(m_Path.c_str());
  Forget(m_Slot);
  if (m_Lock >= 0)
  {
    close(m_Lock);
  }
}

std::string
PrivateFolder::MakeFile(const std::string & name)
{
  const std::string path = (std::filesystem::path(m_Path) / name).string();
  m_Slots.push_back(Register(path));
  const int descriptor = open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, privateFileMode);
  if (descriptor < 0)
  {
    ThrowErrno(path);
  }
  close(descriptor);
  return path;
}

MadeFolder::MadeFolder(const std::string & path)
  : m_Path(path)
{
  HandleSignals();
  const int  before = response.exchange(static_cast<int>(SignalResponse::Wait));
  const bool isMade = mkdir(path.c_str(), folderMode) == 0;
  const int  error = errno;
  if (isMade)
  {
    m_Slot = Register(path);
  }
  SetSignalResponse(static_cast<SignalResponse>(before));
  if (!isMade)
  {
    errno = error;
    ThrowErrno(path);
  }
}

MadeFolder::~MadeFolder()
{
  if (m_Slot >= 0)
  {
    rmdir(m_Path.c_str());
    Forget(m_Slot);
  }
}

void
MadeFolder::Keep()
{
  if (m_Slot >= 0)
  {
    Forget(m_Slot);
    m_Slot = -1;
  }
}

void
SetSignalResponse(SignalResponse next)
{
  HandleSignals();
  response = static_cast<int>(next);
  if (next == SignalResponse::Wait)
  {
    return;
  }
  // One that waited is heard now, unless it came too late to change anything.
  const int signalNumber = pendingSignal.exchange(0);
  if (signalNumber != 0 && next == SignalResponse::RemoveAndEnd)
  {
    EndBySignal(signalNumber);
  }
}

} // namespace gnrapp
