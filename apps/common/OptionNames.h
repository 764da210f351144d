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
#ifndef gnrapp_OptionNames_h
#define gnrapp_OptionNames_h

#include "gnr/Options.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace gnrapp
{

template <typename TEnum>
using NameTable = std::vector<std::pair<TEnum, const char *>>;

/** The words of the command line and of the report for the values of an option. */
template <typename TEnum>
const NameTable<TEnum> &
Names();
template <>
const NameTable<gnr::Regularization> &
Names();
template <>
const NameTable<gnr::Interpolation> &
Names();
template <>
const NameTable<gnr::Device> &
Names();
template <>
const NameTable<gnr::IntensityNormalization> &
Names();
template <>
const NameTable<gnr::Preconditioner> &
Names();
template <>
const NameTable<gnr::BetaStrategy> &
Names();
template <>
const NameTable<gnr::Preset> &
Names();

template <typename TEnum>
const char *
NameOf(TEnum value)
{
  const auto & names = Names<TEnum>();
  const auto   found = std::find_if(names.begin(), names.end(), [=](const auto & name) { return name.first == value; });
  return found == names.end() ? "unknown" : found->second;
}

/** `name` must be one of Names(). */
template <typename TEnum>
TEnum
ValueOf(const std::string & name)
{
  const auto & names = Names<TEnum>();
  return std::find_if(names.begin(), names.end(), [&](const auto & n) { return n.second == name; })->first;
}

template <typename TEnum>
std::vector<std::string>
WordsOf()
{
  std::vector<std::string> words;
  for (const auto & name : Names<TEnum>())
  {
    words.emplace_back(name.second);
  }
  return words;
}

} // namespace gnrapp

#endif
