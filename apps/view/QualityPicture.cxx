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
#include "view/QualityPicture.h"

#include "common/CommandLineError.h"
#include "common/Format.h"
#include "common/Program.h"
#include "view/CurvePlot.h"

#include <vtkImageData.h>
#include <vtkNew.h>
#include <vtkPNGWriter.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace gnrapp
{
namespace
{

constexpr int pageWidth = 1800;
constexpr int margin = 24;
constexpr int gap = 6;       ///< between the panels of a group
constexpr int groupGap = 36; ///< between the two groups of a row
constexpr int barSpace = 96; ///< for the colour bars, on the right
constexpr int headerHeight = 78;
constexpr int titleHeight = 34;
constexpr int rowGap = 18;
constexpr int footHeight = 410;
constexpr int plotWidth = 520;
constexpr int plotGap = 40;
constexpr int titleSize = 19;
constexpr int smallSize = 16;
constexpr int letterSize = 15;

const Color black{ 0, 0, 0 };
const Color white{ 255, 255, 255 };
const Color grey{ 90, 90, 90 };
const Color gridColor{ 255, 196, 61 };
const Color crossColor{ 90, 200, 250 };

struct Kind
{
  const char * name;
  const char * title;
};
constexpr std::array<Kind, 8> kinds{ { { "fixed", "Fixed image" },
                                       { "moving", "Moving image, before registration" },
                                       { "warped", "Moving image, warped" },
                                       { "checkerboard", "Checkerboard of fixed and warped" },
                                       { "difference-before", "Difference before: moving − fixed" },
                                       { "difference-after", "Difference after: warped − fixed" },
                                       { "grid", "Grid of the moving image, deformed onto the fixed" },
                                       { "determinant", "det(I + ∇u): volume in moving per volume in fixed" } } };

/** The smallest of some round numbers that is not below `value`; the last one if all are. */
double
RoundUp(double value, std::initializer_list<double> steps)
{
  for (const double step : steps)
  {
    if (value <= step)
    {
      return step;
    }
  }
  return *(steps.end() - 1);
}

/** The value below which the given share of the values lies. */
double
Quantile(std::vector<double> values, double share)
{
  if (values.empty())
  {
    return 0;
  }
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

/** Pixels per voxel along one axis of a panel. */
double
ScaleOf(int pixels, long voxels)
{
  return static_cast<double>(pixels) / static_cast<double>(voxels);
}

} // namespace

/** Where things are; the same for every point. */
struct QualityPicture::Layout
{
  double                scale = 1; ///< pixels per mm
  int                   rowHeight = 0;
  std::array<int, 3>    width{}; ///< of the panels
  std::array<int, 3>    height{};
  std::array<double, 3> spacing{};

  Layout(const RegistrationResult & result, const VoxelRegion & region, const std::array<PlaneView, 3> & planes)
  {
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      spacing[axis] = result.fixed->GetSpacing()[axis];
    }
    const auto mm = [&](unsigned int axis) { return spacing[axis] * static_cast<double>(region.size[axis]); };
    double     across = 0;
    double     down = 0;
    for (const PlaneView & plane : planes)
    {
      across += mm(plane.horizontal);
      down = std::max(down, mm(plane.vertical));
    }
    const double room = (pageWidth - 2 * margin - barSpace - groupGap) / 2.0 - 2 * gap;
    scale = std::min(room / across, 420 / down);
    for (unsigned int p = 0; p < 3; ++p)
    {
      width[p] = std::max(8, static_cast<int>(std::lround(scale * mm(planes[p].horizontal))));
      height[p] = std::max(8, static_cast<int>(std::lround(scale * mm(planes[p].vertical))));
      rowHeight = std::max(rowHeight, height[p]);
    }
  }

  int
  GroupWidth() const
  {
    return width[0] + width[1] + width[2] + 2 * gap;
  }
  int
  GroupLeft(std::size_t kind) const
  {
    return margin + (kind % 2 == 0 ? 0 : GroupWidth() + groupGap);
  }
  int
  RowTop(std::size_t kind) const
  {
    return headerHeight + static_cast<int>(kind / 2) * (titleHeight + rowHeight + rowGap) + titleHeight;
  }
  Rectangle
  BarArea(std::size_t kind) const
  {
    return { GroupLeft(1) + GroupWidth() + 20, RowTop(kind), 18, rowHeight };
  }
  Rectangle
  PlotArea(int number) const
  {
    return { margin + number * (plotWidth + plotGap), FootTop(), plotWidth, footHeight - 70 };
  }
  int
  FootTop() const
  {
    return RowTop(kinds.size() - 1) + rowHeight + 2 * rowGap;
  }
  Rectangle
  PanelArea(std::size_t kind, unsigned int plane) const
  {
    int x = GroupLeft(kind);
    for (unsigned int p = 0; p < plane; ++p)
    {
      x += width[p] + gap;
    }
    return { x, RowTop(kind) + (rowHeight - height[plane]) / 2, width[plane], height[plane] };
  }
};

QualityPicture::QualityPicture(const RegistrationResult & result, bool neurological, const VoxelIndex & point)
  : m_Result(result)
  , m_Neurological(neurological)
  , m_Region(result.RegionOfInterest(point))
  , m_Planes(MakePlaneViews(result.fixed, neurological))
  , m_Layout(std::make_shared<Layout>(result, m_Region, m_Planes))
  , m_Canvas(pageWidth, m_Layout->FootTop() + footHeight)
{
  // About 14 pixels between the lines, at a round number of millimetres.
  m_GridStep = RoundUp(14 / m_Layout->scale,
                       { 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 4, 5, 8, 10, 15, 20, 25, 30, 40, 50, 100, 200, 500 });
  Draw(point);
}

void
QualityPicture::Draw(const VoxelIndex & point)
{
  m_Point = point;
  m_Panels.clear();
  m_Slices.clear();
  std::vector<double> differences;
  std::vector<double> changes;
  for (const PlaneView & plane : m_Planes)
  {
    m_Slices.emplace_back(m_Result, m_Region, plane, point);
    for (const float value : m_Slices.back().Difference(true).values)
    {
      if (std::abs(value) > 0.02) // not the background
      {
        differences.push_back(std::abs(value));
      }
    }
    for (const float value : m_Slices.back().determinant.values)
    {
      changes.push_back(value > 0 ? std::abs(std::log(value)) : 0.0);
    }
  }
  const double difference = RoundUp(Quantile(std::move(differences), 0.95), { 0.1, 0.2, 0.4, 0.6, 0.8, 1 });
  m_DifferenceScale = ColorScale::Grey(-difference, difference);
  m_DeterminantScale =
    ColorScale::VolumeChange(RoundUp(std::exp(Quantile(std::move(changes), 0.998)), { 1.1, 1.25, 1.5, 2, 3, 4, 6, 8 }));

  m_Canvas.Fill({ 0, 0, m_Canvas.Width(), m_Canvas.Height() }, white);
  DrawHeader();
  for (unsigned int plane = 0; plane < 3; ++plane)
  {
    DrawPanels(plane);
  }
  const auto bar = [&](const ColorScale & scale, std::size_t kind, const char * unit) {
    const Rectangle area = m_Layout->BarArea(kind);
    m_Canvas.Text(unit, { area.x - 6.0, area.y - 14.0 }, smallSize - 1, black);
    scale.DrawBar(m_Canvas, area, smallSize);
  };
  const bool isFolded = std::any_of(m_Slices.begin(), m_Slices.end(), [](const PlaneSlices & slices) {
    const auto & values = slices.determinant.values;
    return std::any_of(values.begin(), values.end(), [](float value) { return value <= 0; });
  });
  if (isFolded)
  {
    const int right = m_Layout->GroupLeft(1) + m_Layout->GroupWidth();
    const int base = m_Layout->RowTop(6) - 10;
    const int box = right - TextWidth("folded", smallSize) - 24;
    m_Canvas.Fill({ box, base - 13, 14, 14 }, black);
    m_Canvas.Fill({ box + 1, base - 12, 12, 12 }, foldColor);
    m_Canvas.Text("folded", { right + 0.0, base + 0.0 }, smallSize, black, Align::Right);
  }
  bar(m_DifferenceScale, 4, "grey range");
  bar(m_DeterminantScale, 6, "mm³ / mm³");
  DrawCurves();
  DrawNumbers();
}

void
QualityPicture::DrawHeader()
{
  m_Canvas.Text("Registration of " + Shorten(m_Result.report.numbers[2].second, 24, 560) + " to " +
                  Shorten(m_Result.report.numbers[0].second, 24, 560),
                { margin + 0.0, 38 },
                24,
                black,
                Align::Left,
                true);
  VectorType index;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    index[axis] = static_cast<double>(m_Point[axis]);
  }
  const PointType   p = m_Result.Grid().PointOf(index);
  const std::string text =
    Format("Planes through voxel (%ld, %ld, %ld), %.4g mm %s, %.4g mm %s, %.4g mm %s. %s: the patient's right is on "
           "the %s of axial and coronal planes.",
           m_Point[0],
           m_Point[1],
           m_Point[2],
           std::abs(p[0]),
           p[0] < 0 ? "R" : "L",
           std::abs(p[1]),
           p[1] < 0 ? "A" : "P",
           std::abs(p[2]),
           p[2] < 0 ? "I" : "S",
           m_Neurological ? "Neurological" : "Radiological",
           m_Neurological ? "right" : "left");
  m_Canvas.Text(text, { margin + 0.0, 64 }, smallSize, grey);
  for (std::size_t kind = 0; kind < kinds.size(); ++kind)
  {
    std::string title = kinds[kind].title;
    if (std::string(kinds[kind].name) == "grid")
    {
      title += Format(", lines every %g mm", m_GridStep);
    }
    m_Canvas.Text(
      title, { m_Layout->GroupLeft(kind) + 0.0, m_Layout->RowTop(kind) - 10.0 }, titleSize, black, Align::Left, true);
  }
}

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
      shown = Resize(
        isDeterminant ? slices.determinant : slices.Difference(panel.name == "difference-before"), width, height);
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

