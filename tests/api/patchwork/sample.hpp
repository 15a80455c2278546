#pragma once
// A small project of our own making: a series of two patches with a cover, a single patch, comments
// and checks.

#include "fake_registry.hpp"

namespace patchmill::api::patchwork::test {

inline constexpr std::int64_t k_noon = 1'700'049'600'000'000;  // 2023-11-15T12:00:00

inline std::string mail_of(const std::string& from, const std::string& subject,
                           const std::string& msgid, const std::string& body) {
  return "From: " + from + "\nSubject: " + subject + "\nDate: Wed, 15 Nov 2023 12:00:00 +0000\n" +
         "Message-Id: <" + msgid + ">\nList-Id: <lorem.example.net>\n\n" + body;
}

inline const std::string k_diff =
    "diff --git a/lorem.c b/lorem.c\nindex 1234567..89abcde 100644\n--- a/lorem.c\n+++ b/lorem.c\n"
    "@@ -1,2 +1,3 @@\n ipsum\n+dolor\n sit\n";

inline Data sample() {
  Data d;
  d.now = from_micros(k_noon + 3'600'000'250);
  reg::User maint;
  maint.id = 1;
  maint.username = "maint";
  maint.first_name = "Mo";
  maint.email = "mo@example.net";
  reg::User dev = maint;
  dev.id = 2;
  dev.username = "dev";
  dev.email = "dev@example.net";
  d.users = {maint, dev};
  const reg::Person ada{1, "Ada Ämter", "ada@example.net", dev};
  const reg::Person bo{2, "", "bo@example.net", {}};
  d.people = {ada, bo};

  reg::Project project;
  project.id = 1;
  project.name = "Lorem \"ipsum\"";
  project.link_name = "lorem";
  project.list_id = "lorem.example.net";
  project.list_email = "lorem@lists.example.net";
  project.web_url = "https://lorem.example.net/";
  project.list_archive_url_format = "https://lists.example.net/lorem/{}/";
  project.maintainers = {maint};
  project.show_dependencies = true;
  d.projects = {project};
  Id state_id = 0;
  for (const auto* name : {"New", "Under Review", "Accepted", "Changes Requested"}) {
    std::string slug = to_lower(name);
    std::replace(slug.begin(), slug.end(), ' ', '-');
    d.states.push_back({++state_id, name, slug, static_cast<int>(state_id), state_id < 3});
  }

  const reg::SeriesRef series{1, 1, from_micros(k_noon), "Work on lorem", 2};
  const auto patch = [&](Id id, const std::string& name, const std::string& msgid,
                         std::optional<reg::SeriesRef> of, std::optional<int> number) {
    reg::Patch made;
    made.self = {id, 1, msgid, from_micros(k_noon + id * 60'000'000), name};
    made.hash = std::string(40, static_cast<char>('a' + id));
    made.state = "new";
    made.submitter = ada;
    made.series = std::move(of);
    made.number = number;
    made.message = 10 + id;
    d.mails[made.message] = mail_of(
        "Ada =?utf-8?q?=C3=84mter?= <ada@example.net>", name, msgid,
        "Say dolor.\n\nSigned-off-by: Ada <ada@example.net>\n---\n lorem.c | 1 +\n\n" + k_diff);
    d.patches.push_back(made);
  };
  patch(1, "[v2,1/2] lorem: say dolor", "p1@lorem", series, 1);
  patch(2, "[v2,2/2] lorem: say amet", "a/b@lorem", series, 2);
  patch(3, "elit", "single@lorem", std::nullopt, std::nullopt);

  reg::Cover cover;
  cover.self = {1, 1, "p0@lorem", from_micros(k_noon), "[v2,0/2] Work on lorem"};
  cover.submitter = ada;
  cover.series = series;
  cover.message = 5;
  d.mails[5] = mail_of("Ada <ada@example.net>", "[PATCH v2 0/2] Work on lorem", "p0@lorem",
                       "What this is.\n");
  d.covers = {cover};

  reg::Series whole;
  whole.self = series;
  whole.submitter = ada;
  whole.total = 2;
  whole.cover = cover.self;
  whole.patches = {d.patches[0].self, d.patches[1].self};
  whole.dependencies = {7};
  d.series = {whole};

  reg::Comment comment;
  comment.id = 4;
  comment.patch = 1;
  comment.project = 1;
  comment.msgid = "c1@lorem";
  comment.date = from_micros(k_noon + 1);
  comment.subject = "Re: [PATCH v2 1/2] lorem: say dolor";
  comment.submitter = bo;
  comment.message = 21;
  d.mails[21] = mail_of("bo@example.net", comment.subject, "c1@lorem",
                        "> Acked-by: quoted <q@x>\nFine.\n\nreviewed-by: Bo <bo@example.net>\n");
  d.patch_comments = {comment};
  comment.id = 5;
  comment.patch.reset();
  comment.cover = 1;
  comment.msgid = "c0@lorem";
  comment.message = 22;
  d.mails[22] = mail_of("bo@example.net", "Re: [PATCH v2 0/2] Work on lorem", "c0@lorem",
                        "Acked-by: Bo <bo@example.net>\n");
  d.cover_comments = {comment};
  return d;
}

}  // namespace patchmill::api::patchwork::test
