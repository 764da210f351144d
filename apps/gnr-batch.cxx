// SPDX-License-Identifier: Apache-2.0
// gnr-batch: registers the pairs of a table, each by a gnr-register of its own, so that one that fails, or is killed
// for lack of memory, stops no other; doc/command-line.md is its manual.
#include "common/cli/ArgumentParser.h"
#include "common/cli/ChildProgram.h"
#include "common/cli/CommandLineError.h"
#include "common/cli/Format.h"
#include "common/cli/JsonText.h"
#include "common/io/InputFile.h"
#include "common/io/OutputFiles.h"
#include "common/run/BidsDataset.h"
#include "common/run/PairTable.h"
#include "common/cli/Program.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace
{

using namespace gnrapp;
using Json = nlohmann::ordered_json;

constexpr const char * schema = "gnr-batch report";

constexpr const char * description =
  "Registers the pairs of images that a table names, or those of a BIDS dataset, one after the\n"
  "other, each by gnr-register. A pair that fails stops no other. Called again, it does what is left.\n";

constexpr const char * footer =
  "TABLE is a CSV file whose header names the columns fixed, moving and output (the start of the\n"
  "names of the files written); any other column is an option of gnr-register without its dashes,\n"
  "fixed-mask, initial-transform or beta, for example. An empty cell leaves the option out; on is the\n"
  "value of an option that has none. Paths are relative to the folder that gnr-batch is called in.\n"
  "\n"
  "If TABLE is the folder of a BIDS dataset, the T1w image of each session of each subject is\n"
  "registered to --fixed: to one image, or, with ses-LABEL, to that session of the subject. The\n"
  "results have the names of derivatives (gnr-register --bids) in the folder --output. Several images\n"
  "of one session are an error: --select chooses.\n"
  "\n"
  "The report, in JSON, has a member for each row: status (done, failed, time-limit, left), the exit\n"
  "code and the message of gnr-register, seconds, and the main numbers of the result. It is renewed\n"
  "after each row. A row that is done is not done again, unless its options or inputs have changed\n"
  "or one of its files is missing.\n"
  "\n"
  "Displacements are in LPS, mm, as those of gnr-register.\n"
  "\n"
  "Exit codes: 0 all rows are done, 1 some have failed or reached their time limit (the report and\n"
  "the last lines name them), 2 usage or a table that cannot be used, 3 not enough disk for the report,\n"
  "128 + number: ended by a signal.\n"
  "\n"
  "Examples:\n"
  "  gnr-batch pairs.csv\n"
  "  gnr-batch pairs.csv --checkpoint -- --preset accurate --threads 8 --inverse\n"
  "  gnr-batch dataset -o dataset/derivatives/gnr --fixed tpl-MNI152NLin2009cAsym_res-01_T1w.nii.gz \\\n"
  "      -- --initial-transform affine --inverse\n"
  "  gnr-batch dataset -o dataset/derivatives/gnr --fixed ses-1 --select sub-01 --select sub-02";

struct Settings
{
  std::string              table;
  std::string              report;
  bool                     hasCheckpoints = false;
  bool                     quiet = false;
  std::vector<std::string> options; ///< of every row
  std::optional<BidsQuery> dataset; ///< in place of a table
};

/** What has become of a row. */
struct Outcome
{
  std::string status = "left";
  Json        details = Json::object();
};

std::atomic<int> endingSignal{ 0 };

extern "C" void
TakeSignal(int number)
{
  endingSignal = number;
  ForwardToChild(number);
}

/** Options for datasets where there is none, and those of gnr-register that the dataset decides. */
void
CheckBidsOptions(const ArgumentParser & parser, const Settings & settings)
{
  for (const std::string name : { "--bids", "--space", "--output" })
  {
    for (const std::string & option : settings.options)
    {
      if (option == name || option.rfind(name + "=", 0) == 0)
      {
        throw CommandLineError(name + ": is not for each row. " +
                               (settings.dataset     ? "Give it before --, or leave it out"
                                : name == "--output" ? "Name the results in the column output"
                                                     : "Give the folder of a BIDS dataset in place of the table, or "
                                                       "leave it out"));
      }
    }
  }
  if (settings.dataset)
  {
    return;
  }
  for (const char * option : { "--output", "--fixed", "--space", "--suffix", "--select" })
  {
    if (parser.count(option) != 0)
    {
      throw CommandLineError(std::string(option) + ": is for a BIDS dataset, and " + settings.table +
                             " is no folder. Give the folder of a dataset, or a column of the table");
    }
  }
}

std::optional<Settings>
ParseSettings(int argc, char * argv[])
{
  Settings       settings;
  ArgumentParser parser("gnr-batch", description, footer);
  parser.add_option("TABLE", settings.table, "Table of the pairs: a CSV file; or the folder of a BIDS dataset.");
  Describe(parser.add_option("--report", settings.report, "File for the report on all rows."),
           "Inputs and outputs",
           "FILE",
           "TABLE_report.json");
  BidsQuery  query;
  const auto bids =
    [&parser](const char * name, auto & target, const char * text, const char * value, const char * usual) {
      return Describe(parser.add_option(name, target, text), "BIDS dataset", value, usual);
    };
  bids("-o,--output",
       query.output,
       "Folder of the dataset of derivatives that the results go to. Required.",
       "FOLDER",
       "");
  bids("--fixed",
       query.fixed,
       "The fixed image: a file, or ses-LABEL for the image of that session of each subject. Required.",
       "FILE|ses-LABEL",
       "");
  bids(
    "--space", query.space, "Name of the space of --fixed in the names of the results.", "LABEL", "from its file name");
  bids("--suffix", query.suffix, "Kind of images that are registered: the last part of their names.", "SUFFIX", "T1w");
  bids(
    "--select",
    query.selected,
    "Register only images whose names have this entity, run-1, for example; several of one key are alternatives. Any "
    "number of times.",
    "KEY-LABEL",
    "all")
    ->allow_extra_args(false);
  parser
    .add_flag(
      "--checkpoint",
      settings.hasCheckpoints,
      "Let each row save its solve (gnr-register --checkpoint OUTPUT_checkpoint), so that a pair that is ended goes on "
      "where it was.")
    ->group("Inputs and outputs");
  parser.add_flag("-q,--quiet", settings.quiet, "Print nothing but errors.")->group("Other");
  int own = 1; // what comes after -- is not for this program
  while (own < argc && std::string(argv[own]) != "--")
  {
    ++own;
  }
  settings.options.assign(argv + std::min(own + 1, argc), argv + argc);
  if (!parser.Parse(own, argv, { "TABLE" }))
  {
    return {};
  }
  const bool isDataset = std::filesystem::is_directory(settings.table);
  if (isDataset)
  {
    parser.Require({ "--output", "--fixed" });
    query.folder = settings.table;
    settings.dataset = query;
  }
  CheckBidsOptions(parser, settings);
  if (settings.report.empty())
  {
    const std::filesystem::path table(settings.table), folder(query.output);
    settings.report = !isDataset ? (table.parent_path() / table.stem()).string()
                                 : (folder.has_filename() ? folder : folder.parent_path()).string();
    settings.report += "_report.json";
  }
  return settings;
}

/** The arguments of gnr-register for a row. */
std::vector<std::string>
CommandOf(const PairTable::Row & row, const Settings & settings)
{
  std::vector<std::string> command{ row.fixed, row.moving, "-o", row.argument };
  command.insert(command.end(), row.options.begin(), row.options.end());
  command.insert(command.end(), settings.options.begin(), settings.options.end());
  if (settings.hasCheckpoints)
  {
    command.insert(command.end(), { "--checkpoint", row.output + "_checkpoint" });
  }
  return command;
}

Json
ReadJson(const std::string & path)
{
  std::ifstream file(path);
  return Json::parse(file, nullptr, false); // discarded where there is none
}

/** Whether the files of a row are there, and newer than all that its command names. */
bool
IsComplete(const PairTable::Row & row, const std::vector<std::string> & command)
{
  namespace fs = std::filesystem;
  std::error_code error;
  const auto      written = fs::last_write_time(row.report, error);
  const Json      report = ReadJson(row.report);
  if (error || !report.is_object() || !report.contains("files") || !report["files"].is_array())
  {
    return false;
  }
  for (const Json & file : report["files"])
  {
    if (!file.is_string() || !fs::is_regular_file(file.get<std::string>(), error))
    {
      return false;
    }
  }
  return std::none_of(command.begin(), command.end(), [&](const std::string & argument) {
    std::error_code none;
    const auto      changed = fs::last_write_time(argument, none);
    return !none && fs::is_regular_file(argument, none) && changed > written;
  });
}

/** The main numbers of a result, from the report of gnr-register. */
void
AddResult(const std::string & reportName, Json & details)
{
  const Json report = ReadJson(reportName);
  if (report.is_object() && report.contains("result"))
  {
    for (const char * member : { "mismatch", "foldedVoxels", "maximumDisplacementMm", "beta", "stopReason" })
    {
      details[member] = report["result"].value(member, Json());
    }
    details["report"] = reportName;
  }
}

/** What the last line on standard error says, without the name of the program. */
std::string
MessageOf(const std::string & errors)
{
  const std::string begin = "gnr-register: error: ";
  const auto        end = errors.find_last_not_of('\n');
  const std::string text = end == std::string::npos ? "" : errors.substr(0, end + 1);
  const std::string line = text.substr(text.rfind('\n') + 1);
  return line.rfind(begin, 0) == 0 ? line.substr(begin.size()) : line;
}

Outcome
RunRow(const PairTable::Row & row, const std::vector<std::string> & command)
{
  std::vector<std::string> arguments{ ProgramBeside("gnr-register"), "--quiet" };
  arguments.insert(arguments.end(), command.begin(), command.end());
  const auto     start = std::chrono::steady_clock::now();
  const ChildEnd end = RunChild(arguments);
  Outcome        outcome;
  outcome.details["seconds"] = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const bool hasResult = end.signal == 0 && (end.exitCode == static_cast<int>(ExitCode::Success) ||
                                             end.exitCode == static_cast<int>(ExitCode::TimeLimit));
  outcome.status = !hasResult ? "failed" : end.exitCode == 0 ? "done" : "time-limit";
  if (end.signal != 0)
  {
    outcome.details["signal"] = end.signal;
    outcome.details["message"] = "gnr-register was ended by signal " + std::to_string(end.signal) +
                                 (end.signal == SIGKILL ? "; the system does that where memory is short" : "");
  }
  else
  {
    outcome.details["exitCode"] = end.exitCode;
    outcome.details["message"] = hasResult ? "" : MessageOf(end.errors);
  }
  if (hasResult)
  {
    AddResult(row.report, outcome.details);
  }
  return outcome;
}

/** The pairs of a table or of a dataset. */
BidsPairs
PairsOf(const Settings & settings)
{
  return settings.dataset ? FindBidsPairs(*settings.dataset) : BidsPairs{ PairTable(settings.table).Rows(), {} };
}

/** The rows of one table and what has become of them. */
class Batch
{
public:
  explicit Batch(const Settings & settings)
    : m_Settings(settings)
    , m_Pairs(PairsOf(settings))
    , m_Outcomes(m_Pairs.rows.size())
  {
    for (const PairTable::Row & row : m_Pairs.rows)
    {
      m_Commands.push_back(CommandOf(row, settings));
    }
  }

  ExitCode
  Run();

private:
  /** Rows that an earlier call has done. A report that is none of ours is refused: it would be lost. */
  void
  TakeOver();
  void
  WriteReport() const;
  void
  Print(std::size_t row, const std::string & text) const
  {
    if (!m_Settings.quiet)
    {
      std::cout << "row " << row + 1 << " of " << m_Outcomes.size() << "  " << m_Pairs.rows[row].output << "  " << text
                << std::endl;
    }
  }
  std::size_t
  Count(const std::string & status) const
  {
    return static_cast<std::size_t>(std::count_if(
      m_Outcomes.begin(), m_Outcomes.end(), [&](const Outcome & outcome) { return outcome.status == status; }));
  }

  const Settings &                      m_Settings;
  BidsPairs                             m_Pairs;
  std::vector<Outcome>                  m_Outcomes;
  std::vector<std::vector<std::string>> m_Commands;
};

void
Batch::TakeOver()
{
  if (!IsRegularFile(m_Settings.report))
  {
    return;
  }
  const Json before = ReadJson(m_Settings.report);
  const auto isObject = [](const Json & row) { return row.is_object(); };
  const bool isOfBatch = before.is_object() && before.value("schema", Json()) == schema && before.contains("rows") &&
                         before["rows"].is_array() &&
                         std::all_of(before["rows"].begin(), before["rows"].end(), isObject);
  if (!isOfBatch)
  {
    throw CommandLineError(
      m_Settings.report + ": is no report of gnr-batch, and is not replaced. Delete it, or name another with --report");
  }
  for (const Json & earlier : before["rows"])
  {
    const Json status = earlier.value("status", Json()), command = earlier.value("command", Json());
    for (std::size_t i = 0; i < m_Outcomes.size(); ++i)
    {
      if (status == "done" && command == Json(m_Commands[i]) && IsComplete(m_Pairs.rows[i], m_Commands[i]))
      {
        m_Outcomes[i] = { "done", earlier.value("details", Json::object()) };
      }
    }
  }
}

void
Batch::WriteReport() const
{
  Json json;
  json["schema"] = schema;
  json["schemaVersion"] = 1;
  json["table"] = m_Settings.table;
  for (const char * status : { "done", "failed", "time-limit", "left" })
  {
    json["count"][status] = Count(status);
  }
  json["messages"] = m_Pairs.messages;
  json["rows"] = Json::array();
  for (std::size_t i = 0; i < m_Outcomes.size(); ++i)
  {
    const PairTable::Row & row = m_Pairs.rows[i];
    json["rows"].push_back({ { "line", row.line ? Json(*row.line) : Json() },
                             { "output", row.output },
                             { "status", m_Outcomes[i].status },
                             { "details", m_Outcomes[i].details },
                             { "command", m_Commands[i] } });
  }
  OutputFiles files;
  WriteText(JsonText(json), m_Settings.report, files);
  files.Commit();
}

ExitCode
Batch::Run()
{
  TakeOver();
  WriteReport(); // fails now, if it does
  if (!m_Settings.quiet)
  {
    for (const std::string & message : m_Pairs.messages)
    {
      std::cout << message << std::endl;
    }
  }
  for (const int number : { SIGINT, SIGTERM, SIGHUP, SIGUSR1 })
  {
    std::signal(number, number == SIGUSR1 ? ForwardToChild : TakeSignal);
  }
  for (std::size_t i = 0; i < m_Outcomes.size() && endingSignal == 0; ++i)
  {
    Outcome & outcome = m_Outcomes[i];
    if (outcome.status == "done")
    {
      Print(i, "was done before");
      continue;
    }
    outcome = RunRow(m_Pairs.rows[i], m_Commands[i]);
    if (endingSignal != 0 && outcome.status == "failed")
    {
      outcome = Outcome(); // that was no fault of the row
    }
    WriteReport();
    const std::string message = outcome.details.value("message", "");
    Print(i,
          outcome.status +
            (outcome.status == "failed" ? ": " + message : Format("  %.1f s", outcome.details.value("seconds", 0.0))));
  }
  if (!m_Settings.quiet)
  {
    std::cout << Count("done") << " done, " << Count("failed") << " failed, " << Count("time-limit")
              << " ended by a time limit, " << Count("left") << " left; " << m_Settings.report << std::endl;
  }
  if (endingSignal != 0)
  {
    return static_cast<ExitCode>(128 + endingSignal);
  }
  return Count("done") == m_Outcomes.size() ? ExitCode::Success : static_cast<ExitCode>(1);
}

} // namespace

int
main(int argc, char * argv[])
{
  return RunProgram("gnr-batch", [&] {
    const auto settings = ParseSettings(argc, argv);
    return settings ? Batch(*settings).Run() : ExitCode::Success;
  });
}
