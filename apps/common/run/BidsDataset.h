// SPDX-License-Identifier: Apache-2.0
#ifndef gnrapp_BidsDataset_h
#define gnrapp_BidsDataset_h

#include "PairTable.h"

#include <optional>
#include <string>
#include <vector>

namespace gnrapp
{

/** What of a dataset of BIDS is registered, and to what. */
struct BidsQuery
{
  std::string                folder;
  std::string                output; ///< folder of the derivatives
  std::string                fixed;  ///< an image, or ses-LABEL: that session of each subject
  std::string                suffix = "T1w";
  std::vector<std::string>   selected; ///< entities, as in run-1: images have one of each key that is named
  std::optional<std::string> space;
};

/** The pairs of a dataset: one moving image of each session of each subject, in the order of their names. */
struct BidsPairs
{
  std::vector<PairTable::Row> rows;
  std::vector<std::string>    messages; ///< subjects that have no pair, and why
};

/** Throws CommandLineError naming the folder or the file where there are no pairs or it is not clear which. */
BidsPairs
FindBidsPairs(const BidsQuery & query);

} // namespace gnrapp

#endif
