// SPDX-License-Identifier: Apache-2.0
// gnr-register: registers two images and writes the deformation. Thin over
// itk::DiffeomorphicGaussNewtonRegistrationFilter; doc/command-line.md is its manual.
#include "common/cli/CommandLineError.h"
#include "common/io/ImageInput.h"
#include "common/io/ImageOutput.h"
#include "common/map/InitialTransform.h"
#include "common/io/OutputFiles.h"
#include "common/cli/JsonText.h"
#include "common/run/Picture.h"
#include "common/cli/ProcessLauncher.h"
#include "common/cli/Processes.h"
#include "common/cli/Program.h"
#include "common/run/RegistrationFilter.h"
#include "common/run/RegistrationSettings.h"
#include "common/run/RunLog.h"
#include "common/run/RunReport.h"
#include "common/cli/SignalRequests.h"
#include "common/io/SlabOutput.h"
#include "common/run/StreamedInput.h"
#include "common/cli/TemporaryFiles.h"
#include "common/map/TransformOutput.h"

#include "gnr/Checkpoint.h"
#include "gnr/Engine.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

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

/** A result that a run may write, PREFIX_ and this. */
struct ResultFile
{
  std::string end;
  bool        isWanted;
};

/** All results that any run may write, the report apart. */
std::vector<ResultFile>
ResultFilesOf(const RegistrationSettings & s)
{
  const auto method = s.initialTransform ? gnr::valueOf<AlignmentMethod>(*s.initialTransform) : std::nullopt;
  std::vector<ResultFile> files;
  for (const auto & [name, isWanted] : { std::make_pair("displacement", true),
                                         std::make_pair("inverse_displacement", s.writeInverse),
                                         std::make_pair("velocity", s.writeVelocity),
                                         std::make_pair("warped", true),
                                         std::make_pair("determinant", s.writeDeterminant) })
  {
    files.push_back({ std::string(name) + ".nii.gz", isWanted && !s.streamedOutput });
    files.push_back({ std::string(name) + ".mha", isWanted && s.streamedOutput });
  }
  files.push_back({ "dispvect.nii.gz", s.writeDispvect });
  files.push_back({ "initial.tfm", (method && *method != AlignmentMethod::Identity) || s.fslImages });
  files.push_back({ "composite.h5", s.writeComposite });
  files.push_back({ "inverse_composite.h5", s.writeComposite && s.writeInverse });
  if (s.bids)
  {
    files.push_back({ "warped.json", true });
    files.push_back({ "inverse_report.json", s.writeInverse });
  }
  return files;
}

std::string
ReportName(const RegistrationSettings & settings)
{
  return ResultName(settings, "report.json");
}

/** Refuses what cannot be written, or must not be replaced. */
void
CheckOutputs(const RegistrationSettings & settings, OutputFiles & files)
{
  files.Protect(InputsOf(settings));
  if (settings.bids)
  {
    files.MakeFoldersFor(settings.prefix);
    for (const auto & [path, text] : settings.bids->MissingDatasetFiles(SoftwareVersion()))
    {
      files.Check(path);
    }
  }
  files.Check(ReportName(settings));
  for (const ResultFile & file : ResultFilesOf(settings))
  {
    if (file.isWanted)
    {
      files.Check(ResultName(settings, file.end));
    }
  }
  if (settings.picture)
  {
    files.Check(PictureName(settings));
  }
}

/** What no second run may write while this one lives. */
using Locks = std::vector<std::unique_ptr<LockFile>>;

/** Refuses to write what another run is writing. */
Locks
LockOutputs(const RegistrationSettings & settings)
{
  std::vector<std::pair<const char *, std::string>> prefixes{ { "--output", settings.prefix } };
  if (settings.options.checkpoint)
  {
    prefixes.emplace_back("--checkpoint", *settings.options.checkpoint);
  }
  Locks                 locks;
  std::set<std::string> names;
  for (const auto & [option, prefix] : prefixes)
  {
    const std::filesystem::path path = std::filesystem::weakly_canonical(std::filesystem::absolute(prefix));
    const std::string           name = LockNameFor(path.parent_path().string(), path.filename().string());
    if (!std::filesystem::is_directory(path.parent_path()) || !names.insert(name).second)
    {
      continue; // where checkpoints cannot be written the run says so, and goes on
    }
    try
    {
      locks.push_back(std::make_unique<LockFile>(name));
    }
    catch (const std::system_error & error)
    {
      throw CommandLineError(prefix + ": its folder cannot be written (" + error.code().message() +
                               "). Make room, change its permissions, or choose another " + option,
                             ExitCode::OutOfResources);
    }
    if (locks.back()->IsHeldElsewhere())
    {
      throw CommandLineError(prefix + ": another run" +
                             (locks.back()->Holder().empty() ? "" : " (" + locks.back()->Holder() + ")") +
                             " is writing files of this name. Wait until it has ended, or choose another " + option);
    }
  }
  return locks;
}

