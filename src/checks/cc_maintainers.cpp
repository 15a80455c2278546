// The people and lists that MAINTAINERS names for the touched files got the patch.

#include "checks/base_files.hpp"
#include "checks/fixes_line.hpp"
#include "checks/mailmap.hpp"
#include "checks/maintainers.hpp"
#include "checks/message_lines.hpp"
#include "checks/registry.hpp"
#include "checks/report.hpp"
#include "checks/settings.hpp"
#include "checks/tool.hpp"
#include "util/file.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <set>

namespace patchmill::checks {
namespace {

constexpr std::array k_cc_maintainers_settings = {
    Setting{.name = "ignore",
            .type = SettingType::words,
            .default_value = "linux-kernel@vger.kernel.org",
            .meaning = "Addresses nobody needs to Cc."},
    Setting{.name = "colleagues",
            .type = SettingType::words,
            .default_value = "",
            .meaning = "SENDER=@domain+@domain: whom a sender need not Cc because they share a "
                       "company."},
    Setting{.name = "blamed",
            .type = SettingType::flag,
            .default_value = "true",
            .meaning = "Whether those who made or signed the commit of a Fixes: tag are expected."},
    Setting{.name = "blamed-months",
            .type = SettingType::number,
            .default_value = "36",
            .meaning = "Commits older than this blame nobody: people move on."},
    Setting{.name = "timeout",
            .type = SettingType::number,
            .default_value = "60",
            .meaning = "Seconds after which get_maintainer.pl is given up.",
            .minimum = 1},
};

constexpr std::int64_t k_seconds_a_month = 30LL * 24 * 3600;
constexpr std::size_t k_most_blamed_commits = 20;

class CcMaintainers final : public Check {
 public:
  [[nodiscard]] std::string_view name() const override { return "cc-maintainers"; }
  [[nodiscard]] std::string_view description() const override {
    return "The patch went to the maintainers, reviewers and lists that MAINTAINERS names.";
  }
  [[nodiscard]] Scope scope() const override { return Scope::patch; }
  [[nodiscard]] std::span<const Setting> settings() const override {
    return k_cc_maintainers_settings;
  }
  [[nodiscard]] CheckOutcome run(const Context& context) const override;

