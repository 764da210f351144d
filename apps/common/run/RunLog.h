// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_RunLog_h
#define gnrapp_RunLog_h

#include "common/io/ImageInput.h"
#include "RegistrationSettings.h"
#include "common/cli/ResourceUsage.h"
#include "RunReport.h"

#include "gnr/Report.h"

#include <string>
#include <utility>
#include <vector>

namespace gnrapp
{

/** What gnr-register prints while it runs, on standard output: a header, a line per Newton step, a bar while standard
 * output is a terminal, and a summary. Prints nothing at all if `quiet`. */
class RunLog
{
public:
  explicit RunLog(const RegistrationSettings & settings, std::string program = "gnr-register");
  ~RunLog();
  RunLog(const RunLog &) = delete;
  RunLog &
  operator=(const RunLog &) = delete;

  void
  PrintHeader(const ImageFileInfo & fixed,
              const ImageFileInfo & moving,
              int                   processes = 1,
              const std::string &   connection = "");
  /** A line about a level; does nothing if steps of the level have been printed. */
  void
  PrintLevel(const gnr::LevelRecord & record);
  void
  PrintIteration(const gnr::IterationRecord & record);
  /** Redraws the bar; `share` of the work done, 0 ... 1. */
  void
  ShowProgress(double share);
  /** A warning or a fallback, at once. */
  void
  PrintMessage(const std::string & message);
  /** The initial transform that was found. */
  void
  PrintAlignment(const AlignmentRecord & record);
  /** What the run will need: grids, the fields of each phase, and the total. */
  void
  PrintMemoryNeed(const MemoryNeed & need, std::size_t fixedVoxels);
  /** What the registration would cost on that many processes. */
  void
  PrintScaling(const MemoryNeed & need, int processes);
  /** Something that goes on after the solve, e.g. "writing". */
  void
  PrintActivity(const std::string & text);
  /** \param memoryPerVoxel peak memory by voxels of the fixed image, bytes */
  void
  PrintSummary(const gnr::Report &                                 report,
               const std::vector<std::pair<std::string, double>> & phases,
               const ResourceUsage &                               usage,
               double                                              memoryPerVoxel,
               const std::vector<std::string> &                    files);

private:
  /** All options but those of the machine. */
  void
  PrintOptions();
  void
  Line(const std::string & text);
  void
  EraseBar();
  void
  PrintColumns();

  const RegistrationSettings & m_Settings;
  std::string                  m_Program;
  bool                         m_Terminal;
  bool                         m_ColumnsPrinted = false;
  int                          m_Level = -1; ///< last level of which something was printed
  double                       m_Beta = 0.0; ///< and its beta
  bool                         m_BarShown = false;
  int                          m_BarPercent = -1;
  std::string                  m_BarLabel;
};

} // namespace gnrapp

#endif
