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
#include "common/Program.h"
#include "common/RegistrationSettings.h"
#include "common/RunLog.h"
#include "common/RunReport.h"
#include "common/TransformInput.h"
#include "common/TransformOutput.h"

#include "itkDiffeomorphicGaussNewtonRegistrationFilter.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <optional>

namespace
{

using namespace gnrapp;
using FilterType = itk::DiffeomorphicGaussNewtonRegistrationFilter<RealImageType>;
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

/** Everything that is not 0 is inside, also 0.5 and 256, which a conversion to unsigned char would lose. */
MaskImageType::Pointer
ReadMask(const std::string & path)
{
  const auto image = ReadImage<RealImageType>(InspectImageFile(path));
  const auto mask = MaskImageType::New();
  mask->CopyInformation(image);
  mask->SetRegions(image->GetLargestPossibleRegion());
  mask->Allocate();
  const std::size_t count = image->GetLargestPossibleRegion().GetNumberOfPixels();
  for (std::size_t i = 0; i < count; ++i)
  {
    const float value = image->GetBufferPointer()[i];
    if (!std::isfinite(value))
    {
      throw CommandLineError(path + ": the mask has voxels that are NaN or infinite. Set them to 0 or 1");
    }
    mask->GetBufferPointer()[i] = value != 0.0F ? 1 : 0;
  }
  return mask;
}

/** The filter speaks of its inputs by name; the user knows them by file. */
std::string
NameFiles(const std::string & message, const RegistrationSettings & settings)
{
  const std::map<std::string, std::string> files = {
    { "FixedImage", settings.fixed },
    { "MovingImage", settings.moving },
    { "FixedImageMask", settings.fixedMask.value_or("") },
    { "MovingImageMask", settings.movingMask.value_or("") },
    { "InitialTransform", settings.initialTransform.value_or("") },
    { "InitialVelocityField", settings.initialVelocity.value_or("") },
  };
  auto isLetter = [&message](std::size_t i) { return std::isalpha(static_cast<unsigned char>(message[i])) != 0; };
  std::string text;
  for (std::size_t i = 0; i < message.size();)
  {
    std::size_t end = i;
    while (end < message.size() && isLetter(end))
    {
      ++end;
    }
    end = std::max(end, i + 1); // a word, or one other character
    const std::string word = message.substr(i, end - i);
    const auto        found = files.find(word);
    const bool        isInput = found != files.end() && !found->second.empty();
    text += isInput ? found->second : word;
    if (isInput && i == 0 && end < message.size() && message[end] == ' ')
    {
      text += ':';
    }
    i = end;
  }
  if (message.find("MovingImage") != std::string::npos &&
      files.count(message.substr(0, message.find_first_of(" :"))) == 0)
  {
    text = settings.moving + ": " + text; // about both images
  }
  return text;
}

/** The initial transform that was given, or found; null if there is none. */
TransformType::Pointer
MakeInitialTransform(const FilterType *               filter,
                     const RegistrationSettings &     settings,
                     RunLog &                         log,
                     std::optional<AlignmentRecord> & record)
{
  if (!settings.initialTransform)
  {
    return nullptr;
  }
  const auto method = AlignmentMethodOf(*settings.initialTransform);
  if (!method && !std::filesystem::exists(*settings.initialTransform))
  {
    throw CommandLineError(*settings.initialTransform +
                           ": no such file, and none of identity, moments, rigid, affine. Check the path or the word");
  }
  if (!method)
  {
    return ReadTransform(*settings.initialTransform);
  }
  if (*method == AlignmentMethod::Identity)
  {
    return nullptr;
  }
  record.emplace();
  log.PrintActivity("aligning");
  const TransformType::Pointer transform = Align(*method,
                                                 filter->GetFixedImage(),
                                                 filter->GetMovingImage(),
                                                 filter->GetFixedImageMask(),
                                                 filter->GetMovingImageMask(),
                                                 *record);
  log.PrintAlignment(*record);
  return transform;
}

/** Returns what was found if the images were aligned. */
std::optional<AlignmentRecord>
SetInputs(FilterType *                 filter,
          const RegistrationSettings & settings,
          const ImageFileInfo &        fixed,
          const ImageFileInfo &        moving,
          RunLog &                     log)
{
  const auto fixedImage = ReadImage<RealImageType>(fixed);
  filter->SetFixedImage(fixedImage);
  filter->SetMovingImage(ReadImage<RealImageType>(moving));
  MaskImageType::Pointer fixedMask;
  MaskImageType::Pointer movingMask;
  if (settings.fixedMask)
  {
    fixedMask = ReadMask(*settings.fixedMask);
    filter->SetFixedImageMask(fixedMask);
  }
  if (settings.movingMask)
  {
    movingMask = ReadMask(*settings.movingMask);
    filter->SetMovingImageMask(movingMask);
  }
  std::optional<AlignmentRecord> alignment;
  if (const auto transform = MakeInitialTransform(filter, settings, log, alignment))
  {
    filter->SetInitialTransform(transform);
  }
  // Only now, because every filter releases its inputs: as soon as the solver has its copies.
  fixedImage->ReleaseDataFlagOn();
  for (const auto & mask : { fixedMask, movingMask })
  {
    if (mask)
    {
      mask->ReleaseDataFlagOn();
    }
  }
  if (settings.initialVelocity)
  {
    const auto velocity = ReadField(*settings.initialVelocity);
    velocity->ReleaseDataFlagOn();
    filter->SetInitialVelocityField(velocity);
  }
  filter->SetOptions(settings.options);
  filter->SetUseHistogramMatching(settings.histogramMatching);
  filter->SetComputeInverseDisplacementField(settings.writeInverse);
  filter->SetComputeVelocityField(settings.writeVelocity);
  filter->SetComputeJacobianDeterminantImage(settings.writeDeterminant);
  return alignment;
}

void
Observe(FilterType * filter, RunLog & log)
{
  filter->AddObserver(itk::MultiResolutionIterationEvent(),
                      [=, &log](const itk::EventObject &) { log.PrintLevel(filter->GetCurrentLevelRecord()); });
  filter->AddObserver(itk::IterationEvent(), [=, &log](const itk::EventObject & event) {
    // A MultiResolutionIterationEvent is an IterationEvent as well.
    if (dynamic_cast<const itk::MultiResolutionIterationEvent *>(&event) == nullptr)
    {
      log.PrintIteration(filter->GetCurrentIterationRecord());
    }
  });
  filter->AddObserver(itk::UserEvent(),
                      [=, &log](const itk::EventObject &) { log.PrintMessage(filter->GetLatestMessage()); });
  filter->AddObserver(itk::ProgressEvent(),
                      [=, &log](const itk::EventObject &) { log.ShowProgress(filter->GetProgress()); });
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

/** Writes the results that were asked for under temporary names; returns the final ones. */
FileNames
WriteResults(FilterType * filter, const RegistrationSettings & settings, bool wasAligned, OutputFiles & files)
{
  const auto threads = static_cast<unsigned int>(std::max(1, filter->GetReport().threads));
  FileNames  names;
  auto       offer = [&](const char * end, bool isWanted, auto writeTo) {
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
  auto image = [&](auto get) {
    return [=, &files](const std::string & path) { WriteImage(get(), path, files, threads); };
  };
  offer("displacement.nii.gz", true, image([=] { return filter->GetDisplacementField(); }));
  offer(
    "inverse_displacement.nii.gz", settings.writeInverse, image([=] { return filter->GetInverseDisplacementField(); }));
  offer("velocity.nii.gz", settings.writeVelocity, image([=] { return filter->GetVelocityField(); }));
  offer("warped.nii.gz", true, image([=] { return filter->GetWarpedMovingImage(); }));
  offer("determinant.nii.gz", settings.writeDeterminant, image([=] { return filter->GetJacobianDeterminantImage(); }));
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
  return names;
}

/** Runs f; the errors of the filter leave with the names of the files in place of those of its inputs. */
template <typename TFunction>
void
WithFileNames(const RegistrationSettings & settings, TFunction f)
{
  try
  {
    f();
  }
  catch (const itk::GaussNewtonRegistrationError & error)
  {
    throw itk::GaussNewtonRegistrationError(
      error.GetKind(), error.GetFile(), error.GetLine(), NameFiles(PlainDescription(error.GetDescription()), settings));
  }
}

ExitCode
DryRun(const RegistrationSettings & settings)
{
  const ImageFileInfo fixed = InspectImageFile(settings.fixed);
  const ImageFileInfo moving = InspectImageFile(settings.moving);
  RunLog              log(settings);
  log.PrintHeader(fixed, moving);

  const auto filter = FilterType::New();
  WithFileNames(settings, [&] { SetInputs(filter, settings, fixed, moving, log); });
  const auto resident = ResidentBytes();
  MemoryNeed need;
  WithFileNames(settings, [&] { need.filter = filter->PlanMemory(); });
  need.program = WithoutImages(resident, need.filter.inputs);
  log.PrintMemoryNeed(need, fixed.size[0] * fixed.size[1] * fixed.size[2]);
  return ExitCode::Success;
}

ExitCode
Register(const RegistrationSettings & settings, Clock::time_point start)
{
  OutputFiles       files;
  const std::string reportName = settings.prefix + "_report.json";
  files.CheckFolderOf(reportName);

  Clock::time_point mark = start;
  RunRecord         record;
  record.fixed = InspectImageFile(settings.fixed);
  record.moving = InspectImageFile(settings.moving);

  RunLog log(settings);
  log.PrintHeader(record.fixed, record.moving);

  const auto filter = FilterType::New();
  WithFileNames(settings, [&] { record.alignment = SetInputs(filter, settings, record.fixed, record.moving, log); });
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
  const FileNames names = WriteResults(filter, settings, record.alignment.has_value(), files);
  record.files = names.written;
  record.phases.emplace_back("write", Lap(mark));
  for (const std::string & path : names.stale)
  {
    record.report.messages.push_back(path + " is left from an earlier run and does not belong to this result");
  }
  record.usage = MeasureResourceUsage(start);
  record.files.push_back(reportName);
  WriteText(MakeJsonReport(settings, record), reportName, files);
  files.Commit();

  log.PrintSummary(record.report, record.phases, record.usage, record.MemoryPerVoxel(), record.files);
  return record.report.reason == gnr::StopReason::TimeLimit ? ExitCode::TimeLimit : ExitCode::Success;
}

} // namespace

int
main(int argc, char * argv[])
{
  LetThreadsSleep(argv);
  const auto start = Clock::now();
  return RunProgram("gnr-register", [&]() {
    const auto settings = ParseRegistrationSettings(argc, argv);
    if (!settings)
    {
      return ExitCode::Success;
    }
    itk::Object::SetGlobalWarningDisplay(!settings->quiet);
    return settings->dryRun ? DryRun(*settings) : Register(*settings, start);
  });
}
