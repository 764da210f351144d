// SPDX-License-Identifier: Apache-2.0
#include "BidsNames.h"

#include "common/cli/CommandLineError.h"
#include "common/cli/JsonText.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>

namespace gnrapp
{
namespace
{

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr const char * descriptionFile = "dataset_description.json";
constexpr const char * ignoreFile = ".bidsignore";
constexpr const char * bidsVersion = "1.10.0";
constexpr const char * sourceLink = "raw"; ///< the name of the dataset of the moving image in ours

/** Entities that tell of the grid or the processing of an image, which are those of the results. */
const std::set<std::string> ownEntities{ "space", "tpl", "res", "den", "desc" };

/** The folders of images in a dataset. */
const std::set<std::string> dataTypes{ "anat", "func", "dwi", "fmap", "perf", "pet", "micr" };

fs::path
Canonical(const std::string & path)
{
  std::error_code none;
  const fs::path  absolute = fs::absolute(path);
  const fs::path  resolved = fs::weakly_canonical(absolute, none);
  return none ? absolute.lexically_normal() : resolved;
}

/** The dataset that a file belongs to: the nearest folder above it that has a description. */
std::optional<fs::path>
DatasetOf(const fs::path & file)
{
  std::error_code none;
  for (fs::path folder = file.parent_path(); folder != folder.parent_path(); folder = folder.parent_path())
  {
    if (fs::is_regular_file(folder / descriptionFile, none))
    {
      return folder;
    }
  }
  return {};
}

std::string
JoinEntities(const std::vector<BidsName::Entity> & entities)
{
  std::string text;
  for (const auto & [key, label] : entities)
  {
    text += (text.empty() ? "" : "_") + key + "-" + label;
  }
  return text;
}

/** What tells the fixed image from the moving one. */
std::string
TargetOf(const std::string & fixed, const BidsName & moving)
{
  const auto name = ParseBidsName(fixed);
  if (!name)
  {
    throw CommandLineError(fixed +
                           ": its name is not one of BIDS, and does not tell the space of the fixed image. Name "
                           "the space with --space, e.g. --space MNI152NLin2009cAsym");
  }
  for (const char * key : { "space", "tpl" })
  {
    if (const auto label = name->Find(key))
    {
      return *label;
    }
  }
  std::string target;
  for (const auto & [key, label] : name->entities)
  {
    target += ownEntities.count(key) == 0 && moving.Find(key) != label ? key + label : "";
  }
  return target + name->suffix;
}

/** No object where there is none. */
Json
ReadJson(const fs::path & path)
{
  std::ifstream file(path);
  return Json::parse(file, nullptr, false);
}

/** Whether an image shows the brain alone, which BIDS wants to know: from its sidecar; scans that nobody has processed
 * show the head. Null where nothing tells. */
Json
SkullStripped(const fs::path & image)
{
  const auto stem = image.string().substr(0, image.string().rfind(".nii"));
  const Json sidecar = ReadJson(stem + ".json");
  if (sidecar.is_object() && sidecar.value("SkullStripped", Json()).is_boolean())
  {
    return sidecar["SkullStripped"];
  }
  const auto dataset = DatasetOf(image);
  const Json description = dataset ? ReadJson(*dataset / descriptionFile) : Json();
  const bool isRaw = description.is_object() && description.value("DatasetType", Json("raw")) == Json("raw");
  return isRaw ? Json(false) : Json();
}

/** As RFC 3986 has it. */
std::string
FileUri(const fs::path & path)
{
  std::string uri = "file://";
  for (const char c : path.string())
  {
    const auto byte = static_cast<unsigned char>(c);
    const bool isPlain = std::isalnum(byte) != 0 || std::string("/-._~").find(c) != std::string::npos;
    const char digits[] = "0123456789ABCDEF";
    uri += isPlain ? std::string(1, c) : std::string{ '%', digits[byte / 16], digits[byte % 16] };
  }
  return uri;
}

} // namespace

std::optional<std::string>
BidsName::Find(const std::string & key) const
{
  const auto found = std::find_if(entities.begin(), entities.end(), [&](const Entity & e) { return e.first == key; });
  return found == entities.end() ? std::nullopt : std::optional<std::string>(found->second);
}

std::optional<BidsName>
ParseBidsName(const std::string & path)
{
  static const std::regex pattern("((?:[a-z]+-[A-Za-z0-9+]+_)+)([A-Za-z0-9]+)\\.nii(?:\\.gz)?");
  static const std::regex entity("([a-z]+)-([A-Za-z0-9+]+)_");
  const std::string       file = fs::path(path).filename().string();
  constexpr std::size_t   longest = 255; // as file systems have it; the library recurses
  std::smatch             match;
  if (file.size() > longest || !std::regex_match(file, match, pattern))
  {
    return {};
  }
  BidsName          name;
  const std::string entities = match[1];
  name.suffix = match[2];
  for (std::sregex_iterator i(entities.begin(), entities.end(), entity), end; i != end; ++i)
  {
    name.entities.emplace_back((*i)[1], (*i)[2]);
  }
  return name;
}

void
CheckBidsLabel(const std::string & option, const std::string & label)
{
  if (!std::regex_match(label, std::regex("[A-Za-z0-9+]{1,100}")))
  {
    throw CommandLineError(option + ": '" + label + "' is no label of BIDS. Give letters and digits, e.g. " +
                           "MNI152NLin2009cAsym");
  }
}

std::string
BidsResultName(const std::string & prefix, const std::string & end)
{
  const auto        dot = end.find('.');
  const std::string name = end.substr(0, dot), extension = end.substr(dot);
  if (name == "report" || name == "composite")
  {
    return prefix + "_xfm" + extension;
  }
  return prefix + "_desc-" + name + "_xfm" + (extension == ".tfm" ? ".txt" : extension);
}

BidsResults::BidsResults(const std::string &                fixed,
                         const std::string &                moving,
                         const std::string &                folder,
                         const std::optional<std::string> & space)
  : m_Fixed(fixed)
  , m_Moving(moving)
  , m_Folder(fs::path(folder).has_filename() ? folder : fs::path(folder).parent_path().string())
{
  const auto name = ParseBidsName(moving);
  if (!name || name->entities.front().first != "sub")
  {
    throw CommandLineError(moving +
                           ": its name is not one of BIDS, from which those of the results are made. Rename it, "
                           "e.g. sub-01_T1w.nii.gz, or leave out --bids");
  }
  m_Suffix = name->suffix;
  m_Source = name->Find("space").value_or(name->suffix);
  m_Target = space ? *space : TargetOf(fixed, *name);
  if (m_Source == m_Target && m_Source != m_Suffix)
  {
    m_Source = m_Suffix; // registered within one space
  }
  if (m_Source == m_Target)
  {
    throw CommandLineError("--space: the spaces of both images would be named " + m_Target +
                           ". Give that of the fixed image another name");
  }
  std::vector<BidsName::Entity> kept;
  std::copy_if(name->entities.begin(), name->entities.end(), std::back_inserter(kept), [](const BidsName::Entity & e) {
    return ownEntities.count(e.first) == 0;
  });
  fs::path place = fs::path(folder) / ("sub-" + kept.front().second);
  if (const auto session = name->Find("ses"))
  {
    place /= "ses-" + *session;
  }
  const std::string type = Canonical(moving).parent_path().filename().string();
  place /= dataTypes.count(type) != 0 ? type : "anat";
  const std::string begin = (place / JoinEntities(kept)).string();
  m_Prefix = begin + "_from-" + m_Source + "_to-" + m_Target + "_mode-image";
  m_InversePrefix = begin + "_from-" + m_Target + "_to-" + m_Source + "_mode-image";
  m_WarpedPrefix = begin + "_space-" + m_Target + "_desc-warped_" + m_Suffix;
}

std::string
BidsResults::NameOf(const std::string & end) const
{
  const std::string inverse = "inverse_", warped = "warped";
  if (end.rfind(inverse, 0) == 0)
  {
    return BidsResultName(m_InversePrefix, end.substr(inverse.size()));
  }
  return end.rfind(warped, 0) == 0 ? m_WarpedPrefix + end.substr(warped.size()) : BidsResultName(m_Prefix, end);
}

std::vector<std::pair<std::string, std::string>>
BidsResults::MissingDatasetFiles(const std::string & version) const
{
  std::vector<std::pair<std::string, std::string>> files;
  if (const fs::path description = fs::path(m_Folder) / descriptionFile; !fs::exists(description))
  {
    files.emplace_back(description.string(), JsonText(this->Description(version)));
    if (const fs::path ignore = fs::path(m_Folder) / ignoreFile; !fs::exists(ignore))
    {
      files.emplace_back(ignore.string(), "*_xfm.*\n"); // in use everywhere, but not in the specification yet
    }
  }
  return files;
}

Json
BidsResults::Description(const std::string & version) const
{
  Json       json = { { "Name", "Registrations by gnr-register" },
                      { "BIDSVersion", bidsVersion },
                      { "DatasetType", "derivative" },
                      { "GeneratedBy", Json::array({ { { "Name", "gnr-register" }, { "Version", version } } }) } };
  const auto dataset = DatasetOf(Canonical(m_Moving));
  const auto own = Canonical(m_Folder);
  if (dataset && *dataset != own)
  {
    json["DatasetLinks"][sourceLink] = dataset->lexically_relative(own).string();
  }
  return json;
}

std::string
BidsResults::UriOf(const std::string & image) const
{
  const fs::path file = Canonical(image), own = Canonical(m_Folder);
  const auto     dataset = DatasetOf(file);
  if (!dataset)
  {
    return FileUri(file);
  }
  const std::string inside = file.lexically_relative(*dataset).string();
  if (*dataset == own)
  {
    return "bids::" + inside;
  }
  Json description = ReadJson(own / descriptionFile);
  if (!description.is_object())
  {
    description = this->Description(""); // that this run will write
  }
  const Json links = description.value("DatasetLinks", Json::object());
  for (const auto & [key, place] : links.items())
  {
    if (place.is_string() && Canonical((own / place.get<std::string>()).string()) == *dataset)
    {
      return "bids:" + key + ":" + inside;
    }
  }
  return FileUri(file);
}

Json
BidsResults::TransformSidecar(bool isInverse) const
{
  const std::string & from = isInverse ? m_Target : m_Source;
  const std::string & to = isInverse ? m_Source : m_Target;
  const std::string & reference = isInverse ? m_Moving : m_Fixed;
  return { { "Description",
             "Resamples images of the space " + from + " in the space " + to +
               ": the transform of points, in LPS and mm, leads from " + to + " to " + from },
           { "Sources", { UriOf(m_Moving), UriOf(m_Fixed) } },
           { "SpatialReference", UriOf(reference) } };
}

Json
BidsResults::WarpedSidecar() const
{
  Json json = { { "Description",
                  "Resampled by the transform from " + m_Source + " to " + m_Target +
                    ", with one linear interpolation" },
                { "Sources", { UriOf(m_Moving), UriOf(m_Fixed) } },
                { "SpatialReference", UriOf(m_Fixed) } };
  if (const Json stripped = SkullStripped(Canonical(m_Moving)); !stripped.is_null())
  {
    json["SkullStripped"] = stripped;
  }
  return json;
}

} // namespace gnrapp
