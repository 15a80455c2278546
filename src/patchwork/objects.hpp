#pragma once
// What Patchwork answers (API 1.0 to 1.4, and without a version), as far as we need it. What is
// null, missing or of another type is empty; what nothing can be done without is an error that says
// which object lacks which field.

#include "util/result.hpp"

#include <boost/json/value.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace patchmill::patchwork {

struct Project {
  std::int64_t id = 0;
  std::string name, link_name;
  std::string list_id;
};
// Of either edition.
Result<Project> read_project(const boost::json::value& value);

enum class MailKind { patch, cover };
std::string_view to_string(MailKind kind);  // "patch", "cover"

// A patch or cover where it is only named.
struct MailRef {
  MailKind kind = MailKind::patch;
  std::int64_t id = 0;
  std::string message_id;  // without angle brackets; may be empty
  bool operator==(const MailRef&) const = default;
};

struct Event {
  std::int64_t id = 0;
  std::string category;         // "patch-created", …; others than those of today are possible
  std::string date;             // as given: by the server's clock, without a zone
  std::optional<MailRef> mail;  // of the payload: its patch, or its cover
  std::optional<std::int64_t> series;
  // Of patch-state-changed and patch-delegated: what it is now.
  std::optional<std::string> state = {};     // a slug
  std::optional<std::string> delegate = {};  // a username; "": nobody
};
Result<Event> read_event(const boost::json::value& value);

struct Series {
  std::int64_t id = 0;
  std::vector<MailRef> mails;  // the cover, if there is one yet, and the patches in no order
};
Result<Series> read_series(const boost::json::value& value);

// Everything about one patch or cover.
struct MailDetail {
  MailRef ref;
  std::vector<std::int64_t> series;
  std::vector<std::pair<std::string, std::string>> headers;  // as Patchwork keeps them, encoded
  std::string content;                                       // without the diff; signature cut
  std::string diff;                                          // empty: none
  std::string state = {};                                    // of a patch: a slug; empty: not told
  std::string delegate = {};                                 // a username; empty: nobody
  std::string date = {};                                     // as given: UTC, without a zone
};
Result<MailDetail> read_mail_detail(const boost::json::value& value, MailKind kind);

// One of a list of patches or covers.
struct ListedMail {
  MailRef ref;
  std::string date;
};
Result<ListedMail> read_listed_mail(const boost::json::value& value, MailKind kind);

struct Check {
  std::int64_t id = 0;
  std::string state, context, target_url, description;
};
Result<Check> read_check(const boost::json::value& value);

}  // namespace patchmill::patchwork
