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
// gnr-register: registers two images and writes the deformation. Thin over
// itk::DiffeomorphicGaussNewtonRegistrationFilter; doc/command-line.md is its manual.
#include "common/CommandLineError.h"
#include "common/ImageInput.h"
#include "common/ImageOutput.h"
#include "common/InitialTransform.h"
#include "common/OutputFiles.h"
#include "common/Picture.h"
#include "common/ProcessLauncher.h"
#include "common/Processes.h"
#include "common/Program.h"
#include "common/RegistrationFilter.h"
#include "common/RegistrationSettings.h"
#include "common/RunLog.h"
#include "common/RunReport.h"
#include "common/SlabOutput.h"
#include "common/StreamedInput.h"
#include "common/TransformOutput.h"

#include "gnr/Registration.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <utility>

namespace
{

using namespace gnrapp;
using FilterType = RegistrationFilterType;
using Clock = std::chrono::steady_clock;

/** Seconds since `mark`, which moves on to now. */
double
Lap(Clock::time_point & mark)
{
  const Clock::time_point now = Clock::now();
  const double            seconds = std::chrono::duration<double>(now - mark).count();
  mark = now;
  return seconds;
}

/** What the program itself takes, when so much is resident with the images that it has read. */
std::optional<std::size_t>
WithoutImages(std::optional<std::size_t> resident, std::size_t imageBytes)
{
  return resident ? std::optional<std::size_t>(*resident - std::min(*resident, imageBytes)) : resident;
}

void
WriteText(const std::string & text, const std::string & path, OutputFiles & files)
{
  std::ofstream out(files.TemporaryFor(path));
  out << text;
  out.close();
  if (!out)
  {
    throw CommandLineError(path + ": cannot be written. Is the disk full?", ExitCode::OutOfResources);
  }
}

/** The files of a run; those that it does not write may be left from another one. */
struct FileNames
{
  std::vector<std::string> written;
  std::vector<std::string> stale;
};

/** Writes the results that were asked for under temporary names; returns the final ones. Collective if each process
 * writes its part of them, else for the root alone. */
FileNames
WriteResults(FilterType *                 filter,
             const RegistrationSettings & settings,
             bool                         wasAligned,
             OutputFiles &                files,
             Processes &                  processes)
{
  const auto threads = static_cast<unsigned int>(std::max(1, filter->GetReport().threads));
  FileNames  names;
  auto       offer = [&](const std::string & end, bool isWanted, auto writeTo) {
    const std::string path = settings.prefix + "_" + end;
    if (isWanted)
    {
      names.written.push_back(path);
      writeTo(path);
    }
    else if (std::filesystem::exists(path))
    {
      names.stale.push_back(path);
    }
  };
  auto image = [&](const std::string & name, bool isWanted, auto get) {
    offer(name + ".nii.gz", isWanted && !settings.streamedOutput, [&](const std::string & path) {
      WriteImage(get(), path, files, threads);
    });
    offer(name + ".mha", isWanted && settings.streamedOutput, [&](const std::string & path) {
      const std::string temporary = processes.Share(processes.IsRoot() ? files.TemporaryFor(path) : "");
      WriteSlabs(get(), temporary, path, processes);
    });
  };
  image("displacement", true, [=] { return filter->GetDisplacementField(); });
  image("inverse_displacement", settings.writeInverse, [=] { return filter->GetInverseDisplacementField(); });
  image("velocity", settings.writeVelocity, [=] { return filter->GetVelocityField(); });
  image("warped", true, [=] { return filter->GetWarpedMovingImage(); });
  image("determinant", settings.writeDeterminant, [=] { return filter->GetJacobianDeterminantImage(); });
  offer("dispvect.nii.gz", settings.writeDispvect, [&](const std::string & path) {
    WriteDispvect(filter->GetDisplacementField(), path, files, threads);
  });

  const TransformType * const initial = filter->GetInitialTransform();
  offer("initial.tfm", wasAligned, [&](const std::string & path) { WriteTransform(initial, path, files); });
  offer("composite.h5", settings.writeComposite, [&](const std::string & path) {
    WriteComposite(
      filter->GetDisplacementField(), initial, CompositeOrder::FieldFirst, settings.compositePrecision, path, files);
  });
  offer("inverse_composite.h5", settings.writeComposite && settings.writeInverse, [&](const std::string & path) {
    const TransformType::Pointer inverse =
      initial ? InvertTransform(initial, *settings.initialTransform) : TransformType::Pointer();
    WriteComposite(filter->GetInverseDisplacementField(),
                   inverse,
                   CompositeOrder::TransformFirst,
                   settings.compositePrecision,
                   path,
                   files);
  });
  // What gnr-view drew of an earlier result does not show this one.
  for (const auto & [path, isDrawn] :
       { std::make_pair(PictureName(settings), settings.picture), std::make_pair(settings.prefix + ".vti", false) })
  {
    if (!isDrawn && std::filesystem::exists(path))
    {
      names.stale.push_back(path);
    }
  }
  return names;
}

/** Reads what this process has to read: all on the root, nothing elsewhere, or the headers, with sources that read its
 * part of the voxels later. */
ImageSources
ReadInputs(FilterType *                 filter,
           const RegistrationSettings & settings,
           Processes &                  processes,
           RunRecord &                  record,
           RunLog &                     log)
{
  ImageSources sources;
  const bool   isStreamed = settings.streamedInput && processes.Size() > 1;
  SetParameters(filter, settings);
  if (processes.IsRoot())
  {
    record.fixed = InspectImageFile(settings.fixed);
    CheckRightAngles(record.fixed);
    record.moving = InspectImageFile(settings.moving);
    log.PrintHeader(record.fixed, record.moving, processes.Size(), processes.Description());
  }
  if (isStreamed)
  {
    sources = SetStreamedInputs(filter, settings);
  }
  else if (processes.IsRoot())
  {
    WithFileNames(settings,
                  [&] { record.alignment = SetInputs(filter, settings, record.fixed, record.moving, sources, log); });
  }
  processes.Agree(); // before anybody waits for pixels
  return sources;
}

ExitCode
DryRun(const RegistrationSettings & settings, Processes & processes)
{
  RunLog             log(settings);
  RunRecord          record;
  const auto         filter = FilterType::New();
  const ImageSources sources = ReadInputs(filter, settings, processes, record, log);
  const auto         resident = ResidentBytes();
  MemoryNeed         need;
  const bool         isForGpu = settings.options.device == gnr::Device::Cuda;
  if (isForGpu)
  {
    filter->SetDevice(FilterType::DeviceEnum::Auto); // a plan is of use where no GPU is, too: jobs are written there
  }
  WithFileNames(settings, [&] { need.filter = filter->PlanMemory(); });
  if (isForGpu && !need.filter.solver.fieldsOnDevice)
  {
    need.filter.AddUp(gnr::Registration::planForDevice(need.filter.solver));
    log.PrintMessage("--device cuda is refused on this machine; this is the plan for one with a GPU");
  }
  need.program = WithoutImages(resident, need.filter.inputs);
  log.PrintMemoryNeed(need, record.fixed.size[0] * record.fixed.size[1] * record.fixed.size[2]);
  const int shared = settings.processes.value_or(processes.Size());
  if (processes.IsRoot() && (settings.processes || shared > 1))
  {
    log.PrintScaling(need, shared);
  }
  return ExitCode::Success;
}

/** CPU time and memory of all processes; collective. */
void
MeasureUsage(RunRecord & record, Clock::time_point start, Processes & processes)
{
  record.usage = MeasureResourceUsage(start);
  const auto peak = static_cast<double>(record.usage.peakBytes);
  const auto sums = processes.Sum({ record.usage.cpuSeconds, peak });
  record.usage.cpuSeconds = sums[0];
  record.totalPeakBytes = static_cast<std::size_t>(sums[1]);
  record.usage.peakBytes = static_cast<std::size_t>(processes.Maximum({ peak })[0]);
}

std::string
ReportName(const RegistrationSettings & settings)
{
  return settings.prefix + "_report.json";
}

ExitCode
Register(const RegistrationSettings & settings, Clock::time_point start, Processes & processes, RunRecord & record)
{
  OutputFiles       files;
  const std::string reportName = ReportName(settings);
  if (processes.IsRoot())
  {
    files.CheckFolderOf(reportName);
  }

  Clock::time_point  mark = start;
  RunLog             log(settings);
  const auto         filter = FilterType::New();
  const ImageSources sources = ReadInputs(filter, settings, processes, record, log);
  if (settings.writeComposite && settings.writeInverse && filter->GetInitialTransform())
  {
    InvertTransform(filter->GetInitialTransform(), *settings.initialTransform); // fails now rather than in the end
  }
  Observe(filter, log);
  const auto   resident = ResidentBytes();
  const double alignSeconds = record.alignment ? record.alignment->seconds : 0.0;
  record.phases.emplace_back("read", Lap(mark) - alignSeconds);
  if (record.alignment)
  {
    record.phases.emplace_back("alignment", alignSeconds);
  }
  WithFileNames(settings, [&] { filter->Update(); });
  record.report = filter->GetReport();
  record.memory.filter = filter->GetMemoryNeed();
  record.memory.program = WithoutImages(resident, record.memory.filter.inputs);
  const double update = Lap(mark);
  record.phases.insert(record.phases.end(), record.report.phases.begin(), record.report.phases.end());
  record.phases.emplace_back("images of the result", update - record.report.wallSeconds);

  log.PrintActivity("writing");
  FileNames names;
  if (processes.IsRoot() || settings.streamedOutput)
  {
    names = WriteResults(filter, settings, record.alignment.has_value(), files, processes);
  }
  record.files = names.written;
  record.phases.emplace_back("write", Lap(mark));
  MeasureUsage(record, start, processes);
  if (processes.IsRoot())
  {
    for (const ImageFileInfo * image : { &record.fixed, &record.moving })
    {
      if (!image->note.empty())
      {
        record.report.messages.push_back(image->note);
      }
    }
    if (record.alignment && !record.alignment->remark.empty())
    {
      record.report.messages.push_back("alignment: " + record.alignment->remark);
    }
    for (const std::string & path : names.stale)
    {
      record.report.messages.push_back(path + " is left from an earlier run and does not belong to this result");
    }
    record.files.push_back(reportName);
    WriteText(MakeJsonReport(settings, record), reportName, files);
    files.Commit();
    log.PrintSummary(record.report, record.phases, record.usage, record.MemoryPerVoxel(), record.files);
  }
  return record.report.reason == gnr::StopReason::TimeLimit ? ExitCode::TimeLimit : ExitCode::Success;
}

/** The picture is drawn from the report, which names it once it is there. */
void
Draw(const std::string & program, const RegistrationSettings & settings, RunRecord & record)
{
  DrawPicture(program, settings);
  OutputFiles files;
  record.files.insert(record.files.end() - 1, PictureName(settings));
  WriteText(MakeJsonReport(settings, record), ReportName(settings), files);
  files.Commit();
}

} // namespace

int
main(int argc, char * argv[])
{
  LetThreadsSleep(argv);
  const auto start = Clock::now();
  return RunSharedProgram("gnr-register", [&](Processes & processes) {
    const auto settings = ParseRegistrationSettings(argc, argv);
    if (!settings)
    {
      return ExitCode::Success;
    }
    if (!settings->dryRun) // which tells of any number of processes and starts none
    {
      if (const auto exitCode = RunAsProcesses("gnr-register", settings->processes, argv))
      {
        return *exitCode;
      }
    }
    itk::Object::SetGlobalWarningDisplay(!settings->quiet);
    if (settings->dryRun)
    {
      return DryRun(*settings, processes);
    }
    const bool        isDrawn = settings->picture && processes.IsRoot();
    const std::string pictureProgram = isDrawn ? FindPictureProgram() : "";
    RunRecord         record;
    const ExitCode    exitCode = Register(*settings, start, processes, record);
    if (isDrawn) // the images have left memory
    {
      Draw(pictureProgram, *settings, record);
    }
    return exitCode;
  });
}
