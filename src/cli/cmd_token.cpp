#include "app/registry_stage.hpp"
#include "cli/command.hpp"
#include "cli/operator.hpp"
#include "cli/output.hpp"
#include "cli/token_expiry.hpp"
#include "http/message.hpp"
#include "registry/get.hpp"
#include "service/scopes.hpp"
#include "service/token_store.hpp"
#include "util/text.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>
#include <unistd.h>

namespace patchmill::cli {
namespace {

struct TokenStorage {
  std::vector<std::string> words;  // what to do, and to which
  std::string name, owner;
  std::vector<std::string> scopes;
  std::string expires = "365d";
};

constexpr std::size_t k_max_name = 200;

boost::json::object to_json(const http::TokenRecord& record) {
  const auto time = [](const std::optional<Timestamp>& moment) {
    return moment ? boost::json::value(to_iso(*moment)) : boost::json::value();
  };
  boost::json::array scopes;
  for (const auto& scope : service::shown_scopes(record.scopes)) {
    scopes.emplace_back(scope);
  }
  return {{"id", record.id},
          {"name", record.name},
          {"owner", record.owner},
          {"scopes", std::move(scopes)},
          {"created", to_iso(record.created)},
          {"expires", time(record.expires)},
          {"revoked", time(record.revoked)},
          {"last_used", time(record.last_used)}};
}

Result<void> check_text(std::string_view option, const std::string& text) {
  if (text.empty() || text.size() > k_max_name || !is_valid_utf8(text) ||
      text != escape_terminal(text)) {
    return fail(ErrorKind::invalid,
                fmt::format("{} takes one line of at most {} bytes", option, k_max_name));
  }
  return {};
}

// Patchwork's API knows users, and refuses what the owner of a token may not do.
void warn_of_stranger(app::Workspace& workspace, const http::TokenOrder& order) {
  const http::Identity identity{"", order.owner, order.scopes};
  if (workspace.config().patchwork.projects.empty() ||
      !(identity.allows(service::scope::checks) || identity.allows(service::scope::patches))) {
    return;
  }
  if (const auto done = app::set_up_registry(workspace.database(), workspace.config()); !done) {
    fmt::print(stderr, "patchmill: {}\n", escape_terminal(done.error().message));
  }
  if (!registry::user_by_name(workspace.database(), order.owner)) {
    fmt::print(stderr,
               "patchmill: '{0}' is no user of Patchwork's API, which will refuse to change "
               "anything with this token until 'patchwork.users' names him or `patchmill user add "
               "{0}` does\n",
               escape_terminal(order.owner));
  }
}

int create(const Common& common, app::Workspace& workspace, const TokenStorage& storage) {
  service::SqlTokenStore tokens(workspace.config().store_url);
  http::TokenOrder order;
  order.name = storage.name;
  order.owner = storage.owner.empty() ? acting_person() : storage.owner;
  for (const auto& checked :
       {check_text("--name", order.name), check_text("--owner", order.owner)}) {
    if (!checked) {
      return report(checked.error());
    }
  }
  auto scopes = service::read_scopes(storage.scopes);
  if (!scopes) {
    return report(scopes.error());
  }
  order.scopes = *std::move(scopes);
  const auto expires = read_token_expiry(storage.expires, workspace.clock().now());
  if (!expires) {
    return report(expires.error());
  }
  order.expires = *expires;
  warn_of_stranger(workspace, order);
  const auto created = http::create_token(tokens, workspace.clock(), std::move(order));
  if (!created) {
    return report(created.error());
  }
  if (common.json) {
    auto out = to_json(created->record);
    out["secret"] = created->secret;
    print_json(out);
    return k_pass;
  }
  // The secret alone on standard output: `patchmill token create … >file` is what people do.
  fmt::print("{}\n", created->secret);
  std::fflush(stdout);
  if (!common.quiet) {
    fmt::print(stderr,
               "token {} for {} ({}), {}; it is shown only now. Send it as 'Authorization: Token "
               "SECRET'.\n",
               created->record.id, escape_terminal(created->record.owner),
               join(service::shown_scopes(created->record.scopes), ", "),
               created->record.expires ? "valid until " + to_iso(*created->record.expires)
                                       : std::string("valid until it is revoked"));
  }
  return k_pass;
}

std::string state_of(const http::TokenRecord& record, Timestamp now) {
  if (record.revoked) {
    return "revoked";
  }
  if (!record.expires) {
    return "valid";
  }
  return now < *record.expires ? "valid for " + how_long(*record.expires - now) : "expired";
}

int list_tokens(const Common& common, app::Workspace& workspace) {
  service::SqlTokenStore tokens(workspace.config().store_url);
  const auto all = tokens.list();
  if (!all) {
    return report(all.error());
  }
  if (common.json) {
    boost::json::array out;
    for (const auto& record : *all) {
      out.push_back(to_json(record));
    }
    print_json(out);
    return k_pass;
  }
  const Timestamp now = workspace.clock().now();
  Table table({"id", "state", "last used", "owner", "scopes", "name"});
  for (const auto& record : *all) {
    table.row({record.id, state_of(record, now),
               record.last_used ? how_long(now - *record.last_used) + " ago" : "never",
               record.owner, join(service::shown_scopes(record.scopes), ","), record.name});
  }
  table.print();
  return k_pass;
}

int revoke(const Common& common, app::Workspace& workspace, const std::vector<std::string>& ids) {
  if (ids.empty()) {
    return report({ErrorKind::invalid, "name the token: `patchmill token revoke ID`"});
  }
  service::SqlTokenStore tokens(workspace.config().store_url);
  for (const auto& id : ids) {
    if (const auto revoked = tokens.revoke(is_valid_utf8(id) ? id : "?", workspace.clock().now());
        !revoked) {
      return report(revoked.error());
    }
    if (!common.quiet && !common.json) {
      fmt::print("revoked: {}\n", escape_terminal(id));
    }
  }
  if (common.json) {
    return list_tokens(common, workspace);
  }
  return k_pass;
}

int run(const Common& common, const TokenStorage& storage) {
  const std::string& what = storage.words.at(0);
  const std::vector<std::string> rest(storage.words.begin() + 1, storage.words.end());
  if (what != "revoke" && !rest.empty()) {
    return report(
        {ErrorKind::invalid, fmt::format("`patchmill token {}` takes no further words", what)});
  }
  if (what != "create" && what != "list" && what != "revoke") {
    return report({ErrorKind::invalid, fmt::format("there is no `patchmill token {}`; there are "
                                                   "create, list and revoke",
                                                   escape_terminal(what))});
  }
  auto workspace = common.workspace();
  if (!workspace) {
    return report(workspace.error());
  }
  return what == "create" ? create(common, **workspace, storage)
         : what == "list" ? list_tokens(common, **workspace)
                          : revoke(common, **workspace, rest);
}

std::string scope_help() {
  std::string text = "What it may do; may be given more than once. ";
  for (const auto& spec : service::scopes()) {
    text += fmt::format("{}: {} ", spec.name, spec.help);
  }
  return text + "write: every write:… scope.";
}

std::vector<std::string> scope_names() {
  std::vector<std::string> names = {"write"};
  for (const auto& spec : service::scopes()) {
    names.emplace_back(spec.name);
  }
  return names;
}

}  // namespace

Command token_command() {
  auto storage = std::make_shared<TokenStorage>();
  Command command;
  command.name = "token";
  command.summary = "Make, list and revoke access tokens of the HTTP interfaces.";
  command.description =
      "create prints the secret once, alone on standard output; the store keeps only its hash. "
      "list shows all of them and when each was used last. revoke ends some: a running service "
      "refuses them within five seconds.";
  command.arguments = {{"ACTION",
                        "create, list, or revoke followed by ids.",
                        &storage->words,
                        true,
                        true,
                        Complete::nothing,
                        {"create", "list", "revoke"}}};
  command.options = {
      {"--name", "TEXT", "create: what it is for.", &storage->name},
      {"--owner", "NAME", "create: who acts with it (you).", &storage->owner},
      {"--scope", "SCOPE", scope_help(), &storage->scopes, Complete::nothing, scope_names()},
      {"--expires", "TIME", "create: how long it is valid, like 90d, or never (365d).",
       &storage->expires}};
  command.examples = {
      {"patchmill token create --name dashboard --scope read", "for a program that only looks"},
      {"patchmill token create --name ann --owner ann --scope write --expires 90d",
       "for a maintainer"},
      {"patchmill token create --name ci --owner ci --scope write:checks",
       "for a program that posts checks by Patchwork's API"},
      {"patchmill token revoke 3f2a9c01d4e5", "it leaked"}};
  command.run = [storage](const Common& common) -> int { return run(common, *storage); };
  return command;
}

}  // namespace patchmill::cli
