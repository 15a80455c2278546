#include "intake/source_spec.hpp"

#include "git/mirror_source.hpp"
#include "intake/detect.hpp"
#include "intake/freedesktop_feed.hpp"
#include "intake/imap_text.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <system_error>

namespace patchmill::intake {
namespace fs = std::filesystem;
namespace {

// What is on this machine is soon mended, and nobody is disturbed by looking.
constexpr BackoffOptions local_backoff{std::chrono::milliseconds(500), std::chrono::seconds(15)};

bool is_url(std::string_view place) {
  return place.find("://") != std::string_view::npos;
}

class Checker {
 public:
  explicit Checker(const SourceSpec& spec) : m_name(spec.name) {
    demand(!spec.name.empty(), "has no name");
  }
  void demand(bool holds, std::string_view complaint) {
    if (!holds) {
      m_errors.push_back(
          {ErrorKind::invalid,
           fmt::format("source \"{}\" {}", escape_terminal(ellipsize(m_name, 100)), complaint)});
    }
  }
  void server(const Endpoint& server) {
    const bool plain = !server.host.empty() && server.host.size() < 256 &&
                       std::ranges::all_of(
                           server.host,
                           [](char c) {
                             return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                    (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_' ||
                                    c == ':';
                           });
    demand(plain, "has no usable host: give a host name or an address");
    demand(server.port > 0 && server.port < 65536, "has no usable port: 1 to 65535");
  }
  void credentials(const std::string& user, const Secret& secret) {
    demand(secret.file.empty() || secret.env.empty(),
           "has its password in a file and in the environment: choose one");
    demand(user.empty() == secret.empty(), "needs both user and password, or neither");
  }
  void several(const std::vector<std::string>& names, std::string_view what) {
    demand(!names.empty(), fmt::format("names no {}", what));
    demand(std::set<std::string>(names.begin(), names.end()).size() == names.size(),
           fmt::format("names a {} twice", what));
    demand(std::ranges::none_of(names, [](const auto& name) { return name.empty(); }),
           fmt::format("has a {} without a name", what));
  }
  std::vector<Error> take() { return std::move(m_errors); }

 private:
  std::string m_name;
  std::vector<Error> m_errors;
};

void check(Checker& checker, const PlaceSpec& spec) {
  checker.demand(!spec.place.empty(), "has no url: give a path or the URL of a public-inbox");
  if (is_url(spec.place)) {
    const auto parsed = git::parse_source(spec.place);
    checker.demand(parsed.has_value(), parsed ? "" : parsed.error().message);
  }
  checker.demand(spec.interval.count() == 0 || spec.interval >= std::chrono::milliseconds(100),
                 "has an interval of less than 100 ms");
}

void check(Checker& checker, const ImapSpec& spec) {
  checker.server(spec.account.server);
  checker.credentials(spec.account.user, spec.account.secret);
  checker.demand(!spec.account.user.empty(), "needs user and password");
  checker.several(spec.folders, "folder");
  for (const auto& folder : spec.folders) {
    const auto encoded = imap_folder_name(folder);
    checker.demand(encoded.has_value(), encoded ? "" : encoded.error().message);
  }
  checker.demand(spec.account.interval >= std::chrono::seconds(1),
                 "has an interval of less than a second");
  checker.demand(spec.account.idle_renewal >= std::chrono::seconds(10) &&
                     spec.account.idle_renewal < std::chrono::minutes(29),
                 "has an idle-renewal that is not between 10 seconds and 29 minutes");
}

void check(Checker& checker, const NntpSpec& spec) {
  checker.server(spec.account.server);
  checker.credentials(spec.account.user, spec.account.secret);
  checker.demand(spec.account.server.security != Security::starttls,
                 "cannot use starttls with NNTP: use tls or plain");
  checker.several(spec.groups, "group");
  checker.demand(spec.account.interval >= std::chrono::seconds(1),
                 "has an interval of less than a second");
}

void check(Checker& checker, const PatchworkSpec& spec) {
  const auto front = patchwork::front_page_of(spec.url);
  checker.demand(front.has_value(),
                 front ? "" : "has no usable patchwork.url: " + front.error().message);
  checker.demand(spec.token.file.empty() || spec.token.env.empty(),
                 "has its token in a file and in the environment: choose one");
  checker.credentials(spec.user, spec.password);
  checker.demand(spec.token.empty() || spec.password.empty(),
                 "has a token and a password: the freedesktop edition wants user and password, "
                 "any other Patchwork the token");
  checker.demand(!spec.checks || !spec.credential().empty(),
                 "cannot post checks without a token: its user makes one on the page of their "
                 "profile, and is a maintainer of the project there");
  checker.demand(spec.delegates.empty() || !spec.credential().empty(),
                 "cannot set delegates without a token of a maintainer of the project there");
  checker.demand(spec.states.empty() || !spec.credential().empty(),
                 "cannot set states without a token of a maintainer of the project there");
  checker.several(spec.projects, "project");
  checker.demand(spec.interval.count() == 0 || spec.interval >= std::chrono::seconds(1),
                 "has an interval of less than a second");
  checker.demand(is_check_prefix(spec.check_prefix),
                 "has no usable check-prefix: letters, digits, - and _");
}

// What the place is decides itself anew after each failure: somebody may have mended it.
class PlaceFeed final : public Feed {
 public:
  explicit PlaceFeed(PlaceSpec spec) : m_spec(std::move(spec)) {}
  std::string place() const override { return m_spec.place; }
  Result<std::vector<std::unique_ptr<Source>>> open(Positions& positions, Waiter& waiter) override {
    if (!m_feed) {
      PM_TRY(find());
    }
    return m_feed->open(positions, waiter);
  }
  Result<void> wait(Waiter& waiter) override { return m_feed->wait(waiter); }
  std::string complaint() const override { return m_feed ? m_feed->complaint() : std::string(); }
  void reset() override { m_feed.reset(); }

