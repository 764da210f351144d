// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_TableCells_h
#define gnrapp_TableCells_h

#include <istream>
#include <string>
#include <vector>

namespace gnrapp
{

/** The next line without its end; empty where there is none. */
std::string
ReadTableLine(std::istream & in);

/** Cells of a line, quotes kept, so that they can be written back unchanged. */
std::vector<std::string>
SplitCells(const std::string & line, char separator);

/** A line of these cells with its end. A cell without quotes that holds the separator gets them. */
std::string
JoinCells(const std::vector<std::string> & cells, char separator);

/** The text of a cell, without blanks and quotes around it. */
std::string
CellText(const std::string & cell);

/** The same in lower case. */
std::string
CellName(const std::string & cell);

/** A cell of this text: in quotes where it needs them. */
std::string
CellOf(const std::string & text);

/** A coordinate in mm. Throws CommandLineError.
 * \param where the file and the line, and a colon
 * \param name of the coordinate */
double
CoordinateIn(const std::string & cell, const std::string & where, const std::string & name);

} // namespace gnrapp

#endif
