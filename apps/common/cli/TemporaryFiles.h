// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_TemporaryFiles_h
#define gnrapp_TemporaryFiles_h

#include <string>
#include <vector>

namespace gnrapp
{

/** A folder of this process alone, for files that are not complete yet: nobody else can look into it (mode 0700) or
 * guess its name, so that no name in it can be that of somebody else's file or link.
 *
 * It goes, with its files, when the object does, and when a signal ends the program. What a killed program has left
 * beside it is removed by the next one of the same user on the same machine. */
class PrivateFolder
{
public:
  /** Makes `.gnr-...` in `parent`. Throws std::system_error. */
  explicit PrivateFolder(const std::string & parent);
  ~PrivateFolder();
  PrivateFolder(const PrivateFolder &) = delete;
  PrivateFolder &
  operator=(const PrivateFolder &) = delete;

  /** Makes an empty file, mode 0600, in it; its path. Throws std::system_error. */
  std::string
  MakeFile(const std::string & name);

  const std::string &
  Path() const
  {
    return m_Path;
  }

private:
  std::string      m_Path;
  int              m_Lock = -1;
  std::vector<int> m_Slots; ///< of the files
  int              m_Slot = -1;
};

/** A folder for results, made by this program; it goes, if empty, unless Keep() says that the results are there. */
class MadeFolder
{
public:
  /** Throws std::system_error. */
  explicit MadeFolder(const std::string & path);
  ~MadeFolder();
  MadeFolder(const MadeFolder &) = delete;
  MadeFolder &
  operator=(const MadeFolder &) = delete;

  void
  Keep();

private:
  std::string m_Path;
  int         m_Slot = -1;
};

/** A hidden file that is locked as long as this process lives, and goes with it as temporary files do: two processes
 * that would write the same results find one another by it. Where the file system has no locks nobody is found. */
class LockFile
{
public:
  /** Makes and locks `path`, unless another process has it: see Holder(). Throws std::system_error. */
  explicit LockFile(const std::string & path);
  ~LockFile();
  LockFile(const LockFile &) = delete;
  LockFile &
  operator=(const LockFile &) = delete;

  /** True if another process has it. */
  bool
  IsHeldElsewhere() const
  {
    return m_IsHeldElsewhere;
  }
  /** Who that is, as in `process 17 on node3`. */
  const std::string &
  Holder() const
  {
    return m_Holder;
  }

private:
  std::string m_Path;
  std::string m_Holder;
  bool        m_IsHeldElsewhere = false;
  int         m_File = -1;
  int         m_Slot = -1;
};

/** The name of the lock for files in `folder` that begin with `name`. */
std::string
LockNameFor(const std::string & folder, const std::string & name);

/** Takes away what programs of this user and machine that were killed have left in a folder. */
void
RemoveLeftovers(const std::string & folder);

/** What the signals that end a program do: SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGXCPU, SIGUSR1 and SIGUSR2
 * remove the temporary files and end it with 128 + the signal. Those that the parent chose to ignore (nohup) stay
 * ignored. */
enum class SignalResponse
{
  RemoveAndEnd,
  Wait,  ///< until the response is another one: names are being changed
  Ignore ///< the results are there, and the exit code shall say so
};

void
SetSignalResponse(SignalResponse response);

/** Removes all temporary files of this process, for one that is about to end itself; takes no memory. */
void
RemoveTemporaryFiles();

} // namespace gnrapp

#endif
