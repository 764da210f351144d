// SPDX-License-Identifier: Apache-2.0
#include "gnr/Options.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <string>
#include <system_error>
#include <vector>

namespace gnr
{
namespace
{

/** "0.5*mind", or "mind". */
std::optional<SimilaritySum::Part>
readPart(const std::string & text)
{
  const std::size_t star = text.find('*');
  const auto        measure = valueOf<SimilarityMeasure>(star == std::string::npos ? text : text.substr(star + 1));
  if (!measure)
  {
    return std::nullopt;
  }
  SimilaritySum::Part part{ *measure };
  if (star != std::string::npos)
  {
    const char * const end = text.data() + star;
    const auto         parsed = std::from_chars(text.data(), end, part.weight);
    if (parsed.ec != std::errc() || parsed.ptr != end || !(part.weight > 0.0) || !std::isfinite(part.weight))
    {
      return std::nullopt;
    }
  }
  return part;
}

/** Between the separators; one more than there are of these. */
std::vector<std::string>
partsOf(const std::string & text, char separator)
{
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= text.size();)
  {
    const std::size_t end = std::min(text.find(separator, begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

} // namespace

std::optional<SimilaritySum>
SimilaritySum::read(const std::string & text)
{
  SimilaritySum sum;
  sum.parts.clear();
  for (const std::string & word : partsOf(text, '+'))
  {
    const auto part = readPart(word);
    const auto isSame = [&](const Part & other) { return other.measure == part->measure; };
    if (!part || std::any_of(sum.parts.begin(), sum.parts.end(), isSame))
    {
      return std::nullopt;
    }
    sum.parts.push_back(*part);
  }
  return sum.isAutomatic() && sum.parts.size() > 1 ? std::nullopt : std::optional<SimilaritySum>(sum);
}

std::string
SimilaritySum::text() const
{
  std::string result;
  for (const Part & part : parts)
  {
    result += result.empty() ? "" : "+";
    if (part.weight != 1.0)
    {
      char       number[32];
      const auto end = std::to_chars(number, number + sizeof number, part.weight).ptr; // reads back as the same
      result.append(number, end).append("*");
    }
    result += nameOf(part.measure);
  }
  return result;
}

std::optional<SimilarityList>
SimilarityList::read(const std::string & text)
{
  SimilarityList list;
  list.sums.clear();
  for (const std::string & word : partsOf(text, ','))
  {
    const auto sum = SimilaritySum::read(word);
    if (!sum)
    {
      return std::nullopt;
    }
    list.sums.push_back(*sum);
  }
  return list;
}

std::string
SimilarityList::text() const
{
  std::string result;
  for (const SimilaritySum & sum : sums)
  {
    result += (result.empty() ? "" : ",") + sum.text();
  }
  return result;
}

} // namespace gnr
