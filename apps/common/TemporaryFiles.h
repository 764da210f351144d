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

} // namespace gnrapp

#endif
