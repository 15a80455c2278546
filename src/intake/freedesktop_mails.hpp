#pragma once
// The mails of a revision at a Patchwork of the freedesktop edition. It keeps less of them than the
// other edition tells: of the headers only some, of a cover letter only the text.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::intake {

struct FreedesktopPatch {
  std::int64_t id = 0;     // there
  std::string message_id;  // without angle brackets
  std::string delegate;    // an address; empty: nobody
  std::string mail;        // without "From " line
};

// The mbox of a revision, taken apart. Nothing unless it holds exactly these patches in this order:
// a patch may hold lines that look like the beginning of another one.
std::optional<std::vector<FreedesktopPatch>> split_revision(std::string_view mbox,
                                                            std::span<const std::int64_t> patches);
// The mbox of one patch. Nothing: there is no mail in it.
std::optional<FreedesktopPatch> read_patch(std::string_view mbox, std::int64_t patch);

// The mail, in answer to `parent` (a Message-ID; empty: none) and of that list (may be empty) where
// it does not say so itself.
std::string patch_mail(const FreedesktopPatch& patch, std::string_view parent,
                       std::string_view list_id);
// A cover letter with a Message-ID of our own making, sent as the first patch was.
std::string cover_mail(const FreedesktopPatch& first, std::string_view message_id,
                       std::string_view title, std::string_view text, std::size_t patches,
                       std::string_view list_id);

}  // namespace patchmill::intake
