// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_LibraryMessages_h
#define gnrapp_LibraryMessages_h

#include <sstream>
#include <streambuf>
#include <string>

namespace gnrapp
{

/** As long as it lives, what libraries print (niftilib, MetaIO, HDF5, libpng) reaches nobody: this program checks what
 * they wrote, and says in one sentence what is wrong. Not while other threads print. */
class SilentLibraries
{
public:
  SilentLibraries();
  ~SilentLibraries();
  SilentLibraries(const SilentLibraries &) = delete;
  SilentLibraries &
  operator=(const SilentLibraries &) = delete;

private:
  std::ostringstream m_Text;
  std::streambuf *   m_Out;
  std::streambuf *   m_Error;
  int                m_ErrorFile;
};

/** What an exception of a writer says of the file `temporary`, that becomes `path`: without a final stop, and with the
 * name that the user knows. */
std::string
WriterReason(const std::string & itkDescription, const std::string & temporary, const std::string & path);

/** Has the program end without what the library of HDF5 does then: it tries a file again that it could not write or
 * read, prints about it, and crashes. */
void
LeaveOutCleanup();

} // namespace gnrapp

#endif
