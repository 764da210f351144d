// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_BidsNames_h
#define gnrapp_BidsNames_h

#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace gnrapp
{

/** The name of an image in a dataset of BIDS, `sub-01_ses-1_acq-fine_T1w.nii.gz`. */
struct BidsName
{
  using Entity = std::pair<std::string, std::string>; ///< key and label

  std::vector<Entity> entities; ///< in order; there is at least one
  std::string         suffix;   ///< the kind of image

  std::optional<std::string>
  Find(const std::string & key) const;
};

/** Nothing where the name of the file is not one of BIDS, or not that of a NIfTI image. */
std::optional<BidsName>
ParseBidsName(const std::string & path);

/** Throws CommandLineError unless BIDS has labels like this.
 * \param option that has the label for its value */
void
CheckBidsLabel(const std::string & option, const std::string & label);

/** The name of a result whose usual name is PREFIX_`end`, where `prefix` ends in `_from-X_to-Y_mode-image`. The report
 * is the sidecar of the transform. */
std::string
BidsResultName(const std::string & prefix, const std::string & end);

/** How the sidecar of a transform ends, which is its report as well. */
constexpr const char * bidsReportEnd = "_xfm.json";

/** The names of the results of one pair in a dataset of derivatives, and the files that describe them there. */
class BidsResults
{
public:
  /** Throws CommandLineError where the names of the images do not tell those of the results.
   * \param folder of the dataset of derivatives
   * \param space name of the space of the fixed image; otherwise from its file name */
  BidsResults(const std::string &                fixed,
              const std::string &                moving,
              const std::string &                folder,
              const std::optional<std::string> & space);

  /** FOLDER/sub-01/ses-1/anat/sub-01_ses-1_from-T1w_to-MNI_mode-image, with which nearly all names begin. */
  const std::string &
  Prefix() const
  {
    return m_Prefix;
  }

  /** The name of the result that is PREFIX_`end` otherwise. */
  std::string
  NameOf(const std::string & end) const;

  /** What every dataset needs, where this one has no description yet: the names and texts of that, and of the list of
   * files that validators do not know. */
  std::vector<std::pair<std::string, std::string>>
  MissingDatasetFiles(const std::string & version) const;

  /** What the sidecar of the forward or the inverse transform says. */
  nlohmann::ordered_json
  TransformSidecar(bool isInverse) const;

  /** The same for the warped image. */
  nlohmann::ordered_json
  WarpedSidecar() const;

private:
  nlohmann::ordered_json
  Description(const std::string & version) const;
  std::string
  UriOf(const std::string & image) const;

  std::string m_Fixed;
  std::string m_Moving;
  std::string m_Folder;
  std::string m_Source; ///< name of the space of the moving image
  std::string m_Target; ///< of the fixed one
  std::string m_Suffix; ///< of the moving image
  std::string m_Prefix;
  std::string m_InversePrefix;
  std::string m_WarpedPrefix;
};

} // namespace gnrapp

#endif
