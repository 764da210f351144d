// SPDX-License-Identifier: Apache-2.0
#include "OutputFiles.h"

#include "common/cli/CommandLineError.h"
#include "ImageFiles.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace gnrapp
{
namespace
{

constexpr mode_t fileMode = 0666;
constexpr mode_t privateMask = 0077;

/** The path with every symbolic link followed, also of a file that does not exist yet. */
std::string
ResolveLinks(const std::string & path)
{
  constexpr int         mostLinks = 40; // as many as Linux follows
  std::filesystem::path current = std::filesystem::absolute(path);
  std::error_code       none;
  for (int i = 0; i < mostLinks && std::filesystem::is_symlink(std::filesystem::symlink_status(current, none)); ++i)
  {
    current = current.parent_path() / std::filesystem::read_symlink(current, none);
  }
  const std::filesystem::path resolved = std::filesystem::weakly_canonical(current, none);
  return none ? current.lexically_normal().string() : resolved.string();
}

/** The end of a file name that tells its format: ".nii.gz", ".csv". */
std::string
ExtensionOf(const std::string & path)
{
  const std::filesystem::path name = std::filesystem::path(path).filename();
  const std::string           last = name.extension().string();
  return (last == ".gz" ? name.stem().extension().string() : "") + last;
}

bool
IsOutOfSpace(int error)
{
  return error == ENOSPC || error == EDQUOT || error == EFBIG || error == EIO || error == ENOMEM || error == EMFILE ||
         error == ENFILE;
}

/** The folder of an output as the user named it. */
std::string
FolderNameOf(const std::string & finalPath)
{
  const std::string folder = std::filesystem::path(finalPath).parent_path().string();
  return folder.empty() ? "." : folder;
}

/** What is at the place of an output, and may not be replaced; empty if it may. */
std::string
DescribeObstacle(const std::string & target)
{
  struct stat status{};
  if (lstat(target.c_str(), &status) != 0 || S_ISREG(status.st_mode))
  {
    return "";
  }
  return S_ISDIR(status.st_mode)    ? "a folder"
         : S_ISFIFO(status.st_mode) ? "a pipe"
         : S_ISSOCK(status.st_mode) ? "a socket"
         : S_ISLNK(status.st_mode)  ? "a symbolic link that leads nowhere"
                                    : "a device";
}

/** One file at its place, and what it takes to undo that. */
struct Replacement
{
  std::string target;
  std::string backup; ///< what was there before; empty: nothing
};

/** Puts `temporary` at its place; the file that was there keeps a second name, `backup`. Returns errno, or 0. */
int
Replace(const std::string & temporary, const std::string & target, const std::string & backup, Replacement & done)
{
  struct stat status{};
  if (lstat(target.c_str(), &status) == 0)
  {
    if (!S_ISREG(status.st_mode))
    {
      return S_ISDIR(status.st_mode) ? EISDIR : EEXIST;
    }
    // Some file systems have no second names; there it is away for a moment.
    if (link(target.c_str(), backup.c_str()) != 0 && std::rename(target.c_str(), backup.c_str()) != 0)
    {
      return errno;
    }
    done.backup = backup;
  }
  done.target = target;
  if (std::rename(temporary.c_str(), target.c_str()) == 0)
  {
    return 0;
  }
  const int error = errno;
  if (!done.backup.empty())
  {
    std::rename(done.backup.c_str(), target.c_str()); // of two names of one file this does nothing
  }
  return error;
}

/** False if what was there before could not be put back. */
bool
Undo(const Replacement & done)
{
  return done.backup.empty() ? unlink(done.target.c_str()) == 0
                             : std::rename(done.backup.c_str(), done.target.c_str()) == 0;
}

} // namespace

OutputFiles::OutputFiles()
{
  const mode_t mask = umask(privateMask);
  umask(mask);
  m_FileMode = fileMode & ~mask;
  SetSignalResponse(SignalResponse::RemoveAndEnd);
}

OutputFiles::~OutputFiles()
{
  m_Folders.clear();
  while (!m_MadeFolders.empty()) // those within others come later
  {
    m_MadeFolders.pop_back();
  }
}

void
OutputFiles::Protect(const std::vector<std::string> & inputs)
{
  for (const std::string & input : inputs)
  {
    for (const std::string & file : FilesOf(input))
    {
      m_Inputs.push_back(file);
    }
  }
  for (const auto & [finalPath, output] : m_Outputs)
  {
    this->CheckIsNoInput(finalPath, output.target);
  }
}

void
OutputFiles::CheckIsNoInput(const std::string & finalPath, const std::string & target) const
{
  for (const std::string & input : m_Inputs)
  {
    if (IsSameFile(input, target))
    {
      throw CommandLineError(finalPath + ": is an input as well" + (input == finalPath ? "" : " (" + input + ")") +
                             ", which the result would replace. Choose another name for the output");
    }
  }
}

void
OutputFiles::Check(const std::string & finalPath)
{
  const std::string target = ResolveLinks(finalPath);
  if (const std::string obstacle = DescribeObstacle(target); !obstacle.empty())
  {
    throw CommandLineError(finalPath + ": is " + obstacle + ", not a file. Choose another name for the output");
  }
  this->CheckIsNoInput(finalPath, target);
  for (const auto & [otherPath, other] : m_Outputs)
  {
    if (other.target == target)
    {
      throw CommandLineError(finalPath + ": is the name of two outputs" +
                             (otherPath == finalPath ? "" : " (" + otherPath + " is the other)") +
                             ". Choose another name for one of them");
    }
  }
  const std::string folder = std::filesystem::path(target).parent_path().string();
  struct stat       status{};
  if (stat(folder.c_str(), &status) != 0)
  {
    this->MakeFolder(folder, finalPath);
  }
  else if (!S_ISDIR(status.st_mode))
  {
    throw CommandLineError(FolderNameOf(finalPath) +
                           ": the output folder is a file. Choose another name for the output");
  }
  if (m_Folders.count(folder) == 0)
  {
    this->FolderFor(target, finalPath);
    m_Folders.erase(folder); // it was a trial: a run that is killed before it writes shall leave nothing
  }
  m_Outputs[finalPath].target = target;
}

void
OutputFiles::MakeFolder(const std::string & folder, const std::string & finalPath)
{
  try
  {
    m_MadeFolders.push_back(std::make_unique<MadeFolder>(folder));
  }
  catch (const std::system_error & error)
  {
    throw CommandLineError(FolderNameOf(finalPath) + ": the output folder does not exist and cannot be created (" +
                           std::strerror(error.code().value()) + "). Create it first, or choose another name");
  }
}

void
OutputFiles::MakeFoldersFor(const std::string & finalPath)
{
  std::filesystem::path folder;
  for (const auto & part : std::filesystem::path(ResolveLinks(finalPath)).parent_path())
  {
    folder /= part;
    struct stat status{};
    if (stat(folder.c_str(), &status) != 0)
    {
      this->MakeFolder(folder.string(), finalPath);
    }
  }
}

PrivateFolder &
OutputFiles::FolderFor(const std::string & target, const std::string & finalPath)
{
  const std::string parent = std::filesystem::path(target).parent_path().string();
  auto &            folder = m_Folders[parent];
  if (!folder)
  {
    try
    {
      folder = std::make_unique<PrivateFolder>(parent);
    }
    catch (const std::system_error & error)
    {
      throw CommandLineError(FolderNameOf(finalPath) + ": the output folder cannot be written (" +
                               std::strerror(error.code().value()) +
                               "). Change its permissions, make room, or choose another folder",
                             IsOutOfSpace(error.code().value()) ? ExitCode::OutOfResources : ExitCode::BadInput);
    }
  }
  return *folder;
}

std::string
OutputFiles::MakeFile(const std::string & finalPath, const std::string & likePath)
{
  try
  {
    return this->FolderFor(m_Outputs.at(finalPath).target, finalPath)
      .MakeFile(std::to_string(m_Count++) + ExtensionOf(likePath));
  }
  catch (const std::system_error & error)
  {
    ThrowNotWritten(finalPath, std::strerror(error.code().value()));
  }
}

std::string
OutputFiles::TemporaryFor(const std::string & finalPath)
{
  if (m_Outputs.count(finalPath) == 0)
  {
    this->Check(finalPath);
  }
  const std::string temporary = this->MakeFile(finalPath, finalPath);
  m_Outputs[finalPath].temporary = temporary;
  m_Written.push_back(finalPath);
  return temporary;
}

std::string
OutputFiles::ScratchFor(const std::string & finalPath, const std::string & likePath)
{
  if (m_Outputs.count(finalPath) == 0)
  {
    this->Check(finalPath);
  }
  return this->MakeFile(finalPath, likePath);
}

void
OutputFiles::Commit()
{
  std::vector<std::string> backups;
  for (const std::string & finalPath : m_Written)
  {
    const std::string & temporary = m_Outputs[finalPath].temporary;
    const int           file = open(temporary.c_str(), O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
    struct stat         status{};
    // A network file system tells only now that it was full.
    const bool isThere =
      file >= 0 && fstat(file, &status) == 0 && status.st_size > 0 && fsync(file) == 0 && fchmod(file, m_FileMode) == 0;
    const int error = errno;
    if (file >= 0)
    {
      close(file);
    }
    if (!isThere)
    {
      ThrowNotWritten(finalPath, file >= 0 && status.st_size == 0 ? "it is empty" : std::strerror(error));
    }
    backups.push_back(this->MakeFile(finalPath, ".old"));
    unlink(backups.back().c_str()); // its name is what is needed
  }

  SetSignalResponse(SignalResponse::Wait);
  std::vector<Replacement> done;
  int                      error = 0;
  std::string              failed;
  for (std::size_t i = 0; i < m_Written.size() && error == 0; ++i)
  {
    const Output & output = m_Outputs[m_Written[i]];
    Replacement    replacement;
    error = Replace(output.temporary, output.target, backups[i], replacement);
    if (error == 0)
    {
      done.push_back(replacement);
    }
    else
    {
      failed = m_Written[i];
    }
  }
  if (error == 0)
  {
    for (const auto & folder : m_MadeFolders)
    {
      folder->Keep();
    }
    m_Folders.clear();
    SetSignalResponse(SignalResponse::Ignore);
    return;
  }

  std::string lost;
  for (; !done.empty(); done.pop_back())
  {
    if (!Undo(done.back()) && !done.back().backup.empty())
    {
      lost += "; what " + done.back().target + " held before is in " + done.back().backup;
    }
  }
  if (!lost.empty())
  {
    for (auto & [parent, folder] : m_Folders)
    {
      folder.release(); // stays
    }
    SetSignalResponse(SignalResponse::Ignore);
  }
  else
  {
    SetSignalResponse(SignalResponse::RemoveAndEnd);
  }
  throw CommandLineError(failed + ": cannot be replaced (" + std::strerror(error) +
                           "), so nothing was. Remove what has that name, or choose another" + lost,
                         IsOutOfSpace(error) ? ExitCode::OutOfResources : ExitCode::BadInput);
}

bool
IsSameFile(const std::string & a, const std::string & b)
{
  struct stat one{};
  struct stat other{};
  return stat(a.c_str(), &one) == 0 && stat(b.c_str(), &other) == 0 && one.st_dev == other.st_dev &&
         one.st_ino == other.st_ino;
}

void
WriteText(const std::string & text, const std::string & path, OutputFiles & files)
{
  WriteBytes(text.data(), text.size(), files.TemporaryFor(path), path);
}

void
WriteBytes(const void * data, std::size_t bytes, const std::string & temporary, const std::string & path)
{
  std::FILE * const file = std::fopen(temporary.c_str(), "wb");
  const bool        isWritten = file != nullptr && std::fwrite(data, 1, bytes, file) == bytes;
  const int         writeError = errno;
  const bool        isClosed = file != nullptr && std::fclose(file) == 0;
  if (!isWritten || !isClosed)
  {
    ThrowNotWritten(path, std::strerror(isWritten ? errno : writeError));
  }
  CheckWrittenBytes(temporary, path, bytes);
}

void
CheckWrittenBytes(const std::string & temporary, const std::string & path, std::size_t bytes)
{
  struct stat status{};
  if (stat(temporary.c_str(), &status) != 0)
  {
    ThrowNotWritten(path, std::strerror(errno));
  }
  if (static_cast<std::size_t>(status.st_size) != bytes)
  {
    ThrowNotWritten(path, std::to_string(status.st_size) + " of " + std::to_string(bytes) + " bytes");
  }
}

void
ThrowNotWritten(const std::string & path, const std::string & details)
{
  throw CommandLineError(path + ": cannot be written completely" + (details.empty() ? "" : " (" + details + ")") +
                           ". Is the disk full, or the size of files limited?",
                         ExitCode::OutOfResources);
}

} // namespace gnrapp
