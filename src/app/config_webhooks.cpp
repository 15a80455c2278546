// The webhooks of a project of the section `patchwork`.

#include "app/config_reader.hpp"
#include "http/url.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace patchmill::app {
namespace {

using registry::Category;

constexpr std::array<std::pair<std::string_view, Category>, 11> k_words = {{
    {"created", Category::cover_created},
    {"created", Category::patch_created},
    {"created", Category::series_created},
    {"completed", Category::patch_completed},
    {"completed", Category::series_completed},
    {"state", Category::patch_state_changed},
    {"delegate", Category::patch_delegated},
    {"relation", Category::patch_relation_changed},
    {"check", Category::check_created},
    {"comment", Category::cover_comment_created},
    {"comment", Category::patch_comment_created},
}};

}  // namespace

void ConfigReader::read_webhooks(Config& config, const YamlValue& project) {
  const YamlValue* list = project.find("webhooks");
  if (list == nullptr) {
    return;
  }
  for (const YamlValue& item : list->items) {
    WebhookConfig hook;
    hook.project = word(project, "link-name");
    hook.url = word(item, "url");
    if (const auto url = http::parse_url(hook.url); !url) {
      // Its text may hold a password.
      fault(item.find("url") != nullptr ? *item.find("url") : item,
            "'url' is an address like https://ci.example.org/hooks/patches, without user and "
            "password; sign with 'secret'");
    } else {
      hook.url = url->text;
    }
    for (const WebhookConfig& other : config.webhooks) {
      if (other.project == hook.project && other.url == hook.url && !hook.url.empty()) {
        fault(item, "the project has a webhook with this 'url' already");
      }
    }
    const bool all = item.find("events") == nullptr;
    const std::vector<std::string> wanted = words(item, "events");
    for (const auto& [name, category] : k_words) {
      if (all || std::ranges::find(wanted, name) != wanted.end()) {
        hook.events.insert(category);
      }
    }
    hook.secret = secret(item, "secret");
    hook.private_address = word(item, "private-address") == "true";
    config.webhooks.push_back(std::move(hook));
  }
}

}  // namespace patchmill::app
