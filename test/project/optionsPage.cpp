// SPDX-License-Identifier: Apache-2.0
// gnr-options-page [FILE]: prints doc/options.md; with a file, succeeds if it is that page already.
#include "gnr/OptionTable.h"

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>
#include <utility>

namespace
{

std::string
Page()
{
  const gnr::Options defaults;
  std::string        presets;
  for (const auto & preset : gnr::enumNames<gnr::Preset>)
  {
    presets += (presets.empty() ? "" : "|") + std::string(preset.word);
  }
  std::ostringstream page;
  page
    << "# Options\n\n"
       "<!-- Made of the table of options: build/release/bin/gnr-options-page > doc/options.md -->\n\n"
       "Every option of a registration, in all programs. `gnr-register` and the module of 3D Slicer take them on the "
       "command line\n(`--grid-scale 0.5`), the filter by name (`SetParameter(\"GridScale\", \"0.5\")`, in Python "
       "too), and the report has them\nunder `options` (`gridScale`). Two more are no options of the solver: "
       "`--preset "
    << presets
    << "` starts from a named set,\nwhich explicit options override "
       "([choices.md](choices.md#presets)), and `--histogram-matching` is done before the solve.\n\n"
       "Few need more than those marked *everyday*, for which the filter has Set and Get methods, too. Where a "
       "preset has another value than the\ndefault, it stands beside it.\n";
  for (const auto & group : gnr::enumNames<gnr::OptionGroup>)
  {
    page << "\n## " << group.word
         << "\n\n| option | values | default | for | what |\n| --- | --- | --- | --- | --- |\n";
    for (const gnr::OptionRow & row : gnr::optionTable())
    {
      if (row.group != group.value)
      {
        continue;
      }
      page << "| `" << row.flag() << "` | " << row.rangeText() << (row.unit.empty() ? "" : "; " + row.unit) << " | "
           << row.text(defaults);
      for (const auto & preset : gnr::enumNames<gnr::Preset>)
      {
        const std::string text = row.text(gnr::makeOptions(preset.value));
        if (text != row.text(defaults))
        {
          page << "; " << preset.word << " " << text;
        }
      }
      page << " | " << nameOf(row.tier) << " | " << row.help << " |\n";
    }
  }
  return page.str();
}

} // namespace

int
main(int argc, char * argv[])
{
  if (argc == 1)
  {
    std::cout << Page();
    return EXIT_SUCCESS;
  }
  std::ifstream     file(argv[1]);
  const std::string content((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (content != Page())
  {
    std::cerr << argv[1] << ": is not up to date. Make it anew: " << argv[0] << " > " << argv[1] << '\n';
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
