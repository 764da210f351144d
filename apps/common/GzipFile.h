/*=========================================================================
 *
 *  Copyright NumFOCUS
 *
 *  Licensed under the Apache License, Version 2.0 (the "License");
 *  you may not use this file except in compliance with the License.
 *  You may obtain a copy of the License at
 *
 *         https://www.apache.org/licenses/LICENSE-2.0.txt
 *
 *  Unless required by applicable law or agreed to in writing, software
 *  distributed under the License is distributed on an "AS IS" BASIS,
 *  WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 *  See the License for the specific language governing permissions and
 *  limitations under the License.
 *
 *=========================================================================*/
#ifndef gnrapp_GzipFile_h
#define gnrapp_GzipFile_h

#include <cstdint>
#include <string>

namespace gnrapp
{

/** Compresses a file into one gzip member with several threads (independent blocks, as pigz does).
 *
 * Only runs of equal bytes and Huffman coding are used (Z_RLE): on fields of floats that is within 1 % of the size of
 * the default strategy in less than a third of its time; doc/command-line.md has the numbers.
 * Throws CommandLineError, naming `outputPath`, if the disk is full or cannot be written. */
void
CompressFile(const std::string & inputPath, const std::string & outputPath, unsigned int threads);

/** The content of a gzip file (or of a plain file), read to its end. */
struct GzipContent
{
  bool          intact = false; ///< false: truncated, or its check sum is wrong
  std::uint64_t bytes = 0;      ///< uncompressed
  std::string   head;           ///< the first bytes, at most 544: a NIfTI header
};

/** Reads the whole file once. Throws CommandLineError if it cannot be opened. */
GzipContent
InspectGzip(const std::string & path);

} // namespace gnrapp

#endif
