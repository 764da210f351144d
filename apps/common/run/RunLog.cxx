// SPDX-License-Identifier: Apache-2.0
#include "RunLog.h"

#include "common/cli/CommandLineError.h"
#include "common/cli/Format.h"
#include "common/cli/Program.h"
#include "RegistrationFilter.h"
#include "ScalingReport.h"

#include "gnr/Error.h"

#include "gnr/Communicator.h"

#include <algorithm>
#include <iostream>
#include <unistd.h>

namespace gnrapp
{
namespace
{

constexpr double mebibyte = 1024.0 * 1024.0;

std::string
DescribeGrid(const ImageFileInfo & info)
{
  return Format("%zu x %zu x %zu voxels of %.4g x %.4g x %.4g mm, ",
                info.size[0],
                info.size[1],
                info.size[2],
                info.spacing[0],
                info.spacing[1],
                info.spacing[2]) +
         info.typeName;
}

} // namespace

RunLog::RunLog(const RegistrationSettings & settings, std::string program)
  : m_Settings(settings)
  , m_Program(std::move(program))
  // mpirun gives its processes a terminal, whatever its own output is.
  , m_Terminal(isatty(STDOUT_FILENO) == 1 && gnr::launchedProcesses().value_or(1) == 1)
{}

RunLog::~RunLog()
{
  EraseBar();
}

void
RunLog::Line(const std::string & text)
{
  if (!m_Settings.quiet)
  {
    EraseBar();
    std::cout << text << std::endl;
  }
}

void
RunLog::EraseBar()
{
  if (m_BarShown)
  {
    std::cout << "\r\033[K" << std::flush;
    m_BarShown = false;
    m_BarPercent = -1;
  }
}

void
RunLog::PrintHeader(const ImageFileInfo & fixed,
                    const ImageFileInfo & moving,
                    int                   processes,
                    const std::string &   connection)
{
  const gnr::Options & o = m_Settings.options;
  Line(VersionText(m_Program));
  Line("fixed    " + fixed.path);
  Line("         " + DescribeGrid(fixed));
  Line("moving   " + moving.path);
  Line("         " + DescribeGrid(moving));
  for (const ImageFileInfo * image : { &fixed, &moving })
  {
    if (!image->note.empty())
    {
      PrintMessage(image->note);
    }
  }
  for (const FilePair & channel : m_Settings.channels)
  {
    Line("channel  " + channel.fixed + " (fixed), " + channel.moving + " (moving)" +
         (channel.volumes > 1 ? ", " + std::to_string(channel.volumes) + " volumes" : ""));
  }
  if (m_Settings.fixedMask)
  {
    Line("mask     " + *m_Settings.fixedMask + " (fixed)");
  }
  if (m_Settings.movingMask)
  {
    Line("mask     " + *m_Settings.movingMask + " (moving)");
  }
  if (m_Settings.incompressibilityImage)
  {
    Line("volumes  " + *m_Settings.incompressibilityImage + " (weights, moving)");
  }
  if (m_Settings.initialTransform)
  {
    const bool isWord = gnr::valueOf<AlignmentMethod>(*m_Settings.initialTransform).has_value();
    Line("start    " + *m_Settings.initialTransform + (isWord ? " alignment" : " (transform)"));
  }
  if (m_Settings.initialVelocity)
  {
    Line("start    " + *m_Settings.initialVelocity + " (velocity)");
  }
  if (m_Settings.fixedPoints && m_Settings.movingPoints)
  {
    Line("points   " + *m_Settings.fixedPoints + " (fixed), " + *m_Settings.movingPoints + " (moving)");
  }
  Line(
    std::string("device   ") + gnr::nameOf(o.device) + ", " +
    (o.threads ? std::to_string(*o.threads) + (*o.threads == 1 ? " thread" : " threads") : std::string("all threads")));
  if (processes > 1)
  {
    Line("shared   " + std::to_string(processes) + " processes, " + connection);
  }
  Line("options  preset " + m_Settings.preset + ", beta " + Format("%g", o.beta) +
       (o.betaStrategy == gnr::BetaStrategy::Fixed ? "" : std::string(" by ") + gnr::nameOf(o.betaStrategy)) +
       ", gamma " + Format("%g", o.gamma) + ", " + gnr::nameOf(o.regularization) +
       (o.incompressible ? ", incompressible" : "") + (o.symmetric ? ", symmetric" : "") +
       (o.density == gnr::Density::None ? "" : std::string(", density ") + gnr::nameOf(o.density)) +
       (o.incompressibility == gnr::Incompressibility::None
          ? ""
          : std::string(", incompressibility ") + gnr::nameOf(o.incompressibility)));
  if (m_Settings.verbose)
  {
    PrintOptions();
  }
}

void
RunLog::PrintOptions()
{
  constexpr std::size_t    width = 96;
  std::vector<std::string> items;
  for (const gnr::OptionRow & row : *m_Settings.optionTable)
  {
    if (row.group != gnr::OptionGroup::Machine)
    {
      const bool hasUnit = !row.unit.empty() && row.text(m_Settings.options) != row.unset;
      items.push_back(row.name + " " + row.text(m_Settings.options) + (hasUnit ? " " + row.unit : ""));
    }
  }
  items.push_back(std::string("histogram matching ") + (m_Settings.histogramMatching ? "on" : "off"));
  std::string line;
  for (std::size_t i = 0; i < items.size(); ++i)
  {
    const std::string item = items[i] + (i + 1 < items.size() ? "," : "");
    if (!line.empty() && line.size() + 1 + item.size() > width)
    {
      Line(line);
      line.clear();
    }
    line += (line.empty() ? std::string(9, ' ') : " ") + item;
  }
  Line(line);
}

void
RunLog::PrintColumns()
{
  if (!m_ColumnsPrinted)
  {
    m_ColumnsPrinted = true;
    Line("");
    Line(std::string("level  step   objective  mismatch  |g|/|g0|  Krylov  step length") +
         (m_Settings.verbose ? "    distance  smoothness  nt  inner" : "") + "   seconds");
  }
}

void
RunLog::PrintLevel(const gnr::LevelRecord & record)
{
  if (record.level == m_Level && record.beta == m_Beta)
  {
    return; // printed already
  }
  m_Level = record.level;
  m_Beta = record.beta;
  PrintColumns();
  const auto & size = record.grid.size;
  const bool   betaChanges = m_Settings.options.betaStrategy != gnr::BetaStrategy::Fixed;
  Line(Format("%5d  grid %d x %d x %d", record.level + 1, size[0], size[1], size[2]) +
       (betaChanges ? Format(", beta %.3g", record.beta) : ""));
  m_BarLabel = "level " + std::to_string(record.level + 1);
}

void
RunLog::PrintIteration(const gnr::IterationRecord & record)
{
  m_Level = record.level;
  PrintColumns();
  std::string text = Format("%5d  %4d  %.4e  %8.4f  %.2e  %6d  %11.4g",
                            record.level + 1,
                            record.iteration,
                            record.objective,
                            record.mismatch,
                            record.relativeGradient,
                            record.krylovIterations,
                            record.stepLength);
  if (m_Settings.verbose)
  {
    text += Format(
      "  %.4e  %.4e  %2d  %5d", record.distance, record.regularization, record.timeSteps, record.innerIterations);
  }
  Line(text + Format("  %8.2f", record.seconds));
  m_BarLabel = "level " + std::to_string(record.level + 1) + ", step " + std::to_string(record.iteration + 1);
}

void
RunLog::ShowProgress(double share)
{
  if (m_Settings.quiet || !m_Terminal)
  {
    return;
  }
  constexpr int width = 40;
  const int     percent = static_cast<int>(100 * std::clamp(share, 0.0, 1.0));
  if (m_BarShown && percent == m_BarPercent)
  {
    return;
  }
  const int cells = percent * width / 100;
  EraseBar();
  std::cout << "  [" << std::string(cells, '=') << std::string(width - cells, ' ') << "] " << percent << " %  "
            << m_BarLabel << std::flush;
  m_BarShown = true;
  m_BarPercent = percent;
}

void
RunLog::PrintMessage(const std::string & message)
{
  Line("note     " + NameFiles(message, m_Settings));
}

void
RunLog::PrintAlignment(const AlignmentRecord & record)
{
  Line("");
  Line("alignment " + record.word + Format(", %.2f s", record.seconds));
  const auto & m = record.matrix;
  const double determinant = m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1]) -
                             m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0]) +
                             m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0]);
  for (unsigned int row = 0; row < 3; ++row)
  {
    Line(Format("  %9.5f %9.5f %9.5f  %+10.3f mm", m[row][0], m[row][1], m[row][2], record.offset[row]));
  }
  Line(Format("  change of volume %.4f", determinant) +
       (record.finalInformation ? Format(", mutual information %.4f -> %.4f nats, overlap %.0f %%",
                                         record.initialInformation.value_or(0.0),
                                         *record.finalInformation,
                                         100.0 * record.overlap.value_or(0.0))
                                : std::string()));
}

