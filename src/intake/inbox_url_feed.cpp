#include "git/mirror_source.hpp"
#include "intake/http_get.hpp"
#include "intake/inbox_feed.hpp"
#include "intake/inbox_manifest.hpp"
#include "intake/inbox_mirror.hpp"
#include "intake/left_out.hpp"
#include "intake/public_inbox.hpp"
#include "util/log.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

namespace patchmill::intake {
namespace fs = std::filesystem;
namespace {

using SteadyClock = std::chrono::steady_clock;

class InboxUrlFeed final : public Feed {
 public:
  InboxUrlFeed(fs::path mirrors_dir, std::string url, InboxUrlOptions options)
      : m_mirrors_dir(std::move(mirrors_dir)),
        m_url(std::move(url)),
        m_options(std::move(options)) {
    while (m_url.ends_with('/')) {
      m_url.pop_back();
    }
  }

  std::string place() const override { return git::without_credentials(m_url, m_url); }
  Result<std::vector<std::unique_ptr<Source>>> open(Positions& positions, Waiter& waiter) override;
  Result<void> wait(Waiter& waiter) override;
  void left_out(const Source& source, std::vector<Error> errors) override {
    m_left_out.add(source.name(), std::move(errors));
  }
  std::string complaint() const override {
    return m_complaint.empty() && m_left_out.any()
               ? fmt::format("{}; left out: {}", m_left_out.first(), m_left_out.count())
               : m_complaint;
  }
  void reset() override {
    m_mirror.reset();
    m_form_known = false;
  }

 private:
  enum class Manifest { unknown, used, none };

  Result<void> ask_manifest(Waiter& waiter);
  Result<std::vector<int>> changed_epochs(Waiter& waiter);
  std::vector<int> probe(bool all);
  [[nodiscard]] bool is_http() const {
    return istarts_with(m_url, "http://") || istarts_with(m_url, "https://");
  }

