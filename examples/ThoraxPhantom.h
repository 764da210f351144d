// SPDX-License-Identifier: Apache-2.0
#ifndef ThoraxPhantom_h
#define ThoraxPhantom_h

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

/** A chest of ellipsoids and tubes that breathes by a known motion: densities (soft tissue 1, lung 0.25, vessels 0.9,
 * bone 1.6) at points in mm, x to the left, y to the back, z to the head, about the origin. It is 300 x 210 x 320 mm
 * large. After Rottman et al., MICCAI 2016. */
class ThoraxPhantom
{
public:
  using PointType = std::array<double, 3>;

  /** How far the diaphragm moves, in mm, and how far vessels of the lungs are apart, about; without that there are
   * twenty in each. */
  struct Motion
  {
    double                stroke = 25.0;
    std::optional<double> vessels{};
  };

  /** \param edge half the width of the edges in mm, about half a voxel. */
  explicit ThoraxPhantom(double edge)
    : edge_(edge)
  {}
  ThoraxPhantom(double edge, const Motion & motion)
    : edge_(edge)
    , motion_(motion)
  {}

  /** Where the diaphragm has not moved: the moving image. */
  double
  Moving(const PointType & p) const
  {
    double rho = Blend(0.0, 1.0, Ellipsoid(p, { 0, 0, 0 }, { 150, 105, 160 }));
    rho = Blend(rho, 0.25, Lung(p));
    rho = Blend(rho, 0.9, std::max(motion_.vessels ? Thicket(p) : Vessels(p), Lung(p)));
    rho = Blend(rho, 1.6, Spine(p));
    return Blend(rho, 1.6, Ribs(p));
  }

  /** Where it has: det(grad y) m0(y) of the map y, with which mass is kept. */
  double
  Fixed(const PointType & p) const
  {
    return Determinant(p) * Moving(Map(p));
  }

  /** From a point of the fixed image to the same matter in the moving one: a piston along z. */
  PointType
  Map(const PointType & p) const
  {
    return { { p[0], p[1], p[2] + motion_.stroke * Across(p) * Along(p[2]) } };
  }
  double
  Determinant(const PointType & p) const
  {
    return 1.0 + motion_.stroke * Across(p) * AlongDerivative(p[2]);
  }

  /** Distance to the lungs in the moving image, negative inside: about millimetres near the border. */
  static double
  Lung(const PointType & p)
  {
    return std::min(Ellipsoid(p, { 65, 0, 20 }, { 48, 70, 65 }), Ellipsoid(p, { -65, 0, 20 }, { 48, 70, 65 }));
  }
  /** The same to the spine and the ribs, which hardly move, and the spine not at all. */
  static double
  Bone(const PointType & p)
  {
    return std::min(Spine(p), Ribs(p));
  }

private:
  static constexpr double Apex = 90.0, Diaphragm = -40.0, Pelvis = -160.0;
  static constexpr double Pi = 3.14159265358979323846;

