// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_OptionTable_h
#define gnr_OptionTable_h

#include "gnr/Options.h"

#include "GaussNewtonRegistrationExport.h"

#include <array>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

namespace gnr
{

/** What an option is set to; std::monostate: it is unset. An enumeration is its word. */
using OptionValue =
  std::variant<std::monostate, bool, int, double, std::array<double, 2>, std::string, std::vector<std::string>>;

/** The kinds of OptionValue, and enumerations. */
enum class OptionKind
{
  Flag,   ///< bool
  Count,  ///< int
  Number, ///< double
  Bounds, ///< two doubles, the lower one first
  Word,   ///< one of a few
  Sum,    ///< of words, with weights: "a+0.5*b"
  Text,
  List ///< of texts; in one text they are separated by commas, and `\,` is a comma
};

/** The headings under which options are shown. */
enum class OptionGroup
{
  Deformation,
  Intensities,
  Solver,
  Machine ///< differs between processes, and is not part of a preset
};
template <>
inline constexpr EnumName<OptionGroup> enumNames<OptionGroup>[] = {
  { OptionGroup::Deformation, "Deformation" },
  { OptionGroup::Intensities, "Intensities" },
  { OptionGroup::Solver, "Solver" },
  { OptionGroup::Machine, "Machine" },
};

/** Who needs an option. */
enum class OptionTier
{
  Everyday,
  Expert
};
template <>
inline constexpr EnumName<OptionTier> enumNames<OptionTier>[] = {
  { OptionTier::Everyday, "everyday" },
  { OptionTier::Expert, "expert" },
};

/** The numbers that an option may have; always finite. */
struct OptionRange
{
  double minimum = -std::numeric_limits<double>::infinity();
  double maximum = std::numeric_limits<double>::infinity();
  bool   hasMinimum = true;                                 ///< the minimum itself is allowed
  bool   hasMaximum = true;                                 ///< likewise
  double middle = std::numeric_limits<double>::quiet_NaN(); ///< Bounds: what lies between the two, both excluded
};

/** What a slider for a number shows: narrower than its range, with the size of a step. */
struct OptionSlider
{
  double minimum = 0.0;
  double maximum = 0.0;
  double step = 0.0; ///< 0: there is no slider
};

/** The member of Options that holds an option: made from a pointer to it, of any type that is an OptionKind or an
 * enumeration with enumNames, also in std::optional. */
class OptionMember
{
public:
  template <typename T>
  OptionMember(T Options::* member);
  /** Two numbers as Bounds. */
  OptionMember(double Options::* lower, double Options::* upper)
    : kind(OptionKind::Bounds)
    , get([=](const Options & o) { return std::array<double, 2>{ { o.*lower, o.*upper } }; })
    , set([=](Options & o, const OptionValue & value) {
      o.*lower = std::get<std::array<double, 2>>(value)[0];
      o.*upper = std::get<std::array<double, 2>>(value)[1];
    })
  {}

  OptionKind                                          kind = OptionKind::Text;
  bool                                                isOptional = false; ///< it may be unset
  std::vector<std::string>                            words;              ///< Word, Sum: all that there are
  std::function<OptionValue(const Options &)>         get;
  std::function<void(Options &, const OptionValue &)> set; ///< to a value of its kind
};

/** All that there is to know of an option: nobody else needs to know that it exists. */
struct GaussNewtonRegistration_EXPORT OptionRow
{
  std::string  name; ///< in words, "grid scale"; all other spellings are made of it
  OptionMember member;
  OptionGroup  group;
  OptionTier   tier;
  std::string  help;
  OptionRange  range{};        ///< of numbers
  std::string  unit{};         ///< in the plural; empty: none
  OptionSlider slider{};       ///< for Count and Number that are always set
  std::string  unset = "none"; ///< the word for no value

  /** "--grid-scale" */
  std::string
  flag() const;
  /** "GridScale": with ITK */
  std::string
  title() const;
  /** "gridScale", with "Seconds" at the end if that is the unit: in the report */
  std::string
  key() const;

