// SPDX-License-Identifier: Apache-2.0
#include "PairTable.h"

#include "common/cli/CommandLineError.h"
#include "common/io/InputFile.h"

#include "gnr/OptionTable.h"

#include <algorithm>
#include <fstream>
#include <istream>
#include <map>
#include <optional>
#include <set>

namespace gnrapp
{
namespace
{

using Cells = std::vector<std::string>;

/** The cells of the next record: in quotes commas, line breaks and, doubled, quotes are text (RFC 4180). Nothing at the
 * end. `line` is counted on. */
std::optional<Cells>
ReadRecord(std::istream & in, std::size_t & line)
{
  if (in.peek() == std::istream::traits_type::eof())
  {
    return {};
  }
  Cells cells(1);
  bool  isQuoted = false;
  for (int c = in.get(); c != std::istream::traits_type::eof(); c = in.get())
  {
    line += c == '\n' ? 1 : 0;
    if (c == '"' && isQuoted && in.peek() == '"')
    {
      cells.back() += static_cast<char>(in.get());
    }
    else if (c == '"')
    {
      isQuoted = !isQuoted;
    }
    else if (c == '\n' && !isQuoted)
    {
      break;
    }
    else if (c == ',' && !isQuoted)
    {
      cells.emplace_back();
    }
    else
    {
      cells.back() += static_cast<char>(c);
    }
  }
  for (std::string & cell : cells)
  {
    const char * const around = " \t\r\n";
    const auto         first = cell.find_first_not_of(around);
    cell = first == std::string::npos ? "" : cell.substr(first, cell.find_last_not_of(around) - first + 1);
  }
  return cells;
}

/** As on the command line. */
void
AddOption(const std::string & name, const std::string & cell, std::vector<std::string> & options)
{
  const gnr::OptionTable & table = gnr::optionTable();
  const auto               row =
    std::find_if(table.begin(), table.end(), [&](const gnr::OptionRow & r) { return r.flag() == "--" + name; });
  const std::size_t blank = cell.find(' ');
  const bool        isPair = name == "channel" || (row != table.end() && row->member.kind == gnr::OptionKind::Bounds);
  if (isPair && blank != std::string::npos)
  {
    options.insert(options.end(), { "--" + name, cell.substr(0, blank), cell.substr(blank + 1) });
  }
  else
  {
    options.push_back("--" + name + (cell == "on" ? "" : "=" + cell));
  }
}

void
CheckHeader(const Cells & header, const std::string & path)
{
  for (const char * name : { "fixed", "moving", "output" })
  {
    if (std::count(header.begin(), header.end(), name) != 1)
    {
      throw CommandLineError(path + ": line 1 must name one column " + name +
                             ". Write a header like fixed,moving,output,fixed-mask");
    }
  }
  std::set<std::string> names;
  for (const std::string & name : header)
  {
    if (name == "bids" || name == "space")
    {
      throw CommandLineError(path + ": line 1 has a column '" + name +
                             "', and results of a table have no names of BIDS. Give gnr-batch the folder of the "
                             "dataset, or leave the column out");
    }
    const bool isTaken =
      name == "checkpoint" || name == "dry-run" || name == "smoke" || name == "help" || name == "version";
    if (name.empty() || name.front() == '-' || isTaken || !names.insert(name).second)
    {
      throw CommandLineError(path + ": line 1 has a column '" + name +
                             "'. Name each column once, by an option of gnr-register without its dashes");
    }
  }
}

} // namespace

PairTable::PairTable(const std::string & path)
{
  CheckInputFile(path, "a table of pairs", "Check the path");
  std::ifstream in(path, std::ios::binary);
  if (in.peek() == 0xEF) // the byte order mark of UTF-8
  {
    in.ignore(3);
  }
  std::size_t next = 1;
  const Cells header = ReadRecord(in, next).value_or(Cells());
  CheckHeader(header, path);
  std::map<std::string, std::size_t> lineOf;
  for (std::size_t line = next;; line = next)
  {
    const auto cells = ReadRecord(in, next);
    if (!cells)
    {
      break;
    }
    if (*cells == Cells(1))
    {
      continue; // an empty line
    }
    const std::string where = path + ": line " + std::to_string(line);
    if (cells->size() != header.size())
    {
      throw CommandLineError(where + " has " + std::to_string(cells->size()) + " cells, and the header has " +
                             std::to_string(header.size()) + ". Put cells with commas into quotes");
    }
    Row row;
    row.line = line;
    for (std::size_t i = 0; i < header.size(); ++i)
    {
      const std::string & name = header[i];
      const std::string & cell = (*cells)[i];
      std::string * const own = name == "fixed"    ? &row.fixed
                                : name == "moving" ? &row.moving
                                : name == "output" ? &row.output
                                                   : nullptr;
      if (own != nullptr)
      {
        *own = cell;
      }
      else if (!cell.empty())
      {
        AddOption(name, cell, row.options);
      }
    }
    if (row.fixed.empty() || row.moving.empty() || row.output.empty())
    {
      throw CommandLineError(where +
                             " lacks a fixed image, a moving image or an output. Fill the cell, or delete the line");
    }
    row.argument = row.output;
    row.report = row.output + "_report.json";
    const auto [other, isNew] = lineOf.emplace(row.output, line);
    if (!isNew)
    {
      throw CommandLineError(where + " has the output of line " + std::to_string(other->second) + ", " + row.output +
                             ". Give it another");
    }
    m_Rows.push_back(row);
  }
  if (m_Rows.empty())
  {
    throw CommandLineError(path + ": has no pairs. Write one into each line below the header");
  }
}

} // namespace gnrapp