void
QualityPicture::DrawCurves()
{
  CurvePlot mismatch;
  CurvePlot gradient;
  mismatch.title = "Mismatch after each Newton step";
  gradient.title = "Relative gradient (dashed: tolerance)";
  gradient.logarithmic = true;
  gradient.reference = m_Result.report.gradientTolerance;
  int          step = 0;
  const auto & solves = m_Result.report.solves;
  for (const SolveHistory & solve : solves)
  {
    mismatch.curves.push_back({ step, solve.mismatch });
    gradient.curves.push_back({ step, solve.relativeGradient });
    step += static_cast<int>(solve.mismatch.size()) - 1;
  }
  const Rectangle area = m_Layout->PlotArea(0);
  DrawPlot(m_Canvas, mismatch, area, smallSize);
  DrawPlot(m_Canvas, gradient, m_Layout->PlotArea(1), smallSize);
  // One legend for both.
  double       x = margin + 3.0 * smallSize;
  const double y = area.y + area.height + 14;
  const bool   isShort = solves.size() <= 4;
  for (std::size_t i = 0; i < solves.size(); ++i)
  {
    const bool isShown = isShort || i == 0 || i + 1 == solves.size();
    if (!isShown)
    {
      continue;
    }
    m_Canvas.Draw({ { { x, y - 5 }, { x + 24, y - 5 } } },
                  3,
                  CurveColor(i, solves.size()),
                  { static_cast<int>(x) - 2, static_cast<int>(y) - 12, 30, 14 });
    x += 32;
    x += m_Canvas.Text(solves[i].grid + (isShort || i > 0 ? "" : " …"), { x, y }, smallSize - 1, black) + 28;
  }
}

