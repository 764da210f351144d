// SPDX-License-Identifier: Apache-2.0
#include "view/QualityPicture.h"

#include "common/cli/CommandLineError.h"
#include "common/cli/Format.h"
#include "common/cli/Program.h"
#include "view/CurvePlot.h"
#include "view/PageLayout.h"

#include <vtkImageData.h>
#include <vtkNew.h>
#include <vtkPNGWriter.h>
#include <vtkUnsignedCharArray.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace gnrapp
{
namespace
{

const Color black{ 0, 0, 0 };
const Color white{ 255, 255, 255 };
const Color grey{ 90, 90, 90 };

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

} // namespace

QualityPicture::QualityPicture(const RegistrationResult & result, bool neurological, const VoxelIndex & point)
  : m_Result(result)
  , m_Neurological(neurological)
  , m_Region(result.RegionOfInterest(point))
  , m_Planes(MakePlaneViews(result.fixed, neurological))
  , m_Layout(std::make_shared<PageLayout>(result, m_Region, m_Planes))
  , m_Canvas(pageWidth, m_Layout->FootTop() + footHeight)
  , m_IntensityMap(result.report.comparesIntensities ? IntensityMap() : IntensityMap(result, m_Region))
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
    for (const float value : m_Slices.back().Difference(true, m_IntensityMap).values)
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
    else if (title.rfind("Difference", 0) == 0 && !m_IntensityMap.IsIdentity())
    {
      title += ", in the contrast of fixed";
    }
    m_Canvas.Text(
      title, { m_Layout->GroupLeft(kind) + 0.0, m_Layout->RowTop(kind) - 10.0 }, titleSize, black, Align::Left, true);
  }
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
QualityPicture::Write(const std::string & path, OutputFiles & files) const
{
  vtkNew<vtkPNGWriter> writer;
  writer->WriteToMemoryOn();
  writer->SetInputData(m_Canvas.Image());
  writer->AddText("Software", VersionText("gnr-view").c_str());
  writer->AddText("gnr-view", Description().c_str());
  writer->Write();
  const vtkUnsignedCharArray * const bytes = writer->GetResult();
  if (writer->GetErrorCode() != 0 || bytes == nullptr)
  {
    throw CommandLineError(path + ": cannot be drawn for lack of memory", ExitCode::OutOfResources);
  }
  WriteBytes(const_cast<vtkUnsignedCharArray *>(bytes)->GetPointer(0),
             static_cast<std::size_t>(bytes->GetNumberOfValues()),
             files.TemporaryFor(path),
             path);
}

} // namespace gnrapp
