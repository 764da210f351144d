// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_TextHeader_h
#define gnrapp_TextHeader_h

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace gnrapp
{

/** The header of an image file in lines of text, as MetaImage and NRRD have it: read with limits, before a library
 * parses it. Every error is a CommandLineError that names the file and the field. */
class TextHeader
{
public:
  /** Reads the lines `name<separator>value` up to the field `last`, or up to an empty line or the end if that is none.
   * \param last as FieldName() gives it */
  TextHeader(const std::string & path, char separator, const std::string & last);

  const std::string &
  Path() const
  {
    return m_Path;
  }
  const std::string &
  FirstLine() const
  {
    return m_FirstLine;
  }
  /** Of the header in the file: what follows is the voxels. */
  std::uint64_t
  Bytes() const
  {
    return m_Bytes;
  }
  bool
  Has(const std::string & name) const
  {
    return this->Find(name) != nullptr;
  }
  /** Empty if there is no such field. */
  std::string
  Text(const std::string & name) const;
  /** Words of a value, apart by blanks; parentheses and quotes keep theirs together. */
  std::vector<std::string>
  Words(const std::string & name) const;
  /** Finite numbers, exactly so many; nothing if there is no such field. */
  std::optional<std::vector<double>>
  Numbers(const std::string & name, std::size_t count) const;
  /** The same for one whole number within bounds; `otherwise` if there is no such field. */
  std::int64_t
  Integer(const std::string & name, std::int64_t least, std::int64_t most, std::int64_t otherwise) const;

  /** Throws `PATH: its header <fault>`, with the remedy. */
  [[noreturn]] void
  Refuse(const std::string & fault) const;

private:
  const std::string *
  Find(const std::string & name) const;

  std::string                                      m_Path;
  std::string                                      m_FirstLine;
  std::uint64_t                                    m_Bytes = 0;
  std::vector<std::pair<std::string, std::string>> m_Fields;
};

/** A field's name without blanks and capitals: writers differ in them. */
std::string
FieldName(std::string text);

/** A finite number that is the whole word; nothing otherwise. A number below the normal ones of a double (1e-320) is
 * none: nobody means it, and matrices of such numbers lead libraries astray. */
std::optional<double>
FiniteNumber(const std::string & word);

/** Product of the sizes and the bytes of one voxel, which a file can have.
 * \param sizes voxels along each axis; every one at least 1, or it is refused */
std::uint64_t
PromisedBytes(const TextHeader & header, const std::vector<double> & sizes, std::uint64_t bytesEach);

/** How the voxels are written. */
enum class VoxelCoding
{
  Raw,
  Gzip,
  Text, ///< a number takes two bytes or more
  Hex
};

/** Refuses a file that cannot hold the voxels.
 * \param begin bytes of `file` before them
 * \param values numbers in all voxels, `promised` bytes of them */
void
CheckPromise(const std::string & file,
             VoxelCoding         coding,
             std::uint64_t       begin,
             std::uint64_t       promised,
             std::uint64_t       values);

/** The file with the voxels, where the header names one beside itself: an existing file, whose name has no directives
 * for the library to follow. */
std::string
DataFile(const TextHeader & header, const std::string & name);

} // namespace gnrapp

#endif