void
RunLog::PrintMemoryNeed(const MemoryNeed & need, std::size_t fixedVoxels)
{
  const gnr::MemoryPlan & plan = need.filter.solver;
  const auto              amount = [fixedVoxels](const std::string & what, std::size_t bytes) {
    return Format("  %-26s %9.1f MB %8.1f bytes per voxel",
                  what.c_str(),
                  static_cast<double>(bytes) / mebibyte,
                  static_cast<double>(bytes) / static_cast<double>(fixedVoxels));
  };
  const auto grid = [](const gnr::Grid & g) { return Format("%d x %d x %d", g.size[0], g.size[1], g.size[2]); };

  Line("");
  Line("computed on  " + plan.device + Format(", %d thread%s", plan.threads, plan.threads == 1 ? "" : "s"));
  if (!plan.deviceReason.empty())
  {
    Line("             (" + plan.deviceReason + ")");
  }
  Line("grids");
  Line("  image    " + grid(plan.imageGrid));
  Line("  solver   " + grid(plan.solverGrid) + (plan.solverGrid.size == plan.imageGrid.size ? "" : ", padded"));
  for (std::size_t i = 0; i < plan.levels.size(); ++i)
  {
    Line("  level " + std::to_string(i + 1) + "  " + grid(plan.levels[i]));
  }
  Line("  velocity " + grid(plan.velocityGrid));
  Line("fields of the solver");
  for (const auto & [name, bytes] : PlannedPhases(plan, m_Settings))
  {
    Line(amount(name, bytes));
  }
  Line(amount("reserved at once", plan.fieldBytes));
  Line("with the images");
  Line(amount("during preparation", need.filter.preparation));
  Line(amount("during the solve", need.filter.solve));
  Line(amount("for the results", need.filter.results));
  Line("memory");
  if (need.program)
  {
    Line(amount("program", *need.program));
  }
  Line(amount("need", need.Total()));
  if (plan.availableBytes)
  {
    Line(Format("  %-26s %9.1f MB", "free", static_cast<double>(*plan.availableBytes) / mebibyte));
    if (need.Total() > *plan.availableBytes)
    {
      PrintMessage("this is more than is free; expect the run to be slow or to be ended by the system. Use smaller "
                   "images or a machine with more memory");
    }
  }
  if (plan.fieldsOnDevice)
  {
    const std::size_t ofDevice = plan.deviceBytes(plan.fieldBytes);
    Line("memory of the GPU");
    Line(amount("fields and work areas", ofDevice));
    if (plan.availableDeviceBytes)
    {
      Line(Format("  %-26s %9.1f MB", "free", static_cast<double>(*plan.availableDeviceBytes) / mebibyte));
      if (ofDevice > *plan.availableDeviceBytes)
      {
        PrintMessage("this is more than is free, and a GPU gives no more than it has. Use smaller images, more GPUs or "
                     "--device cpu");
      }
    }
  }
}

