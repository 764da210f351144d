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
#ifndef gnrapp_OutputFiles_h
#define gnrapp_OutputFiles_h

#include <string>
#include <utility>
#include <vector>

namespace gnrapp
{

/** The files that a program writes: all of them or none.
 *
 * Every file is written under a temporary hidden name in its final folder, with its final extension, and renamed by
 * Commit(). Without Commit() the destructor removes what was written, and so does a signal handler for SIGINT, SIGTERM
 * and SIGHUP, which then ends the program with 128 + the signal. One object at a time. */
class OutputFiles
{
public:
  OutputFiles();
  ~OutputFiles();
  OutputFiles(const OutputFiles &) = delete;
  OutputFiles &
  operator=(const OutputFiles &) = delete;

  /** Makes sure that `finalPath` can be written: creates its folder if only that is missing (and takes it away again if
   * nothing is committed) and tries a file in it. Throws CommandLineError naming the folder. */
  void
  CheckFolderOf(const std::string & finalPath);

  /** The name under which to write what becomes `finalPath`. */
  std::string
  TemporaryFor(const std::string & finalPath);

  /** A further temporary file, removed by Commit(). */
  std::string
  ScratchFor(const std::string & finalPath);

  /** Renames everything. Throws CommandLineError if a rename fails; a signal that arrives meanwhile waits. */
  void
  Commit();

private:
  std::string
  Register(const std::string & finalPath, const char * suffix);

  std::vector<std::pair<std::string, std::string>> m_Renames; ///< temporary, final
};

} // namespace gnrapp

#endif