  double
  Blend(double outside, double inside, double distance) const
  {
    const double share = 0.5 * (1.0 - std::tanh(distance / edge_));
    return outside + share * (inside - outside);
  }
  static double
  Ellipsoid(const PointType & p, const PointType & center, const PointType & axes)
  {
    double radius = 0.0;
    for (int a = 0; a < 3; ++a)
    {
      radius += std::pow((p[a] - center[a]) / axes[a], 2);
    }
    return (std::sqrt(radius) - 1.0) * std::min({ axes[0], axes[1], axes[2] });
  }
  /** Twenty tubes in each lung, from one point of its surface to another, so that they cross it in all directions. */
  static double
  Vessels(const PointType & p)
  {
    constexpr int count = 20, stride = 7;
    const auto    onSurface = [&](int i) {
      const double z = 1.0 - (2.0 * i + 1.0) / count, r = std::sqrt(1.0 - z * z),
                   angle = i * Pi * (3.0 - std::sqrt(5.0));
      return PointType{
           { (p[0] < 0.0 ? -65.0 : 65.0) + 48.0 * r * std::cos(angle), 70.0 * r * std::sin(angle), 20.0 + 65.0 * z }
      };
    };
    double nearest = 1e9;
    for (int i = 0; i < count; ++i)
    {
      const PointType from = onSurface(i), to = onSurface((stride * i + 3) % count);
      double          along = 0.0, length = 0.0, squared = 0.0;
      for (int a = 0; a < 3; ++a)
      {
        along += (p[a] - from[a]) * (to[a] - from[a]);
        length += std::pow(to[a] - from[a], 2);
      }
      const double share = std::min(1.0, std::max(0.0, along / length));
      for (int a = 0; a < 3; ++a)
      {
        squared += std::pow(p[a] - from[a] - share * (to[a] - from[a]), 2);
      }
      nearest = std::min(nearest, std::sqrt(squared) - 4.0);
    }
    return nearest;
  }
  /** Winding tubes of three directions, at random about the lines of a lattice. */
  double
  Thicket(const PointType & p) const
  {
    const double pitch = 2.0 * *motion_.vessels; // of one direction
    double       nearest = 1e9;
    for (int direction = 0; direction < 3; ++direction)
    {
      const double a = p[direction], b = p[(direction + 1) % 3], along = p[(direction + 2) % 3];
      const double windingA = a + 3.0 * std::sin(along / 17.0 + direction) + 2.0 * std::sin(b / 23.0 + 2.0);
      const double windingB = b + 3.0 * std::sin(along / 19.0 + 4.0) + 2.0 * std::sin(a / 29.0 + direction);
      const double i = std::round(windingA / pitch), j = std::round(windingB / pitch);
      const auto   random = [&](double seed) {
        const double value = 43758.5453 * std::sin(12.9898 * i + 78.233 * j + 3.7 * direction + seed);
        return value - std::floor(value);
      };
      const double offsetA = windingA - pitch * (i + 0.5 * (random(0.0) - 0.5));
      const double offsetB = windingB - pitch * (j + 0.5 * (random(1.3) - 0.5));
      nearest = std::min(nearest, std::hypot(offsetA, offsetB) - 1.5 - 1.5 * random(2.6));
    }
    return nearest;
  }
  static double
  Spine(const PointType & p)
  {
    return std::max(std::hypot(p[0], p[1] - 78) - 14.0, std::abs(p[2]) - 130.0);
  }
  /** Nine rings in the wall of the chest. */
  static double
  Ribs(const PointType & p)
  {
    const double shell = Ellipsoid({ p[0], p[1], 0.0 }, { 0, 0, 0 }, { 132, 90, 1e9 });
    const double z = p[2] - 28.0 * std::round(p[2] / 28.0);
    return std::abs(p[2]) > 126.0 ? 1e9 : std::hypot(shell, z) - 5.0;
  }
  /** One in the middle of a lung, zero at the ribs and the spine. */
  static double
  Across(const PointType & p)
  {
    const double e = std::pow((std::abs(p[0]) - 65.0) / 60.0, 2) + std::pow(p[1] / 80.0, 2);
    return e < 1.0 ? (1.0 - e) * (1.0 - e) : 0.0;
  }
  static double
  Along(double z)
  {
    if (z >= Apex || z <= Pelvis)
    {
      return 0.0;
    }
    const double share = z > Diaphragm ? (Apex - z) / (Apex - Diaphragm) : (z - Pelvis) / (Diaphragm - Pelvis);
    return 0.5 * (1.0 - std::cos(Pi * share));
  }
  static double
  AlongDerivative(double z)
  {
    if (z >= Apex || z <= Pelvis)
    {
      return 0.0;
    }
    const double length = z > Diaphragm ? Diaphragm - Apex : Diaphragm - Pelvis;
    const double share = z > Diaphragm ? (z - Apex) / length : (z - Pelvis) / length;
    return 0.5 * Pi / length * std::sin(Pi * share);
  }

  double edge_;
  Motion motion_;
};

#endif
