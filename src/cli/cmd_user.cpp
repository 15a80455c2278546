#include "app/config_keys.hpp"
#include "app/registry_stage.hpp"
#include "cli/command.hpp"
#include "cli/output.hpp"
#include "mail/header_encode.hpp"
#include "registry/find.hpp"
#include "registry/get.hpp"
#include "registry/setup.hpp"
#include "util/text.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

namespace patchmill::cli {
namespace {

struct UserStorage {
  std::vector<std::string> words;                           // the action, then a username
  std::optional<std::string> email, first_name, last_name;  // nothing: as it was
};

constexpr std::size_t k_max_text = 150;

Result<void> check(const registry::UserSetup& user, const app::Config& config) {
  if (!app::is_name(user.username)) {
    return fail(ErrorKind::invalid,
                fmt::format("'{}' is no username: letters, digits, '.', '_' and '-', at most 100",
                            ellipsize(escape_terminal(user.username), 80)));
  }
  if (user.email && !user.email->empty() && !mail::is_plain_address(*user.email)) {
    return fail(ErrorKind::invalid, fmt::format("'{}' is not a mail address like ann@example.org",
                                                ellipsize(escape_terminal(*user.email), 100)));
  }
  for (const auto& name : {user.first_name, user.last_name}) {
    const std::string text = name.value_or("");
    if (text.size() > k_max_text || !is_valid_utf8(text) || text != escape_terminal(text)) {
      return fail(ErrorKind::invalid,
                  fmt::format("a name is one line of at most {} bytes", k_max_text));
    }
  }
  const auto& known = config.patchwork.users;
  if (std::any_of(known.begin(), known.end(), [&](const registry::UserSetup& other) {
        return iequals(other.username, user.username);
      })) {
    return fail(ErrorKind::conflict,
                fmt::format("'{}' stands in 'patchwork.users' of the configuration; change him "
                            "there",
                            user.username));
  }
  return {};
}

boost::json::object json_of(const registry::User& user) {
  return {{"id", user.id},
          {"username", user.username},
          {"first_name", user.first_name},
          {"last_name", user.last_name},
          {"email", user.email}};
}

int add(const Common& common, app::Workspace& workspace, const registry::UserSetup& user) {
  if (const auto good = check(user, workspace.config()); !good) {
    return report(good.error());
  }
  const bool known = registry::user_by_name(workspace.database(), user.username).has_value();
  registry::Setup setup;
  setup.users = {user};
  if (const auto done = registry::set_up(workspace.database(), setup); !done) {
    return report(done.error());
  }
  const auto now = registry::user_by_name(workspace.database(), user.username).value();
  if (common.json) {
    print_json(json_of(now));
    return k_pass;
  }
  const std::string name(trim(now.first_name + " " + now.last_name));
  fmt::print("{}: {}, {}{}\n", known ? "changed" : "added", escape_terminal(now.username),
             now.email.empty() ? "no mail address" : escape_terminal(now.email),
             name.empty() ? "" : ", " + escape_terminal(name));
  return k_pass;
}

// Users with the link names of the projects they maintain.
std::map<registry::Id, std::vector<std::string>> maintained(store::Database& database) {
  std::map<registry::Id, std::vector<std::string>> result;
  std::uint64_t seen = 0;
  for (registry::PageAsked page{1, 250};; ++page.page) {
    const auto projects = registry::find_projects(database, {}, page);
    for (const registry::Project& project : projects.items) {
      for (const registry::User& user : project.maintainers) {
        result[user.id].push_back(project.link_name);
      }
    }
    seen += projects.items.size();
    if (projects.items.empty() || seen >= projects.total) {
      return result;
    }
  }
}

int list_users(const Common& common, app::Workspace& workspace) {
  auto projects = maintained(workspace.database());
  boost::json::array out;
  Table table({"username", "mail", "maintains", "name"});
  std::uint64_t seen = 0;
  for (registry::PageAsked page{1, 250};; ++page.page) {
    const auto users = registry::find_users(workspace.database(), {}, page);
    for (const registry::User& user : users.items) {
      const auto& of = projects[user.id];
      auto one = json_of(user);
      one["maintains"] = boost::json::array(of.begin(), of.end());
      out.push_back(std::move(one));
      table.row({user.username, user.email, join(of, ","),
                 std::string(trim(user.first_name + " " + user.last_name))});
    }
    seen += users.items.size();
    if (users.items.empty() || seen >= users.total) {
      break;
    }
  }
  if (common.json) {
    print_json(out);
  } else {
    table.print();
  }
  return k_pass;
}

int run(const Common& common, UserStorage storage) {
  const std::string& what = storage.words.at(0);
  const std::size_t wanted = what == "add" ? 2 : 1;
  if (what != "add" && what != "list") {
    return report({ErrorKind::invalid, fmt::format("there is no `patchmill user {}`; there are add "
                                                   "and list",
                                                   escape_terminal(what))});
  }
  if (storage.words.size() != wanted) {
    return report({ErrorKind::invalid, what == "add"
                                           ? "name the user: `patchmill user add USERNAME`"
                                           : "`patchmill user list` takes no further words"});
  }
  auto workspace = common.workspace();
  if (!workspace) {
    return report(workspace.error());
  }
  if (!(*workspace)->config().patchwork.projects.empty()) {
    if (const auto done = app::set_up_registry((*workspace)->database(), (*workspace)->config());
        !done) {
      return report(done.error());
    }
  }
  if (what == "list") {
    return list_users(common, **workspace);
  }
  return add(common, **workspace,
             {storage.words.at(1), storage.first_name, storage.last_name, storage.email});
}

}  // namespace

Command user_command() {
  auto storage = std::make_shared<UserStorage>();
  Command command;
  command.name = "user";
  command.summary = "List and add users of Patchwork's API.";
  command.description =
      "list shows all users, also those of 'patchwork.users' in the configuration, and which "
      "projects they maintain. add makes one who maintains nothing: who posts patches from that "
      "address may change their state; or changes what is given of the one of that name; what is "
      "given empty is removed. Maintainers stand in the configuration. What a user does, he does "
      "with a token (`patchmill token create --owner`).";
  command.arguments = {{"ACTION",
                        "list, or add followed by a username.",
                        &storage->words,
                        true,
                        true,
                        Complete::nothing,
                        {"add", "list"}}};
  command.options = {{"--email", "ADDRESS", "add: where his patches come from.", &storage->email},
                     {"--first-name", "TEXT", "add: for people.", &storage->first_name},
                     {"--last-name", "TEXT", "add: for people.", &storage->last_name}};
  command.examples = {
      {"patchmill user list", "who may change what"},
      {"patchmill user add bo --email bo@example.org", "he may set the states of his own patches"},
      {"patchmill user add bo --email \"\"", "no longer"}};
  command.run = [storage](const Common& common) -> int { return run(common, *storage); };
  return command;
}

}  // namespace patchmill::cli
