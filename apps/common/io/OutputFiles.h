// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_OutputFiles_h
#define gnrapp_OutputFiles_h

#include "common/cli/TemporaryFiles.h"

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace gnrapp
{

/** The files that a program writes: all of them or none.
 *
 * Every file is written in a private folder beside where it belongs, with its final extension, and renamed by Commit().
 * A symbolic link stays, and the file that it means is replaced. Without Commit() the destructor removes what was
 * written, and so does a signal (TemporaryFiles.h). One object at a time. */
class OutputFiles
{
public:
  OutputFiles();
  ~OutputFiles();
  OutputFiles(const OutputFiles &) = delete;
  OutputFiles &
  operator=(const OutputFiles &) = delete;

  /** None of these files, nor what holds their voxels, may be replaced, under whatever name. Throws CommandLineError
   * naming the output that is one of them, here or in Check(). */
  void
  Protect(const std::vector<std::string> & inputs);

  /** Makes sure that `finalPath` can be written: that it is a file, if it exists, no input and no other output, and
   * that its folder can be written, which is created if only that is missing (and taken away again if nothing is
   * committed). Throws CommandLineError. */
  void
  Check(const std::string & finalPath);

  /** Makes all folders above `finalPath` that are missing; they go again if nothing is committed. Throws
   * CommandLineError. */
  void
  MakeFoldersFor(const std::string & finalPath);

  /** The name under which to write what becomes `finalPath`: of an empty file. */
  std::string
  TemporaryFor(const std::string & finalPath);

  /** A further temporary file beside it, removed in the end; named as `likePath` ends. */
  std::string
  ScratchFor(const std::string & finalPath, const std::string & likePath);

  /** Renames everything, or nothing. Throws CommandLineError if that fails, with all as it was before; a signal that
   * arrives meanwhile waits. Signals after it are ignored: the results are there. */
  void
  Commit();

private:
  struct Output
  {
    std::string target;    ///< absolute, links resolved
    std::string temporary; ///< empty: nothing was written
  };

  void
  MakeFolder(const std::string & folder, const std::string & finalPath);
  PrivateFolder &
  FolderFor(const std::string & target, const std::string & finalPath);
  std::string
  MakeFile(const std::string & finalPath, const std::string & likePath);
  void
  CheckIsNoInput(const std::string & finalPath, const std::string & target) const;

  std::vector<std::string>                              m_Inputs;
  std::map<std::string, Output>                         m_Outputs; ///< by final path
  std::vector<std::string>                              m_Written; ///< final paths, in order
  std::vector<std::unique_ptr<MadeFolder>>              m_MadeFolders;
  std::map<std::string, std::unique_ptr<PrivateFolder>> m_Folders; ///< by parent
  unsigned int                                          m_Count = 0;
  unsigned int                                          m_FileMode = 0;
};

/** Whether two names mean one file: through links, hard or symbolic. False where one does not exist. */
bool
IsSameFile(const std::string & a, const std::string & b);

/** Writes a text as `path`, under a temporary name of `files`. Throws CommandLineError. */
void
WriteText(const std::string & text, const std::string & path, OutputFiles & files);

/** Writes bytes to the file `temporary`, that becomes `path`. Throws CommandLineError naming `path`. */
void
WriteBytes(const void * data, std::size_t bytes, const std::string & temporary, const std::string & path);

/** Throws CommandLineError unless the file `temporary`, that becomes `path`, has so many bytes: libraries write on when
 * the disk is full, and say nothing. */
void
CheckWrittenBytes(const std::string & temporary, const std::string & path, std::size_t bytes);

/** What CheckWrittenBytes() throws.
 * \param details in parentheses; may be empty */
[[noreturn]] void
ThrowNotWritten(const std::string & path, const std::string & details);

} // namespace gnrapp

#endif
