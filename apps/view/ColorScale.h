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
#ifndef gnrapp_ColorScale_h
#define gnrapp_ColorScale_h

#include "view/Canvas.h"

#include <array>
#include <string>
#include <utility>
#include <vector>

namespace gnrapp
{

/** From values to colours, with the ticks of its bar. */
class ColorScale
{
public:
  /** Black at `low`, white at `high`, clamped. */
  static ColorScale
  Grey(double low, double high);

  /** Blue where volume shrinks, white where it stays, red where it grows: logarithmic from 1/`factor` to `factor`. */
  static ColorScale
  VolumeChange(double factor);

  Color
  operator()(double value) const;

  double
  Low() const
  {
    return m_Low;
  }
  double
  High() const
  {
    return m_High;
  }

  /** A vertical bar, largest value on top, with its ticks to the right. */
  void
  DrawBar(Canvas & canvas, const Rectangle & area, int textSize) const;

private:
  double                                      m_Low = 0;
  double                                      m_High = 1;
  bool                                        m_Logarithmic = false;
  std::vector<Color>                          m_Table;
  std::vector<std::pair<double, std::string>> m_Ticks;
};

/** Black on yellow: a voxel that folds. */
constexpr Color foldColor{ 255, 230, 0 };

} // namespace gnrapp

#endif
