// SPDX-License-Identifier: Apache-2.0
#include "view/CurvePlot.h"

#include "common/cli/Format.h"

#include <algorithm>
#include <cmath>

namespace gnrapp
{
namespace
{

const Color ink{ 0, 0, 0 };
const Color faint{ 222, 222, 222 };

std::string
NumberWord(double value)
{
  return Format("%.3g", value);
}

/** 1, 2 or 5 times a power of ten, not below `value`. */
double
NiceStep(double value)
{
  const double power = std::pow(10.0, std::floor(std::log10(value)));
  for (const double factor : { 1.0, 2.0, 5.0 })
  {
    if (factor * power >= value * (1 - 1e-9))
    {
      return factor * power;
    }
  }
  return 10 * power;
}

/** The range of the vertical axis and its ticks. */
struct Axis
{
  double              low = 0;
  double              high = 1;
  bool                logarithmic = false;
  std::vector<double> ticks;

  double
  Share(double value) const
  {
    return logarithmic ? std::log(value / low) / std::log(high / low) : (value - low) / (high - low);
  }
};

Axis
MakeAxis(const CurvePlot & plot)
{
  Axis   axis;
  double low = plot.reference.value_or(HUGE_VAL);
  double high = plot.reference.value_or(-HUGE_VAL);
  for (const Curve & curve : plot.curves)
  {
    for (const double value : curve.values)
    {
      if (std::isfinite(value) && (!plot.logarithmic || value > 0))
      {
        low = std::min(low, value);
        high = std::max(high, value);
      }
    }
  }
  if (!(low <= high))
  {
    low = high = 1;
  }
  axis.logarithmic = plot.logarithmic;
  if (plot.logarithmic)
  {
    constexpr double lowest = -30.0; // below, powers of ten end in 0, and the ticks never
    axis.low = std::pow(10.0, std::max(lowest, std::floor(std::log10(low))));
    axis.high = std::max(10 * axis.low, std::pow(10.0, std::ceil(std::log10(high))));
    for (double tick = axis.low; tick < 1.001 * axis.high; tick *= 10)
    {
      axis.ticks.push_back(tick);
    }
    return axis;
  }
  axis.low = 0;
  const double step = NiceStep(std::max(high, 1e-12) / 5);
  axis.high = step * std::ceil(high / step - 1e-9);
  for (int k = 0; k * step < axis.high + 0.5 * step; ++k)
  {
    axis.ticks.push_back(k * step);
  }
  return axis;
}

} // namespace

Color
CurveColor(std::size_t index, std::size_t count)
{
  const double share = count > 1 ? static_cast<double>(index) / static_cast<double>(count - 1) : 1.0;
  const Color  coarse{ 158, 202, 225 };
  const Color  fine{ 8, 48, 107 };
  Color        color;
  for (unsigned int c = 0; c < 3; ++c)
  {
    color[c] = static_cast<unsigned char>(std::lround(coarse[c] + share * (fine[c] - coarse[c])));
  }
  return color;
}

void
DrawPlot(Canvas & canvas, const CurvePlot & plot, const Rectangle & area, int textSize)
{
  canvas.Text(plot.title, { area.x + 0.0, area.y + 1.1 * textSize }, textSize, ink, Align::Left, true);
  const int       left = 3 * textSize;
  const Rectangle box{ area.x + left, area.y + 2 * textSize, area.width - left, area.height - 4 * textSize };
  const Axis      axis = MakeAxis(plot);
  int             last = 1;
  for (const Curve & curve : plot.curves)
  {
    last = std::max(last, curve.first + static_cast<int>(curve.values.size()) - 1);
  }
  const auto place = [&](double step, double value) {
    const double margin = 0.5 * textSize;
    return Position{ box.x + margin + step / last * (box.width - 2 * margin),
                     box.y + (1 - axis.Share(value)) * (box.height - 1) };
  };

  for (const double tick : axis.ticks)
  {
    const double y = place(0, tick).y;
    canvas.Fill({ box.x, static_cast<int>(std::lround(y)), box.width, 1 }, faint);
    canvas.Text(NumberWord(tick), { box.x - 6.0, y + 0.36 * textSize }, textSize - 2, ink, Align::Right);
  }
  const int every = std::max(1, static_cast<int>(NiceStep(last / 8.0)));
  for (int step = 0; step <= last; step += every)
  {
    const double x = place(step, axis.low).x;
    canvas.Fill({ static_cast<int>(std::lround(x)), box.y + box.height, 1, 4 }, ink);
    canvas.Text(std::to_string(step), { x, box.y + box.height + 1.25 * textSize }, textSize - 2, ink, Align::Center);
  }
  if (plot.reference)
  {
    const double         y = place(0, *plot.reference).y;
    std::vector<Segment> dashes;
    for (double x = box.x; x < box.x + box.width; x += 12)
    {
      dashes.push_back({ { x, y }, { std::min(x + 6, box.x + box.width - 1.0), y } });
    }
    canvas.Draw(dashes, 1.2, { 120, 120, 120 }, box);
  }
  for (std::size_t i = 0; i < plot.curves.size(); ++i)
  {
    const Curve &        curve = plot.curves[i];
    std::vector<Segment> lines;
    std::vector<Segment> dots;
    Position             previous;
    for (std::size_t k = 0; k < curve.values.size(); ++k)
    {
      if (!std::isfinite(curve.values[k]) || (plot.logarithmic && curve.values[k] <= 0))
      {
        continue;
      }
      const Position here = place(curve.first + static_cast<double>(k), curve.values[k]);
      dots.push_back({ here, here });
      if (dots.size() > 1)
      {
        lines.push_back({ previous, here });
      }
      previous = here;
    }
    const Rectangle around{ box.x, box.y - 4, box.width, box.height + 8 };
    canvas.Draw(lines, 2, CurveColor(i, plot.curves.size()), around);
    canvas.Draw(dots, 6, CurveColor(i, plot.curves.size()), around);
  }
  canvas.Fill({ box.x, box.y, 1, box.height }, ink);
  canvas.Fill({ box.x, box.y + box.height - 1, box.width, 1 }, ink);
}

} // namespace gnrapp
