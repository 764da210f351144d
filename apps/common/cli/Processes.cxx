// SPDX-License-Identifier: Apache-2.0
#include "Processes.h"

#include "Program.h"

#include "itkGaussNewtonRegistrationError.h"

#include "gnr/Error.h"

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <new>
#include <streambuf>
#include <thread>

namespace gnrapp
{
namespace
{

ExitCode
ExitCodeOf(gnr::ErrorKind kind)
{
  switch (kind)
  {
    case gnr::ErrorKind::OutOfResources:
      return ExitCode::OutOfResources;
    case gnr::ErrorKind::NumericalFailure:
      return ExitCode::NumericalFailure;
    default:
      return ExitCode::BadInput;
  }
}

ExitCode
ExitCodeOf(itk::GaussNewtonRegistrationErrorEnums::Kind kind)
{
  using Kind = itk::GaussNewtonRegistrationErrorEnums::Kind;
  return kind == Kind::BadInput
           ? ExitCode::BadInput
           : (kind == Kind::OutOfResources ? ExitCode::OutOfResources : ExitCode::NumericalFailure);
}

gnr::ErrorKind
KindOf(ExitCode exitCode)
{
  switch (exitCode)
  {
    case ExitCode::OutOfResources:
      return gnr::ErrorKind::OutOfResources;
    case ExitCode::NumericalFailure:
      return gnr::ErrorKind::NumericalFailure;
    default:
      return gnr::ErrorKind::BadInput;
  }
}

/** Runs f; the errors of communicators leave as those of programs. */
template <typename TFunction>
auto
WithProgramErrors(TFunction f) -> decltype(f())
{
  try
  {
    return f();
  }
  catch (const gnr::Error & error)
  {
    throw CommandLineError(error.what(), ExitCodeOf(error.kind()));
  }
}

/** The number that the launcher has given this process; 0 if there is no launcher. Needs no MPI. */
int
LaunchedRank()
{
  for (const char * name : { "OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK", "MV2_COMM_WORLD_RANK", "SLURM_PROCID" })
  {
    if (const char * value = std::getenv(name))
    {
      return std::atoi(value);
    }
  }
  return 0;
}

/** What goes wrong in one process is told to the others. */
ExitCode
RunAndAnnounce(Processes & processes, const std::function<ExitCode(Processes &)> & body)
{
  try
  {
    const ExitCode result = body(processes);
    processes.Agree();
    return result;
  }
  catch (const CommandLineError & error)
  {
    processes.Announce(error.GetExitCode(), error.what());
    throw;
  }
  catch (const itk::GaussNewtonRegistrationError & error)
  {
    processes.Announce(ExitCodeOf(error.GetKind()), PlainDescription(error.GetDescription()));
    throw;
  }
  catch (const std::bad_alloc &)
  {
    processes.Announce(ExitCode::OutOfResources, "not enough memory. Use more processes, or images with fewer voxels");
    throw;
  }
  catch (const std::exception & error)
  {
    processes.Announce(ExitCode::NumericalFailure, error.what());
    throw;
  }
}

} // namespace

Processes::Processes()
{
  WithProgramErrors([this] {
    const bool isAlone = gnr::launchedProcesses().value_or(1) == 1;
    m_World = isAlone ? gnr::makeSelfCommunicator() : gnr::makeMpiCommunicator();
    m_Parting = isAlone ? m_World : gnr::makeMpiCommunicator();
  });
}

void
Processes::Agree()
{
  Sum({ 1.0 });
}

std::vector<double>
Processes::Sum(std::vector<double> values)
{
  WithProgramErrors([&] { m_World->sum(values.data(), values.size()); });
  return values;
}

std::vector<double>
Processes::Maximum(std::vector<double> values)
{
  WithProgramErrors([&] { m_World->maximum(values.data(), values.size()); });
  return values;
}

std::string
Processes::Share(std::string text)
{
  WithProgramErrors([&] {
    std::size_t length = text.size();
    m_World->broadcast(&length, sizeof length, 0);
    text.resize(length);
    if (length > 0)
    {
      m_World->broadcast(&text[0], length, 0);
    }
  });
  return text;
}

bool
Processes::StandsInForTheRoot() const
{
  return m_World->standsInForTheFirst();
}

void
Processes::Announce(ExitCode exitCode, const std::string & message)
{
  if (Size() > 1)
  {
    m_World->announceFailure(KindOf(exitCode), message);
  }
}

void
Processes::Part()
{
  try
  {
    double here = 1.0;
    m_Parting->sum(&here, 1);
  }
  catch (const gnr::Error &)
  {
    // Somebody was killed; nobody to wait for.
  }
}

int
RunSharedProgram(const std::string & program, const std::function<ExitCode(Processes &)> & body)
{
  std::unique_ptr<Processes> processes;
  std::streambuf * const     errors = std::cerr.rdbuf();
  if (gnr::launchedProcesses().value_or(1) > 1 && LaunchedRank() != 0)
  {
    // Every error reaches the root, which prints it.
    std::cout.rdbuf(nullptr);
    std::cerr.rdbuf(nullptr);
  }
  const int exitCode = RunProgram(program, [&] {
    processes = std::make_unique<Processes>();
    try
    {
      return RunAndAnnounce(*processes, body);
    }
    catch (...)
    {
      if (processes->StandsInForTheRoot())
      {
        std::cerr.rdbuf(errors);
        std::cerr.clear(); // it has refused everything so far
      }
      throw;
    }
  });
  if (processes)
  {
    processes->Part();
  }
  else if (LaunchedRank() != 0)
  {
    // Nothing connects the processes, and the first one that ends may end the others.
    std::this_thread::sleep_for(std::chrono::seconds(2));
  }
  return exitCode;
}

} // namespace gnrapp