 private:
  // The fail of the first: what run() answers instead.
  [[nodiscard]] tl::expected<std::vector<Expected>, CheckOutcome> ask_tree(
      const Context& context) const;
  [[nodiscard]] std::vector<mail::Address> blamed(const Context& context) const;
  [[nodiscard]] std::vector<std::string> colleague_domains(const Context& context) const;
};

tl::expected<std::vector<Expected>, CheckOutcome> CcMaintainers::ask_tree(
    const Context& context) const {
  if (!find_program("perl")) {
    return tl::unexpected(skipped("perl is not installed (Debian package perl)"));
  }
  const auto base = BaseFolder::of(context);
  if (!base) {
    return tl::unexpected(base.error().kind == ErrorKind::not_found
                              ? skipped(base.error().message)
                              : incomplete(base.error().message));
  }
  const auto script = base->path() / "scripts/get_maintainer.pl";
  const auto text = read_file(script, 4u << 20);
  if (!text || !std::filesystem::exists(base->path() / "MAINTAINERS")) {
    return tl::unexpected(skipped("the tree has no scripts/get_maintainer.pl and MAINTAINERS"));
  }
  const TempDir work("patchmill-maintainers");
  const auto mail = work.path() / "patch.mail";
  if (const auto written = write_plain_file(mail, patch_as_mail(*context.patch)); !written) {
    return tl::unexpected(incomplete(written.error().message));
  }
  ToolRun run;
  // --no-tree: the folder is no whole tree. No git: its guesses from history name people who
  // fixed a typo once; the commit a Fixes: tag names is looked up by ourselves.
  run.argv = {"perl",    script.string(), "--no-tree", "--nogit", "--nogit-fallback",
              "--roles", "--norolestats"};
  if (text->find("'fixes!'") != std::string::npos) {
    run.argv.emplace_back("--nofixes");
  }
  run.argv.push_back(mail.string());
  run.cwd = base->path();
  run.timeout = timeout_setting(*this, context, "timeout");
  const auto done = run_tool(context, run);
  if (!done) {
    return tl::unexpected(incomplete(done.error().message));
  }
  if (done->status != 0) {
    return tl::unexpected(incomplete(fmt::format("get_maintainer.pl ended with status {}: {}",
                                                 done->status, ellipsize(trim(done->err), 150))));
  }
  return parse_maintainers(done->out);
}

std::vector<mail::Address> CcMaintainers::blamed(const Context& context) const {
  std::vector<mail::Address> people;
  if (context.repository == nullptr || !flag_setting(*this, context, "blamed")) {
    return people;
  }
  const auto months = static_cast<std::int64_t>(
      std::min<std::uint64_t>(number_setting(*this, context, "blamed-months"), 12000));
  std::int64_t now = 0;
  if (context.patch->message != nullptr && context.patch->message->date) {
    now = to_micros(*context.patch->message->date) / 1'000'000;
  } else if (const auto base = context.repository->commit(context.series->base)) {
    now = base->committer.seconds;
  }
  const auto lines = split_lines(context.patch->text.body);
  std::size_t looked = 0;
  for (const TagLine& tag : tag_lines(lines, "Fixes")) {
    const FixesLine fixes = parse_fixes(tag.value);
    if (fixes.id.empty() || ++looked > k_most_blamed_commits) {
      continue;
    }
    const auto id = context.repository->resolve(fixes.id);
    const auto commit =
        id ? context.repository->commit(*id) : Result<git::CommitInfo>(tl::unexpected(id.error()));
    if (!commit || now - commit->author.seconds > months * k_seconds_a_month) {
      continue;
    }
    people.push_back({.name = commit->author.name, .email = commit->author.email});
    const auto body = split_lines(commit->body);
    for (const std::string_view key : {"Signed-off-by", "Reviewed-by", "Acked-by"}) {
      for (const TagLine& signer : tag_lines(body, key)) {
        for (mail::Address& address : mail::parse_addresses(signer.value)) {
          people.push_back(std::move(address));
        }
      }
    }
  }
  return people;
}

std::vector<std::string> CcMaintainers::colleague_domains(const Context& context) const {
  std::vector<std::string> domains;
  for (const std::string& entry : words_setting(*this, context, "colleagues")) {
    const std::size_t equals = entry.find('=');
    if (equals == std::string::npos ||
        !mail::same_email(entry.substr(0, equals), context.patch->message->from.email)) {
      continue;
    }
    for (const std::string_view domain : split(std::string_view(entry).substr(equals + 1), '+')) {
      if (!domain.empty()) {
        domains.push_back(to_lower(domain));
      }
    }
  }
  return domains;
}

CheckOutcome CcMaintainers::run(const Context& context) const {
  const PatchView& patch = *context.patch;
  if (context.series->pull_request) {
    return skipped("a pull request was reviewed before");
  }
  if (patch.message == nullptr || (patch.message->to.empty() && patch.message->cc.empty())) {
    return skipped("the patch was not sent to anybody yet");
  }
  auto expected = ask_tree(context);
  if (!expected) {
    return std::move(expected.error());
  }
  for (mail::Address& person : blamed(context)) {
    expected->push_back(
        {.address = std::move(person), .role = "blamed by the Fixes: tag", .blamed = true});
  }

  std::vector<mail::Address> included = patch.message->to;
  included.insert(included.end(), patch.message->cc.begin(), patch.message->cc.end());
  included.push_back(patch.message->from);
  included.push_back(patch.text.author);
  if (patch.message->sender) {
    included.push_back(*patch.message->sender);
  }
  std::set<std::string> included_mails;
  for (const mail::Address& address : included) {
    included_mails.insert(to_lower(address.email));
  }
  std::set<std::string> ignored;
  for (const std::string& address : words_setting(*this, context, "ignore")) {
    ignored.insert(to_lower(address));
  }
  const auto domains = colleague_domains(context);
  std::optional<Mailmap> map;
  const auto got_it = [&](const mail::Address& person) {
    if (included_mails.contains(to_lower(person.email))) {
      return true;
    }
    if (!map) {
      map = context.repository == nullptr
                ? Mailmap{}
                : Mailmap::of_tree(*context.repository, context.series->base);
    }
    return std::any_of(included.begin(), included.end(), [&](const mail::Address& address) {
      return map->same_person(person, address);
    });
  };

  // By address; blamed weighs more than any other role.
  std::set<std::string> judged;
  std::stable_sort(expected->begin(), expected->end(),
                   [](const Expected& a, const Expected& b) { return a.blamed && !b.blamed; });
  std::vector<Expected> missing;
  std::size_t found = 0;
  for (const Expected& person : *expected) {
    const std::string email = to_lower(person.address.email);
    const bool colleague = std::any_of(domains.begin(), domains.end(),
                                       [&](const auto& domain) { return email.ends_with(domain); });
    if (email.empty() || ignored.contains(email) || colleague || !judged.insert(email).second) {
      continue;
    }
    if (got_it(person.address)) {
      ++found;
    } else {
      missing.push_back(person);
    }
  }
  Report report(*this, context);
  std::string names;
  for (const Expected& person : missing) {
    // With most of the right people in Cc the rest is a slip.
    const bool is_error = person.blamed || found <= 1;
    const std::string text =
        fmt::format("not in To or Cc: {} ({})", mail::to_string(person.address), person.role);
    if (is_error) {
      report.error(person.blamed ? "blamed" : "missing", text);
    } else {
      report.warning("missing", text);
    }
    names += " " + person.address.email;
  }
  return report.finish_with(
      missing.empty() ? found == 1 ? "sent to the one maintainer or list"
                                   : fmt::format("sent to all {} maintainers and lists", found)
                      : fmt::format("{} of {} did not get it:{}", missing.size(),
                                    count_of(missing.size() + found, "maintainer or list",
                                             "maintainers and lists"),
                                    names));
}

}  // namespace

std::unique_ptr<Check> make_cc_maintainers() {
  return std::make_unique<CcMaintainers>();
}

}  // namespace patchmill::checks
