#pragma once
// Projects over the mails of Sample, with what people and machines say about their patches.

#include "registry/change.hpp"
#include "registry/follow.hpp"
#include "registry/get.hpp"
#include "registry/setup.hpp"
#include "web/sample.hpp"

#include <fmt/format.h>

#include <stdexcept>
#include <string>

namespace patchmill::web::test {

struct PatchSample {
  registry::Project netdev, evil;
  registry::User ann, ci;
  registry::Patch first, hostile;  // <frames-v2-1@example.org>, <evil-1@example.org>
};

inline tracker::Incoming reply_mail(const std::string& id, const std::string& to,
                                    const std::string& text,
                                    const std::string& from = "Bob Maintainer <bob@example.org>",
                                    const std::string& list = "netdev.vger.example.org",
                                    const std::string& more = "") {
  std::string raw = fmt::format(
      "From: {}\nSubject: Re: {}\nDate: Thu, 08 Jan 2026 09:00:00 +0000\n"
      "Message-ID: <{}@example.org>\nIn-Reply-To: <{}@example.org>\n"
      "References: <{}@example.org>\nList-Id: <{}>\n{}\n{}\n",
      from, text.substr(0, text.find('\n')), id, to, to, list, more, text);
  auto parsed = mail::parse_message(raw);
  return {std::move(raw), std::move(parsed), list, "sample"};
}

// After Sample::fill().
inline PatchSample add_projects(store::Database& database, store::BlobStore& blobs,
                                ManualClock& clock) {
  registry::Setup setup;
  setup.users = {{"ann", "Ann", "Example", "ann@example.org"}, {"ci", "", "", ""}};
  for (const auto& [link, list] :
       {std::pair("netdev", "netdev.vger.example.org"), std::pair("evil", "evil.example.org")}) {
    registry::ProjectSetup project;
    project.project.link_name = link;
    project.project.name = fmt::format("{} of examples", link);
    project.project.list_id = list;
    project.project.list_email = fmt::format("{}@vger.example.org", link);
    project.project.list_archive_url_format = "https://archive.example.org/{}/";
    project.maintainers = {"ann", "ci"};
    setup.projects.push_back(std::move(project));
  }
  const auto need = [](auto&& result) {
    if (!result) {
      throw std::runtime_error(result.error().message);
    }
  };
  need(registry::set_up(database, setup));
  const std::vector<tracker::Incoming> mails = {
      reply_mail("said-1", "frames-v2-1",
                 "> count frames\nLooks good.\n\nReviewed-by: Bob "
                 "Maintainer <bob@example.org>\n"),
      reply_mail("said-2", "frames-v2-1", "Please add a test.\n", "Cara Coder <cara@example.org>",
                 "netdev.vger.example.org", "X-Patchwork-Action-Required:\n"),
      reply_mail("said-3", "said-1", "Thank you; see https://docs.example.org/frames\n",
                 "Ann Example <ann@example.org>"),
      reply_mail("said-4", "frames-v2-0", "Which tree is it for?\n"),
      reply_mail("evil-said", "evil-1",
                 Sample::k_attack + "\n> </pre><script>window.pwned=50</script>\n",
                 "\"<script>window.pwned=51</script>\" <mallory@example.org>", "evil.example.org")};
  tracker::Tracker(database, blobs, clock).ingest(mails);
  while (registry::follow(database, blobs, clock.now(), 1000) > 0) {
  }
  PatchSample sample;
  sample.netdev = *registry::project(database, "netdev");
  sample.evil = *registry::project(database, "evil");
  sample.ann = *registry::user_by_name(database, "ann");
  sample.ci = *registry::user_by_name(database, "ci");
  sample.first = *registry::patch(database, sample.netdev.id, "frames-v2-1@example.org");
  sample.hostile = *registry::patch(database, sample.evil.id, "evil-1@example.org");
  registry::PatchChange change;
  change.state = "under-review";
  change.delegate = sample.ann.id;
  for (const auto& patch : {sample.first, sample.hostile}) {
    need(registry::change_patch(database, clock, sample.ann, patch.self.id, change));
  }
  const auto check = [&](const registry::Patch& patch, registry::CheckState state,
                         const std::string& context, const std::string& url,
                         const std::string& description) {
    need(registry::add_check(database, clock, sample.ci, patch.self.id,
                             {state, context, url, description}));
  };
  check(sample.first, registry::CheckState::fail, "build", "https://ci.example.org/1",
        "was broken");
  check(sample.first, registry::CheckState::success, "build", "https://ci.example.org/2", "builds");
  check(sample.first, registry::CheckState::warning, "style", "https://ci.example.org/3",
        "1 warning");
  check(sample.first, registry::CheckState::pending, "boot", "https://ci.example.org/4", "boots");
  check(sample.hostile, registry::CheckState::fail, "evil", "https://ci.example.org/5",
        Sample::k_attack);
  // As another Patchwork may have had it.
  database.exec(
      "UPDATE registry_checks SET target_url = 'javascript:window.pwned=52', context = ?"
      " WHERE patch = ?",
      Sample::k_attack, sample.hostile.self.id);
  return sample;
}

}  // namespace patchmill::web::test
