// SPDX-License-Identifier: Apache-2.0
// The panels of QualityPicture: images, differences, the deformed grid, changes of volume.

#include "view/PageLayout.h"
#include "view/QualityPicture.h"

#include <algorithm>
#include <cmath>

namespace gnrapp
{
namespace
{

const Color black{ 0, 0, 0 };
const Color white{ 255, 255, 255 };
const Color gridColor{ 255, 196, 61 };
const Color crossColor{ 90, 200, 250 };

} // namespace

void
QualityPicture::DrawPanels(unsigned int planeNumber)
{
  const PlaneSlices & slices = m_Slices[planeNumber];
  const ColorScale    shades = ColorScale::Grey(0, 1);
  const ColorScale    dim = ColorScale::Grey(0, 1.6);
  const int           width = m_Layout->width[planeNumber];
  const int           height = m_Layout->height[planeNumber];
  const Slice         fixed = Resize(slices.fixed, width, height);
  const Slice         warped = Resize(slices.warped, width, height);
  const int           square = std::max(8, std::min(width, height) / 7);
  for (std::size_t kind = 0; kind < kinds.size(); ++kind)
  {
    Panel              panel{ kinds[kind].name, m_Planes[planeNumber], m_Layout->PanelArea(kind, planeNumber) };
    const ColorScale * scale = &shades;
    Slice              shown;
    panel.black = m_Result.fixedRange.black;
    panel.white = m_Result.fixedRange.white;
    if (panel.name == "fixed")
    {
      shown = fixed;
    }
    else if (panel.name == "grid") // darker, below the lines
    {
      shown = fixed;
      scale = &dim;
      panel.white = panel.black + dim.High() * (panel.white - panel.black);
    }
    else if (panel.name == "moving" || panel.name == "warped")
    {
      shown = panel.name == "warped" ? warped : Resize(slices.moving, width, height);
      panel.black = m_Result.movingRange.black;
      panel.white = m_Result.movingRange.white;
    }
    else if (panel.name == "checkerboard")
    {
      shown = fixed;
      for (int y = 0; y < height; ++y)
      {
        for (int x = 0; x < width; ++x)
        {
          if ((x / square + y / square) % 2 == 1)
          {
            shown.At(x, y) = warped.At(x, y);
          }
        }
      }
    }
    else
    {
      const bool isDeterminant = panel.name == "determinant";
      shown = Resize(isDeterminant ? slices.determinant
                                   : slices.Difference(panel.name == "difference-before", m_IntensityMap),
                     width,
                     height);
      scale = isDeterminant ? &m_DeterminantScale : &m_DifferenceScale;
      panel.black = scale->Low();
      panel.white = scale->High();
    }
    for (int y = 0; y < height; ++y)
    {
      for (int x = 0; x < width; ++x)
      {
        m_Canvas.SetPixel(panel.area.x + x, panel.area.y + y, (*scale)(shown.At(x, y)));
      }
    }
    if (panel.name == "fixed")
    {
      // Where the other two planes cut this one.
      const auto      at = panel.plane.PositionOf(m_Region, m_Point);
      const Rectangle a = panel.area;
      const double    x = a.x + (at[0] + 0.5) * ScaleOf(a.width, panel.plane.Columns(m_Region));
      const double    y = a.y + (at[1] + 0.5) * ScaleOf(a.height, panel.plane.Rows(m_Region));
      m_Canvas.Draw(
        { { { x, a.y + 0.0 }, { x, a.y + a.height + 0.0 } }, { { a.x + 0.0, y }, { a.x + a.width + 0.0, y } } },
        1.4,
        crossColor,
        a,
        0.7);
    }
    if (panel.name == "grid")
    {
      DrawGrid(panel, slices);
    }
    if (panel.name == "determinant" || panel.name == "grid")
    {
      DrawFolds(panel, slices);
    }
    DrawLetters(panel);
    m_Panels.push_back(panel);
  }
}

void
QualityPicture::DrawGrid(const Panel & panel, const PlaneSlices & slices)
{
  // A grid of straight lines in moving space, as it lies on the fixed image: where a coordinate of x + u(x) is a
  // multiple of the step. One line runs through the point at which the planes meet.
  const auto   at = panel.plane.PositionOf(m_Region, m_Point);
  const double sx = ScaleOf(panel.area.width, slices.fixed.width);
  const double sy = ScaleOf(panel.area.height, slices.fixed.height);
  for (const bool isVertical : { true, false })
  {
    const Slice &        slice = isVertical ? slices.across : slices.down;
    const double         spacing = m_Layout->spacing[isVertical ? panel.plane.horizontal : panel.plane.vertical];
    std::vector<Segment> lines;
    for (const auto & line :
         ContourLines(slice, static_cast<double>(at[isVertical ? 0 : 1]) + 0.5, m_GridStep / spacing))
    {
      lines.push_back({ { panel.area.x + sx * line[0], panel.area.y + sy * line[1] },
                        { panel.area.x + sx * line[2], panel.area.y + sy * line[3] } });
    }
    m_Canvas.Draw(lines, 1, gridColor, panel.area, 0.85);
  }
}

void
QualityPicture::DrawFolds(const Panel & panel, const PlaneSlices & slices)
{
  const double sx = ScaleOf(panel.area.width, slices.determinant.width);
  const double sy = ScaleOf(panel.area.height, slices.determinant.height);
  for (const bool isOutline : { true, false })
  {
    for (int row = 0; row < slices.determinant.height; ++row)
    {
      for (int column = 0; column < slices.determinant.width; ++column)
      {
        if (slices.determinant.At(column, row) <= 0)
        {
          // At least 4 pixels, so that a single voxel is seen, and a black rim.
          const int w = std::max(4, static_cast<int>(std::lround(sx)));
          const int h = std::max(4, static_cast<int>(std::lround(sy)));
          const int x = panel.area.x + static_cast<int>(std::lround((column + 0.5) * sx - w / 2.0));
          const int y = panel.area.y + static_cast<int>(std::lround((row + 0.5) * sy - h / 2.0));
          const int rim = isOutline ? 1 : 0;
          m_Canvas.Fill({ x - rim, y - rim, w + 2 * rim, h + 2 * rim }, isOutline ? black : foldColor);
        }
      }
    }
  }
}

void
QualityPicture::DrawLetters(const Panel & panel)
{
  const bool isLight = panel.name == "determinant" || panel.name.rfind("difference", 0) == 0;
  const auto letters = [&](const std::string & text, double x, double y, Align align) {
    for (const Position shift : { Position{ -1, 0 }, Position{ 1, 0 }, Position{ 0, -1 }, Position{ 0, 1 } })
    {
      m_Canvas.Text(text, { x + shift.x, y + shift.y }, letterSize, isLight ? white : black, align);
    }
    m_Canvas.Text(text, { x, y }, letterSize, isLight ? black : white, align);
  };
  const Rectangle a = panel.area;
  const double    middle = a.y + a.height / 2.0 + 0.36 * letterSize;
  const double    centre = a.x + a.width / 2.0;
  letters(panel.plane.left, a.x + 5.0, middle, Align::Left);
  letters(panel.plane.right, a.x + a.width - 5.0, middle, Align::Right);
  letters(panel.plane.top, centre, a.y + 5.0 + 0.73 * letterSize, Align::Center);
  letters(panel.plane.bottom, centre, a.y + a.height - 5.0, Align::Center);
}

} // namespace gnrapp