void
QualityPicture::DrawNumbers()
{
  const int left = margin + 2 * plotWidth + plotGap + 70;
  const int valueLeft = left + 150;
  double    y = m_Layout->FootTop() + 1.1 * smallSize;
  m_Canvas.Text("Result", { left + 0.0, y }, smallSize, black, Align::Left, true);
  auto       numbers = m_Result.report.numbers;
  const auto range = [](const IntensityRange & r) { return Format("%.4g … %.4g", r.black, r.white); };
  numbers.emplace_back("grey range", "fixed " + range(m_Result.fixedRange) + ", moving " + range(m_Result.movingRange));
  for (const auto & [label, value] : numbers)
  {
    y += label.empty() ? 21 : 25;
    m_Canvas.Text(label, { left + 0.0, y }, smallSize, grey);
    m_Canvas.Text(Shorten(value, smallSize, pageWidth - margin - valueLeft), { valueLeft + 0.0, y }, smallSize, black);
  }
}

const Panel *
QualityPicture::PanelAt(int x, int y) const
{
  const auto found = std::find_if(m_Panels.begin(), m_Panels.end(), [=](const Panel & panel) {
    const Rectangle & a = panel.area;
    return x >= a.x && y >= a.y && x < a.x + a.width && y < a.y + a.height;
  });
  return found == m_Panels.end() ? nullptr : &*found;
}