/** Results of another run, which this one does not replace. */
std::vector<std::string>
FindStaleFiles(const RegistrationSettings & settings)
{
  const std::vector<std::string> inputs = InputsOf(settings);
  std::vector<std::string>       stale;
  const auto                     add = [&](const std::string & path) {
    const bool isInput =
      std::any_of(inputs.begin(), inputs.end(), [&](const std::string & input) { return IsSameFile(input, path); });
    if (!isInput && std::filesystem::exists(path))
    {
      stale.push_back(path);
    }
  };
  for (const ResultFile & file : ResultFilesOf(settings))
  {
    if (!file.isWanted)
    {
      add(ResultName(settings, file.end));
    }
  }
  // What gnr-view drew of an earlier result does not show this one.
  if (!settings.picture)
  {
    add(PictureName(settings));
  }
  add(settings.prefix + ".vti");
  return stale;
}

/** Writes the results that were asked for under temporary names; returns the final ones. Collective if each process
 * writes its part of them, else for the root alone.
 * \param inverseOfInitial null: there is no initial transform, or nobody asks for its inverse */
std::vector<std::string>
WriteResults(FilterType *                 filter,
             const RegistrationSettings & settings,
             const TransformType *        inverseOfInitial,
             OutputFiles &                files,
             Processes &                  processes)
{
  const auto               threads = static_cast<unsigned int>(std::max(1, filter->GetReport().threads));
  std::vector<std::string> written;
  std::set<std::string>    wanted;
  for (const ResultFile & file : ResultFilesOf(settings))
  {
    if (file.isWanted)
    {
      wanted.insert(file.end);
    }
  }
  auto offer = [&](const std::string & end, auto writeTo) {
    if (wanted.count(end) != 0)
    {
      written.push_back(ResultName(settings, end));
      writeTo(written.back());
    }
  };
  auto image = [&](const std::string & name, auto get) {
    offer(name + ".nii.gz", [&](const std::string & path) { WriteImage(get(), path, files, threads); });
    offer(name + ".mha", [&](const std::string & path) {
      const std::string temporary = processes.Share(processes.IsRoot() ? files.TemporaryFor(path) : "");
      WriteSlabs(get(), temporary, path, processes);
    });
  };
  image("displacement", [=] { return filter->GetDisplacementField(); });
  image("inverse_displacement", [=] { return filter->GetInverseDisplacementField(); });
  image("velocity", [=] { return filter->GetVelocityField(); });
  image("warped", [=] { return filter->GetWarpedMovingImage(); });
  image("determinant", [=] { return filter->GetJacobianDeterminantImage(); });
  offer("dispvect.nii.gz",
        [&](const std::string & path) { WriteDispvect(filter->GetDisplacementField(), path, files, threads); });

  const TransformType * const initial = filter->GetInitialTransform();
  offer("initial.tfm", [&](const std::string & path) { WriteTransform(initial, path, files); });
  offer("composite.h5", [&](const std::string & path) {
    WriteComposite(
      filter->GetDisplacementField(), initial, CompositeOrder::FieldFirst, settings.compositePrecision, path, files);
  });
  offer("inverse_composite.h5", [&](const std::string & path) {
    WriteComposite(filter->GetInverseDisplacementField(),
                   inverseOfInitial,
                   CompositeOrder::TransformFirst,
                   settings.compositePrecision,
                   path,
                   files);
  });
  offer("warped.json",
        [&](const std::string & path) { WriteText(JsonText(settings.bids->WarpedSidecar()), path, files); });
  offer("inverse_report.json",
        [&](const std::string & path) { WriteText(JsonText(settings.bids->TransformSidecar(true)), path, files); });
  if (settings.bids)
  {
    for (const auto & [path, text] : settings.bids->MissingDatasetFiles(SoftwareVersion()))
    {
      written.push_back(path);
      WriteText(text, path, files);
    }
  }
  return written;
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
    need.filter.AddUp(gnr::planForDevice(need.filter.solver, settings.options));
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

/** The end of the solve where only the coarsest grid is wanted: the next ones are entered, so that all memory is used,
 * and left at once. */
void
StopAfterTheCoarsestGrid(FilterType * filter)
{
  filter->AddObserver(itk::MultiResolutionIterationEvent(), [filter](const itk::EventObject &) {
    if (filter->GetCurrentLevelRecord().level > 0)
    {
      filter->StopRegistration();
    }
  });
}

/** What a run of --smoke has to say. */
void
TellOfSmoke(const gnr::Report & report, RunLog & log)
{
  const auto & grid = report.levels.front().grid;
  const int    processes = report.processes;
  log.PrintMessage("smoke test passed: files, memory, " +
                   std::string(processes > 1 ? std::to_string(processes) + " processes, " : "") +
                   "the coarsest grid (" + std::to_string(grid.size[0]) + " x " + std::to_string(grid.size[1]) + " x " +
                   std::to_string(grid.size[2]) + ") and the results; nothing was written");
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

/** What there is of checkpoints is left where the run has not come to its end. Collective. */
ExitCode
Finish(const RegistrationSettings & settings, gnr::StopReason reason, Processes & processes)
{
  const bool isInterrupted = reason == gnr::StopReason::TimeLimit || reason == gnr::StopReason::StoppedByObserver;
  if (!settings.options.checkpoint)
  {
    return isInterrupted ? ExitCode::TimeLimit : ExitCode::Success;
  }
  const gnr::CheckpointFiles files(*settings.options.checkpoint);
  if (isInterrupted)
  {
    const bool isSaved = !processes.Share(processes.IsRoot() && files.exist() ? files.last : "").empty();
    return isSaved && settings.requeueExitCode ? static_cast<ExitCode>(*settings.requeueExitCode) : ExitCode::TimeLimit;
  }
  if (processes.IsRoot() && !settings.keepCheckpoint)
  {
    files.remove();
  }
  return ExitCode::Success;
}

ExitCode
Register(const RegistrationSettings & settings,
         Clock::time_point            start,
         Processes &                  processes,
         RunRecord &                  record,
         Locks &                      held)
{
  OutputFiles                   files;
  Locks                         locks; // go before the folder that this run may have made
  std::optional<SignalRequests> requests;
  if (settings.options.checkpoint)
  {
    requests.emplace();
  }
  const std::string reportName = ReportName(settings);
  if (processes.IsRoot())
  {
    CheckOutputs(settings, files);
    locks = LockOutputs(settings);
  }
  processes.Agree();

  Clock::time_point mark = start;
  RunLog            log(settings);
  const auto        filter = FilterType::New();
  if (settings.options.checkpoint)
  {
    filter->SetRequestSource(&SignalRequests::Next);
  }
  const ImageSources     sources = ReadInputs(filter, settings, processes, record, log);
  TransformType::Pointer inverseOfInitial;
  if (settings.writeComposite && settings.writeInverse && filter->GetInitialTransform())
  {
    // It fails now rather than in the end.
    inverseOfInitial =
      InvertTransformFor(filter->GetInitialTransform(), filter->GetMovingImage(), *settings.initialTransform);
  }
  Observe(filter, log);
  if (settings.smoke)
  {
    StopAfterTheCoarsestGrid(filter);
  }
  const auto   resident = ResidentBytes();
  const double alignSeconds = record.alignment ? record.alignment->seconds : 0.0;
  record.phases.emplace_back("read", Lap(mark) - alignSeconds);
  if (record.alignment)
  {
    record.phases.emplace_back("alignment", alignSeconds);
  }
  WithFileNames(settings, [&] { filter->Update(); });
  record.report = filter->GetReport();
  if (settings.smoke)
  {
    TellOfSmoke(record.report, log);
    return ExitCode::Success;
  }
  record.memory.filter = filter->GetMemoryNeed();
  record.memory.program = WithoutImages(resident, record.memory.filter.inputs);
  const double update = Lap(mark);
  record.phases.insert(record.phases.end(), record.report.phases.begin(), record.report.phases.end());
  record.phases.emplace_back("images of the result", update - record.report.wallSeconds);

  log.PrintActivity("writing");
  if (processes.IsRoot() || settings.streamedOutput)
  {
    record.files = WriteResults(filter, settings, inverseOfInitial, files, processes);
  }
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
    for (const std::string & path : FindStaleFiles(settings))
    {
      record.report.messages.push_back(path + " is left from an earlier run and does not belong to this result");
    }
    record.files.push_back(reportName);
    WriteText(MakeJsonReport(settings, record), reportName, files);
    files.Commit();
    log.PrintSummary(record.report, record.phases, record.usage, record.MemoryPerVoxel(), record.files);
    held = std::move(locks);
  }
  return Finish(settings, record.report.reason, processes);
}

/** The picture is drawn from the report, which names it once it is there. */
void
Draw(const std::string & program, const RegistrationSettings & settings, RunRecord & record)
{
  OutputFiles files; // first, so that signals end the program again
  DrawPicture(program, settings);
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
      const SharedRun   run{ settings->options.checkpoint.has_value(), settings->requeueExitCode };
      const std::string folder = std::filesystem::path(settings->prefix).parent_path().string();
      if (const auto exitCode = RunAsProcesses("gnr-register", settings->processes, folder, run, argv))
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
    Locks             locks; // also while the picture is drawn
    const ExitCode    exitCode = Register(*settings, start, processes, record, locks);
    if (isDrawn && !settings->smoke) // the images have left memory
    {
      Draw(pictureProgram, *settings, record);
    }
    return exitCode;
  });
}
