// SPDX-License-Identifier: Apache-2.0
#include "gnr/Error.h"
#include "gnr/OptionTable.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace
{

using gnr::OptionKind;
using gnr::OptionRow;
using gnr::Options;
using gnr::OptionTable;
using gnr::OptionValue;

/** What f() says is wrong with its input. */
template <typename TFunction>
std::string
badInput(TFunction f)
{
  try
  {
    f();
  }
  catch (const gnr::Error & error)
  {
    EXPECT_EQ(error.kind(), gnr::ErrorKind::BadInput);
    return error.what();
  }
  ADD_FAILURE() << "no error";
  return "";
}

TEST(OptionTable, everyRangeIsChecked)
{
  const auto refuses = [](void (*change)(Options &), const char * message) {
    Options options;
    change(options);
    EXPECT_EQ(badInput([&] { gnr::validate(options); }), message);
  };
  refuses([](Options & o) { o.beta = -1; }, "beta: -1 is not allowed; it must be a number > 0");
  refuses([](Options & o) { o.beta = std::numeric_limits<double>::quiet_NaN(); },
          "beta: nan is not allowed; it must be a number > 0");
  refuses([](Options & o) { o.gamma = -1; }, "gamma: -1 is not allowed; it must be a number >= 0");
  refuses([](Options & o) { o.gradientLimit = 0; },
          "gradient limit: 0 is not allowed; it must be a number from 0.001 to 1000 or none");
  refuses([](Options & o) { o.determinantFloor = 0; },
          "determinant floor: 0 is not allowed; it must be a number > 0 and <= 0.5 or none");
  refuses([](Options & o) { o.determinantFloor = 0.51; },
          "determinant floor: 0.51 is not allowed; it must be a number > 0 and <= 0.5 or none");
  refuses([](Options & o) { o.determinantLower = 1; },
          "determinant bounds: 1 4 is not allowed; it must be two numbers, 0 < LOWER < 1 < UPPER");
  refuses([](Options & o) { o.determinantUpper = 1; },
          "determinant bounds: 0.25 1 is not allowed; it must be two numbers, 0 < LOWER < 1 < UPPER");
  refuses([](Options & o) { o.regularization = static_cast<gnr::Regularization>(7); },
          "regularization: unknown is not allowed; it must be one of h1, h2, h3");
  refuses([](Options & o) { o.levels = 0; }, "levels: 0 is not allowed; it must be a whole number >= 1 or automatic");
  refuses([](Options & o) { o.timeSteps = 0; }, "time steps: 0 is not allowed; it must be a whole number >= 1");
  refuses([](Options & o) { o.maximumIterations = -1; },
          "iterations: -1 is not allowed; it must be a whole number >= 0");
  refuses([](Options & o) { o.maximumKrylovIterations = 0; },
          "Krylov iterations: 0 is not allowed; it must be a whole number >= 1");
  refuses([](Options & o) { o.gradientTolerance = 1; },
          "gradient tolerance: 1 is not allowed; it must be a number > 0 and < 1");
  refuses([](Options & o) { o.objectiveTolerance = 1; },
          "objective tolerance: 1 is not allowed; it must be a number >= 0 and < 1");
  refuses([](Options & o) { o.timeLimit = 0; }, "time limit: 0 is not allowed; it must be a number > 0 or none");
  refuses([](Options & o) { o.smoothing = -1; }, "smoothing: -1 is not allowed; it must be a number >= 0");
  refuses([](Options & o) { o.threads = gnr::maximumThreads + 1; },
          "threads: 1025 is not allowed; it must be a whole number from 1 to 1024 or all");
  for (const auto & preset : gnr::enumNames<gnr::Preset>)
  {
    EXPECT_NO_THROW(gnr::validate(gnr::makeOptions(preset.value))) << preset.word;
  }
}

/** Another value that the row allows, if there is one; of the numbers some that no short text holds. */
OptionValue
another(const OptionRow & row, const OptionValue & value)
{
  std::vector<OptionValue> candidates = { !(value == OptionValue(true)),
                                          3,
                                          7,
                                          1.0 / 3.0,
                                          std::nextafter(0.1, 1.0),
                                          std::array<double, 2>{ { 1.0 / 7.0, 10.0 / 3.0 } } };
  candidates.emplace_back(std::string("a=\\b"));
  candidates.insert(candidates.end(), row.member.words.begin(), row.member.words.end());
  for (const OptionValue & candidate : candidates)
  {
    const bool isText = !row.member.words.empty() || row.member.kind == OptionKind::Text;
    const bool fits = isText ? std::holds_alternative<std::string>(candidate)
                             : candidate.index() == static_cast<int>(row.member.kind) + 1u;
    if (fits && row.allows(candidate) && candidate != value)
    {
      return candidate;
    }
  }
  ADD_FAILURE() << row.name;
  return value;
}

TEST(OptionTable, everyRowIsComparedAndComesBackFromItsText)
{
  for (const OptionRow & row : gnr::optionTable())
  {
    Options changed;
    row.member.set(changed, another(row, row.member.get(changed)));
    const bool isOfMachine = row.group == gnr::OptionGroup::Machine;
    EXPECT_EQ(gnr::firstDifference(Options{}, changed).value_or("none"), isOfMachine ? "none" : row.name);

    // Through the text of all options, and through its own: exactly.
    const Options received = gnr::optionsOf(gnr::toText(changed));
    Options       set;
    gnr::setOption(set, row.flag(), gnr::getOption(changed, row.title()));
    for (const OptionRow & other : gnr::optionTable())
    {
      EXPECT_TRUE(other.member.get(received) == other.member.get(changed)) << row.name << ", " << other.name;
      EXPECT_TRUE(other.member.get(set) == other.member.get(changed)) << row.name << ", " << other.name;
    }
    if (row.member.isOptional)
    {
      gnr::setOption(set, row.name, row.unset);
      EXPECT_TRUE(row.member.get(set) == OptionValue()) << row.name;
    }
  }
}

std::string
contentOf(const std::string & file)
{
  std::ifstream stream(GNR_EXAMPLE_DATA "/../../" + file);
  EXPECT_TRUE(stream) << file;
  return std::string(std::istreambuf_iterator<char>(stream), {});
}

TEST(OptionTable, everyMemberHasARow)
{
  const std::string header = contentOf("include/gnr/Options.h"), rows = contentOf("src/registration/OptionRows.cpp");
  const std::size_t begin = header.find("struct Options\n");
  const std::string members = header.substr(begin, header.find("\n};", begin) - begin);
  const std::regex  member("\n  [A-Za-z][A-Za-z:<>]* +([A-Za-z]+)( = [^;]*)?;");
  int               number = 0;
  for (std::sregex_iterator match(members.begin(), members.end(), member), end; match != end; ++match, ++number)
  {
    const std::string name = (*match)[1];
    EXPECT_TRUE(std::regex_search(rows, std::regex("&Options::" + name + "\\b"))) << name << " has no row";
  }
  EXPECT_GT(number, 20);
}

TEST(OptionTable, namesAreDifferentAndNumbersHaveSliders)
{
  std::set<std::string> flags;
  for (const OptionRow & row : gnr::optionTable())
  {
    EXPECT_TRUE(flags.insert(row.flag()).second) << row.name;
    EXPECT_FALSE(row.help.empty()) << row.name;
    const bool isNumber = row.member.kind == OptionKind::Count || row.member.kind == OptionKind::Number;
    EXPECT_EQ(row.slider.step > 0.0, isNumber && !row.member.isOptional) << row.name;
  }
  const OptionRow & row = gnr::optionTable().back();
  EXPECT_EQ(row.flag() + row.title() + row.key(), "--checkpoint-intervalCheckpointIntervalcheckpointIntervalSeconds");
}

TEST(OptionTable, namesAndValuesThatDoNotExistAreRefused)
{
  Options           options;
  const std::string message = badInput([&] { gnr::setOption(options, "Betta", "1"); });
  EXPECT_EQ(message.rfind("'Betta' is no option; there are Beta, BetaStrategy, ", 0), 0u) << message;
  EXPECT_EQ(badInput([&] { gnr::setOption(options, "GridScale", "-1"); }),
            "GridScale: must be a number >= 0, not '-1'");
  EXPECT_EQ(badInput([&] { gnr::setOption(options, "grid-scale", "1 2"); }),
            "GridScale: must be a number >= 0, not '1 2'");
  for (const char * text : { "", "1,5", "0x1", "inf", "nan", " 1" })
  {
    badInput([&] { gnr::setOption(options, "beta", text); });
  }
  badInput([&] { gnr::setOption(options, "iterations", "99999999999"); });
  badInput([&] { gnr::setOption(options, "incompressible", "yes"); });
  badInput([&] { gnr::setOption(options, "device", "tpu"); });
  badInput([&] { gnr::setOption(options, "determinant bounds", "0.5"); });
  EXPECT_FALSE(gnr::firstDifference(options, Options{}));
}

// Rows that keep texts and lists beside the options.
TEST(OptionTable, textsAndListsComeBackWhateverIsInThem)
{
  std::string              text;
  std::vector<std::string> list;
  OptionTable              table = { gnr::optionTable().front(), gnr::optionTable().front() };
  table[0].name = "text";
  table[0].member.kind = OptionKind::Text;
  table[0].member.get = [&](const Options &) { return text; };
  table[0].member.set = [&](Options &, const OptionValue & value) { text = std::get<std::string>(value); };
  table[1].name = "list";
  table[1].member.kind = OptionKind::List;
  table[1].member.get = [&](const Options &) { return list; };
  table[1].member.set = [&](Options &, const OptionValue & value) { list = std::get<std::vector<std::string>>(value); };

  const std::vector<std::vector<std::string>> lists = { {}, { "ssd" }, { "ssd", "lncc" }, { "a,b", "\\", "c\\,=" } };
  for (const auto & expected : lists)
  {
    text = "a=\\b,\\\\";
    list = expected;
    const std::string sent = gnr::toText(Options{}, table);
    text.clear();
    list = { "other" };
    gnr::optionsOf(sent, table);
    EXPECT_EQ(text, "a=\\b,\\\\");
    EXPECT_EQ(list, expected);
  }
  Options options;
  gnr::setOption(options, "list", "ssd,lncc", table);
  EXPECT_EQ(list, (std::vector<std::string>{ "ssd", "lncc" }));
  EXPECT_NE(badInput([&] { gnr::setOption(options, "list", "ssd,,lncc", table); }), "");
  list = { "ssd\nlncc" };
  EXPECT_NE(badInput([&] { gnr::validate(options, table); }), "");
}

} // namespace
