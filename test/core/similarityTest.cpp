// SPDX-License-Identifier: Apache-2.0
// Measures of similarity [L2]-[L9], [C5], [C6] and the choice between them: derivatives, invariances, a known
// deformation.
#include "problems.h"

#include "model/similarity/CorrelationRatio.h"
#include "model/similarity/GlobalCorrelation.h"
#include "model/similarity/LocalCorrelation.h"
#include "model/similarity/MutualInformation.h"
#include "model/similarity/NormalizedGradient.h"
#include "model/similarity/SelfSimilarity.h"

#include "gnr/Engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace
{

using gnr::Buffer;
using gnr::Real;
using problems::Bench;

/** Something in every direction and on two scales, from 0.15 to 0.85. */
double
anatomy(double x, double y, double z)
{
  return 0.5 + 0.2 * std::sin(2 * x + std::sin(y)) * std::cos(y - z) + 0.15 * std::cos(3 * z + 2 * std::sin(x));
}

double
other(double x, double y, double z)
{
  return 0.5 + 0.25 * std::sin(2 * x + 0.4 + std::sin(y)) * std::cos(y - z) + 0.1 * std::cos(2 * y - z);
}

problems::Scalar
ripple(double phase)
{
  return [=](double x, double y, double z) { return std::cos(3 * x + phase) * std::sin(2 * y - z) + std::sin(4 * z); };
}

/** A measure at m, with a weight. */
template <typename TMeasure>
struct At
{
  At()
    : bench(problems::cube(32))
    , domain(bench.domain())
    , fixed(bench.scalar(anatomy))
    , m(bench.scalar(other))
    , weight(bench.scalar([](double x, double y, double) { return 0.6 + 0.4 * std::cos(x) * std::sin(y); }))
    , measure(domain)
  {
    measure.setWeight(weight.data());
  }
  double
  valueAt(const Buffer & direction, double epsilon)
  {
    Buffer trial = domain.scalar();
    bench.kernels().combine(1, m.data(), Real(epsilon), direction.data(), trial.data(), trial.size());
    return measure.value(trial.data(), fixed.data());
  }

  Bench         bench;
  gnr::Domain & domain;
  Buffer        fixed, m, weight;
  TMeasure      measure;
};
using Local = At<gnr::LocalCorrelation>;

template <typename TMeasure>
class Correlation : public testing::Test
{};
using Correlations = testing::Types<gnr::LocalCorrelation, gnr::GlobalCorrelation, gnr::CorrelationRatio>;
TYPED_TEST_SUITE(Correlation, Correlations);

template <typename TMeasure>
class IntensityMeasure : public testing::Test
{};
using IntensityMeasures =
  testing::Types<gnr::LocalCorrelation, gnr::GlobalCorrelation, gnr::CorrelationRatio, gnr::MutualInformation>;
TYPED_TEST_SUITE(IntensityMeasure, IntensityMeasures);

// The central difference is off by O(e^2); e = 0.02 leaves the rounding of D in single precision below 1e-3.
TYPED_TEST(IntensityMeasure, ForceIsTheNegativeDerivative)
{
  At<TypeParam> s;
  const Buffer  a = s.bench.scalar(ripple(0.3));
  Buffer        lambda = s.domain.scalar();
  s.measure.linearize(s.m.data(), s.fixed.data(), lambda.data());
  const double slope = -s.bench.inner(lambda, a);
  const auto   difference = [&](double e) { return (s.valueAt(a, e) - s.valueAt(a, -e)) / (2 * e); };
  EXPECT_NEAR((4 * difference(0.02) - difference(0.04)) / 3 / slope, 1.0, 5e-3);
}

// Where the images match, D is the least square of what gain and offset leave of the difference: of ripples that are
// shorter than a window nearly all.
TYPED_TEST(Correlation, CurvatureIsAboutThatOfTheValueAtAMatch)
{
  At<TypeParam> s;
  const Buffer  a =
    s.bench.scalar([](double x, double y, double z) { return std::cos(9 * x + 8 * y) * std::sin(9 * z); });
  s.bench.kernels().copy(s.fixed.data(), s.m.data(), s.m.size());
  Buffer weighted = s.domain.scalar();
  s.measure.linearize(s.m.data(), s.fixed.data(), weighted.data());
  s.bench.kernels().multiply(1, s.measure.curvature(), a.data(), weighted.data(), weighted.size());
  const double e = 0.02, own = s.bench.inner(weighted, a);
  const double curvature = (s.valueAt(a, e) + s.valueAt(a, -e) - 2 * s.valueAt(a, 0)) / (e * e);
  EXPECT_GT(curvature, 0.7 * own);
  EXPECT_LT(curvature, own / 0.8);
}

TYPED_TEST(IntensityMeasure, WhatHasNoWeightChangesNoBit)
{
  At<TypeParam>     s;
  const std::size_t n = s.domain.points();
  std::vector<Real> weight(n), image = s.bench.read(s.m.data(), n);
  for (std::size_t i = 0; i < n; ++i)
  {
    weight[i] = i % n < n / 3 ? Real(0) : Real(1);
  }
  s.bench.kernels().copyFromHost(weight.data(), s.weight.data(), n * sizeof(Real));
  s.measure.setWeight(s.weight.data());
  Buffer       before = s.domain.scalar(), after = s.domain.scalar();
  const double valueBefore = s.measure.value(s.m.data(), s.fixed.data());
  s.measure.linearize(s.m.data(), s.fixed.data(), before.data());
  for (std::size_t i = 0; i < n / 3; ++i)
  {
    image[i] = Real(50 + i % 7);
  }
  s.bench.kernels().copyFromHost(image.data(), s.m.data(), n * sizeof(Real));
  EXPECT_EQ(s.measure.value(s.m.data(), s.fixed.data()), valueBefore);
  s.measure.linearize(s.m.data(), s.fixed.data(), after.data());
  EXPECT_EQ(s.bench.read(after.data(), n), s.bench.read(before.data(), n));
}

// D is a least-squares problem in gain and offset; e^2 against the variance of m, 0.03, is what is left.
TEST(GlobalCorrelation, GainSignAndOffsetDoNotMatter)
{
  At<gnr::GlobalCorrelation> s;
  Buffer                     changed = s.domain.scalar();
  s.bench.kernels().scaleAndShift(Real(-2), s.m.data(), Real(3), changed.data(), changed.size());
  const double value = s.measure.value(s.m.data(), s.fixed.data());
  EXPECT_NEAR(s.measure.value(changed.data(), s.fixed.data()) / value, 1.0, 5e-3);
  EXPECT_LT(s.measure.value(s.fixed.data(), s.fixed.data()), 2e-3 * value);
}

/** p_ij of [L6] by the formulas, from the images of `s`. */
template <typename TMeasure>
gnr::JointHistogram
bruteHistogram(At<TMeasure> & s, int bins)
{
  const std::size_t       n = s.domain.points();
  const std::vector<Real> m = s.bench.read(s.m.data(), n), f = s.bench.read(s.fixed.data(), n),
                          w = s.bench.read(s.weight.data(), n);
  gnr::JointHistogram p(bins);
  for (std::size_t k = 0; k < n; ++k)
  {
    for (int i = 0; i < p.bins(); ++i)
    {
      const double r = std::abs((m[k] - p.moving(i)) / p.movingStep());
      const double b = r >= 2 ? 0.0 : r >= 1 ? std::pow(2 - r, 3) / 6 : 2.0 / 3 - r * r + r * r * r / 2;
      for (int j = 0; b > 0.0 && j < p.bins(); ++j)
      {
        p.at(i, j) += w[k] * b * std::max(0.0, 1 - std::abs(f[k] - p.fixed(j)) / p.fixedStep()) / n;
      }
    }
  }
  return p;
}

// By a formula of its own: sums over classes.
TEST(CorrelationRatio, IsTheVarianceThatIsLeft)
{
  At<gnr::CorrelationRatio> s;
  const gnr::JointHistogram p = bruteHistogram(s, 32); // as many classes as points along an axis
  std::vector<double>       shares(p.bins()), sums(p.bins());
  double                    mass = 0.0, sum = 0.0, fixedSum = 0.0, fixedSquares = 0.0;
  for (int j = 0; j < p.bins(); ++j)
  {
    for (int i = 0; i < p.bins(); ++i)
    {
      shares[j] += p.at(i, j);
      sums[j] += p.at(i, j) * p.moving(i);
    }
    mass += shares[j];
    sum += sums[j];
    fixedSum += shares[j] * p.fixed(j);
    fixedSquares += shares[j] * p.fixed(j) * p.fixed(j);
  }
  const double mean = sum / mass;
  double       explained = 0.0;
  for (int j = 0; j < p.bins(); ++j)
  {
    explained += shares[j] > 0 ? shares[j] * std::pow(sums[j] / shares[j] - mean, 2) : 0.0;
  }
  // The variance of m itself, not that of its classes.
  Buffer weighted = s.domain.scalar();
  s.bench.kernels().multiply(1, s.weight.data(), s.m.data(), weighted.data(), weighted.size());
  const double variance = s.domain.inner(weighted.data(), s.m.data(), s.m.size()) / mass - mean * mean + 0.005 * 0.005;
  const double expected =
    0.5 * mass * (fixedSquares / mass - std::pow(fixedSum / mass, 2)) * (1 - explained / mass / variance);
  EXPECT_NEAR(s.measure.value(s.m.data(), s.fixed.data()), expected, 1e-4 * expected);
}

// Any function of the fixed intensities, also one that takes a value twice. What is left is the width of a class: the
// variance step^2/6 of its piecewise linear function, times the squared slope, which is at most 4 (1 - 2 * 0.15).
TEST(CorrelationRatio, IsNothingForAFunctionOfTheFixedImage)
{
  At<gnr::CorrelationRatio> s;
  s.bench.kernels().multiply(1, s.fixed.data(), s.fixed.data(), s.m.data(), s.m.size());
  s.bench.kernels().combine(4, s.fixed.data(), -4, s.m.data(), s.m.data(), s.m.size());
  const std::size_t       n = s.domain.points();
  const std::vector<Real> w = s.bench.read(s.weight.data(), n);
  double                  mass = 0.0;
  const auto              variance = [&](const Buffer & image) {
    const std::vector<Real> x = s.bench.read(image.data(), n);
    double                  sum = 0.0, squares = 0.0;
    mass = 0.0;
    for (std::size_t i = 0; i < n; ++i)
    {
      mass += w[i];
      sum += double(w[i]) * x[i];
      squares += double(w[i]) * x[i] * x[i];
    }
    return squares / mass - sum / mass * sum / mass;
  };
  const double F = variance(s.fixed), V = variance(s.m), step = gnr::JointHistogram(32).fixedStep();
  const double left = std::pow(4 * (1 - 2 * 0.15) * step, 2) / 6 + 0.005 * 0.005;
  EXPECT_LT(s.measure.value(s.m.data(), s.fixed.data()), 0.5 * mass / n * F * left / V * 1.1); // F by classes
}

// All differences take the square of the gain, and so does their mean V.
TEST(SelfSimilarity, GainSignAndOffsetDoNotMatter)
{
  Bench        bench(problems::cube(24));
  const Buffer image = bench.scalar(anatomy);
  Buffer       changed = bench.domain().scalar();
  bench.kernels().scaleAndShift(Real(-2), image.data(), Real(3), changed.data(), changed.size());
  const gnr::Descriptors one = gnr::selfSimilarity(bench.domain(), image.data());
  const gnr::Descriptors two = gnr::selfSimilarity(bench.domain(), changed.data());
  ASSERT_EQ(one.size(), 12u);
  const std::size_t n = bench.domain().points();
  Buffer            values(bench.kernels(), n);
  double            largest = 0.0, least = 1.0;
  for (std::size_t k = 0; k < one.size(); ++k)
  {
    bench.kernels().fromBytes(one[k].data(), values.data(), n);
    const std::vector<Real> a = bench.read(values.data(), n);
    bench.kernels().fromBytes(two[k].data(), values.data(), n);
    const std::vector<Real> b = bench.read(values.data(), n);
    for (std::size_t i = 0; i < n; ++i)
    {
      largest = std::max(largest, std::abs(double(a[i]) - double(b[i])));
      least = std::min(least, double(a[i]));
    }
  }
  // A step of the bytes, on whose two sides the roundings of squared differences of numbers near one can lie.
  EXPECT_LT(largest, 1.01 / 255);
  EXPECT_LT(least, 0.2) << "the test tells nothing";
}

// H(f | m) = H(m, f) - H(m), with 1 % of the mass in all cells alike; s is that of nats.
TEST(MutualInformation, IsTheEntropyThatIsLeft)
{
  At<gnr::MutualInformation> s;
  gnr::JointHistogram        p = bruteHistogram(s, 24);
  const int                  bins = p.bins();
  double                     mass = 0.0;
  for (const double share : p.values())
  {
    mass += share;
  }
  double joint = 0.0, own = 0.0;
  for (int i = 0; i < bins; ++i)
  {
    double row = 0.0;
    for (int j = 0; j < bins; ++j)
    {
      const double share = p.at(i, j) + 0.01 * mass / (bins * bins);
      joint -= share * std::log(share);
      row += share;
    }
    own -= row * std::log(row);
  }
  const double expected = 0.006 * (joint - own);
  EXPECT_NEAR(s.measure.value(s.m.data(), s.fixed.data()), expected, 1e-4 * expected);
}

// f = a m + b and Gaussian noise: information a^2/variance, with the variances of the classes beside that of the noise:
// step^2/6 of linear functions of f, step^2/3 of the splines of m.
TEST(MutualInformation, CurvatureIsTheFisherInformation)
{
  At<gnr::MutualInformation>       s;
  const std::size_t                n = s.domain.points();
  constexpr double                 slope = 0.6, noise = 0.1;
  std::vector<Real>                m(n), f(n), one(n, Real(1));
  std::mt19937                     random(7);
  std::uniform_real_distribution<> uniform(0.0, 1.0);
  std::normal_distribution<>       normal(0.0, noise);
  for (std::size_t i = 0; i < n; ++i)
  {
    m[i] = static_cast<Real>(uniform(random));
    f[i] = static_cast<Real>(0.25 + slope * m[i] + normal(random));
  }
  s.bench.kernels().copyFromHost(m.data(), s.m.data(), n * sizeof(Real));
  s.bench.kernels().copyFromHost(f.data(), s.fixed.data(), n * sizeof(Real));
  s.bench.kernels().copyFromHost(one.data(), s.weight.data(), n * sizeof(Real));
  Buffer lambda = s.domain.scalar();
  s.measure.linearize(s.m.data(), s.fixed.data(), lambda.data());
  Buffer curvature = s.domain.scalar();
  s.bench.kernels().copy(s.measure.curvature(), curvature.data(), n);
  const std::vector<Real>   values = s.bench.read(curvature.data(), n);
  const gnr::JointHistogram p(24);
  const double variance = noise * noise + std::pow(p.fixedStep(), 2) / 6 + std::pow(slope * p.movingStep(), 2) / 3;
  double       sum = 0.0;
  std::size_t  count = 0;
  for (std::size_t i = 0; i < n; ++i)
  {
    if (m[i] > Real(0.3) && m[i] < Real(0.7))
    {
      sum += values[i];
      ++count;
    }
  }
  // The prior, and differences over two classes, take some of it; 24^2 classes of 32^3 points add as much in noise.
  EXPECT_NEAR(sum / static_cast<double>(count) / (0.006 * slope * slope / variance), 1.0, 0.15);
}

// n n^T of an image that varies along x: n_x^2 = c^2/(c^2 + <c^2>/2) with c its derivative, here a cosine, whatever the
// gain and the sign. Bytes hold it by sqrt(2), and zero off the diagonal as one half.
TEST(NormalizedGradient, IsThatOfTheFormula)
{
  Bench bench(problems::cube(32));
  for (const double gain : { 1.0, -0.4 })
  {
    const Buffer           image = bench.scalar([=](double x, double, double) { return 0.5 + gain * std::sin(x); });
    const gnr::Descriptors fields = gnr::normalizedGradients(bench.domain(), image.data());
    ASSERT_EQ(fields.size(), 6u);
    const std::size_t n = bench.domain().points();
    Buffer            values(bench.kernels(), n);
    for (std::size_t k = 0; k < 6; ++k)
    {
      bench.kernels().fromBytes(fields[k].data(), values.data(), n);
      const bool   isDiagonal = k == 0 || k == 3 || k == 5;
      const Buffer expected = bench.scalar([=](double x, double, double) {
        const double c = std::cos(x) * std::cos(x);
        return k == 0 ? c / (c + 0.25) * std::sqrt(0.5) : isDiagonal ? 0.0 : 0.5;
      });
      bench.kernels().axpby(-1, expected.data(), 1, values.data(), n);
      EXPECT_LT(bench.domain().maximumAbsolute(values.data()), 1.01 / 255) << k;
    }
  }
}

/** The fixed image sheared by a sin ky along x, with another contrast: u = (a sin ky, 0, 0) leads back, and keeps
 * volumes.
 */
struct Deformed
{
  explicit Deformed(const std::function<double(double)> & contrast, double a = 0.35, int k = 1)
    : grid(problems::cube(48))
    , amplitude(a)
    , wave(k)
    , fixed(problems::image(grid, anatomy))
    , moving(problems::image(grid, [&](double x, double y, double z) {
      return contrast(anatomy(x - a * std::sin(k * y), y, z));
    }))
  {}

  gnr::Report
  run(const gnr::SimilaritySum & similarity)
  {
    gnr::Options options;
    options.device = problems::solveDevice();
    options.periodic = true;
    options.similarity = similarity;
    options.intensityNormalization = normalization;
    gnr::Problem problem{ grid, options };
    problem.fixed = { fixed.data(), gnr::wholeOf(problem.grid) };
    problem.moving = { moving.data(), gnr::wholeOf(problem.grid) };
    problem.fixedWeight = { weight.empty() ? nullptr : weight.data(), gnr::wholeOf(problem.grid) };
    const auto        solution = gnr::makeEngine()->run(problem);
    const gnr::Report report = solution->report();
    u.resize(3 * grid.points());
    solution->read(gnr::Field::Displacement, { u.data(), gnr::wholeOf(problem.grid) });
    return report;
  }

  /** Root mean square of the error over that of the truth. */
  double
  error() const
  {
    double      wrong = 0.0, all = 0.0;
    std::size_t i = 0;
    for (int k = 0; k < grid.size[2]; ++k)
    {
      for (int j = 0; j < grid.size[1]; ++j)
      {
        for (int c = 0; c < grid.size[0]; ++c, ++i)
        {
          const double truth[3] = { amplitude * std::sin(wave * j * grid.spacing[1]), 0.0, 0.0 };
          for (int a = 0; a < 3; ++a)
          {
            wrong += std::pow(u[3 * i + a] - truth[a], 2);
            all += truth[a] * truth[a];
          }
        }
      }
    }
    return std::sqrt(wrong / all);
  }

  gnr::Grid                   grid;
  double                      amplitude;
  int                         wave;
  std::vector<float>          fixed, moving, u;
  std::vector<float>          weight; ///< of the fixed image; empty: none
  gnr::IntensityNormalization normalization = gnr::IntensityNormalization::Percentiles;
};

TEST(Similarity, SelfSimilarityFindsADeformationBetweenOppositeContrasts)
{
  Deformed          images([](double f) { return 1.0 - f; });
  const gnr::Report report = images.run(gnr::SimilarityMeasure::SelfSimilarity);
  EXPECT_LT(images.error(), 0.3);
  EXPECT_LT(report.mismatch, 0.6);
  images.run(gnr::SimilarityMeasure::SumOfSquares);
  EXPECT_GT(images.error(), 0.9) << "the test tells nothing";
}

TEST(Similarity, LocalCorrelationFindsADeformationUnderAnotherGain)
{
  Deformed images([](double f) { return f * f; });
  images.run(gnr::SimilarityMeasure::LocalCorrelation);
  EXPECT_LT(images.error(), 0.3);
}

// Faint structure on a constant, where the gain of a window is hard to tell. Measures of the joint histogram are left
// out: within a class of intensities they do not tell images apart.
TEST(Similarity, IdenticalImagesAreNotMoved)
{
  Deformed images([](double f) { return f; });
  for (std::size_t i = 0; i < images.fixed.size(); ++i)
  {
    images.fixed[i] = images.fixed[i] > 0.7F ? images.fixed[i] : 0.7F + 0.02F * (images.fixed[i] - 0.7F);
  }
  images.moving = images.fixed;
  for (const auto & [measure, name] : gnr::enumNames<gnr::SimilarityMeasure>)
  {
    if (measure != gnr::SimilarityMeasure::Custom && measure != gnr::SimilarityMeasure::CorrelationRatio &&
        measure != gnr::SimilarityMeasure::MutualInformation && measure != gnr::SimilarityMeasure::Labels)
    {
      const gnr::Report report = images.run(measure);
      EXPECT_EQ(report.reason, gnr::StopReason::ImagesIdentical) << name;
      EXPECT_EQ(report.maximumDisplacement, 0.0) << name;
    }
  }
}

TEST(Similarity, GlobalCorrelationFindsADeformationOfAnInvertedImage)
{
  Deformed images([](double f) { return 1.0 - f; });
  images.run(gnr::SimilarityMeasure::GlobalCorrelation);
  EXPECT_LT(images.error(), 0.3);
}

TEST(Similarity, MeasuresForAnyContrastFindADeformationOfAFoldedContrast)
{
  Deformed images([](double f) { return 4 * (f - 0.1) * (0.9 - f); }); // takes most values twice
  for (const auto measure : { gnr::SimilarityMeasure::CorrelationRatio,
                              gnr::SimilarityMeasure::MutualInformation,
                              gnr::SimilarityMeasure::NormalizedGradient })
  {
    images.run(measure);
    EXPECT_LT(images.error(), 0.3) << gnr::nameOf(measure);
  }
  images.run(gnr::SimilarityMeasure::GlobalCorrelation);
  EXPECT_GT(images.error(), 0.5) << "the test tells nothing";
}

TEST(Similarity, SeveralMeasuresFindADeformationTogether)
{
  Deformed          images([](double f) { return f * f; });
  const gnr::Report report = images.run(*gnr::SimilaritySum::read("lncc+0.5*mind"));
  EXPECT_LT(images.error(), 0.3);
  EXPECT_EQ(report.similarity.text(), "lncc+0.5*mind");
}

TEST(Similarity, IsChosenByWhatIsBrighter)
{
  const auto chosen = [](Deformed & images) { return images.run(gnr::SimilarityMeasure::Automatic).similarity.text(); };
  Deformed   brighter([](double f) { return f * f; }), opposite([](double f) { return 1.0 - f; }),
    folded([](double f) { return 4 * f * (1 - f); }),
    // two scans: what is dark in both, and tissues in the opposite order
    scans([](double f) { return f < 0.3 ? 0.0 : 1.2 - f; });
  EXPECT_EQ(chosen(brighter), "lncc");
  EXPECT_EQ(chosen(opposite), "lncc");
  EXPECT_EQ(chosen(folded), "0.5*mind");
  EXPECT_EQ(chosen(scans), "0.5*mind");
  // The thresholds are of normalised images.
  scans.normalization = gnr::IntensityNormalization::None;
  EXPECT_EQ(chosen(scans), "ssd");
}

// Edges between few classes, in folded contrast. What a coarser grid has not seen is noise in one case, in the other
// the course of the edges.
TEST(Similarity, SelfSimilarityIsWeighedByDetailsThatWereNotSeen)
{
  const auto steps = [](double f) { return std::round(5 * f) / 5; };
  const auto pair = [&](double noise) {
    Deformed                        images([&](double f) { return 4 * steps(f) * (1 - steps(f)); });
    std::mt19937                    random(3);
    std::normal_distribution<float> normal(0.0F, 1.0F);
    std::transform(images.fixed.begin(), images.fixed.end(), images.fixed.begin(), steps);
    for (std::vector<float> * image : { &images.fixed, &images.moving })
    {
      for (float & value : *image)
      {
        value += static_cast<float>(noise) * normal(random);
      }
    }
    return images;
  };
  Deformed noisy = pair(0.1), sharp = pair(0.0);
  EXPECT_EQ(noisy.run(gnr::SimilarityMeasure::Automatic).similarity.text(), "0.5*mind");
  const double error = noisy.error();
  noisy.run(gnr::SimilarityMeasure::SelfSimilarity);
  EXPECT_LT(error, noisy.error());
  EXPECT_EQ(sharp.run(gnr::SimilarityMeasure::Automatic).similarity.text(), "2*mind");
}

// A gamma, or a negative: the images become what they were before, and the deformation is the same.
TEST(Similarity, WhatBendsTheIntensitiesIsUndone)
{
  const auto withBackground = [](double f) { return std::max(f - 0.3, 0.0) / 0.7; };
  const auto run = [&](const std::function<double(double)> & contrast) {
    Deformed images([&](double f) { return contrast(withBackground(f)); });
    std::transform(images.fixed.begin(), images.fixed.end(), images.fixed.begin(), withBackground);
    const gnr::Report report = images.run(gnr::SimilarityMeasure::Automatic);
    EXPECT_EQ(report.similarity.text(), "lncc");
    return std::pair(images.error(), report.messages);
  };
  const auto told = [](const std::vector<std::string> & messages, const std::string & what) {
    const auto found = std::find_if(messages.begin(), messages.end(), [&](const std::string & message) {
      return message.rfind("MovingImage: its intensities ", 0) == 0 && message.find(what) != std::string::npos;
    });
    EXPECT_NE(found, messages.end()) << what;
    return found == messages.end() ? std::string() : found->substr(found->find(what) + what.size());
  };
  const double plain = run([](double f) { return f; }).first;
  for (const double gamma : { 2.0, 0.5 })
  {
    const auto [error, messages] = run([=](double f) { return std::pow(f, gamma); });
    EXPECT_LT(error, 1.2 * plain) << gamma;
    EXPECT_NEAR(std::stod(told(messages, "raised to the power of")) * gamma, 1.0, 0.1);
  }
  const auto [error, messages] = run([](double f) { return 700.0 - 5.0 * f; });
  EXPECT_NEAR(error, plain, 0.01 * plain);
  told(messages, "turned round inside the solver");
}

TEST(Similarity, OnlyTheVoxelsThatCountTellHowIntensitiesAreBent)
{
  const auto   withBackground = [](double f) { return std::max(f - 0.3, 0.0) / 0.7; };
  Deformed     images([&](double f) { return std::pow(withBackground(f), 2.0); });
  const double pi = problems::pi;
  std::transform(images.fixed.begin(), images.fixed.end(), images.fixed.begin(), withBackground);
  images.weight = problems::image(images.grid, [=](double x, double y, double z) {
    return std::pow(x - pi, 2) + std::pow(y - pi, 2) + std::pow(z - pi, 2) < 2.5 ? 1.0 : 0.0;
  });
  const gnr::Report report = images.run(gnr::SimilarityMeasure::Automatic);
  ASSERT_EQ(report.intensityChanges.size(), 1u);
  EXPECT_NEAR(report.intensityChanges[0].exponent, 0.5, 0.1);
}

// A quarter of the foreground lies upon the background of the other image.
TEST(Similarity, ImagesThatLieApartAreNotBent)
{
  const auto withBackground = [](double f) { return std::max(f - 0.3, 0.0) / 0.7; };
  Deformed   images(withBackground);
  std::transform(images.fixed.begin(), images.fixed.end(), images.fixed.begin(), withBackground);
  const std::size_t plane = images.moving.size() / images.grid.size[2];
  std::rotate(images.moving.begin(), images.moving.begin() + 6 * plane, images.moving.end());
  const gnr::Report report = images.run(gnr::SimilarityMeasure::Automatic);
  ASSERT_EQ(report.intensityChanges.size(), 1u);
  EXPECT_EQ(report.intensityChanges[0].exponent, 1.0);
}

} // namespace
