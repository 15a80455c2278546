#include "app/doctor_sources.hpp"

#include "git/repository.hpp"
#include "intake/detect.hpp"
#include "intake/http_get.hpp"
#include "intake/waiter.hpp"
#include "patchwork/instance.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <utility>

namespace patchmill::app {
namespace {

constexpr std::chrono::seconds k_patience{10};

// Nothing was read yet.
class NoPositions final : public intake::Positions {
 public:
  std::optional<std::string> cursor(std::string_view) override { return std::nullopt; }
  std::vector<std::string> read_names(std::string_view) override { return {}; }
  std::vector<std::string> unread(std::string_view, std::span<const std::string> names) override {
    return {names.begin(), names.end()};
  }
  void forget_names(std::string_view, std::span<const std::string>) override {}
};

Diagnosis broken(std::string what, std::string state, std::string mend) {
  return {std::move(what), Health::broken, std::move(state), std::move(mend)};
}

Diagnosis diagnose_path(std::string what, const std::string& place) {
  const auto found = intake::detect_source(place);
  if (!found) {
    return broken(std::move(what), found.error().message,
                  "correct 'url' in the configuration, or make the maildir");
  }
  return {std::move(what), Health::good,
          fmt::format("{} is there: {}", intake::to_string(found->kind), place), ""};
}

Diagnosis diagnose_http(std::string what, const intake::PlaceSpec& spec) {
  intake::HttpQuestion question;
  question.url = spec.place + (spec.place.ends_with('/') ? "" : "/") + "manifest.js.gz";
  question.ca_file = spec.ca_file;
  question.proxy = spec.proxy;
  question.timeout = k_patience;
  intake::Waiter waiter;
  const auto answer = intake::http_get(question, waiter);
  if (!answer) {
    return broken(std::move(what), answer.error().message,
                  "correct 'url' in the configuration, or look at the network");
  }
  if (answer->status != 200) {
    return {std::move(what), Health::limited,
            fmt::format("{} answers with status {}", question.url, answer->status),
            "correct 'url', unless it is a git repository without a manifest"};
  }
  return {std::move(what), Health::good, spec.place + " answers", ""};
}

Diagnosis diagnose_git(std::string what, const std::string& url, ProcessRunner& processes) {
  Command command;
  command.argv = {"git", "ls-remote", "--quiet", "--", url, "HEAD"};
  command.env = git::git_environment();
  command.timeout = k_patience;
  const auto answer = processes.run(command);
  if (answer && answer->ok()) {
    return {std::move(what), Health::good, url + " answers", ""};
  }
  return broken(
      std::move(what),
      fmt::format("{} does not answer: {}", url,
                  answer ? ellipsize(trim(mend_utf8(answer->err)), 300) : answer.error().message),
      "correct 'url' in the configuration, or look at the network");
}

}  // namespace

std::vector<Diagnosis> diagnose_source(const intake::SourceSpec& spec, ProcessRunner& processes) {
  if (const auto* place = std::get_if<intake::PlaceSpec>(&spec.kind)) {
    const std::string what = "source " + spec.name;
    if (place->place.find("://") == std::string::npos) {
      return {diagnose_path(what, place->place)};
    }
    const bool http = place->place.starts_with("http://") || place->place.starts_with("https://");
    return {http ? diagnose_http(what, *place) : diagnose_git(what, place->place, processes)};
  }
  intake::SourceSpec impatient = spec;
  if (auto* imap = std::get_if<intake::ImapSpec>(&impatient.kind)) {
    imap->account.server.connect_timeout = imap->account.server.io_timeout = k_patience;
    imap->account.mark_seen = false;
  } else if (auto* nntp = std::get_if<intake::NntpSpec>(&impatient.kind)) {
    nntp->account.server.connect_timeout = nntp->account.server.io_timeout = k_patience;
  } else if (auto* patchwork = std::get_if<intake::PatchworkSpec>(&impatient.kind)) {
    patchwork->timeout = k_patience;
  }
  std::vector<Diagnosis> all;
  for (auto& [name, feed, backoff] : intake::open_feeds(impatient, {})) {
    NoPositions positions;
    intake::Waiter waiter;
    const auto opened = feed->open(positions, waiter);
    if (opened) {
      all.push_back({"source " + name, Health::good, feed->place() + " answers", ""});
    } else {
      all.push_back(broken("source " + name, opened.error().message,
                           "correct the source in the configuration, or look at its server"));
    }
    feed->reset();
  }
  const auto* there = std::get_if<intake::PatchworkSpec>(&impatient.kind);
  if (there != nullptr && there->checks) {
    const auto taken = intake::make_instance(*there)->check_token();
    const std::string what = "checks of source " + spec.name;
    const auto* credential = there->user.empty() ? "the token" : "user and password";
    all.push_back(taken ? Diagnosis{what, Health::good,
                                    fmt::format("{} takes {}", there->url, credential), ""}
                        : broken(what, taken.error().message,
                                 "make a new token there, and see that its user is a maintainer"));
  }
  if (there != nullptr && (!there->states.empty() || !there->delegates.empty())) {
    const auto instance = intake::make_instance(*there);
    const bool cannot =
        instance->discover() && instance->edition() == patchwork::Edition::freedesktop;
    for (const auto& [what, is_wanted] :
         {std::pair{"states", !there->states.empty()}, {"delegates", !there->delegates.empty()}}) {
      if (cannot && is_wanted) {
        all.push_back({fmt::format("{} of source {}", what, spec.name), Health::limited,
                       fmt::format("{} is of the freedesktop edition, which lets no program set {}",
                                   there->url, what),
                       fmt::format("remove 'set-{}' from the source", what)});
      }
    }
  }
  return all;
}

}  // namespace patchmill::app
