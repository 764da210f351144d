// SPDX-License-Identifier: Apache-2.0
#include "gnr/Communicator.h"

#include <algorithm>

namespace gnr
{

void
Communicator::startExchange(Purpose purpose, const std::vector<Message> & send, const std::vector<Message> & receive)
{
  for (const Message & message : send)
  {
    count(purpose, 1, message.bytes);
  }
  start(send, receive);
}

std::string
Communicator::broadcastText(std::string text, int root)
{
  std::uint64_t size = text.size();
  broadcast(&size, sizeof size, root);
  text.resize(static_cast<std::size_t>(size));
  broadcast(text.data(), text.size(), root);
  return text;
}

void
Communicator::count(Purpose purpose, std::uint64_t messages, std::uint64_t bytes)
{
  Traffic & total = traffic_[static_cast<int>(purpose)];
  total.messages += messages;
  total.bytes += bytes;
}

bool
Communicator::standsInForTheFirst() const
{
  const std::vector<int> missing = lost();
  const auto isLost = [&missing](int rank) { return std::find(missing.begin(), missing.end(), rank) != missing.end(); };
  int        first = 0;
  while (isLost(first))
  {
    ++first;
  }
  return first > 0 && first == rank();
}

} // namespace gnr