  /** The value as text that read() takes; numbers as short as can be without loss. */
  std::string
  text(const Options & options) const;
  std::string
  text(const OptionValue & value) const;
  /** Nothing where the text is no value of this kind; the range is not looked at. */
  std::optional<OptionValue>
  read(const std::string & text) const;
  bool
  allows(const OptionValue & value) const;
  /** What is allowed: "a number > 0". */
  std::string
  rangeText() const;
  /** What is wrong with a text, "must be a number > 0, not '-1'"; nothing where nothing is. */
  std::optional<std::string>
  complaint(const std::string & text) const;
};

using OptionTable = std::vector<OptionRow>;

/** Every option of a registration, in the order in which they are shown. */
const GaussNewtonRegistration_EXPORT OptionTable &
optionTable();

/** Sets one option by its name; capitals, blanks and dashes in the name do not matter ("GridScale", "grid-scale").
 * Throws Error(BadInput) that names the options if there is none of this name, and the range if the value is not
 * allowed. */
GaussNewtonRegistration_EXPORT void
setOption(Options &           options,
          const std::string & name,
          const std::string & text,
          const OptionTable & table = optionTable());

/** The value of an option as text that setOption() takes. Throws as it does. */
GaussNewtonRegistration_EXPORT std::string
getOption(const Options & options, const std::string & name, const OptionTable & table = optionTable());

/** Throws Error(BadInput) naming the first option that is out of its range and the range. */
GaussNewtonRegistration_EXPORT void
validate(const Options & options, const OptionTable & table = optionTable());

/** The name of the first option that differs, of those that all processes of a registration must agree on: all but
 * those of the machine. */
GaussNewtonRegistration_EXPORT std::optional<std::string>
firstDifference(const Options & a, const Options & b, const OptionTable & table = optionTable());

/** All options as one text for another process of the same build, and back. Nothing is lost, and nothing checked. */
GaussNewtonRegistration_EXPORT std::string
                               toText(const Options & options, const OptionTable & table = optionTable());
GaussNewtonRegistration_EXPORT Options
optionsOf(const std::string & text, const OptionTable & table = optionTable());

// --- implementation ----------------------------------------------------------------------------------------------

template <typename T>
OptionMember::OptionMember(T Options::* member)
{
  using Count = std::optional<int>;
  using Number = std::optional<double>;
  using Line = std::optional<std::string>;
  if constexpr (std::is_enum_v<T>)
  {
    kind = OptionKind::Word;
    words = wordsOf<T>();
    get = [=](const Options & o) { return std::string(nameOf(o.*member)); };
    set = [=](Options & o, const OptionValue & value) { o.*member = valueOf<T>(std::get<std::string>(value)).value(); };
  }
  else if constexpr (std::is_same_v<T, SimilarityList>)
  {
    kind = OptionKind::Sum;
    words = wordsOf<SimilarityMeasure>();
    words.pop_back(); // Custom: it cannot be chosen where there is no program to bring it
    get = [=](const Options & o) { return (o.*member).text(); };
    set = [=](Options & o, const OptionValue & value) { o.*member = T::read(std::get<std::string>(value)).value(); };
  }
  else if constexpr (std::is_same_v<T, Count> || std::is_same_v<T, Number> || std::is_same_v<T, Line>)
  {
    using TValue = typename T::value_type;
    kind = std::is_same_v<T, Count>    ? OptionKind::Count
           : std::is_same_v<T, Number> ? OptionKind::Number
                                       : OptionKind::Text;
    isOptional = true;
    get = [=](const Options & o) { return o.*member ? OptionValue(*(o.*member)) : OptionValue(); };
    set = [=](Options & o, const OptionValue & value) {
      o.*member = std::holds_alternative<TValue>(value) ? T(std::get<TValue>(value)) : T();
    };
  }
  else
  {
    kind = std::is_same_v<T, bool>          ? OptionKind::Flag
           : std::is_same_v<T, int>         ? OptionKind::Count
           : std::is_same_v<T, double>      ? OptionKind::Number
           : std::is_same_v<T, std::string> ? OptionKind::Text
                                            : OptionKind::List;
    get = [=](const Options & o) { return OptionValue(o.*member); };
    set = [=](Options & o, const OptionValue & value) { o.*member = std::get<T>(value); };
  }
}

} // namespace gnr

#endif
