#pragma once
// What a Patchwork of the freedesktop edition makes of mails: series, revisions, events. By its
// rules, written anew: a thread is a series; an answer to a patch is a new revision with that patch
// replaced; a new thread with the title of one series becomes its next revision.

#include "mail/subject.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace patchmill::test {

struct FreedesktopModel {
  struct Patch {
    std::int64_t id = 0;
    std::string msgid, name, from, to, cc, date, text, diff, delegate;
    std::string state = "New";
  };
  struct Revision {
    int version = 1;
    std::string root;
    std::optional<std::string> cover;
    int wanted = 1;                       // patches
    std::map<int, std::int64_t> patches;  // by their order
    bool is_rerun = false;
  };
  struct Series {
    std::int64_t id = 0;
    std::string name = "Series without cover letter";
    std::vector<Revision> revisions;
  };
  struct Event {
    std::string name, time;
    std::int64_t series = 0, patch = 0;
    int version = 0;
    std::string before, now;  // states
  };

  std::map<std::int64_t, Patch> patches;
  std::map<std::int64_t, Series> series;
  std::vector<Event> events;
  std::map<std::string, std::vector<std::string>> references;  // by msgid, the nearest first
  std::int64_t last_patch = 100, last_series = 0;
  std::int64_t microseconds = 36'000'000'000;  // of the local clock
  bool clock_stands = false;

  std::string now() {
    microseconds += clock_stands ? 0 : 1'000'001;
    const auto seconds = microseconds / 1'000'000;
    const auto rest = microseconds % 1'000'000;
    // As Python writes it: without a fraction where there is none.
    return fmt::format("2026-01-{:02}T{:02}:{:02}:{:02}", 5 + seconds / 86400, seconds / 3600 % 24,
                       seconds / 60 % 60, seconds % 60) +
           (rest > 0 ? fmt::format(".{:06}", rest) : "");
  }

  static std::string field(const std::string& raw, std::string_view name) {
    for (const auto line : split_lines(std::string_view(raw).substr(0, raw.find("\n\n")))) {
      if (istarts_with(line, std::string(name) + ":")) {
        return std::string(trim(line.substr(name.size() + 1)));
      }
    }
    return {};
  }

  // Series and order of it; what it answers decides.
  void receive(const std::string& raw) {
    const auto subject = mail::parse_subject(field(raw, "Subject"));
    const auto msgid = field(raw, "Message-ID");
    auto refs = field(raw, "In-Reply-To").empty()
                    ? std::vector<std::string>()
                    : std::vector<std::string>{field(raw, "In-Reply-To")};
    while (!refs.empty() && references.contains(refs.back()) && !references[refs.back()].empty()) {
      const auto& more = references[refs.back()];
      refs.insert(refs.end(), more.begin(), more.end());
    }
    const auto body = raw.substr(raw.find("\n\n") + 2);
    const auto diff = body.find("diff --git");
    const bool is_cover = refs.empty() && subject.number == 0;
    if (!is_cover && diff == std::string::npos) {
      return;
    }
    references[msgid] = is_cover ? std::vector<std::string>() : refs;
    const auto root = refs.empty() ? msgid : refs.back();
    auto* of = find_root(root);
    if (of == nullptr) {
      of = &series[++last_series];
      of->id = last_series;
      of->revisions.push_back({1, root, {}, 1, {}, false});
    }
    if (is_cover || !subject.total) {
      of->name = subject.title;
    }
    int order = subject.number.value_or(1);
    if (is_cover) {
      auto& revision = of->revisions.back();
      revision.wanted = subject.total.value_or(1);
      revision.cover = std::string(trim(body));
      return;
    }
    const auto previous = previous_patch(*of, order, refs);
    if (previous > 0) {
      auto next = of->revisions.back();
      for (const auto& [at, patch] : next.patches) {
        order = patch == previous ? at : order;
      }
      next.patches.erase(order);
      ++next.version;
      next.cover.reset();
      of->revisions.push_back(next);
    } else {
      of->revisions.back().wanted = subject.total.value_or(1);
    }
    const auto id = ++last_patch;
    patches[id] = {id,
                   msgid,
                   subject.patchwork_name(),
                   field(raw, "From"),
                   field(raw, "To"),
                   field(raw, "Cc"),
                   field(raw, "Date"),
                   std::string(trim(std::string_view(body).substr(0, diff))),
                   body.substr(diff),
                   {}};
    of->revisions.back().patches[order] = id;
    complete(of->id);
  }

  // Somebody asks for another test.
  void retest(std::int64_t id) {
    auto next = series.at(id).revisions.back();
    ++next.version;
    next.cover.reset();
    next.is_rerun = true;
    series.at(id).revisions.push_back(next);
    complete(id);
  }
  // As older ones did.
  void tell_again(std::int64_t id) { tell_revision(series.at(id)); }
  void set_state(std::int64_t patch, const std::string& state) {
    auto& known = patches.at(patch);
    std::int64_t of = 0;
    for (const auto& [id, one] : series) {
      for (const auto& revision : one.revisions) {
        for (const auto& [order, other] : revision.patches) {
          of = other == patch ? id : of;
        }
      }
    }
    events.push_back({"patch-state-change", now(), of, patch, 0, known.state, state});
    known.state = state;
  }

 private:
  Series* find_root(const std::string& root) {
    for (auto& [id, one] : series) {
      for (const auto& revision : one.revisions) {
        if (revision.root == root) {
          return &one;
        }
      }
    }
    return nullptr;
  }
  // What the patch replaces; 0: nothing. In a series without cover letter all answer the first one.
  std::int64_t previous_patch(const Series& of, int order, const std::vector<std::string>& refs) {
    for (const auto& ref : refs) {
      for (const auto& [id, patch] : patches) {
        if (patch.msgid == ref) {
          return of.revisions.back().root != ref || order == 1 ? id : 0;
        }
      }
    }
    return 0;
  }
  void tell_revision(const Series& of) {
    events.push_back({"series-new-revision", now(), of.id, 0, of.revisions.back().version, {}, {}});
  }
  void complete(std::int64_t id) {
    auto& of = series.at(id);
    const auto& revision = of.revisions.back();
    if (static_cast<int>(revision.patches.size()) != revision.wanted) {
      return;
    }
    tell_revision(of);
    if (revision.version != 1 || of.name == "Series without cover letter") {
      return;
    }
    std::vector<std::int64_t> same;
    for (const auto& [other, one] : series) {
      if (other != id && iequals(one.name, of.name)) {
        same.push_back(other);
      }
    }
    if (same.size() != 1) {
      return;
    }
    auto next = revision;
    auto& old = series.at(same.front());
    next.version = old.revisions.back().version + 1;
    old.revisions.push_back(next);
    std::erase_if(events, [&](const Event& event) { return event.series == id; });
    series.erase(id);
    tell_revision(old);
  }
};

}  // namespace patchmill::test
