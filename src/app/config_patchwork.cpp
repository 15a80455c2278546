// The section `patchwork`: projects, users and states.

#include "app/config_reader.hpp"
#include "intake/source_spec.hpp"
#include "mail/header_encode.hpp"
#include "registry/subject_pattern.hpp"
#include "util/text.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace patchmill::app {
namespace {

constexpr std::uint64_t largest_id = 1u << 30;

const std::vector<YamlValue>& items_of(const YamlValue& section, std::string_view key) {
  static const std::vector<YamlValue> none;
  const YamlValue* list = section.find(key);
  return list == nullptr ? none : list->items;
}

std::optional<std::string> given(const YamlValue& map, std::string_view key) {
  const YamlValue* value = map.find(key);
  return value == nullptr ? std::nullopt : std::optional(value->scalar);
}

bool is_trailer(std::string_view word) {
  return !word.empty() && word.size() <= 100 && std::all_of(word.begin(), word.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  });
}

}  // namespace

// An address with the place of what changes.
std::string ConfigReader::address_format(const YamlValue& map, std::string_view key) {
  const std::string address = web_address(map, key);
  if (!address.empty() && address.find("{}") == std::string::npos) {
    fault(*map.find(key), fmt::format("'{}' has no {{}}: every link would be the same", key));
  }
  return address;
}

void ConfigReader::read_patchwork(Config& config) {
  const YamlValue* section = m_document.find("patchwork");
  if (section == nullptr) {
    return;
  }
  registry::Setup& setup = config.patchwork;
  read_patchwork_users(setup, *section);
  std::vector<std::string> usernames;
  for (const registry::UserSetup& user : setup.users) {
    usernames.push_back(user.username);
  }
  for (const YamlValue& item : items_of(*section, "projects")) {
    read_patchwork_project(setup, item, usernames);
    read_webhooks(config, item);
  }
  read_patchwork_states(setup, *section);
  config.patchwork_states = words(*section, "set-states");
  config.patchwork_checks_by = word(*section, "checks-by");
  refuse_dangling(*section, "checks-by", usernames, "user");
  if (section->find("check-prefix") != nullptr) {
    config.patchwork_check_prefix = word(*section, "check-prefix");
    if (!intake::is_check_prefix(config.patchwork_check_prefix)) {
      fault(*section->find("check-prefix"), "'check-prefix' has letters, digits, '-' and '_'");
    }
  }
  if (const YamlValue* tags = section->find("tags")) {
    read_patchwork_tags(setup, *tags);
  }
}

void ConfigReader::read_patchwork_users(registry::Setup& setup, const YamlValue& section) {
  for (const YamlValue& item : items_of(section, "users")) {
    registry::UserSetup user;
    user.username = word(item, "username");
    user.first_name = given(item, "first-name");
    user.last_name = given(item, "last-name");
    user.email = given(item, "email");
    if (user.email && !mail::is_plain_address(*user.email)) {
      fault(*item.find("email"), fmt::format("'{}' is not a mail address like ann@example.org",
                                             escape_terminal(ellipsize(*user.email, 100))));
    }
    for (const registry::UserSetup& other : setup.users) {
      if (iequals(other.username, user.username)) {
        fault(*item.find("username"), fmt::format("there is a user '{}' already", user.username));
      } else if (user.email && other.email && iequals(*other.email, *user.email)) {
        fault(*item.find("email"),
              fmt::format("the user '{}' has this address already; whose mails would be whose?",
                          other.username));
      }
    }
    setup.users.push_back(std::move(user));
  }
}

