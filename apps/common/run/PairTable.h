// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_PairTable_h
#define gnrapp_PairTable_h

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace gnrapp
{

/** Pairs of images in a CSV file: a header with the columns fixed, moving and output, and a column for each option of
 * gnr-register that some row has. */
class PairTable
{
public:
  struct Row
  {
    std::optional<std::size_t> line; ///< of the file, from 1; nothing where the pair is not from a file
    std::string                fixed;
    std::string                moving;
    std::string                output;   ///< start of the names of the results
    std::string                argument; ///< of --output: the same, or the folder of a dataset of BIDS
    std::string                report;   ///< of gnr-register
    std::vector<std::string>   options;  ///< as on the command line
  };

  /** Throws CommandLineError naming the file and the line: also where two rows have one output. */
  explicit PairTable(const std::string & path);

  const std::vector<Row> &
  Rows() const
  {
    return m_Rows;
  }

private:
  std::vector<Row> m_Rows;
};

} // namespace gnrapp

#endif
