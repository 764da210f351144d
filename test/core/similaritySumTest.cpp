// SPDX-License-Identifier: Apache-2.0
// Sums of measures: their text, and that value, derivatives and structure are the sums of those of the parts.
#include "problems.h"

#include "model/Objective.h"
#include "model/Structure.h"

#include "gnr/OptionTable.h"
#include "gnr/Options.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

namespace
{

using gnr::Buffer;
using gnr::Real;
using gnr::SimilarityList;
using gnr::SimilaritySum;
using problems::Bench;

TEST(SimilaritySum, ComesBackFromItsText)
{
  for (const char * text : { "ssd", "auto", "2*auto", "lncc+mind", "lncc+0.5*mind", "1e-05*ssd+3*mind+0.1*lncc" })
  {
    const auto sum = SimilaritySum::read(text);
    ASSERT_TRUE(sum) << text;
    EXPECT_EQ(sum->text(), text);
  }
  const auto sum = SimilaritySum::read("lncc+0.5*mind");
  ASSERT_EQ(sum->parts.size(), 2u);
  EXPECT_EQ(sum->parts[0].weight, 1.0);
  EXPECT_EQ(sum->parts[1].measure, gnr::SimilarityMeasure::SelfSimilarity);
  EXPECT_EQ(sum->parts[1].weight, 0.5);
  EXPECT_EQ(SimilaritySum::read("1*ssd")->text(), "ssd");
}

TEST(SimilaritySum, RefusesWhatIsNone)
{
  for (const char * text : { "",
                             "lncc+",
                             "+lncc",
                             "lncc++mind",
                             "lncc+lncc",
                             "auto+ssd",
                             "0*ssd",
                             "-1*ssd",
                             "nan*ssd",
                             "inf*ssd",
                             "1e400*ssd",
                             "*ssd",
                             "2ssd",
                             "ssd + mind",
                             "mutual",
                             "0.5*",
                             "0x1*ssd" })
  {
    EXPECT_FALSE(SimilaritySum::read(text)) << text;
  }
}

TEST(SimilarityList, HasASumForEachPairOrOneForAll)
{
  for (const char * text : { "auto", "lncc,ssd", "lncc+0.5*mind,0.1*ssd,auto" })
  {
    const auto list = SimilarityList::read(text);
    ASSERT_TRUE(list) << text;
    EXPECT_EQ(list->text(), text);
  }
  const auto list = SimilarityList::read("lncc,0.5*ssd");
  EXPECT_EQ(list->of(0).text(), "lncc");
  EXPECT_EQ(list->of(1).text(), "0.5*ssd");
  EXPECT_EQ(SimilarityList::read("mind")->of(7).text(), "mind");
  EXPECT_TRUE(SimilarityList::read("lncc,auto")->isAutomatic());
  EXPECT_FALSE(list->isAutomatic());
  for (const char * text : { "", ",", "ssd,", ",ssd", "ssd,,ssd", "ssd, ssd", "ssd;ssd" })
  {
    EXPECT_FALSE(SimilarityList::read(text)) << text;
  }
}

// All but the measure that only a program can bring.
TEST(SimilaritySum, WordsToChooseFromAreThoseOfTheLibrary)
{
  std::vector<std::string> expected = gnr::wordsOf<gnr::SimilarityMeasure>();
  expected.erase(std::remove(expected.begin(), expected.end(), "custom"), expected.end());
  for (const gnr::OptionRow & row : gnr::optionTable())
  {
    if (row.name == "similarity")
    {
      EXPECT_EQ(row.member.words, expected);
      return;
    }
  }
  ADD_FAILURE() << "there is no such option";
}

/** The terms of the images at some velocity, without limits of the deformation. */
struct Terms
{
  Terms(Bench & bench, const Buffer & fixed, const Buffer & moving, const Buffer & weight, const char * similarity)
    : bench(bench)
    , domain(bench.domain())
    , transform(domain)
    , v(bench.vector(problems::smoothVelocity(0.5)))
    , scratch(domain.vector())
    , set{ gnr::compare(gnr::makeMeasures(*SimilaritySum::read(similarity)), domain, fixed.data(), moving.data()),
           weight.data() }
    , objective(transform, options(), set)
    , gradient(domain.vector())
  {
    objective.setVelocity(domain.view(v), 4, domain.view(scratch));
    value = objective.distance();
    objective.gradientOfTerms(domain.view(v), domain.view(gradient));
  }
  static gnr::Options
  options()
  {
    gnr::Options options;
    options.gradientLimit.reset();
    options.divergenceLimit.reset();
    return options;
  }
  Buffer
  hessian(const Buffer & p)
  {
    Buffer q = domain.vector();
    objective.hessianOfTerms(domain.view(p), domain.view(q));
    return q;
  }
  Buffer
  structure(const Buffer & p)
  {
    Buffer         q = domain.vector();
    gnr::Structure structure(domain);
    objective.structure(structure);
    structure.apply(p.data(), q.data());
    return q;
  }

  Bench &               bench;
  gnr::Domain &         domain;
  gnr::FourierTransform transform;
  Buffer                v, scratch;
  gnr::ImageSet         set;
  gnr::Objective        objective;
  Buffer                gradient;
  double                value = 0.0;
};

TEST(SimilaritySum, IsTheSumOfItsParts)
{
  Bench        bench(problems::cube(24));
  const Buffer fixed = bench.scalar([](double x, double y, double z) {
    return problems::templateImage(x - 0.2 * std::sin(y), y + 0.15 * std::sin(z), z);
  });
  const Buffer moving = bench.scalar(problems::templateImage);
  const Buffer weight = bench.scalar([](double x, double y, double) { return 0.6 + 0.4 * std::cos(x) * std::sin(y); });
  const Buffer p = bench.vector(problems::smoothVelocity(0.9));
  const auto   make = [&](const char * text) { return std::make_unique<Terms>(bench, fixed, moving, weight, text); };
  const auto   sum = make("0.5*ssd+2*lncc+3*mind"), ssd = make("ssd"), lncc = make("lncc"), mind = make("mind");
  EXPECT_NEAR(sum->value / (0.5 * ssd->value + 2 * lncc->value + 3 * mind->value), 1.0, 1e-6);

  const auto difference = [&](const Buffer & whole, const Buffer & a, const Buffer & b, const Buffer & c) {
    Buffer rest(bench.kernels(), whole.size());
    bench.kernels().combine(Real(0.5), a.data(), Real(2), b.data(), rest.data(), rest.size());
    bench.kernels().axpby(Real(3), c.data(), Real(1), rest.data(), rest.size());
    bench.kernels().axpby(Real(-1), whole.data(), Real(1), rest.data(), rest.size());
    return std::sqrt(bench.inner(rest, rest) / bench.inner(whole, whole));
  };
  EXPECT_LT(difference(sum->gradient, ssd->gradient, lncc->gradient, mind->gradient), 1e-5);
  EXPECT_LT(difference(sum->hessian(p), ssd->hessian(p), lncc->hessian(p), mind->hessian(p)), 1e-5);
  EXPECT_LT(difference(sum->structure(p), ssd->structure(p), lncc->structure(p), mind->structure(p)), 1e-5);
}

} // namespace