void ConfigReader::read_patchwork_project(registry::Setup& setup, const YamlValue& item,
                                          const std::vector<std::string>& usernames) {
  registry::ProjectSetup wanted;
  auto& project = wanted.project;
  project.link_name = word(item, "link-name");
  if (parse_uint(project.link_name)) {
    fault(*item.find("link-name"),
          fmt::format("'{}' is a number: clients would get the project that has it as its id",
                      project.link_name));
  }
  for (const registry::ProjectSetup& other : setup.projects) {
    if (iequals(other.project.link_name, project.link_name)) {
      fault(*item.find("link-name"),
            fmt::format("there is a project '{}' already", project.link_name));
    }
  }
  project.name = given(item, "name");
  project.list_id = word(item, "list-id");
  project.list_email = given(item, "list-email");
  project.subject_match = word(item, "subject-match");
  if (!project.subject_match.empty()) {
    if (const auto pattern = registry::SubjectPattern::compile(project.subject_match); !pattern) {
      fault(*item.find("subject-match"),
            fmt::format("'subject-match' is {}", pattern.error().message));
    }
  }
  for (const auto* key : {"web-url", "webscm-url", "list-archive-url"}) {
    web_address(item, key);
  }
  for (const auto* key : {"list-archive-url-format", "commit-url-format"}) {
    address_format(item, key);
  }
  for (const registry::ProjectSetup& other : setup.projects) {
    if (!item.doubtful && iequals(other.project.list_id, project.list_id) &&
        other.project.subject_match == project.subject_match) {
      fault(*item.find("list-id"),
            fmt::format("the project '{}' gets every mail that this one would: give one of them "
                        "another 'subject-match'",
                        other.project.link_name));
    }
  }
  project.web_url = given(item, "web-url");
  project.scm_url = given(item, "scm-url");
  project.webscm_url = given(item, "webscm-url");
  project.list_archive_url = given(item, "list-archive-url");
  project.list_archive_url_format = given(item, "list-archive-url-format");
  project.commit_url_format = given(item, "commit-url-format");
  if (const auto shown = given(item, "show-dependencies")) {
    project.show_dependencies = *shown == "true";
  }
  wanted.maintainers = words(item, "maintainers");
  refuse_dangling(item, "maintainers", usernames, "user");
  for (const YamlValue& rule : items_of(item, "delegation")) {
    refuse_dangling(rule, "user", usernames, "user");
    wanted.delegation.push_back(
        {word(rule, "path"), word(rule, "user"),
         static_cast<int>(
             std::min(parse_uint(word(rule, "priority", "0")).value_or(0), largest_id))});
  }
  setup.projects.push_back(std::move(wanted));
}

void ConfigReader::read_patchwork_states(registry::Setup& setup, const YamlValue& section) {
  for (const YamlValue& item : items_of(section, "states")) {
    registry::StateSetup state;
    state.name = word(item, "name");
    state.slug = word(item, "slug", registry::slug_of(state.name));
    if (state.slug.empty() || registry::slug_of(state.slug) != state.slug) {
      fault(item.find("slug") != nullptr ? *item.find("slug") : *item.find("name"),
            fmt::format("'{}' is no slug: it takes a-z, 0-9, '-' and '_'",
                        escape_terminal(ellipsize(state.slug, 60))));
    }
    if (const YamlValue* id = item.find("id"); id != nullptr && id->line != 0) {
      const std::uint64_t number = parse_uint(id->scalar).value_or(0);
      if (number == 0 || number > largest_id) {
        fault(*id, fmt::format("'id' is a number from 1 to {}", largest_id));
      }
      state.id = static_cast<registry::Id>(number);
    }
    if (const YamlValue* required = item.find("action-required")) {
      state.action_required = required->scalar == "true";
    }
    for (const registry::StateSetup& other : setup.states) {
      const bool same_slug = other.slug == state.slug && !state.slug.empty();
      if (same_slug || (state.id && other.id == state.id)) {
        fault(item, fmt::format("the state '{}' has the same {} already", other.name,
                                same_slug ? "slug" : "id"));
      }
    }
    setup.states.push_back(std::move(state));
  }
}

void ConfigReader::read_patchwork_tags(registry::Setup& setup, const YamlValue& tags) {
  struct Kind {
    std::string_view key, standard;
    registry::Tag tag;
  };
  static constexpr std::array<Kind, 3> kinds = {
      {{"acked", "Acked-by", registry::Tag::acked},
       {"reviewed", "Reviewed-by", registry::Tag::reviewed},
       {"tested", "Tested-by", registry::Tag::tested}}};
  for (const Kind& kind : kinds) {
    const YamlValue* given = tags.find(kind.key);
    const std::vector<std::string> trailers =
        given == nullptr ? std::vector{std::string(kind.standard)} : words(tags, kind.key);
    for (const std::string& trailer : trailers) {
      if (!is_trailer(trailer)) {
        fault(*given, fmt::format("'{}' is no trailer like {}, without the colon",
                                  escape_terminal(ellipsize(trailer, 60)), kind.standard));
      }
      setup.tags.push_back({trailer, kind.tag});
    }
  }
}

}  // namespace patchmill::app
