#pragma once
// A folder of an IMAP account that is followed.

#include "intake/connection.hpp"
#include "intake/feed.hpp"
#include "intake/imap_session.hpp"
#include "intake/secret.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace patchmill::intake {

struct ImapAccount {
  Endpoint server;
  std::string user;
  Secret secret;
  ImapAuth auth = ImapAuth::best;
  // Sets \Seen on mails that were stored; else the folder is opened read-only and never changed.
  bool mark_seen = false;
  // How often to ask where the server does not tell by itself.
  std::chrono::milliseconds interval = std::chrono::minutes(1);
  // How long to trust a server that tells by itself (IDLE). Less than the 29 minutes of RFC 2177,
  // since routers forget connections earlier.
  std::chrono::milliseconds idle_renewal = std::chrono::minutes(9);
  bool operator==(const ImapAccount&) const = default;
};

// Connects anew when that is needed; tests give other streams.
using OpenStream = std::function<Result<std::unique_ptr<ByteStream>>(Waiter&)>;

// The cursor is UIDVALIDITY and the highest UID up to which all is stored, in the store. When
// UIDVALIDITY changes, all of the folder is read again, and stored once.
std::unique_ptr<Feed> follow_imap(ImapAccount account, std::string folder,
                                  OpenStream open_stream = {});

}  // namespace patchmill::intake
