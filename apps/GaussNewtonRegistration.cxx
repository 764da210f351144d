// SPDX-License-Identifier: Apache-2.0
// The command line module of 3D Slicer: gnr-register in the terms of the Slicer Execution Model. doc/slicer.md is
// its manual.
#include "common/cli/CommandLineError.h"
#include "common/io/ImageInput.h"
#include "common/io/ImageOutput.h"
#include "common/io/OutputFiles.h"
#include "common/cli/Program.h"
#include "common/run/RegistrationFilter.h"
#include "common/cli/ResourceUsage.h"
#include "common/run/RunLog.h"
#include "common/map/TransformOutput.h"
#include "slicer/SlicerOutput.h"
#include "slicer/SlicerSettings.h"

#include <algorithm>
#include <chrono>
#include <iostream>
#include <string>

namespace
{

using namespace gnrapp;
using Clock = std::chrono::steady_clock;

constexpr const char * program = "GaussNewtonRegistration";

/** Tells Slicer how far the work is, on standard output; it looks for the last complete tag. */
class SlicerProgress
{
public:
  SlicerProgress()
  {
    std::cout << "<filter-start>\n<filter-name>" << program
              << "</filter-name>\n<filter-comment> \"registration of two volumes\" </filter-comment>\n</filter-start>"
              << std::endl;
    this->Show(0.0);
  }

  /** `share` of the work done, 0 ... 1; what is less than before, or hardly more, is not shown. */
  void
  Show(double share)
  {
    constexpr double step = 0.005;
    if (share >= m_Next || (share >= 1.0 && !m_Complete))
    {
      std::cout << "<filter-progress>" << std::min(share, 1.0) << "</filter-progress>" << std::endl;
      m_Next = share + step;
      m_Complete = share >= 1.0;
    }
  }

  void
  Comment(const std::string & text)
  {
    std::cout << "<filter-comment>" << text << "</filter-comment>" << std::endl;
  }

  void
  End(double seconds)
  {
    this->Show(1.0);
    std::cout << "<filter-end>\n<filter-name>" << program << "</filter-name>\n<filter-time>" << seconds
              << "</filter-time>\n</filter-end>" << std::endl;
  }

private:
  double m_Next = 0.0;
  bool   m_Complete = false;
};

void
WriteReturnParameters(const gnr::Report & report, const std::string & path, OutputFiles & files)
{
  std::string text;
  for (const SlicerResult & result : SlicerResults())
  {
    text += std::string(result.name) + " = " + result.value(report) + "\n";
  }
  WriteText(text, path, files);
}

void
CheckOutputs(const SlicerSettings & settings, OutputFiles & files)
{
  for (const auto & path : { settings.outputTransform, settings.inverseTransform })
  {
    if (path)
    {
      CheckTransformName(*path);
    }
  }
  for (const auto & path : { settings.outputVolume, settings.determinantVolume })
  {
    if (path)
    {
      CheckImageName(*path);
    }
  }
  files.Protect(InputsOf(settings.registration));
  for (const std::string & path : settings.Outputs())
  {
    files.Check(path);
  }
}

void
Write(RegistrationFilterType * filter, const SlicerSettings & settings, OutputFiles & files)
{
  const auto threads = static_cast<unsigned int>(std::max(1, filter->GetReport().threads));
  if (settings.outputTransform)
  {
    WriteDisplacementTransform(MakeTotalDisplacement(filter), *settings.outputTransform, files, threads);
  }
  if (settings.inverseTransform)
  {
    const std::string initial = settings.registration.initialTransform.value_or("");
    WriteDisplacementTransform(
      MakeTotalInverseDisplacement(filter, initial), *settings.inverseTransform, files, threads);
  }
  if (settings.outputVolume)
  {
    WriteImage(filter->GetWarpedMovingImage(), *settings.outputVolume, files, threads);
  }
  if (settings.determinantVolume)
  {
    WriteImage(filter->GetJacobianDeterminantImage(), *settings.determinantVolume, files, threads);
  }
  if (settings.returnParameterFile)
  {
    WriteReturnParameters(filter->GetReport(), *settings.returnParameterFile, files);
  }
}

ExitCode
Register(const SlicerSettings & settings, Clock::time_point start)
{
  // Writing belongs to the work: progress is 1 when the files are there.
  constexpr double shareOfFilter = 0.97;

  OutputFiles files;
  CheckOutputs(settings, files);
  const ImageFileInfo fixed = InspectImageFile(settings.registration.fixed);
  CheckRightAngles(fixed);
  const ImageFileInfo moving = InspectImageFile(settings.registration.moving);
  RunLog              log(settings.registration, program);
  log.PrintHeader(fixed, moving);

  SlicerProgress progress;
  const auto     filter = RegistrationFilterType::New();
  if (settings.Aligns())
  {
    progress.Comment("alignment");
  }
  SetParameters(filter, settings.registration);
  filter->SetEngine(itk::GaussNewtonRegistrationEngine::Workers(static_cast<unsigned int>(settings.processes)));
  ImageSources sources;
  WithFileNames(settings.registration, [&] { SetInputs(filter, settings.registration, fixed, moving, sources, log); });
  if (settings.inverseTransform && filter->GetInitialTransform())
  {
    InvertTransform(filter->GetInitialTransform(),
                    *settings.registration.initialTransform); // fails now, not in the end
  }
  filter->SetComputeWarpedMovingImage(settings.outputVolume.has_value());
  Observe(filter, log);
  filter->AddObserver(itk::ProgressEvent(), [&, filter = filter.GetPointer()](const itk::EventObject &) {
    progress.Show(shareOfFilter * filter->GetProgress());
  });
  filter->AddObserver(itk::MultiResolutionIterationEvent(),
                      [&, filter = filter.GetPointer()](const itk::EventObject &) {
                        const auto & size = filter->GetCurrentLevelRecord().grid.size;
                        progress.Comment("grid of " + std::to_string(size[0]) + " x " + std::to_string(size[1]) +
                                         " x " + std::to_string(size[2]));
                      });
  WithFileNames(settings.registration, [&] { filter->Update(); });

  progress.Comment("writing");
  Write(filter, settings, files);
  files.Commit();

  const ResourceUsage usage = MeasureResourceUsage(start);
  const double        voxels = static_cast<double>(fixed.size[0] * fixed.size[1] * fixed.size[2]);
  log.PrintSummary(filter->GetReport(), {}, usage, static_cast<double>(usage.peakBytes) / voxels, settings.Outputs());
  progress.End(usage.wallSeconds);
  // Also after a time limit: Slicer loads the outputs of a module that ends with 0 alone.
  return ExitCode::Success;
}

} // namespace

int
main(int argc, char * argv[])
{
  LetThreadsSleep(argv);
  const auto start = Clock::now();
  return RunProgram(program, [&]() {
    SlicerParser parser;
    const auto   settings = parser.Parse(argc, argv);
    return settings ? Register(*settings, start) : ExitCode::Success;
  });
}