VoxelIndex
QualityPicture::VoxelAt(const Panel & panel, int x, int y) const
{
  const auto voxel = [](int pixel, int pixels, long voxels) {
    return std::clamp(static_cast<long>((pixel + 0.5) / ScaleOf(pixels, voxels)), 0L, voxels - 1);
  };
  return panel.plane.IndexAt(m_Region,
                             m_Point,
                             voxel(x - panel.area.x, panel.area.width, panel.plane.Columns(m_Region)),
                             voxel(y - panel.area.y, panel.area.height, panel.plane.Rows(m_Region)));
}

std::string
QualityPicture::Description() const
{
  using Json = nlohmann::ordered_json;
  const auto numbers = [](const Rectangle & a) { return Json{ a.x, a.y, a.width, a.height }; };
  Json       panels = Json::array();
  for (const Panel & panel : m_Panels)
  {
    const PlaneView & p = panel.plane;
    panels.push_back({ { "name", panel.name },
                       { "plane", p.name },
                       { "area", numbers(panel.area) },
                       { "axes", { p.horizontal, p.vertical } },
                       { "flipped", { p.flipHorizontal, p.flipVertical } },
                       { "letters", { p.left, p.right, p.top, p.bottom } },
                       { "range", { panel.black, panel.white } } });
  }
  const Json json = {
    { "schema", "gnr-view picture" },
    { "schemaVersion", 1 },
    { "voxel", m_Point },
    { "region", { { "begin", m_Region.begin }, { "size", m_Region.size } } },
    { "gridStepMm", m_GridStep },
    { "bars", { { "difference", numbers(m_Layout->BarArea(4)) }, { "determinant", numbers(m_Layout->BarArea(6)) } } },
    { "plots", { { "mismatch", numbers(m_Layout->PlotArea(0)) }, { "gradient", numbers(m_Layout->PlotArea(1)) } } },
    { "panels", panels }
  };
  return json.dump(-1, ' ', true); // ASCII, as the text of PNG wants it
}

void
QualityPicture::Write(const std::string & path) const
{
  vtkNew<vtkPNGWriter> writer;
  writer->SetFileName(path.c_str());
  writer->SetInputData(m_Canvas.Image());
  writer->AddText("Software", VersionText("gnr-view").c_str());
  writer->AddText("gnr-view", Description().c_str());
  writer->Write();
  if (writer->GetErrorCode() != 0)
  {
    throw CommandLineError(path + ": cannot be written. Is the disk full?", ExitCode::OutOfResources);
  }
}

} // namespace gnrapp
