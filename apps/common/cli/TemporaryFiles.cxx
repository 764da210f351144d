// SPDX-License-Identifier: Apache-2.0
#include "TemporaryFiles.h"

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <stdexcept>
#include <system_error>
#include <thread>

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
constexpr mode_t      lockFileMode = 0644; // others shall see who has it
const std::string     folderPrefix = ".gnr-";
const std::string     lockPrefix = ".gnr-lock-";
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

/** What a process writes into its lock: `process 17 on node3`. */
std::string
WhoIAm()
{
  return "process " + std::to_string(getpid()) + " on " + MachineName();
}

std::string
TextOf(int file)
{
  char          text[512];
  const ssize_t length = pread(file, text, sizeof text, 0);
  return std::string(text, length > 0 ? static_cast<std::size_t>(length) : 0);
}

/** Whether a name still means the file that was opened by it. */
bool
IsStill(const std::string & path, int file)
{
  struct stat named{};
  struct stat opened{};
  return lstat(path.c_str(), &named) == 0 && fstat(file, &opened) == 0 && named.st_dev == opened.st_dev &&
         named.st_ino == opened.st_ino;
}

/** A folder whose process is gone and its lock free. */
void
RemoveFolder(const std::filesystem::path & path, long process)
{
  const int   folder = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  struct stat status{};
  if (folder >= 0 && process > 0 && fstat(folder, &status) == 0 && status.st_uid == geteuid() &&
      kill(static_cast<pid_t>(process), 0) != 0 && errno == ESRCH && flock(folder, LOCK_EX | LOCK_NB) == 0)
  {
    std::error_code none;
    std::filesystem::remove_all(path, none);
  }
  if (folder >= 0)
  {
    close(folder);
  }
}

/** A lock that is free. Whoever has just opened it notices that it is no more. */
void
RemoveLock(const std::string & path)
{
  const int   file = open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
  struct stat status{};
  if (file >= 0 && fstat(file, &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == geteuid() &&
      flock(file, LOCK_EX | LOCK_NB) == 0)
  {
    const std::string end = " on " + MachineName(); // elsewhere locks may not be seen
    const std::string holder = TextOf(file);
    if (holder.size() > end.size() && holder.compare(holder.size() - end.size(), end.size(), end) == 0 &&
        IsStill(path, file))
    {
      unlink(path.c_str());
    }
  }
  if (file >= 0)
  {
    close(file);
  }
}

} // namespace

void
RemoveLeftovers(const std::string & parent)
{
  const std::string prefix = folderPrefix + MachineName() + "-";
  std::error_code   none;
  for (std::filesystem::directory_iterator entry(parent, none), end; !none && entry != end; entry.increment(none))
  {
    const std::string name = entry->path().filename().string();
    if (name.rfind(lockPrefix, 0) == 0)
    {
      RemoveLock(entry->path().string());
    }
    if (name.rfind(prefix, 0) == 0)
    {
      RemoveFolder(entry->path(), std::strtol(name.c_str() + prefix.size(), nullptr, 10));
    }
  }
}

std::string
LockNameFor(const std::string & folder, const std::string & name)
{
  return (std::filesystem::path(folder) / (lockPrefix + name)).string();
}

LockFile::LockFile(const std::string & path)
  : m_Path(path)
{
  constexpr int  patience = 10; // whoever removes leftovers holds it for a moment
  constexpr auto pause = std::chrono::milliseconds(20);
  const int      before = response.exchange(static_cast<int>(SignalResponse::Wait));
  int            error = 0;
  for (int tries = 0; m_File < 0 && error == 0 && tries < patience;)
  {
    int file = open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, lockFileMode);
    if (file < 0 && errno == EACCES)
    {
      file = open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC); // of another user
    }
    if (file < 0)
    {
      error = errno;
    }
    else if (flock(file, LOCK_EX | LOCK_NB) == 0)
    {
      if (IsStill(path, file))
      {
        m_Holder.clear();
        m_File = file;
      }
      else
      {
        close(file); // a leftover, which somebody has just removed
      }
    }
    else if (errno == EWOULDBLOCK)
    {
      ++tries;
      m_Holder = TextOf(file);
      m_IsHeldElsewhere = tries == patience;
      close(file);
      std::this_thread::sleep_for(pause);
    }
    else
    {
      unlink(path.c_str());
      close(file);
      break; // no locks here
    }
  }
  if (m_File >= 0)
  {
    m_Slot = Register(path);
    const std::string text = WhoIAm();
    // Where it cannot be written, it is locked all the same.
    [[maybe_unused]] const bool isTold = ftruncate(m_File, 0) == 0 && pwrite(m_File, text.data(), text.size(), 0) > 0;
  }
  SetSignalResponse(static_cast<SignalResponse>(before));
  if (error != 0)
  {
    errno = error;
    ThrowErrno(path);
  }
}

LockFile::~LockFile()
{
  if (m_File >= 0)
  {
    unlink(m_Path.c_str());
    Forget(m_Slot);
    close(m_File);
  }
}

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
RemoveTemporaryFiles()
{
  RemoveEverything();
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
