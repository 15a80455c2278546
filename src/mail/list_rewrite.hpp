#pragma once
// Lists rewrite From: ("Alice via List <list@…>") so that DMARC does not refuse their mails.

#include "mail/address.hpp"
#include "mail/header_block.hpp"

#include <optional>

namespace patchmill::mail {

// The author behind a rewritten From:, found in X-Original-From, Reply-To or Cc; empty when `from`
// was not rewritten or nothing tells who it was. Only what comes from the list's own address or
// host counts as rewritten (Patchwork: "if From == list address"); a name "Linus via home" alone
// does not.
std::optional<Address> undo_list_rewrite(const Address& from, const HeaderBlock& header);

}  // namespace patchmill::mail
