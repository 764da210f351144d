// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_CurvePlot_h
#define gnrapp_CurvePlot_h

#include "view/Canvas.h"

#include <optional>
#include <string>
#include <vector>

namespace gnrapp
{

/** One curve; its points lie at x = first, first + 1, ... */
struct Curve
{
  int                 first = 0;
  std::vector<double> values;
};

/** What is plotted against the Newton steps. */
struct CurvePlot
{
  std::string           title;
  std::vector<Curve>    curves; ///< one per solve, coarse to fine, in darkening colours
  bool                  logarithmic = false;
  std::optional<double> reference; ///< a dashed line
};

/** Colour of a curve out of `count`. */
Color
CurveColor(std::size_t index, std::size_t count);

/** Draws the plot, title and tick labels included, inside `area`. */
void
DrawPlot(Canvas & canvas, const CurvePlot & plot, const Rectangle & area, int textSize);

} // namespace gnrapp

#endif
