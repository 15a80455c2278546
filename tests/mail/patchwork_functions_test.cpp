// Vectors of single functions of Patchwork; tables name the intended deviations.

#include "mail/address.hpp"
#include "mail/date.hpp"
#include "mail/diff.hpp"
#include "mail/header_block.hpp"
#include "mail/message_ids.hpp"
#include "mail/shared_data.hpp"
#include "mail/subject.hpp"
#include "mail/text_forms.hpp"
#include "util/text.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>

using namespace patchmill;
using namespace patchmill::mail;

namespace {

using Table = std::map<std::string, std::string>;  // input -> why we answer differently

const boost::json::array* vectors(std::string_view function) {
  const auto* answers = test::patchwork_answers();
  if (answers == nullptr) {
    MESSAGE(test::k_no_answers);
    return nullptr;
  }
  return &answers->at("functions").at(function).as_array();
}

// `differs` inputs must differ, all others must not.
void compare(const Table& intended, std::size_t& met, const std::string& in,
             const std::string& ours, const std::string& theirs) {
  CAPTURE(in);
  if (intended.contains(in)) {
    CHECK_MESSAGE(ours != theirs, "no deviation any more: ", intended.at(in));
    ++met;
  } else {
    CHECK(ours == theirs);
  }
}

}  // namespace

TEST_CASE("mail::parse_subject: Patchwork's split_prefixes") {
  const auto* list = vectors("split_prefixes");
  if (list == nullptr) {
    return;
  }
  for (const auto& entry : *list) {
    const std::string in = test::str(entry.at("in"));
    std::vector<std::string> theirs;
    for (const auto& token : entry.at("out").as_array()) {
      if (test::str(token) != "PATCH") {
        theirs.push_back(test::str(token));
      }
    }
    CAPTURE(in);
    CHECK(parse_subject("[" + in + "] x").tokens == theirs);
  }
}

TEST_CASE("mail::parse_addresses: Patchwork's From vectors") {
  const auto* list = vectors("from");
  if (list == nullptr) {
    return;
  }
  // Where Patchwork finds no address, the mail is lost.
  const Table intended = {
      {"A <a@b>", "an address needs no dot"},
      {"A <o'neil@x.org>", "an apostrophe may stand in an address"},
      {"A <a@x_y.org>", "host names have underscores in the field"},
  };
  std::size_t met = 0;
  for (const auto& entry : *list) {
    const std::string in = test::str(entry.at("in"));
    const auto& out = entry.at("out").as_array();
    const auto addresses = parse_addresses(in);
    const std::string ours =
        addresses.empty() ? " <>" : addresses[0].name + " <" + addresses[0].email + ">";
    const std::string theirs =
        out[1].is_null() ? " <>" : test::str(out[0]) + " <" + test::str(out[1]) + ">";
    compare(intended, met, in, ours, theirs);
  }
  CHECK(met == intended.size());
}

TEST_CASE("mail::reference_ids: Patchwork's vectors") {
  const auto* list = vectors("references");
  if (list == nullptr) {
    return;
  }
  for (const auto& entry : *list) {
    std::string mail;
    for (const auto& [key, value] : entry.at("in").as_object()) {
      std::string name(key);
      std::ranges::replace(name, '_', '-');
      if (value.is_array()) {
        for (const auto& one : value.as_array()) {
          mail += name + ": " + test::str(one) + "\n";
        }
      } else {
        mail += name + ": " + test::str(value) + "\n";
      }
    }
    mail += "\n";
    const HeaderBlock header = read_header(mail, 0, 10'000, true);
    std::vector<std::string> ours = in_reply_to_ids(header, 100);
    auto references = reference_ids(header, 100);
    for (auto id = references.rbegin(); id != references.rend(); ++id) {
      if (std::ranges::find(ours, *id) == ours.end()) {
        ours.push_back(*id);
      }
    }
    std::vector<std::string> theirs;
    for (const auto& id : entry.at("out").as_array()) {
      std::string bare = test::str(id);
      std::erase_if(bare, [](char c) { return c == '<' || c == '>'; });
      theirs.push_back(bare);
    }
    CAPTURE(mail);
    CHECK(ours == theirs);
  }
}

TEST_CASE("mail::parse_date: Patchwork's vectors") {
  const auto* list = vectors("date");
  if (list == nullptr) {
    return;
  }
  const Table intended = {
      {"Thu, 31 Feb 2022 10:00:00 +0000", "there is no 31 February"},
      {"Tue, 14 Nov 2023 22:13:20 +9999", "there is no such zone"},
  };
  std::size_t met = 0;
  for (const auto& entry : *list) {
    const std::string in = test::str(entry.at("in"));
    const auto date = parse_date(in);
    // Patchwork takes the time of arrival; we say that there is no date.
    compare(intended, met, in, date ? to_iso(*date) : "NOW", test::str(entry.at("out")));
  }
  CHECK(met == intended.size());
}

TEST_CASE("mail::footer_start: Patchwork's clean_content") {
  const auto* list = vectors("clean_content");
  if (list == nullptr) {
    return;
  }
  for (const auto& entry : *list) {
    std::string in = test::str(entry.at("in"));
    const std::size_t footer = footer_start(in);
    std::erase(in, '\0');
    CAPTURE(in);
    CHECK(trim(std::string_view(in).substr(0, footer)) == test::str(entry.at("out")));
  }
}

TEST_CASE("mail::split_diff: Patchwork's diff vectors") {
  const auto* list = vectors("diff");
  if (list == nullptr) {
    return;
  }
  const Table names = {
      {"--- x\n+++ x\n@@ -1 +1 @@\n-a\n+b\n", "a name without a folder is a name"},
      {"diff --git a/x b/y\nsimilarity index 100%\nrename from x\nrename to y\n",
       "a rename changes two files"},
  };
  std::size_t met = 0;
  for (const auto& entry : *list) {
    const std::string in = test::str(entry.at("in"));
    CAPTURE(in);
    const SplitBody split = split_diff(in);
    CHECK(split.diff == test::str(entry.at("diff")));
    CHECK(trim(split.text).empty());
    CHECK(patchwork_hash(split.diff) == test::str(entry.at("hash")));
    std::string theirs, ours;
    for (const auto& name : entry.at("filenames").as_array()) {
      theirs += test::str(name) + "\n";
    }
    std::string lf = in;
    std::erase(lf, '\r');
    const auto files = parse_diff(lf);
    REQUIRE(files.has_value());
    for (const FileDiff& file : *files) {
      ours += file.path() + "\n";
    }
    compare(names, met, in, ours, theirs);
  }
  CHECK(met == names.size());
}
