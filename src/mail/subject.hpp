#pragma once
// The subject grammar of patches: "[PATCH net-next v3 02/10] driver: do a thing".

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::mail {

// No series is longer and no version higher; larger numbers are slips or attacks.
inline constexpr int k_largest_number = 1'000'000;

// version and number/total follow Patchwork (parser.py, version 3.3) with its faults mended:
// "PATCHv4", "v2.1", "rev2", "v5a" name their version; "AW:", "SV:", "Fwd:" are replies.
struct Subject {
  std::string title;                  // without prefixes and reply marks
  std::vector<std::string> prefixes;  // without "PATCH", list and version words and the counter
  std::vector<std::string> tokens;    // what Patchwork keeps: "v2", "1/2", "net-next", in order
  int version = 1;
  bool version_given = false;
  std::optional<int> number, total;  // from "n/m" or "n of m"
  bool is_reply = false;
  bool is_forward = false;
  bool is_rfc = false;
  bool is_resend = false;
  bool says_patch = false;  // the word PATCH stands in a bracket
  bool is_clamped = false;  // a version or a counter was larger than k_largest_number, which it got

  [[nodiscard]] bool is_cover_marker() const { return number == 0; }
  // Patchwork's name: "[v2,1/2] title" ("title" alone without tokens), at most 255 characters.
  [[nodiscard]] std::string patchwork_name() const;
};

// `list_words`: link names of lists that are no information in a prefix ("dpdk-dev").
Subject parse_subject(std::string_view decoded, const std::vector<std::string>& list_words = {});

// Lower case, white space collapsed, "v2"/"take 3" removed: equal for revisions of the same work.
std::string normalize_title(std::string_view title);

}  // namespace patchmill::mail