  fs::path m_mirrors_dir;
  std::string m_url;
  InboxUrlOptions m_options;
  std::optional<InboxMirror> m_mirror;
  bool m_form_known = false;
  bool m_read_what_is_here = true;  // before anybody is asked
  Manifest m_manifest_use = Manifest::unknown;
  HttpAnswer m_validators;  // of the manifest we have
  InboxManifest m_manifest;
  std::map<int, std::string> m_fetched;  // epoch -> fingerprint it had
  SteadyClock::time_point m_next_full{};
  SteadyClock::time_point m_not_before{};
  std::string m_complaint;
  LeftOut m_left_out;  // by epoch; tried again when the epoch is fetched again
};

// What the server says about its repositories; m_manifest is up to date afterwards.
Result<void> InboxUrlFeed::ask_manifest(Waiter& waiter) {
  if (SteadyClock::now() < m_not_before) {
    return fail(ErrorKind::infrastructure,
                place() + " asked to be left alone for a while; it is tried again later");
  }
  HttpQuestion question;
  question.url = m_url + "/manifest.js.gz";
  question.etag = m_validators.etag;
  question.last_modified = m_validators.last_modified;
  question.ca_file = m_options.ca_file;
  question.proxy = m_options.proxy;
  PM_TRY_ASSIGN(auto answer, http_get(question, waiter));
  if (answer.status == 304) {
    return {};
  }
  if (answer.status == 200) {
    const auto name = m_url.substr(m_url.rfind('/') + 1);
    auto manifest = read_manifest(answer.body, name);
    if (manifest && !manifest->empty()) {
      m_manifest = std::move(*manifest);
      m_validators = std::move(answer);
      m_validators.body.clear();
      m_manifest_use = Manifest::used;
      return {};
    }
    if (m_manifest_use == Manifest::used) {
      return fail(
          ErrorKind::infrastructure,
          fmt::format("{}/manifest.js.gz is not what it was: {}", place(),
                      manifest ? "it names no repository of the inbox" : manifest.error().message));
    }
    log::info("{}: {}/manifest.js.gz is of no use ({}); fetching without it", place(), place(),
              manifest ? "it names no repository of the inbox" : manifest.error().message);
    m_manifest_use = Manifest::none;
    return {};
  }
  if (answer.status == 429 || answer.status >= 500) {
    if (answer.retry_after) {
      m_not_before = SteadyClock::now() + *answer.retry_after;
    }
    return fail(ErrorKind::infrastructure,
                fmt::format("{}/manifest.js.gz: the server answers with status {}; it is tried "
                            "again",
                            place(), answer.status));
  }
  m_manifest_use = Manifest::none;
  return {};
}

// Without a manifest: the newest epoch grows, then another one appears.
std::vector<int> InboxUrlFeed::probe(bool all) {
  if (!m_mirror->has_epochs()) {
    return {InboxMirror::whole};
  }
  auto here = m_mirror->present();
  std::erase(here, InboxMirror::whole);
  std::vector<int> epochs;
  if (all || here.empty()) {
    epochs = here;
  } else {
    epochs.push_back(here.back());
  }
  for (int next = here.empty() ? 0 : here.back() + 1; m_mirror->is_there(next); ++next) {
    epochs.push_back(next);
  }
  return epochs;
}

Result<std::vector<int>> InboxUrlFeed::changed_epochs(Waiter& waiter) {
  const bool all = SteadyClock::now() >= m_next_full;
  if (all) {
    m_validators = {};
    m_manifest_use = is_http() ? m_manifest_use : Manifest::none;
  }
  if (is_http() && (m_manifest_use != Manifest::none || all)) {
    PM_TRY(ask_manifest(waiter));
  }
  if (!m_form_known) {
    PM_TRY(m_mirror->find_form());
    m_form_known = true;
  }
  if (m_manifest_use != Manifest::used) {
    return probe(all);
  }
  std::vector<int> changed;
  for (const auto& [epoch, fingerprint] : m_manifest) {
    const auto fetched = m_fetched.find(epoch);
    const bool fits = m_mirror->has_epochs() == (epoch != InboxMirror::whole);
    if (fits && (all || fetched == m_fetched.end() || fetched->second != fingerprint)) {
      changed.push_back(epoch);
    }
  }
  return changed;
}

Result<std::vector<std::unique_ptr<Source>>> InboxUrlFeed::open(Positions&, Waiter& waiter) {
  if (!m_mirror) {
    PM_TRY_ASSIGN(m_mirror, InboxMirror::open(m_mirrors_dir, m_url));
  }
  std::vector<std::unique_ptr<Source>> sources;
  const auto add = [&](const MirroredEpoch& epoch) {
    m_left_out.forget(epoch.git_dir.string());
    sources.push_back(open_inbox_repository(epoch.git_dir, epoch.key));
  };
  if (m_read_what_is_here) {
    for (const int epoch : m_mirror->present()) {
      add(m_mirror->here(epoch));
    }
    if (!sources.empty()) {
      return sources;
    }
    m_read_what_is_here = false;
  }
  PM_TRY_ASSIGN(const auto epochs, changed_epochs(waiter));
  std::optional<Error> problem;
  for (const int epoch : epochs) {
    if (waiter.stopped()) {
      break;
    }
    const auto fetched = m_mirror->fetch(epoch);
    if (fetched) {
      add(*fetched);
      m_fetched[epoch] = m_manifest.contains(epoch) ? m_manifest[epoch] : std::string();
    } else if (!problem) {
      problem = fetched.error();
    }
  }
  if (problem && sources.empty()) {
    return tl::unexpected(std::move(*problem));
  }
  if (!problem) {
    m_next_full = SteadyClock::now() >= m_next_full ? SteadyClock::now() + m_options.full_interval
                                                    : m_next_full;
  }
  m_complaint = problem ? problem->message : std::string();
  return sources;
}

Result<void> InboxUrlFeed::wait(Waiter& waiter) {
  if (std::exchange(m_read_what_is_here, false)) {
    return {};
  }
  waiter.wait(m_options.interval);
  return {};
}

}  // namespace

std::unique_ptr<Feed> follow_inbox_url(fs::path mirrors_dir, std::string url,
                                       InboxUrlOptions options) {
  return std::make_unique<InboxUrlFeed>(std::move(mirrors_dir), std::move(url), std::move(options));
}

}  // namespace patchmill::intake
