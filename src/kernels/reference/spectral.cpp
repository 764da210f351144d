// SPDX-License-Identifier: Apache-2.0
#include "kernels/reference/ReferenceKernels.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

namespace gnr
{
namespace
{

using Number = std::complex<double>;
using Line = std::vector<Number>;
using Matrix = std::array<std::array<double, 3>, 3>;

constexpr double pi = 3.14159265358979323846;

/** The discrete Fourier transform of one length, by its definition. */
class Transform
{
public:
  explicit Transform(int n)
    : n_(n)
    , roots_(n)
  {
    for (int i = 0; i < n; ++i)
    {
      roots_[i] = std::polar(1.0, 2.0 * pi * i / n);
    }
  }

  /** out[k] = sum_j in[j] exp(-2 pi i j k / n) */
  Line
  forward(const Line & in) const
  {
    Line out(n_);
    for (int k = 0; k < n_; ++k)
    {
      for (int j = 0; j < n_; ++j)
      {
        out[k] += in[j] * std::conj(root(j, k));
      }
    }
    return out;
  }

  /** out[j] = sum_k in[k] exp(+2 pi i j k / n) */
  Line
  backward(const Line & in) const
  {
    Line out(n_);
    for (int j = 0; j < n_; ++j)
    {
      for (int k = 0; k < n_; ++k)
      {
        out[j] += in[k] * root(j, k);
      }
    }
    return out;
  }

private:
  const Number &
  root(int j, int k) const
  {
    return roots_[static_cast<std::size_t>(j) * k % n_];
  }

