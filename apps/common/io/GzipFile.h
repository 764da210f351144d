// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_GzipFile_h
#define gnrapp_GzipFile_h

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>

namespace gnrapp
{

/** Compresses a file into one gzip member with several threads (independent blocks, as pigz does).
 *
 * Only runs of equal bytes and Huffman coding are used (Z_RLE): on fields of floats that is as small as what any level
 * of the default strategy makes, in a third of the time of the fastest; doc/measurements.md has the numbers.
 * Throws CommandLineError if the disk is full or cannot be written.
 * \param path what `outputPath` becomes, for messages */
void
CompressFile(const std::string & inputPath,
             const std::string & outputPath,
             const std::string & path,
             unsigned int        threads);

/** What reading a gzip file (or a plain file) to its end says about it. */
struct GzipContent
{
  bool          intact = false; ///< false: truncated, or its check sum is wrong
  std::uint64_t bytes = 0;      ///< uncompressed
};

/** The first bytes, or all of a shorter file; a damaged one gives as many as can be had. Throws CommandLineError if it
 * cannot be opened. */
std::string
ReadGzipHead(const std::string & path, std::size_t bytes);

/** Reads the whole file once and shows every piece to `consume` (data, bytes), in order. Throws CommandLineError if it
 * cannot be opened.
 * \param offset where it begins in the file
 * \param most stops after a little more than so many bytes: a small file can unfold to any size */
GzipContent
ScanGzip(const std::string &                                    path,
         const std::function<void(const char *, std::size_t)> & consume,
         std::size_t                                            offset = 0,
         std::uint64_t                                          most = std::numeric_limits<std::uint64_t>::max());

} // namespace gnrapp

#endif
