// SPDX-License-Identifier: Apache-2.0
#include "view/ReportInput.h"

#include "common/cli/CommandLineError.h"
#include "common/cli/Format.h"
#include "common/io/InputFile.h"

#include <nlohmann/json.hpp>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace gnrapp
{
namespace
{

using Json = nlohmann::json;

constexpr double      largest = 1e30; // no number of a report comes near it
constexpr std::size_t longestText = 4096;
constexpr std::size_t mostEntries = 100000; // levels, or steps of one

/** A member of a report with its name, as `inputs.moving.spacingMm`. What is read of it is checked: a report can be
 * damaged, or written by hand. Errors are CommandLineErrors that name the file and the member. */
class Member
{
public:
  Member(const std::string & file, const Json & json, const std::string & name = "")
    : m_File(file)
    , m_Json(json)
    , m_Name(name)
  {}

  Member
  operator[](const char * key) const
  {
    const std::string name = m_Name.empty() ? key : m_Name + "." + key;
    const bool        isThere = m_Json.is_object() && m_Json.contains(key);
    if (!isThere)
    {
      throw CommandLineError(m_File + ": is no complete report: it has no member " + name + ". Run gnr-register again");
    }
    return Member(m_File, m_Json[key], name);
  }

  bool
  IsNull() const
  {
    return m_Json.is_null();
  }

  /** For members that reports of earlier versions do not have. */
  bool
  Has(const char * key) const
  {
    return m_Json.is_object() && m_Json.contains(key) && !m_Json[key].is_null();
  }

  std::string
  Text() const
  {
    this->Need(m_Json.is_string() && m_Json.get_ref<const std::string &>().size() <= longestText, "text");
    return m_Json.get<std::string>();
  }

  bool
  Flag() const
  {
    this->Need(m_Json.is_boolean(), "true or false");
    return m_Json.get<bool>();
  }

  double
  Number(double least = -largest) const
  {
    this->Need(m_Json.is_number() && m_Json.get<double>() >= least && m_Json.get<double>() <= largest,
               least == -largest ? "a number" : Format("a number from %g on", least));
    return m_Json.get<double>();
  }

  double
  PositiveNumber() const
  {
    this->Need(m_Json.is_number() && m_Json.get<double>() >= 1.0 / largest && m_Json.get<double>() <= largest,
               "a number above 0");
    return m_Json.get<double>();
  }

  long long
  Count() const
  {
    constexpr double most = 9e15; // what a double holds exactly
    this->Need(m_Json.is_number_integer() && this->Number(0) <= most, "a whole number from 0 on");
    return m_Json.get<long long>();
  }

  std::vector<Member>
  List() const
  {
    this->Need(m_Json.is_array() && m_Json.size() <= mostEntries, "a list");
    std::vector<Member> members;
    for (std::size_t i = 0; i < m_Json.size(); ++i)
    {
      members.emplace_back(m_File, m_Json[i], m_Name + "[" + std::to_string(i) + "]");
    }
    return members;
  }

  std::vector<Member>
  Three() const
  {
    this->Need(m_Json.is_array() && m_Json.size() == 3, "a list of three numbers");
    return this->List();
  }

private:
  void
  Need(bool isMet, const std::string & what) const
  {
    if (!isMet)
    {
      throw CommandLineError(m_File + ": its member " + m_Name + " is not " + what + ". Run gnr-register again");
    }
  }

  const std::string & m_File;
  const Json &        m_Json;
  std::string         m_Name;
};

std::string
SizeText(const Member & size)
{
  const auto three = size.Three();
  return Format("%lld × %lld × %lld", three[0].Count(), three[1].Count(), three[2].Count());
}

std::string
ImageText(const Member & image)
{
  const auto mm = image["spacingMm"].Three();
  return SizeText(image["size"]) +
         Format(", %.3g × %.3g × %.3g mm", mm[0].PositiveNumber(), mm[1].PositiveNumber(), mm[2].PositiveNumber());
}

std::string
TimeText(const Member & time)
{
  return Format("%.1f s, %.1f CPU-s", time["wallSeconds"].Number(0), time["cpuSeconds"].Number(0));
}

SolveHistory
HistoryOf(const Member & level)
{
  SolveHistory history;
  history.grid = SizeText(level["grid"]["size"]);
  history.beta = level["beta"].Number(0);
  history.mismatch.push_back(level["initialMismatch"].Number(0));
  history.relativeGradient.push_back(level["initialRelativeGradient"].Number(0));
  for (const Member & iteration : level["iterations"].List())
  {
    history.mismatch.push_back(iteration["mismatch"].Number(0));
    history.relativeGradient.push_back(iteration["relativeGradient"].Number(0));
  }
  return history;
}

ReportInput
Interpret(const Member & json)
{
  ReportInput  report;
  const Member inputs = json["inputs"];
  const Member options = json["options"];
  const Member result = json["result"];
  const Member determinant = result["determinant"];
  report.fixed = inputs["fixed"]["file"].Text();
  report.moving = inputs["moving"]["file"].Text();
  if (const Member initial = inputs["initialTransform"]; !initial.IsNull() && initial.Text() != "identity")
  {
    report.initialTransform = initial.Text();
  }
  report.hasInitialFile = !json["alignment"].IsNull() || inputs.Has("fslImages");
  const std::string similarity = result["similarity"].Text();
  // Of the pair that is shown, whatever its weight.
  const std::string first = similarity.substr(0, similarity.find(','));
  report.comparesIntensities = first.substr(first.find('*') == std::string::npos ? 0 : first.find('*') + 1) == "ssd";
  report.normalized = options["normalization"].Text() != "none";
  report.gradientTolerance = options["gradientTolerance"].PositiveNumber();
  for (const Member & level : json["levels"].List())
  {
    report.solves.push_back(HistoryOf(level));
  }
  const auto  name = [](const std::string & path) { return std::filesystem::path(path).filename().string(); };
  std::string regularization = options["regularization"].Text();
  for (char & c : regularization)
  {
    c = c == 'h' ? 'H' : c;
  }
  report.numbers = {
    { "fixed", name(report.fixed) },
    { "", ImageText(inputs["fixed"]) },
    { "moving", name(report.moving) },
    { "", ImageText(inputs["moving"]) },
    { "regularisation",
      regularization + Format(", β %.3g, γ %.3g", result["beta"].Number(0), options["gamma"].Number(0)) +
        (options["incompressible"].Flag() ? ", incompressible" : "") },
    { "mismatch", Format("%.3f of the one before, by ", result["mismatch"].Number(0)) + similarity },
    { "det(I + ∇u)",
      Format("%.3g … %.3g, mean %.3g",
             determinant["minimum"].Number(),
             determinant["maximum"].Number(),
             determinant["mean"].Number()) },
    { "folded voxels", std::to_string(result["foldedVoxels"].Count()) },
    { "largest |u|", Format("%.2f mm", result["maximumDisplacementMm"].Number(0)) },
    { "work",
      Format(
        "%lld Newton steps, %lld Hessian products", result["newtonSteps"].Count(), result["hessianProducts"].Count()) },
    { "stopped", result["stopDescription"].Text() },
    { "time", TimeText(json["time"]) },
    { "version", "gnr-register " + json["versions"]["gnr-register"].Text() },
  };
  return report;
}

} // namespace

ReportInput
ReadReport(const std::string & path)
{
  CheckRegularFile(path, "a report", "Give the PREFIX that gnr-register was given with -o");
  constexpr std::uintmax_t mostBytes = std::uintmax_t(64) << 20;
  if (std::filesystem::file_size(path) > mostBytes)
  {
    throw CommandLineError(path + ": is too large for a report. Give the PREFIX that gnr-register was given with -o");
  }
  std::ifstream file(path, std::ios::binary);
  if (!file)
  {
    throw CommandLineError(path + ": cannot be opened (" + std::strerror(errno) + "). Check its permissions");
  }
  try
  {
    const Json   json = Json::parse(file);
    const Member report(path, json);
    if (report["schema"].Text() != "gnr-register report" || report["schemaVersion"].Number() != 1)
    {
      throw CommandLineError(path + ": is no report of this version of gnr-register. Run gnr-register again");
    }
    return Interpret(report);
  }
  catch (const Json::exception & error)
  {
    constexpr std::size_t longest = 200; // the library repeats what it has read
    throw CommandLineError(path + ": is no complete report (" + std::string(error.what()).substr(0, longest) +
                           "). Run gnr-register again");
  }
}

} // namespace gnrapp
