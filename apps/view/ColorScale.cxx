// SPDX-License-Identifier: Apache-2.0
#include "view/ColorScale.h"

#include "common/cli/Format.h"

#include <vtkColorTransferFunction.h>
#include <vtkNew.h>

#include <algorithm>
#include <cmath>

namespace gnrapp
{
namespace
{

constexpr int tableSize = 256;

std::string
TickText(double value)
{
  const std::string result = Format("%.3g", value);
  return result[0] == '-' ? "−" + result.substr(1) : result;
}

} // namespace

ColorScale
ColorScale::Grey(double low, double high)
{
  ColorScale scale;
  scale.m_Low = low;
  scale.m_High = high;
  for (int i = 0; i < tableSize; ++i)
  {
    const auto level = static_cast<unsigned char>(i);
    scale.m_Table.push_back({ level, level, level });
  }
  for (const double share : { 0.0, 0.25, 0.5, 0.75, 1.0 })
  {
    const double value = low + share * (high - low);
    scale.m_Ticks.emplace_back(value, TickText(value));
  }
  return scale;
}

ColorScale
ColorScale::VolumeChange(double factor)
{
  ColorScale scale;
  scale.m_Low = 1 / factor;
  scale.m_High = factor;
  scale.m_Logarithmic = true;
  vtkNew<vtkColorTransferFunction> colors;
  colors->SetColorSpaceToLab();
  colors->AddRGBPoint(0.00, 0.02, 0.19, 0.38);
  colors->AddRGBPoint(0.25, 0.26, 0.58, 0.76);
  colors->AddRGBPoint(0.50, 0.97, 0.97, 0.97);
  colors->AddRGBPoint(0.75, 0.84, 0.38, 0.30);
  colors->AddRGBPoint(1.00, 0.40, 0.00, 0.12);
  for (int i = 0; i < tableSize; ++i)
  {
    double rgb[3];
    colors->GetColor(static_cast<double>(i) / (tableSize - 1), rgb);
    scale.m_Table.push_back({ static_cast<unsigned char>(std::lround(255 * rgb[0])),
                              static_cast<unsigned char>(std::lround(255 * rgb[1])),
                              static_cast<unsigned char>(std::lround(255 * rgb[2])) });
  }
  for (const double power : { -1.0, -0.5, 0.0, 0.5, 1.0 })
  {
    const double value = std::pow(factor, power);
    scale.m_Ticks.emplace_back(value, TickText(value));
  }
  return scale;
}

Color
ColorScale::operator()(double value) const
{
  const double share = m_Logarithmic ? (value > 0 ? std::log(value / m_Low) / std::log(m_High / m_Low) : 0.0)
                                     : (value - m_Low) / (m_High - m_Low);
  return m_Table[static_cast<std::size_t>(std::lround(std::clamp(share, 0.0, 1.0) * (tableSize - 1)))];
}

void
ColorScale::DrawBar(Canvas & canvas, const Rectangle & area, int textSize) const
{
  const Color black{ 0, 0, 0 };
  for (int y = 0; y < area.height; ++y)
  {
    const double share = 1 - (y + 0.5) / area.height;
    const Color  color = m_Table[static_cast<std::size_t>(std::lround(share * (tableSize - 1)))];
    canvas.Fill({ area.x, area.y + y, area.width, 1 }, color);
  }
  canvas.Frame(area, black);
  for (const auto & [value, text] : m_Ticks)
  {
    const double share =
      m_Logarithmic ? std::log(value / m_Low) / std::log(m_High / m_Low) : (value - m_Low) / (m_High - m_Low);
    const int y = area.y + static_cast<int>(std::lround((1 - share) * (area.height - 1)));
    canvas.Fill({ area.x + area.width, y, 5, 1 }, black);
    canvas.Text(text, { area.x + area.width + 9.0, y + 0.36 * textSize }, textSize, black);
  }
}

} // namespace gnrapp
