// SPDX-License-Identifier: Apache-2.0
#include "Program.h"

#include "GaussNewtonRegistrationVersion.h"
#include "TemporaryFiles.h"

#include "gnr/Threads.h"
#include "itkGaussNewtonRegistrationError.h"

#include "itkHDF5TransformIOFactory.h"
#include "itkMatlabTransformIOFactory.h"
#include "itkMetaImageIOFactory.h"
#include "itkMultiThreaderBase.h"
#include "itkNiftiImageIOFactory.h"
#include "itkNrrdImageIOFactory.h"
#include "itkOutputWindow.h"
#include "itkTxtTransformIOFactory.h"
#include "itkVersion.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <iostream>
#include <new>
#include <sstream>
#include <system_error>

#include <sys/uio.h>
#include <unistd.h>
#ifdef __GLIBC__
#  include <malloc.h>
#endif

namespace gnrapp
{
namespace
{

/** Standard error is for errors alone (3D Slicer shows any text there as one), so warnings go to standard output. */
class StandardOutputWindow : public itk::OutputWindow
{
public:
  using Self = StandardOutputWindow;
  using Superclass = itk::OutputWindow;
  using Pointer = itk::SmartPointer<Self>;
  itkFactorylessNewMacro(Self);

  void
  DisplayText(const char * text) override
  {
    std::cout << "warning: " << PlainDescription(text) << std::endl;
  }
};

/** Reading and writing must not depend on how ITK was configured; registering takes no measurable time. */
void
RegisterFormats()
{
  itk::NiftiImageIOFactory::RegisterOneFactory();
  itk::NrrdImageIOFactory::RegisterOneFactory();
  itk::MetaImageIOFactory::RegisterOneFactory();
  itk::TxtTransformIOFactory::RegisterOneFactory();
  itk::MatlabTransformIOFactory::RegisterOneFactory();
  itk::HDF5TransformIOFactory::RegisterOneFactory();
}

/** Starts the threads of ITK, which ends the program where the system does not give them. */
void
StartThreads()
{
  const auto threads = static_cast<int>(itk::MultiThreaderBase::GetGlobalDefaultNumberOfThreads());
  if (!gnr::canStartThreads(threads))
  {
    throw CommandLineError("the system gives no " + std::to_string(threads) +
                             " threads. Raise the limit of memory or processes, or set " +
                             "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS=1",
                           ExitCode::OutOfResources);
  }
  itk::MultiThreaderBase::New();
}

/** Gives what large images took back to the system at once. By default glibc keeps blocks of the size that was given
 * back last, up to 32 MB, in the heap: 2 B/voxel of a byte image of 20 million voxels. */
void
KeepNoLargeBlocks()
{
#ifdef __GLIBC__
  constexpr int largestKept = 1 << 20;
  mallopt(M_MMAP_THRESHOLD, largestKept);
#endif
}

constexpr const char * noMemory =
  "not enough memory for this image. Use a machine with more memory, or images with fewer voxels";

/** Takes no memory itself: for where it has run out in the middle of telling so, or of what must not throw. */
[[noreturn]] void
EndForWantOfMemory()
{
  RemoveTemporaryFiles();
#ifdef __GLIBC__
  const char * const program = program_invocation_short_name;
#else
  const char * const program = "gnr";
#endif
  std::array<iovec, 4> line;
  std::size_t          count = 0;
  for (const char * text : { program, ": error: ", noMemory, "\n" })
  {
    line[count++] = { const_cast<char *>(text), std::strlen(text) };
  }
  [[maybe_unused]] const ssize_t written = writev(STDERR_FILENO, line.data(), static_cast<int>(count));
  _exit(static_cast<int>(ExitCode::OutOfResources));
}

std::terminate_handler terminateBefore = nullptr;

/** An exception that nobody catches, or that meets a function that must not throw. */
[[noreturn]] void
Terminate()
{
  try
  {
    if (const std::exception_ptr error = std::current_exception())
    {
      std::rethrow_exception(error);
    }
  }
  catch (const std::bad_alloc &)
  {
    EndForWantOfMemory();
  }
  catch (...) // a defect
  {}
  if (terminateBefore != nullptr)
  {
    terminateBefore();
  }
  std::abort();
}

/** Before main(). */
[[maybe_unused]] const bool isTerminateSet = [] {
  terminateBefore = std::set_terminate(Terminate);
  return true;
}();

ExitCode
ExitCodeOf(itk::GaussNewtonRegistrationErrorEnums::Kind kind)
{
  using Kind = itk::GaussNewtonRegistrationErrorEnums::Kind;
  switch (kind)
  {
    case Kind::BadInput:
      return ExitCode::BadInput;
    case Kind::OutOfResources:
      return ExitCode::OutOfResources;
    case Kind::NumericalFailure:
      return ExitCode::NumericalFailure;
  }
  return ExitCode::NumericalFailure;
}

/** Bytes of a UTF-8 character that begins here; 0 if there is none, or only one of control. */
std::size_t
CharacterAt(const std::string & text, std::size_t at)
{
  const auto first = static_cast<unsigned char>(text[at]);
  if (first < 0x80)
  {
    return first >= ' ' && first != 0x7F ? 1 : 0;
  }
  const std::size_t bytes = first >= 0xF0 && first < 0xF5 ? 4 : first >= 0xE0 ? 3 : first >= 0xC2 ? 2 : 0;
  if (bytes == 0 || first >= 0xF5 || at + bytes > text.size())
  {
    return 0;
  }
  const auto isNext = [](unsigned char c) { return c >= 0x80 && c < 0xC0; };
  return std::all_of(text.begin() + at + 1, text.begin() + at + bytes, isNext) ? bytes : 0;
}

/** One line that a terminal can show: a message may quote what a damaged file holds. */
std::string
OneLine(const std::string & message)
{
  std::string line;
  for (std::size_t at = 0; at < message.size();)
  {
    const std::size_t bytes = CharacterAt(message, at);
    line += bytes > 0 ? message.substr(at, bytes) : message[at] == '\n' ? " " : "?";
    at += std::max<std::size_t>(bytes, 1);
  }
  return line;
}

} // namespace

std::string
PlainDescription(const std::string & itkDescription)
{
  // "ERROR: In file, line 1", then "Class (0x1234): text", or "ITK ERROR: Class(0x1234): text"
  std::istringstream lines(itkDescription);
  std::string        text;
  for (std::string line; std::getline(lines, line);)
  {
    if (line.rfind("WARNING: In ", 0) == 0 || line.rfind("ERROR: In ", 0) == 0)
    {
      continue;
    }
    const auto address = line.find("(0x");
    const auto after = line.find("): ");
    if (address != std::string::npos && after != std::string::npos && address < after)
    {
      line.erase(0, after + 3);
    }
    const auto first = line.find_first_not_of(" \t\r");
    if (first != std::string::npos)
    {
      const auto last = line.find_last_not_of(" \t\r");
      text += (text.empty() ? "" : " ") + line.substr(first, last - first + 1);
    }
  }
  return text;
}

namespace
{

int
RunAndTell(const std::string & program, const std::function<ExitCode()> & body)
{
  ExitCode    exitCode = ExitCode::Success;
  std::string message;
  try
  {
    itk::OutputWindow::SetInstance(StandardOutputWindow::New());
    RegisterFormats();
    std::signal(SIGXFSZ, SIG_IGN); // a limit of file size shall be an error of the writing, not the end of the program
    KeepNoLargeBlocks();
    StartThreads();
    exitCode = body();
  }
  catch (const CommandLineError & error)
  {
    exitCode = error.GetExitCode();
    message = error.what();
  }
  catch (const itk::GaussNewtonRegistrationError & error)
  {
    exitCode = ExitCodeOf(error.GetKind());
    message = PlainDescription(error.GetDescription());
  }
  catch (const itk::MemoryAllocationError &)
  {
    exitCode = ExitCode::OutOfResources;
    message = noMemory;
  }
  catch (const std::bad_alloc &)
  {
    exitCode = ExitCode::OutOfResources;
    message = noMemory;
  }
  catch (const itk::ExceptionObject & error)
  {
    exitCode = ExitCode::NumericalFailure;
    message = PlainDescription(error.GetDescription());
  }
  catch (const std::system_error & error) // of threads and temporary files
  {
    exitCode = ExitCode::OutOfResources;
    message =
      std::string(error.what()) + ". Free what the system is short of, or set TMPDIR to a folder that can be written";
  }
  catch (const std::exception & error)
  {
    message = error.what();
    const bool lacksThreads = message.find("pthread_create") != std::string::npos; // of TBB, which VTK uses
    exitCode = lacksThreads ? ExitCode::OutOfResources : ExitCode::NumericalFailure;
    message = lacksThreads ? "the system gives no more threads. Raise the limit of memory or processes" : message;
  }
  std::cout.flush();
  if (!message.empty())
  {
    std::cerr << (program + ": error: " + OneLine(message) + "\n") << std::flush; // at once: launchers write there, too
  }
  return static_cast<int>(exitCode);
}

} // namespace

int
RunProgram(const std::string & program, const std::function<ExitCode()> & body)
{
  try
  {
    return RunAndTell(program, body);
  }
  catch (const std::bad_alloc &) // also while it was told
  {
    EndForWantOfMemory();
  }
}

std::string
SoftwareVersion()
{
  return GaussNewtonRegistration_VERSION;
}

std::string
ItkVersion()
{
  return itk::Version::GetITKVersion();
}

std::string
FftLibrary()
{
  return GaussNewtonRegistration_FFT;
}

std::string
BuildType()
{
  return GNR_BUILD_TYPE;
}

void
LetThreadsSleep(char * argv[])
{
#ifdef __linux__
  if (std::getenv("OMP_WAIT_POLICY") == nullptr)
  {
    setenv("OMP_WAIT_POLICY", "passive", 0);
    // A few microseconds of patience first: waking a thread that sleeps costs more than most loops take.
    setenv("GOMP_SPINCOUNT", "3000", 0);
    execv("/proc/self/exe", argv);
    // Without /proc the program simply goes on as it is.
  }
#else
  (void)argv;
#endif
}

std::string
VersionText(const std::string & program)
{
  return program + " " + SoftwareVersion() + " (ITK " + ItkVersion() + ", " + FftLibrary() + ", " + BuildType() +
         " build)";
}

} // namespace gnrapp
