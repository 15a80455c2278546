#pragma once
// A tracker and the registry that follows it, and what it then holds, as text.

#include "registry/follow.hpp"
#include "registry/setup.hpp"
#include "tracker/tracker_support.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <array>
#include <string>
#include <vector>

namespace patchmill::registry::test {

using tracker::test::MailSpec;

inline ProjectSetup project(const std::string& link_name,
                            const std::string& list_id = "test.example.com") {
  ProjectSetup setup;
  setup.project.name = setup.project.link_name = link_name;
  setup.project.list_id = list_id;
  setup.project.list_email = link_name + "@example.com";
  return setup;
}

inline MailSpec reply(const std::string& msgid, const std::string& to, const std::string& text,
                      const std::string& from = "Bob <bob@example.org>") {
  return {.msgid = msgid,
          .subject = "Re: [PATCH] something",
          .in_reply_to = to,
          .from = from,
          .diff = false,
          .text = text};
}

class Follower {
 public:
  explicit Follower(patchmill::test::TestStore& store,
                    Setup setup = {{}, {project("test")}, {}, {}},
                    tracker::TrackerOptions options = {})
      : m_store(store), mails(store, std::move(options)) {
    set_up(std::move(setup));
  }

  void set_up(Setup setup) {
    const auto done = registry::set_up(database(), setup);
    REQUIRE_MESSAGE(done.has_value(), (done ? "" : done.error().message));
  }
  store::Database& database() { return m_store.database(); }
  std::size_t follow(std::size_t limit = 100'000) {
    return registry::follow(database(), m_store.blobs(), m_store.clock().now(), limit);
  }
  // Each mail is followed before the next one comes.
  void feed_and_follow(const std::vector<MailSpec>& specs) {
    for (const MailSpec& spec : specs) {
      mails.feed({spec});
      follow();
    }
  }

  // "patch-completed p1 s1", in order.
  std::vector<std::string> events() {
    static constexpr std::array<const char*, 11> names = {
        "cover-created",    "patch-created",          "patch-completed",      "patch-state-changed",
        "patch-delegated",  "patch-relation-changed", "check-created",        "series-created",
        "series-completed", "cover-comment-created",  "patch-comment-created"};
    return lines("SELECT category, patch, cover, series, comment FROM registry_events ORDER BY id",
                 [](const store::Row& row) {
                   std::string line = names.at(row.get<std::size_t>(0));
                   const char* const kinds = "pcsr";
                   for (int i = 0; i < 4; ++i) {
                     if (!row.is_null(i + 1)) {
                       line += fmt::format(" {}{}", kinds[i], row.integer(i + 1));
                     }
                   }
                   return line;
                 });
  }
  // "s1 v1 2/2: name [c1] 1=p1 2=p2", by id.
  std::vector<std::string> series() {
    return lines(
        "SELECT s.id, s.project, s.version, s.total, s.name, s.cover, s.gone FROM registry_series s"
        " ORDER BY s.id",
        [&](const store::Row& row) {
          std::string patches;
          int received = 0;
          database().each(
              "SELECT number, id FROM registry_patches WHERE series = ? ORDER BY number",
              [&](const store::Row& patch) {
                ++received;
                patches += fmt::format(" {}=p{}", patch.integer(0), patch.integer(1));
              },
              row.integer(0));
          return fmt::format("s{} v{} {}/{}: {}{}{}{}", row.integer(0), row.integer(2), received,
                             row.integer(3), row.is_null(4) ? "null" : std::string(row.text(4)),
                             row.is_null(5) ? "" : fmt::format(" [c{}]", row.integer(5)), patches,
                             row.get<bool>(6) ? " gone" : "");
        });
  }
  // "p1 <msgid> a/r/t", with the project when there are several.
  std::vector<std::string> patches() {
    return lines(
        "SELECT id, project, msgid, acked, reviewed, tested FROM registry_patches ORDER BY id",
        [](const store::Row& row) {
          return fmt::format("p{} in {}: {} {}/{}/{}", row.integer(0), row.integer(1), row.text(2),
                             row.integer(3), row.integer(4), row.integer(5));
        });
  }
  // "r1 of p1: msgid", patch comments before cover comments.
  std::vector<std::string> comments() {
    auto found =
        lines("SELECT id, patch, msgid, addressed FROM registry_patch_comments ORDER BY id",
              [](const store::Row& row) { return comment("p", row); });
    for (auto& line :
         lines("SELECT id, cover, msgid, addressed FROM registry_cover_comments ORDER BY id",
               [](const store::Row& row) { return comment("c", row); })) {
      found.push_back(std::move(line));
    }
    return found;
  }
  template <class F>
  std::vector<std::string> lines(std::string_view sql, F&& f) {
    std::vector<std::string> result;
    database().each(sql, [&](const store::Row& row) { result.push_back(f(row)); });
    return result;
  }

 private:
  static std::string comment(const char* kind, const store::Row& row) {
    return fmt::format("r{} of {}{}: {}{}", row.integer(0), kind, row.integer(1), row.text(2),
                       row.is_null(3)        ? ""
                       : row.integer(3) != 0 ? " addressed"
                                             : " to be addressed");
  }
  patchmill::test::TestStore& m_store;

 public:
  tracker::test::Harness mails;
};

using Lines = std::vector<std::string>;

}  // namespace patchmill::registry::test
