#pragma once
// One patch of a series, for its page.

#include "mail/message.hpp"
#include "web/series_model.hpp"

namespace patchmill::web {

struct PatchModel {
  tracker::Series series;
  tracker::PatchRef patch;
  Result<mail::Message> message;  // or why it cannot be read back
  std::vector<NodeRow> nodes;     // of the newest attempt that are about this patch, with findings
  std::vector<findings::Finding> about;  // every finding of the series about a line of this patch
  std::vector<RegistryPlace> places;     // in projects; filled where these have pages
};
// Empty: no such series or patch. Bounded as read_series().
std::optional<PatchModel> read_patch(store::Database& database, const store::BlobStore& blobs,
                                     const Clock& clock, std::int64_t series_number,
                                     int patch_number);

// Where a mail is shown; for redirects.
struct MailPlace {
  std::int64_t message = 0;            // row of the mail
  std::optional<std::int64_t> series;  // the newest one it is part of
  std::optional<int> patch;            // its number there
};
// Replies lead to the series they answer. Empty: no such mail.
std::optional<MailPlace> find_mail(store::Database& database, const store::BlobStore& blobs,
                                   std::string_view msgid);

}  // namespace patchmill::web
