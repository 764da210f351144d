// SPDX-License-Identifier: Apache-2.0
// One more row in the table of options is all that it takes for an option to be everywhere.
#include "common/cli/CommandLineError.h"
#include "common/run/RegistrationOptions.h"
#include "common/run/RunLog.h"
#include "common/run/RunReport.h"
#include "slicer/SlicerSettings.h"

#include "itkDiffeomorphicGaussNewtonRegistrationFilter.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <regex>
#include <sstream>
#include <string>
#include <vector>

namespace
{

/** The member is that of another option, because Options cannot get one more while the program runs. */
const gnr::OptionTable &
TableWithToy()
{
  static const gnr::OptionTable table = [] {
    gnr::OptionTable rows = gnr::optionTable();
    rows.push_back({ "toy strength",
                     &gnr::Options::smoothing,
                     gnr::OptionGroup::Intensities,
                     gnr::OptionTier::Expert,
                     "How strong --beta lets toys be.",
                     { 0, 2 },
                     "toys",
                     { 0, 1.5, 0.25 } });
    return rows;
  }();
  return table;
}

std::string
InOneLine(const std::string & text)
{
  return std::regex_replace(text, std::regex("\\s+"), " ");
}

bool
Contains(const std::string & text, const std::string & part)
{
  return text.find(part) != std::string::npos;
}

struct ToyOption : testing::Test
{
  ToyOption() { settings.optionTable = &TableWithToy(); }

  void
  Parse(std::vector<const char *> arguments)
  {
    arguments.insert(arguments.begin(), "toy");
    gnrapp::ArgumentParser      parser("toy", "", "");
    gnrapp::RegistrationOptions options(parser, settings);
    ASSERT_TRUE(parser.Parse(static_cast<int>(arguments.size()), arguments.data(), {}));
    options.Resolve();
  }

  gnrapp::RegistrationSettings settings;
};

TEST_F(ToyOption, IsInTheHelp)
{
  gnrapp::ArgumentParser      parser("toy", "", "");
  gnrapp::RegistrationOptions options(parser, settings);
  EXPECT_TRUE(Contains(InOneLine(parser.help()), "--toy-strength NUMBER How strong --beta lets toys be. [default: 0]"));
}

TEST_F(ToyOption, IsTakenAndCheckedOnTheCommandLine)
{
  Parse({ "--toy-strength", "1.5" });
  EXPECT_EQ(gnr::getOption(settings.options, "ToyStrength", TableWithToy()), "1.5");
  try
  {
    Parse({ "--toy-strength", "3" });
    FAIL();
  }
  catch (const gnrapp::CommandLineError & error)
  {
    EXPECT_STREQ(error.what(), "--toy-strength: must be a number from 0 to 2, not '3'. See toy --help");
  }
}

TEST_F(ToyOption, IsInTheReportAndInTheLog)
{
  Parse({ "--toy-strength", "1.5" });
  gnrapp::RunRecord record;
  const gnr::Grid   grid{ { { 16, 16, 16 } } };
  record.report.solverGrid = record.report.memoryPlan.imageGrid = record.report.memoryPlan.solverGrid = grid;
  record.report.memoryPlan.levels = { grid };
  const auto report = nlohmann::json::parse(gnrapp::MakeJsonReport(settings, record));
  EXPECT_EQ(report["options"]["toyStrength"], 1.5);

  settings.verbose = true;
  testing::internal::CaptureStdout();
  gnrapp::RunLog(settings).PrintHeader({}, {});
  EXPECT_TRUE(Contains(InOneLine(testing::internal::GetCapturedStdout()), "toy strength 1.5 toys,"));
}

TEST_F(ToyOption, IsInTheWindowOfSlicer)
{
  const std::string description = gnrapp::SlicerParser(TableWithToy()).Description();
  EXPECT_TRUE(
    Contains(InOneLine(description),
             "<double> <name>toyStrength</name> <label>Toy strength</label> <longflag>--toyStrength</longflag> "
             "<description>How strong 'Beta' lets toys be.</description> <default>0</default> <constraints>"
             "<minimum>0</minimum><maximum>1.5</maximum><step>0.25</step></constraints> </double>"))
    << description;
}

TEST_F(ToyOption, ReachesOtherProcesses)
{
  gnr::Options options;
  gnr::setOption(options, "toy strength", "0.1", TableWithToy());
  EXPECT_EQ(gnr::getOption(
              gnr::optionsOf(gnr::toText(options, TableWithToy()), TableWithToy()), "toy strength", TableWithToy()),
            "0.1");
}

class ToyFilter : public itk::DiffeomorphicGaussNewtonRegistrationFilter<itk::Image<float, 3>>
{
public:
  using Self = ToyFilter;
  using Pointer = itk::SmartPointer<Self>;
  itkNewMacro(Self);
  const gnr::OptionTable &
  GetOptionTable() const override
  {
    return TableWithToy();
  }
};

TEST_F(ToyOption, IsAParameterOfTheFilter)
{
  const auto filter = ToyFilter::New();
  filter->SetParameter("ToyStrength", "1.25");
  EXPECT_EQ(filter->GetParameter("ToyStrength"), "1.25");
  try
  {
    filter->SetParameter("ToyStrength", "3");
    FAIL();
  }
  catch (const itk::GaussNewtonRegistrationError & error)
  {
    EXPECT_STREQ(error.GetDescription(), "ToyStrength: must be a number from 0 to 2, not '3'");
  }
  std::ostringstream text;
  filter->Print(text);
  EXPECT_TRUE(Contains(text.str(), "ToyStrength: 1.25 toys\n")) << text.str();
}

} // namespace
