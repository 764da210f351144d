// SPDX-License-Identifier: Apache-2.0
// gnr-failures-page PAGE: succeeds if the section between its markers is what the table of failures makes, and if every
// message of the table is one of the programs; gnr-failures-page --write PAGE makes the section anew.
#include "common/cli/FailureTable.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <regex>
#include <string>

namespace
{

const std::string begin = "<!-- failures: begin (made by gnr-failures-page --write doc/command-line.md) -->\n";
const std::string end = "<!-- failures: end -->\n";

std::string
TextOf(const std::filesystem::path & path)
{
  std::ifstream file(path, std::ios::binary);
  return { std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>() };
}

/** The sources of the library and the programs, the table apart, with the pieces of each string joined. */
std::string
Sources(const std::filesystem::path & root)
{
  std::string all;
  for (const char * folder : { "apps", "src", "include" })
  {
    for (const auto & entry : std::filesystem::recursive_directory_iterator(root / folder))
    {
      if (entry.is_regular_file() && entry.path().stem() != "FailureTable")
      {
        all += TextOf(entry.path());
      }
    }
  }
  static const std::regex seam("\"\\s*(\\+\\s*)?\"");
  return std::regex_replace(all, seam, "");
}

} // namespace

int
main(int argc, char * argv[])
{
  const bool        writes = argc == 3 && std::string(argv[1]) == "--write";
  const std::string path = argc > 1 ? argv[argc - 1] : "";
  const std::string page = TextOf(path);
  const auto        first = page.find(begin);
  const auto        last = page.find(end);
  if (first == std::string::npos || last == std::string::npos || last < first)
  {
    std::cerr << path << ": has no section between " << begin << "and " << end;
    return EXIT_FAILURE;
  }
  const std::string made = page.substr(0, first) + begin + gnrapp::FailurePage() + page.substr(last);
  if (writes)
  {
    std::ofstream(path, std::ios::binary) << made;
    return EXIT_SUCCESS;
  }
  int code = EXIT_SUCCESS;
  if (made != page)
  {
    std::cerr << path << ": is not up to date. Make it anew: " << argv[0] << " --write " << path << '\n';
    code = EXIT_FAILURE;
  }
  const std::string sources = Sources(std::filesystem::absolute(path).parent_path().parent_path());
  for (const gnrapp::Failure & row : gnrapp::FailureTable())
  {
    if (sources.find(row.message) == std::string::npos)
    {
      std::cerr << "no program says: " << row.message << '\n';
      code = EXIT_FAILURE;
    }
  }
  return code;
}
