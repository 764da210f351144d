// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_EnumNames_h
#define gnr_EnumNames_h

#include <optional>
#include <string>
#include <vector>

namespace gnr
{

/** A value of an enumeration and its word: on the command line, in the report, for SetParameter(). */
template <typename TEnum>
struct EnumName
{
  TEnum        value;
  const char * word;
};

/** The words of an enumeration, an array of EnumName; the first value is the one to offer first. Each enumeration
 * specialises it where it is declared. */
template <typename TEnum>
inline constexpr bool enumNames = false;

/** The word of a value; "unknown" for a number that is none of them. */
template <typename TEnum>
const char *
nameOf(TEnum value)
{
  for (const EnumName<TEnum> & name : enumNames<TEnum>)
  {
    if (name.value == value)
    {
      return name.word;
    }
  }
  return "unknown";
}

/** The value of a word; nothing where it is none of them. */
template <typename TEnum>
std::optional<TEnum>
valueOf(const std::string & word)
{
  for (const EnumName<TEnum> & name : enumNames<TEnum>)
  {
    if (word == name.word)
    {
      return name.value;
    }
  }
  return std::nullopt;
}

template <typename TEnum>
std::vector<std::string>
wordsOf()
{
  std::vector<std::string> words;
  for (const EnumName<TEnum> & name : enumNames<TEnum>)
  {
    words.emplace_back(name.word);
  }
  return words;
}

} // namespace gnr

#endif
