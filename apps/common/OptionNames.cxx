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
#include "OptionNames.h"

namespace gnrapp
{

template <>
const NameTable<gnr::Regularization> &
Names()
{
  static const NameTable<gnr::Regularization> names = {
    { gnr::Regularization::H1, "h1" },
    { gnr::Regularization::H2, "h2" },
    { gnr::Regularization::H3, "h3" },
  };
  return names;
}

template <>
const NameTable<gnr::Interpolation> &
Names()
{
  static const NameTable<gnr::Interpolation> names = {
    { gnr::Interpolation::Cubic, "cubic" },
    { gnr::Interpolation::Linear, "linear" },
  };
  return names;
}

template <>
const NameTable<gnr::Device> &
Names()
{
  static const NameTable<gnr::Device> names = {
    { gnr::Device::Auto, "auto" },
    { gnr::Device::Cpu, "cpu" },
    { gnr::Device::Cuda, "cuda" },
    { gnr::Device::Reference, "reference" },
  };
  return names;
}

template <>
const NameTable<gnr::IntensityNormalization> &
Names()
{
  static const NameTable<gnr::IntensityNormalization> names = {
    { gnr::IntensityNormalization::Percentiles, "percentiles" },
    { gnr::IntensityNormalization::None, "none" },
  };
  return names;
}

template <>
const NameTable<gnr::Preconditioner> &
Names()
{
  static const NameTable<gnr::Preconditioner> names = {
    { gnr::Preconditioner::InvA, "inva" },
    { gnr::Preconditioner::InvH0, "invh0" },
    { gnr::Preconditioner::TwoLevelInvH0, "twolevel" },
  };
  return names;
}

template <>
const NameTable<gnr::BetaStrategy> &
Names()
{
  static const NameTable<gnr::BetaStrategy> names = {
    { gnr::BetaStrategy::Fixed, "fixed" },
    { gnr::BetaStrategy::Continuation, "continuation" },
    { gnr::BetaStrategy::Search, "search" },
  };
  return names;
}

template <>
const NameTable<gnr::Preset> &
Names()
{
  static const NameTable<gnr::Preset> names = {
    { gnr::Preset::Fast, "fast" },
    { gnr::Preset::Default, "default" },
    { gnr::Preset::Accurate, "accurate" },
  };
  return names;
}

} // namespace gnrapp
