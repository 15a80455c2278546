#pragma once
// A newsgroup that is followed.

#include "intake/connection.hpp"
#include "intake/feed.hpp"
#include "intake/imap_feed.hpp"
#include "intake/secret.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace patchmill::intake {

struct NntpAccount {
  Endpoint server;   // tls or plain
  std::string user;  // empty: no login
  Secret secret;
  std::chrono::milliseconds interval = std::chrono::minutes(1);
  bool operator==(const NntpAccount&) const = default;
};

// The cursor is the number of the last article with a hash of its Message-ID, in the store: a
// group that was numbered anew (another Message-ID, or fewer articles) is read again from its
// beginning, and stored once.
std::unique_ptr<Feed> follow_nntp(NntpAccount account, std::string group,
                                  OpenStream open_stream = {});

}  // namespace patchmill::intake
