// SPDX-License-Identifier: Apache-2.0
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