void
RunLog::PrintScaling(const MemoryNeed & need, int processes)
{
  try
  {
    for (const std::string & line : DescribeScaling(need.filter.solver, m_Settings.options, processes))
    {
      Line(line);
    }
  }
  catch (const gnr::Error & error)
  {
    throw CommandLineError(std::string("--processes: ") + error.what());
  }
}

void
RunLog::PrintActivity(const std::string & text)
{
  if (!m_Settings.quiet && m_Terminal)
  {
    EraseBar();
    std::cout << "  " << text << std::flush;
    m_BarShown = true;
  }
}

void
RunLog::PrintSummary(const gnr::Report &                                 report,
                     const std::vector<std::pair<std::string, double>> & phases,
                     const ResourceUsage &                               usage,
                     double                                              memoryPerVoxel,
                     const std::vector<std::string> &                    files)
{
  Line("");
  Line("result");
  Line(Format("  mismatch           %.4f (1 before registration)", report.mismatch));
  Line(Format("  det(I + grad u)    %.4f ... %.4f, mean %.4f",
              report.determinantMinimum,
              report.determinantMaximum,
              report.determinantMean));
  if (report.massDrift)
  {
    Line(Format("  mass drift         %.3f %% by the transport", 100.0 * *report.massDrift));
  }
  if (const auto & landmarks = report.landmarks)
  {
    Line(Format("  landmarks          %.3f mm apart, at most %.3f mm (before %.3f, %.3f)",
                landmarks->meanAfter,
                landmarks->maximumAfter,
                landmarks->meanBefore,
                landmarks->maximumBefore));
  }
  Line(Format("  folded voxels      %zu", report.foldedVoxels));
  Line(Format("  max |u|            %.3f mm", report.maximumDisplacement));
  Line(std::string("  stopped because    ") + gnr::describe(report.reason));
  if (m_Settings.options.betaStrategy == gnr::BetaStrategy::Search)
  {
    Line(Format("  beta               %.4g (found within determinant bounds %g, %g)",
                report.beta,
                m_Settings.options.determinantLower,
                m_Settings.options.determinantUpper));
  }
  Line(Format("  work               %d Newton steps, %d Hessian products", report.newtonSteps, report.hessianProducts) +
       (report.innerIterations > 0 ? Format(", %d inner iterations", report.innerIterations) : ""));
  Line(Format("  time               %.2f s wall, %.2f s CPU", usage.wallSeconds, usage.cpuSeconds));
  Line(Format("  peak memory        %.0f MB (%.0f bytes per voxel)", usage.peakBytes / mebibyte, memoryPerVoxel) +
       (report.processes > 1 ? ", largest process" : ""));
  Line("  computed on        " + report.device +
       Format(", %d thread%s", report.threads, report.threads == 1 ? "" : "s") +
       (report.processes > 1 ? Format(", %d processes", report.processes) : ""));
  if (!report.deviceReason.empty())
  {
    Line("                     (" + report.deviceReason + ")");
  }
  if (!report.transport.empty())
  {
    Line("                     (messages between GPUs: " + report.transport + ")");
  }
  for (const std::string & message : report.messages)
  {
    Line("  note               " + NameFiles(message, m_Settings));
  }
  if (m_Settings.verbose && report.processes > 1)
  {
    Line("sent");
    for (const gnr::TrafficRecord & record : report.traffic)
    {
      Line(Format("  %-18s %9.0f messages %9.1f MB, largest process %9.1f MB",
                  record.purpose.c_str(),
                  static_cast<double>(record.total.messages),
                  static_cast<double>(record.total.bytes) / mebibyte,
                  static_cast<double>(record.most.bytes) / mebibyte));
    }
  }
  if (m_Settings.verbose)
  {
    Line("phases");
    for (const auto & [name, seconds] : phases)
    {
      Line(Format("  %-30s %8.3f s", name.c_str(), seconds));
    }
  }
  if (!report.kernelTimes.empty())
  {
    Line("kernels of the GPU");
    for (const gnr::KernelTime & kernel : report.kernelTimes)
    {
      Line(Format(
        "  %-30s %8.0f calls %11.3f ms", kernel.name.c_str(), static_cast<double>(kernel.calls), kernel.milliseconds));
    }
  }
  Line("files");
  for (const std::string & file : files)
  {
    Line("  " + file);
  }
}

} // namespace gnrapp
