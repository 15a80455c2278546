#pragma once
// What a source of the configuration is, and following it.

#include "intake/backoff.hpp"
#include "intake/feed.hpp"
#include "intake/imap_feed.hpp"
#include "intake/inbox_feed.hpp"
#include "intake/maildir_feed.hpp"
#include "intake/mbox_feed.hpp"
#include "intake/nntp_feed.hpp"
#include "patchwork/delegate_rules.hpp"
#include "tracker/selection.hpp"
#include "util/result.hpp"

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace patchmill::patchwork {
class Instance;
}

namespace patchmill::intake {

// A path on this machine, or the URL of a public-inbox (http, https, git, ssh, file). What a path
// is, is found out whenever it is opened: a maildir, an mbox or a public-inbox. A file that is not
// there yet will be an mbox.
struct PlaceSpec {
  std::string place;
  std::chrono::milliseconds interval{0};  // 0: what is right for the kind
  std::string ca_file;
  std::string proxy;
  bool operator==(const PlaceSpec&) const = default;
};

struct ImapSpec {
  ImapAccount account;
  std::vector<std::string> folders = {"INBOX"};  // UTF-8; each is followed by itself
  bool operator==(const ImapSpec&) const = default;
};

struct NntpSpec {
  NntpAccount account;
  std::vector<std::string> groups;  // each is followed by itself
  bool operator==(const NntpSpec&) const = default;
};

// Somebody else's Patchwork, by the address of its front page.
struct PatchworkSpec {
  std::string url;
  std::vector<std::string> projects;  // link names, numbers or names; each is followed by itself
  Secret token;                       // for what is changed there; reading needs none
  std::string user = {};              // who logs in where there are no tokens:
  Secret password = {};               // the freedesktop edition
  std::chrono::milliseconds interval{0};  // 0: a minute
  unsigned backlog_days = 7;              // of what was there before, the first time
  bool checks = false;                    // what we find out is posted there
  std::string check_prefix = "patchmill";
  std::vector<std::string> states = {};                 // that are set there, as slugs
  std::vector<patchwork::DelegateRule> delegates = {};  // of patches that are new
  std::string ca_file;
  std::string proxy;
  std::chrono::milliseconds timeout{60'000};  // of one request
  [[nodiscard]] const Secret& credential() const { return user.empty() ? token : password; }
  bool operator==(const PatchworkSpec&) const = default;
};

struct SourceSpec {
  std::string name;     // unique
  std::string list_id;  // its mails belong to this list, whatever they say; may be empty
  std::variant<PlaceSpec, ImapSpec, NntpSpec, PatchworkSpec> kind;
  std::vector<tracker::Clause> take = {};  // which of its series are tested; empty: all
  bool operator==(const SourceSpec&) const = default;
};

// Ports where none is given: 993, 143, 563, 119.
unsigned default_imap_port(Security security);
unsigned default_nntp_port(Security security);

// What contexts of checks may begin with: [-A-Za-z0-9_], at most 50 of them.
bool is_check_prefix(std::string_view text);

// Errors: invalid, one for each fault, naming source and key in the words of docs/sources.md.
std::vector<Error> check_source(const SourceSpec& spec);

struct NamedFeed {
  std::string name;  // of the source; with the folder or group where there are several
  std::unique_ptr<Feed> feed;
  BackoffOptions backoff;
};
// As that spec says, with its token.
std::shared_ptr<patchwork::Instance> make_instance(const PatchworkSpec& spec);
// Opens nothing yet; the spec is right. `mirrors_dir` is for what comes by URL.
std::vector<NamedFeed> open_feeds(const SourceSpec& spec, const std::filesystem::path& mirrors_dir);

}  // namespace patchmill::intake
