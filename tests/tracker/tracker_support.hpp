#pragma once
// Feeding mails to a tracker and looking at what it made of them.

#include "support/store_fixture.hpp"
#include "tracker/queries.hpp"
#include "tracker/tracker.hpp"
#include "util/text.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace patchmill::tracker::test {

inline Incoming incoming(std::string raw, std::string list_id = "test.example.com") {
  auto parsed = mail::parse_message(raw);
  return {std::move(raw), std::move(parsed), std::move(list_id), "test"};
}

inline std::vector<Incoming> incoming(const std::vector<std::string>& raws) {
  std::vector<Incoming> mails;
  for (const std::string& raw : raws) {
    mails.push_back(incoming(raw));
  }
  return mails;
}

// A mail, built by naming what matters.
struct MailSpec {
  std::string msgid, subject;
  std::string in_reply_to = {};
  std::string references = {};  // "<a@x> <b@x>"; empty: as In-Reply-To
  int seconds = 0;              // after 2023-11-14 22:13:20 UTC
  std::string from = "Alice A <alice@example.org>";
  bool diff = true;
  std::string text = "Commit message.\n\nSigned-off-by: Alice A <alice@example.org>\n";

  [[nodiscard]] std::string raw() const {
    std::string mail = "From: " + from + "\nSubject: " + subject + "\n";
    const std::time_t when = 1'700'000'000 + seconds;
    std::tm parts{};
    gmtime_r(&when, &parts);
    char date[64];
    std::strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S +0000", &parts);
    mail += "Date: " + std::string(date) + "\nMessage-Id: <" + msgid + ">\n";
    if (!in_reply_to.empty()) {
      mail += "In-Reply-To: <" + in_reply_to + ">\n";
    }
    if (!references.empty()) {
      mail += "References: " + references + "\n";
    } else if (!in_reply_to.empty()) {
      mail += "References: <" + in_reply_to + ">\n";
    }
    mail += "List-Id: Test list <test.example.com>\n\n" + text;
    if (diff) {
      mail +=
          "---\n foo.c | 1 +\n\ndiff --git a/foo.c b/foo.c\nindex 1111111..2222222 100644\n"
          "--- a/foo.c\n+++ b/foo.c\n@@ -1,2 +1,3 @@\n line1\n+new " +
          msgid + "\n line2\n";
    }
    return mail;
  }
};

inline constexpr int day = 24 * 3600;

class Harness {
 public:
  explicit Harness(patchmill::test::TestStore& store, TrackerOptions options = {})
      : m_tracker(store.database(), store.blobs(), store.clock(), std::move(options)),
        m_queries(store.database(), store.blobs()) {}

  IngestOutcome feed(const std::vector<Incoming>& mails) { return m_tracker.ingest(mails); }
  IngestOutcome feed(const std::vector<MailSpec>& mails) {
    std::vector<Incoming> batch;
    for (const MailSpec& mail : mails) {
      batch.push_back(incoming(mail.raw()));
    }
    return m_tracker.ingest(batch);
  }
  void feed_one_by_one(const std::vector<MailSpec>& mails) {
    for (const MailSpec& mail : mails) {
      feed({mail});
    }
  }
  Tracker& tracker() { return m_tracker; }
  Queries& queries() { return m_queries; }

  std::vector<Series> all() {
    std::vector<Series> result;
    m_queries.each_series([&](const Series& series) { result.push_back(series); });
    return result;
  }
  // The series a mail belongs to.
  Series of(std::string_view msgid) {
    const auto number = m_queries.series_of(msgid);
    REQUIRE_MESSAGE(number.has_value(), "no series has ", std::string(msgid));
    return *m_queries.series(*number);
  }

 private:
  Tracker m_tracker;
  Queries m_queries;
};

// "v2 2/2 alice@x: name [cover] 1=a 2=b+" where + marks what was carried over.
inline std::string describe(const Series& series) {
  std::string text = "v" + std::to_string(series.version) + " " +
                     std::to_string(series.received_total()) + "/" + std::to_string(series.total) +
                     " " + series.submitter.email + ": " + series.name;
  if (!series.cover_msgid.empty()) {
    text += " [" + series.cover_msgid + "]";
  }
  for (const PatchRef& patch : series.patches) {
    text +=
        " " + std::to_string(patch.number) + "=" + patch.msgid + (patch.carried_over ? "+" : "");
  }
  return text;
}

// Everything about all series that does not depend on the order of arrival, one line a series.
inline std::set<std::string> snapshot(const std::vector<Series>& all) {
  std::map<std::int64_t, std::string> names;
  std::map<std::int64_t, std::set<std::string>> works;
  for (const Series& series : all) {
    names[series.number] = describe(series);
    works[series.work].insert(names[series.number]);
  }
  std::set<std::string> result;
  for (const Series& series : all) {
    std::string line = names[series.number];
    line += " | note: " + series.note;
    line += " | after: " + (series.revision_of ? names[*series.revision_of] : std::string("-"));
    line += series.superseded ? " | superseded" : "";
    line += " | works with " + std::to_string(works[series.work].size()) + " from " +
            *works[series.work].begin();
    line += " | " + series.base_commit + " " + series.change_id + " " + join(series.list_ids, ",") +
            " " + join(series.prefixes, ",");
    for (const ResolvedDependency& dependency : series.dependencies) {
      line += " | needs " + dependency.dependency.target + " = " +
              (dependency.series ? names[*dependency.series] : dependency.reason);
    }
    result.insert(line);
  }
  return result;
}

}  // namespace patchmill::tracker::test
