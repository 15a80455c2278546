#pragma once
// Where series assembly differs from Patchwork on purpose; docs/patchwork-deviations.md explains
// the same rows to people, and the tests hold both together.

#include <string>
#include <vector>

namespace patchmill::tracker::test {

struct Deviation {
  std::string scenario;
  std::vector<std::string> ours;  // our series, as lines() of patchwork_scenarios_test.cpp
  std::string reason;
};

inline const std::vector<Deviation>& deviations() {
  static const std::vector<Deviation> table = {
      {"v2-nocover-every-patch-replies-to-v1-cover",
       {"v1 2/2 My series [v1-0@x] 1=<v1-1@x> [1/2] patch 1 2=<v1-2@x> [2/2] patch 2",
        "v2 2/2 [v2,1/2] patch 1 [] 1=<v2-1@x> [v2,1/2] patch 1 2=<v2-2@x> [v2,2/2] patch 2"},
       "they carry one version, one author and one count"},
      {"v2-single-patch-replaces-2of2-of-complete-v1",
       {"v1 2/2 My series [v1-0@x] 1=<v1-1@x> [1/2] patch 1 2=<v1-2@x> [2/2] patch 2",
        "v2 2/2 My series [v1-0@x] 1=<v1-1@x> [1/2] patch 1 2=<v2-2@x> [v2,2/2] patch 2"},
       "a reroll of one patch means the whole series with that patch"},
      {"v2-2of2-in-reply-to-incomplete-v1-week-later",
       {"v1 1/2 incomplete My series [v1-0@x] 1=<v1-1@x> [1/2] patch 1",
        "v2 2/2 My series [v1-0@x] 1=<v1-1@x> [1/2] patch 1 2=<v2-2@x> [v2,2/2] patch 2"},
       "the version is part of what a series is"},
      {"v2-2of2-in-reply-to-incomplete-v1-10min-later",
       {"v1 1/2 incomplete My series [v1-0@x] 1=<v1-1@x> [1/2] patch 1",
        "v2 2/2 My series [v1-0@x] 1=<v1-1@x> [1/2] patch 1 2=<v2-2@x> [v2,2/2] patch 2"},
       "the version is part of what a series is"},
      {"v5.1-style-single-patch-update",
       {"v1 2/2 My series [v1-0@x] 1=<v1-1@x> [1/2] patch 1 2=<v1-2@x> [2/2] patch 2",
        "v2 2/2 My series [v1-0@x] 1=<v1-1@x> [1/2] patch 1 2=<v21-2@x> [v2.1,2/2] patch 2"},
       "\"v2.1\" names a version"},
      {"resend-same-cover-name-in-reply-to-original",
       {"v1 2/2 My series [rs-0@x] 1=<rs-1@x> [1/2] patch 1 2=<rs-2@x> [2/2] patch 2",
        "v1 2/2 My series [v1-0@x] 1=<v1-1@x> [1/2] patch 1 2=<v1-2@x> [2/2] patch 2"},
       "a cover letter is one, whatever the title of others"},
      {"deep-thread-out-of-order-3-1-0-2",
       {"v1 3/3 My series [dt-0@x] 1=<dt-1@x> [1/3] patch 1 2=<dt-2@x> [2/3] patch 2 3=<dt-3@x> "
        "[3/3] patch 3"},
       "the order of arrival says nothing"},
      {"norefs-two-series-interleaved",
       {"v1 2/2 [1/2] patch 1 [] 1=<a-1@x> [1/2] patch 1 2=<a-2@x> [2/2] patch 2",
        "v1 2/2 [1/2] patch 1 [] 1=<b-1@x> [1/2] patch 1 2=<b-2@x> [2/2] patch 2"},
       "dates and Message-IDs tell which mails were sent together"},
      {"norefs-with-cover-cover-last",
       {"v1 2/2 c [a-0@x] 1=<a-1@x> [1/2] patch 1 2=<a-2@x> [2/2] patch 2"},
       "the order of arrival says nothing"},
      {"reply-with-diff-AW",
       {"v1 2/2 My series [v1-0@x] 1=<v1-1@x> [1/2] patch 1 2=<v1-2@x> [2/2] patch 2"},
       "AW is Outlook's Re in German"},
      {"reply-with-diff-Fwd",
       {"v1 2/2 My series [v1-0@x] 1=<v1-1@x> [1/2] patch 1 2=<v1-2@x> [2/2] patch 2"},
       "who forwards a patch does not post it"},
      {"cover-with-diff",
       {"v1 2/2 cover with diff [d-0@x] 1=<d-1@x> [1/2] one 2=<d-2@x> [2/2] two"},
       "such diffs show what changed since the last version"},
      {"subject-01",
       {"v4 1/2 incomplete [PATCHv4,1/2] foo [] 1=<s@x> [PATCHv4,1/2] foo"},
       "it says so"},
      {"subject-18", {"v2 1/2 incomplete [v2.5,1/2] foo [] 1=<s@x> [v2.5,1/2] foo"}, "it says so"},
      {"subject-26", {"v3 0/10 incomplete cover [s@x] "}, "as cover-with-diff"},
      {"subject-34", {"v2 1/2 incomplete [rev2,1/2] x [] 1=<s@x> [rev2,1/2] x"}, "it says so"},
      {"subject-35", {"v2 0/3 incomplete x [s@x] "}, "as cover-with-diff"},
      {"listid-none",
       {"v1 1/1 a [] 1=<s@x> a"},
       "what is imported is wanted; no mail is dropped silently"},
      {"listid-case", {"v1 1/1 a [] 1=<s@x> a"}, "list ids are compared without case"},
      {"pull-6",
       {"v1 1/1 [GIT,PULL] foo [] 1=<pr6@x> [GIT,PULL] foo"},
       "git allows + in names of tags"},
      {"from-localhost-no-dot", {"v1 1/1 a [] 1=<s@x> a"}, "addresses without a dot are addresses"},
      {"subject-missing", {"v1 1/1 null [] 1=<s@x> "}, "a diff is a patch all the same"},
      {"msgid-missing",
       {"v1 1/1 a [] 1=<1c9cf0a854dc391f1d177f2f3eb7382e6b7b592e@missing-message-id.invalid> a"},
       "RFC 5322 asks for an id only by SHOULD"},
      {"body-charset-lies", {"v1 1/1 a [] 1=<s@x> a"}, "mailers often lie about charsets"},
      {"subject-match-projects",
       {"v1 1/1 [bar] a [] 1=<s2@x> [bar] a", "v1 1/1 [foo] a [] 1=<s1@x> [foo] a",
        "v1 1/1 a [] 1=<s3@x> a"},
       "patchmill needs no project for a prefix; words that name lists are configured"},
      {"crosspost-two-projects", {"v1 1/1 a [] 1=<s1@x> a"}, "it is one mail"},
  };
  return table;
}

}  // namespace patchmill::tracker::test