  int  n_;
  Line roots_;
};

Number
load(const Complex & c)
{
  return { double(c.re), double(c.im) };
}

Complex
store(const Number & c)
{
  return { static_cast<Real>(c.real()), static_cast<Real>(c.imag()) };
}

/** Index i of n points stands for exp(2 pi i f x / L), f in (-n/2, n/2]. */
int
signedFrequency(int i, int n)
{
  return 2 * i <= n ? i : i - n;
}

/** The matrix a I + b k k^T. */
Matrix
diagonalAndDyad(double a, double b, const double k[3])
{
  Matrix m;
  for (int row = 0; row < 3; ++row)
  {
    for (int column = 0; column < 3; ++column)
    {
      m[row][column] = (row == column ? a : 0.0) + b * k[row] * k[column];
    }
  }
  return m;
}

Matrix
product(const Matrix & a, const Matrix & b)
{
  Matrix m;
  for (int row = 0; row < 3; ++row)
  {
    for (int column = 0; column < 3; ++column)
    {
      m[row][column] = a[row][0] * b[0][column] + a[row][1] * b[1][column] + a[row][2] * b[2][column];
    }
  }
  return m;
}

/** The inverse by cofactors. */
Matrix
inverse(const Matrix & a)
{
  Matrix cofactor;
  for (int row = 0; row < 3; ++row)
  {
    for (int column = 0; column < 3; ++column)
    {
      const int r1 = (row + 1) % 3, r2 = (row + 2) % 3, c1 = (column + 1) % 3, c2 = (column + 2) % 3;
      cofactor[row][column] = a[r1][c1] * a[r2][c2] - a[r1][c2] * a[r2][c1];
    }
  }
  const double determinant = a[0][0] * cofactor[0][0] + a[0][1] * cofactor[0][1] + a[0][2] * cofactor[0][2];
  Matrix       m;
  for (int row = 0; row < 3; ++row)
  {
    for (int column = 0; column < 3; ++column)
    {
      m[row][column] = cofactor[column][row] / determinant;
    }
  }
  return m;
}

/** The symbol at one wave vector [R1]. `index` counts kx, ky, kz as stored. */
Matrix
symbolAt(const Symbol & symbol, const int size[3], const int index[3])
{
  double k[3];      // of even powers of the derivative
  double kFirst[3]; // of the first derivative: the Nyquist mode cos(pi i) has none on the grid
  double squared = 0.0;
  double squaredFirst = 0.0;
  for (int axis = 0; axis < 3; ++axis)
  {
    k[axis] = symbol.waveNumber[axis] * signedFrequency(index[axis], size[axis]);
    kFirst[axis] = 2 * index[axis] == size[axis] ? 0.0 : k[axis];
    squared += k[axis] * k[axis];
    squaredFirst += kFirst[axis] * kFirst[axis];
  }
  const bool isMean = index[0] == 0 && index[1] == 0 && index[2] == 0;
  double     stiffening = 1.0;
  for (int axis = 0; axis < 3; ++axis)
  {
    stiffening += std::pow(symbol.tau[axis] * k[axis], 2);
  }
  const double scale = symbol.beta * std::pow(symbol.ell, 2.0 * (symbol.order - 1)) * stiffening;
  const Matrix projection = diagonalAndDyad(1.0, squaredFirst == 0.0 ? 0.0 : -1.0 / squaredFirst, kFirst);
  const Matrix regularization =
    diagonalAndDyad(scale * std::pow(squared, symbol.order), symbol.beta * symbol.gamma, kFirst);

  Matrix result{};
  switch (symbol.kind)
  {
    case Symbol::Kind::Identity:
      result = diagonalAndDyad(1.0, 0.0, k);
      break;
    case Symbol::Kind::Regularization:
      result = regularization; // zero at the mean
      break;
    case Symbol::Kind::InverseRegularization:
      result = isMean ? diagonalAndDyad(1.0 / (scale * std::pow(symbol.kMinimum, 2.0 * symbol.order)), 0.0, k)
                      : inverse(regularization);
      break;
    case Symbol::Kind::Projection:
      result = projection;
      break;
    case Symbol::Kind::Gaussian:
    {
      double exponent = 0.0;
      for (int axis = 0; axis < 3; ++axis)
      {
        exponent -= symbol.sigma[axis] * symbol.sigma[axis] * k[axis] * k[axis] / 2.0;
      }
      result = diagonalAndDyad(std::exp(exponent), 0.0, k);
      break;
    }
  }
  return symbol.project ? product(projection, result) : result;
}

/** A single component has no direction, so that only multiples of the identity make sense for it. */
bool
couplesComponents(const Symbol & symbol)
{
  const bool regularizes =
    symbol.kind == Symbol::Kind::Regularization || symbol.kind == Symbol::Kind::InverseRegularization;
  return symbol.project || symbol.kind == Symbol::Kind::Projection || (regularizes && symbol.gamma != 0.0);
}

/** Frequencies along y of the rows, in their order. */
std::vector<int>
rowFrequencies(const SpectrumLayout & layout)
{
  std::vector<int> result;
  for (int run = 0; run < 2; ++run)
  {
    for (int i = 0; i < layout.rows[run]; ++i)
    {
      result.push_back(layout.firstRow[run] + i);
    }
  }
  return result;
}

std::size_t
offsetOf(const SpectrumLayout & layout, int kx, int frequencyY, int z)
{
  const std::vector<int> rows = rowFrequencies(layout);
  const auto             row = std::find(rows.begin(), rows.end(), frequencyY);
  if (row == rows.end())
  {
    throw std::logic_error("this spectrum has no row of frequency " + std::to_string(frequencyY));
  }
  return kx + (row - rows.begin()) * layout.rowStride + z * layout.zStride;
}

/** Index on a grid of n points of the signed frequency. */
int
indexOfFrequency(int frequency, int n)
{
  return frequency < 0 ? frequency + n : frequency;
}

/** Both grids carry the frequency, on neither as a Nyquist mode. */
bool
isShared(int frequency, int n, int m)
{
  return 2 * std::abs(frequency) < n && 2 * std::abs(frequency) < m;
}

} // namespace

void
ReferenceKernels::forwardPlanes(const Real * x, const Extents & e, Complex * spectrum, std::ptrdiff_t rowStride)
{
  const int         nxHalf = e.nx / 2 + 1;
  const Transform   alongX(e.nx);
  const Transform   alongY(e.ny);
  std::vector<Line> rows(e.ny);

  for (int z = 0; z < e.nz; ++z)
  {
    for (int j = 0; j < e.ny; ++j)
    {
      const Real * const row = x + std::size_t(e.nx) * (j + std::size_t(e.ny) * z);
      rows[j] = alongX.forward(Line(row, row + e.nx));
    }
    for (int kx = 0; kx < nxHalf; ++kx)
    {
      Line column(e.ny);
      for (int j = 0; j < e.ny; ++j)
      {
        column[j] = rows[j][kx];
      }
      column = alongY.forward(column);
      for (int ky = 0; ky < e.ny; ++ky)
      {
        spectrum[kx + rowStride * (ky + std::ptrdiff_t(e.ny) * z)] = store(column[ky]);
      }
    }
  }
}

void
ReferenceKernels::backwardPlanes(Complex * spectrum, std::ptrdiff_t rowStride, const Extents & e, Real * x)
{
  const int         nxHalf = e.nx / 2 + 1;
  const Transform   alongX(e.nx);
  const Transform   alongY(e.ny);
  std::vector<Line> rows(e.ny, Line(e.nx));

  for (int z = 0; z < e.nz; ++z)
  {
    for (int kx = 0; kx < nxHalf; ++kx)
    {
      Line column(e.ny);
      for (int ky = 0; ky < e.ny; ++ky)
      {
        column[ky] = load(spectrum[kx + rowStride * (ky + std::ptrdiff_t(e.ny) * z)]);
      }
      column = alongY.backward(column);
      for (int j = 0; j < e.ny; ++j)
      {
        rows[j][kx] = column[j];
        if (kx > 0 && 2 * kx != e.nx)
        {
          rows[j][e.nx - kx] = std::conj(column[j]); // the half that a real function need not store
        }
      }
    }
    for (int j = 0; j < e.ny; ++j)
    {
      const Line row = alongX.backward(rows[j]);
      for (int i = 0; i < e.nx; ++i)
      {
        x[i + std::size_t(e.nx) * (j + std::size_t(e.ny) * z)] = static_cast<Real>(row[i].real());
      }
    }
  }

  // the contract lets a backend destroy the spectrum; this one makes sure that nobody relies on it
  const Real nan = std::numeric_limits<Real>::quiet_NaN();
  for (std::ptrdiff_t row = 0; row < std::ptrdiff_t(e.ny) * e.nz; ++row)
  {
    std::fill_n(spectrum + row * rowStride, nxHalf, Complex{ nan, nan });
  }
}

void
ReferenceKernels::applySymbol(Complex * const *      spectrum,
                              int                    components,
                              const SpectrumLayout & layout,
                              const Symbol &         symbol,
                              const SpectrumBand *   band)
{
  if (components != 3 && (components != 1 || couplesComponents(symbol)))
  {
    throw std::logic_error("applySymbol: this symbol needs three components");
  }
  const int         nz = layout.size[2];
  const Transform   alongZ(nz);
  const double      points = double(layout.size[0]) * layout.size[1] * nz;
  Line              column[3];
  const int * const n = layout.size;
  const int * const m = band != nullptr ? band->layout.size : layout.size;
  const Transform   alongBandZ(m[2]);
  const double      bandPoints = double(m[0]) * m[1] * m[2];

  for (const int frequencyY : rowFrequencies(layout))
  {
    const int ky = indexOfFrequency(frequencyY, n[1]);
    for (int kx = 0; kx < layout.nxHalf(); ++kx)
    {
      for (int c = 0; c < components; ++c)
      {
        column[c].resize(nz);
        for (int z = 0; z < nz; ++z)
        {
          column[c][z] = load(spectrum[c][offsetOf(layout, kx, frequencyY, z)]);
        }
        column[c] = alongZ.forward(column[c]);
      }
      for (int kz = 0; kz < nz; ++kz)
      {
        const int    index[3] = { kx, ky, kz };
        const Matrix m = symbolAt(symbol, layout.size, index);
        Number       result[3];
        for (int row = 0; row < components; ++row)
        {
          for (int c = 0; c < components; ++c)
          {
            result[row] += m[row][c] * column[c][kz];
          }
        }
        for (int row = 0; row < components; ++row)
        {
          column[row][kz] = result[row] / points;
        }
      }
      if (band != nullptr && isShared(frequencyY, n[1], m[1]) && isShared(kx, n[0], m[0]))
      {
        for (int c = 0; c < components; ++c)
        {
          Line bandColumn(m[2]);
          for (int z = 0; z < m[2]; ++z)
          {
            bandColumn[z] = load(band->spectrum[c][offsetOf(band->layout, kx, frequencyY, z)]);
          }
          bandColumn = alongBandZ.forward(bandColumn);
          for (int kz = 0; kz < nz; ++kz)
          {
            const int frequencyZ = signedFrequency(kz, nz);
            if (isShared(frequencyZ, nz, m[2]))
            {
              const double turns = kx * (layout.origin[0] - band->layout.origin[0]) +
                                   frequencyY * (layout.origin[1] - band->layout.origin[1]) +
                                   frequencyZ * (layout.origin[2] - band->layout.origin[2]);
              column[c][kz] =
                bandColumn[indexOfFrequency(frequencyZ, m[2])] * std::polar(1.0 / bandPoints, 2.0 * pi * turns);
            }
          }
        }
      }
      for (int c = 0; c < components; ++c)
      {
        column[c] = alongZ.backward(column[c]);
        for (int z = 0; z < nz; ++z)
        {
          spectrum[c][offsetOf(layout, kx, frequencyY, z)] = store(column[c][z]);
        }
      }
    }
  }
}

namespace
{

void
resampleComponent(const Complex * in, const SpectrumLayout & inLayout, Complex * out, const SpectrumLayout & outLayout)
{
  const int * const n = inLayout.size;
  const int * const m = outLayout.size;
  const Transform   alongZ(n[2]);
  const Transform   alongNewZ(m[2]);
  const double      points = double(n[0]) * n[1] * n[2];

  for (const int frequencyY : rowFrequencies(outLayout))
  {
    const bool sharedY = isShared(frequencyY, n[1], m[1]);
    for (int kx = 0; kx < outLayout.nxHalf(); ++kx)
    {
      Line newColumn(m[2]); // zeros
      if (sharedY && isShared(kx, n[0], m[0]))
      {
        Line column(n[2]);
        for (int z = 0; z < n[2]; ++z)
        {
          column[z] = load(in[offsetOf(inLayout, kx, frequencyY, z)]);
        }
        column = alongZ.forward(column);
        for (int kz = 0; kz < m[2]; ++kz)
        {
          const int frequencyZ = signedFrequency(kz, m[2]);
          if (isShared(frequencyZ, n[2], m[2]))
          {
            const double turns = kx * (outLayout.origin[0] - inLayout.origin[0]) +
                                 frequencyY * (outLayout.origin[1] - inLayout.origin[1]) +
                                 frequencyZ * (outLayout.origin[2] - inLayout.origin[2]);
            newColumn[kz] = column[indexOfFrequency(frequencyZ, n[2])] * std::polar(1.0 / points, 2.0 * pi * turns);
          }
        }
        newColumn = alongNewZ.backward(newColumn);
      }
      for (int z = 0; z < m[2]; ++z)
      {
        out[offsetOf(outLayout, kx, frequencyY, z)] = store(newColumn[z]);
      }
    }
  }
}

} // namespace

void
ReferenceKernels::resampleSpectrum(const Complex * const * in,
                                   int                     components,
                                   const SpectrumLayout &  inLayout,
                                   Complex * const *       out,
                                   const SpectrumLayout &  outLayout)
{
  for (int c = 0; c < components; ++c)
  {
    resampleComponent(in[c], inLayout, out[c], outLayout);
  }
}

void
ReferenceKernels::copyBlocks(const Complex * x,
                             std::ptrdiff_t  xStride,
                             Complex *       y,
                             std::ptrdiff_t  yStride,
                             std::size_t     width,
                             std::size_t     count)
{
  for (std::size_t block = 0; block < count; ++block)
  {
    for (std::size_t i = 0; i < width; ++i)
    {
      y[block * yStride + i] = x[block * xStride + i];
    }
  }
}

} // namespace gnr
