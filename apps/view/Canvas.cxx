// SPDX-License-Identifier: Apache-2.0
#include "view/Canvas.h"

#include <vtkNew.h>
#include <vtkStdString.h>
#include <vtkTextProperty.h>
#include <vtkTextRenderer.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <stdexcept>
#include <utility>

namespace gnrapp
{
namespace
{

constexpr int dotsPerInch = 72; // so that sizes are pixels

/** A font with Greek and mathematics; VTK's own has Latin letters only. */
const char *
FontFile(bool bold)
{
  static const auto find = [](std::initializer_list<const char *> names) -> const char * {
    const auto found = std::find_if(names.begin(), names.end(), [](const char * name) {
      return std::filesystem::exists(std::filesystem::path(name));
    });
    return found == names.end() ? nullptr : *found;
  };
  static const char * const files[2] = { find({ "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
                                                "/usr/share/fonts/dejavu-sans-fonts/DejaVuSans.ttf",
                                                "/usr/share/fonts/TTF/DejaVuSans.ttf",
                                                "/Library/Fonts/Arial Unicode.ttf" }),
                                         find({ "/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf",
                                                "/usr/share/fonts/dejavu-sans-fonts/DejaVuSans-Bold.ttf",
                                                "/usr/share/fonts/TTF/DejaVuSans-Bold.ttf" }) };
  return files[bold ? 1 : 0];
}

/** What VTK's own font can show of a text. */
std::string
LatinOnly(std::string text)
{
  const std::pair<const char *, const char *> words[] = { { "∇", "grad " }, { "β", "beta" }, { "γ", "gamma" },
                                                          { "…", "..." },   { "−", "-" },    { "→", "to" } };
  for (const auto & [symbol, word] : words)
  {
    for (auto at = text.find(symbol); at != std::string::npos; at = text.find(symbol))
    {
      text.replace(at, std::string(symbol).size(), word);
    }
  }
  return text;
}

void
SetFont(vtkTextProperty * property, int size, bool bold)
{
  property->SetFontSize(size);
  if (const char * file = FontFile(bold))
  {
    property->SetFontFamily(VTK_FONT_FILE);
    property->SetFontFile(file);
  }
  else
  {
    property->SetFontFamilyToArial();
    property->SetBold(bold);
  }
}

vtkStdString
Shown(const std::string & text, bool bold)
{
  return FontFile(bold) ? text : LatinOnly(text);
}

vtkTextRenderer *
TextRenderer()
{
  vtkTextRenderer * const renderer = vtkTextRenderer::GetInstance();
  if (renderer == nullptr)
  {
    throw std::runtime_error("this VTK has no text renderer (module RenderingFreeType)");
  }
  renderer->SetScaleToPowerOfTwo(false);
  return renderer;
}

} // namespace

Canvas::Canvas(int width, int height)
  : m_Width(width)
  , m_Height(height)
  , m_Image(vtkSmartPointer<vtkImageData>::New())
{
  m_Image->SetDimensions(width, height, 1);
  m_Image->AllocateScalars(VTK_UNSIGNED_CHAR, 3);
  Fill({ 0, 0, width, height }, { 255, 255, 255 });
}

unsigned char *
Canvas::At(int x, int y) const
{
  return static_cast<unsigned char *>(m_Image->GetScalarPointer(x, m_Height - 1 - y, 0));
}

void
Canvas::SetPixel(int x, int y, const Color & color, double opacity)
{
  if (x < 0 || y < 0 || x >= m_Width || y >= m_Height)
  {
    return;
  }
  unsigned char * const pixel = At(x, y);
  for (unsigned int c = 0; c < 3; ++c)
  {
    pixel[c] = static_cast<unsigned char>(std::lround(pixel[c] + opacity * (color[c] - pixel[c])));
  }
}

void
Canvas::Fill(const Rectangle & area, const Color & color, double opacity)
{
  for (int y = area.y; y < area.y + area.height; ++y)
  {
    for (int x = area.x; x < area.x + area.width; ++x)
    {
      SetPixel(x, y, color, opacity);
    }
  }
}

void
Canvas::Draw(const std::vector<Segment> & segments,
             double                       width,
             const Color &                color,
             const Rectangle &            clip,
             double                       opacity)
{
  std::vector<float> cover(static_cast<std::size_t>(clip.width) * clip.height);
  const double       reach = width / 2 + 0.5;
  for (const Segment & s : segments)
  {
    const double dx = s.to.x - s.from.x;
    const double dy = s.to.y - s.from.y;
    const double square = dx * dx + dy * dy;
    const auto   clamp = [](double value, int low, int high) {
      return static_cast<int>(std::clamp(value, static_cast<double>(low), static_cast<double>(high)));
    };
    const int x0 = clamp(std::floor(std::min(s.from.x, s.to.x) - reach), clip.x, clip.x + clip.width);
    const int x1 = clamp(std::ceil(std::max(s.from.x, s.to.x) + reach), clip.x, clip.x + clip.width);
    const int y0 = clamp(std::floor(std::min(s.from.y, s.to.y) - reach), clip.y, clip.y + clip.height);
    const int y1 = clamp(std::ceil(std::max(s.from.y, s.to.y) + reach), clip.y, clip.y + clip.height);
    for (int y = y0; y < y1; ++y)
    {
      for (int x = x0; x < x1; ++x)
      {
        // A pixel is covered by as much as its centre lies inside the line.
        const double px = x + 0.5 - s.from.x;
        const double py = y + 0.5 - s.from.y;
        const double t = square > 0 ? std::clamp((px * dx + py * dy) / square, 0.0, 1.0) : 0.0;
        const double distance = std::hypot(px - t * dx, py - t * dy);
        float &      c = cover[static_cast<std::size_t>(y - clip.y) * clip.width + (x - clip.x)];
        c = std::max(c, static_cast<float>(std::clamp(reach - distance, 0.0, std::min(1.0, width))));
      }
    }
  }
  for (int y = 0; y < clip.height; ++y)
  {
    for (int x = 0; x < clip.width; ++x)
    {
      if (const float c = cover[static_cast<std::size_t>(y) * clip.width + x]; c > 0)
      {
        SetPixel(clip.x + x, clip.y + y, color, opacity * c);
      }
    }
  }
}

void
Canvas::Frame(const Rectangle & area, const Color & color)
{
  Fill({ area.x, area.y, area.width, 1 }, color);
  Fill({ area.x, area.y + area.height - 1, area.width, 1 }, color);
  Fill({ area.x, area.y, 1, area.height }, color);
  Fill({ area.x + area.width - 1, area.y, 1, area.height }, color);
}

int
Canvas::Text(const std::string & text, Position position, int size, const Color & color, Align align, bool bold)
{
  if (text.empty())
  {
    return 0;
  }
  vtkNew<vtkTextProperty> property;
  SetFont(property, size, bold);
  property->SetColor(color[0] / 255.0, color[1] / 255.0, color[2] / 255.0);
  const vtkStdString   shown = Shown(text, bold);
  int                  box[4]; // relative to the start of the base line, upwards
  int                  dimensions[2];
  vtkNew<vtkImageData> image;
  if (!TextRenderer()->GetBoundingBox(property, shown, box, dotsPerInch) ||
      !TextRenderer()->RenderString(property, shown, image, dimensions, dotsPerInch))
  {
    throw std::runtime_error("VTK cannot draw the text '" + text + "'");
  }
  const int width = box[1] - box[0] + 1;
  const int shift = align == Align::Left ? 0 : (align == Align::Right ? width : width / 2);
  const int left = static_cast<int>(std::lround(position.x)) - shift;
  const int base = static_cast<int>(std::lround(position.y));
  for (int row = 0; row < dimensions[1]; ++row)
  {
    for (int column = 0; column < dimensions[0]; ++column)
    {
      const auto * rgba = static_cast<const unsigned char *>(image->GetScalarPointer(column, row, 0));
      if (rgba[3] > 0)
      {
        SetPixel(left + column, base - box[2] - row, color, rgba[3] / 255.0);
      }
    }
  }
  return width;
}

int
TextWidth(const std::string & text, int size, bool bold)
{
  vtkNew<vtkTextProperty> property;
  SetFont(property, size, bold);
  int box[4];
  return text.empty() || !TextRenderer()->GetBoundingBox(property, Shown(text, bold), box, dotsPerInch)
           ? 0
           : box[1] - box[0] + 1;
}

std::string
Shorten(const std::string & text, int size, int width)
{
  std::string shorter = text;
  for (std::size_t keep = text.size(); keep > 8 && TextWidth(shorter, size) > width;)
  {
    --keep;
    // Cut between characters, not inside one.
    const auto  isInside = [&text](std::size_t at) { return (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U; };
    std::size_t head = keep / 2;
    std::size_t tail = text.size() - (keep - head);
    while (head > 0 && isInside(head))
    {
      --head;
    }
    while (tail < text.size() && isInside(tail))
    {
      ++tail;
    }
    shorter = text.substr(0, head) + "…" + text.substr(tail);
  }
  return shorter;
}

} // namespace gnrapp