 private:
  Result<void> find() {
    std::error_code error;
    const auto absolute = fs::absolute(m_spec.place, error);
    const auto detected = detect_source(m_spec.place);
    if (!detected && detected.error().kind == ErrorKind::not_found) {
      // As detect_source() names it once it is there: by its folder's real path.
      const auto folder = fs::weakly_canonical(absolute.parent_path(), error);
      m_feed = follow_mbox(folder / absolute.filename(), {m_spec.interval});
      return {};
    }
    PM_TRY(detected);
    switch (detected->kind) {
      case SourceKind::maildir:
        m_feed = follow_maildir(detected->location, {m_spec.interval});
        break;
      case SourceKind::inbox:
      case SourceKind::epoch:
        m_feed = m_spec.interval.count() > 0
                     ? follow_inbox_folder(detected->location, m_spec.interval)
                     : follow_inbox_folder(detected->location);
        break;
      default:
        m_feed = follow_mbox(detected->location, {m_spec.interval});
        break;
    }
    return {};
  }

  PlaceSpec m_spec;
  std::unique_ptr<Feed> m_feed;
};

std::string part_name(const SourceSpec& spec, const std::vector<std::string>& parts,
                      const std::string& part) {
  return parts.size() == 1 ? spec.name : fmt::format("{}/{}", spec.name, part);
}

}  // namespace

unsigned default_imap_port(Security security) {
  return security == Security::tls ? 993 : 143;
}

unsigned default_nntp_port(Security security) {
  return security == Security::tls ? 563 : 119;
}

bool is_check_prefix(std::string_view text) {
  return !text.empty() && text.size() <= 50 && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

std::vector<Error> check_source(const SourceSpec& spec) {
  Checker checker(spec);
  std::visit([&](const auto& kind) { check(checker, kind); }, spec.kind);
  return checker.take();
}

std::shared_ptr<patchwork::Instance> make_instance(const PatchworkSpec& spec) {
  patchwork::InstanceConfig config;
  config.url = spec.url;
  config.user = spec.user;
  if (!spec.credential().empty()) {
    config.token = [secret = spec.credential()] { return read_secret(secret); };
  }
  config.client.ca_file = spec.ca_file;
  config.client.proxy = spec.proxy;
  // A restart there takes minutes; checks should not wait for as long again.
  config.client.host.longest = std::chrono::minutes(1);
  config.timeout = spec.timeout;
  config.deadline = spec.timeout * 5;
  return std::make_shared<patchwork::Instance>(std::move(config));
}

std::vector<NamedFeed> open_feeds(const SourceSpec& spec, const fs::path& mirrors_dir) {
  std::vector<NamedFeed> feeds;
  if (const auto* place = std::get_if<PlaceSpec>(&spec.kind)) {
    if (is_url(place->place)) {
      InboxUrlOptions options;
      options.interval = place->interval.count() > 0 ? place->interval : options.interval;
      options.ca_file = place->ca_file;
      options.proxy = place->proxy;
      feeds.push_back({spec.name, follow_inbox_url(mirrors_dir, place->place, options), {}});
    } else {
      feeds.push_back({spec.name, std::make_unique<PlaceFeed>(*place), local_backoff});
    }
  } else if (const auto* imap = std::get_if<ImapSpec>(&spec.kind)) {
    for (const auto& folder : imap->folders) {
      feeds.push_back(
          {part_name(spec, imap->folders, folder), follow_imap(imap->account, folder), {}});
    }
  } else if (const auto* nntp = std::get_if<NntpSpec>(&spec.kind)) {
    for (const auto& group : nntp->groups) {
      feeds.push_back(
          {part_name(spec, nntp->groups, group), follow_nntp(nntp->account, group), {}});
    }
  } else if (const auto* there = std::get_if<PatchworkSpec>(&spec.kind)) {
    PatchworkFeedOptions options;
    options.interval = there->interval.count() > 0 ? there->interval : options.interval;
    options.backlog_days = there->backlog_days;
    const auto instance = make_instance(*there);
    for (const auto& project : there->projects) {
      feeds.push_back({part_name(spec, there->projects, project),
                       follow_any_patchwork(instance, project, options),
                       {}});
    }
  }
  return feeds;
}

}  // namespace patchmill::intake
