#include "patchwork/objects.hpp"

#include "patchwork/answer.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace patchmill::patchwork {
namespace json = boost::json;
namespace {

constexpr std::size_t most_mails = 5000;    // of a series
constexpr std::size_t most_headers = 1000;  // of a mail
constexpr std::size_t longest_id = 1000;    // of a Message-ID; Patchwork cuts them at 255
constexpr std::size_t longest_date = 40;
constexpr std::size_t longest_word = 150;  // of a state or a username; Django's longest

tl::unexpected<Error> lacks(std::string_view what, std::string_view field) {
  return fail(ErrorKind::invalid,
              fmt::format("{} without a usable \"{}\" in the answer of Patchwork", what, field));
}

Result<const json::object*> object_with_id(const json::value& value, std::string_view what) {
  const auto* object = value.if_object();
  if (object == nullptr) {
    return fail(ErrorKind::invalid,
                fmt::format("something else than {} in the answer of Patchwork", what));
  }
  if (!id_of(*object, "id")) {
    return lacks(what, "id");
  }
  return object;
}

std::string message_id_of(const json::object& object) {
  std::string id = text_of(object, "msgid");
  if (id.starts_with('<') && id.ends_with('>')) {
    id = id.substr(1, id.size() - 2);
  }
  return id.size() <= longest_id ? id : std::string();
}

std::optional<MailRef> ref_of(const json::object* object, MailKind kind) {
  const auto id = object != nullptr ? id_of(*object, "id") : std::nullopt;
  return id ? std::optional(MailRef{kind, *id, message_id_of(*object)}) : std::nullopt;
}

std::string word_of(const json::object& object, std::string_view key) {
  std::string word = text_of(object, key);
  return word.size() <= longest_word ? word : std::string();
}

std::string username_of(const json::object& object, std::string_view key) {
  const auto* user = object_of(object, key);
  return user != nullptr ? word_of(*user, "username") : std::string();
}

void add_header(std::vector<std::pair<std::string, std::string>>& headers, std::string_view name,
                const json::value& value) {
  if (value.is_string() && headers.size() < most_headers) {
    headers.emplace_back(name, value.get_string());
  }
}

}  // namespace

std::string_view to_string(MailKind kind) {
  return kind == MailKind::patch ? "patch" : "cover";
}

Result<Project> read_project(const json::value& value) {
  PM_TRY_ASSIGN(const auto* object, object_with_id(value, "a project"));
  if (!object->contains("linkname")) {
    return Project{*id_of(*object, "id"), text_of(*object, "name"), text_of(*object, "link_name"),
                   text_of(*object, "list_id")};
  }
  // The freedesktop edition tells the address of the list only: Mailman makes the id of it.
  std::string list_id = to_lower(text_of(*object, "listemail"));
  std::ranges::replace(list_id, '@', '.');
  return Project{*id_of(*object, "id"), text_of(*object, "name"), text_of(*object, "linkname"),
                 std::move(list_id)};
}

Result<Event> read_event(const json::value& value) {
  PM_TRY_ASSIGN(const auto* object, object_with_id(value, "an event"));
  Event event;
  event.id = *id_of(*object, "id");
  event.category = text_of(*object, "category");
  event.date = text_of(*object, "date");
  if (event.date.empty() || event.date.size() > longest_date) {
    return lacks(fmt::format("event {}", event.id), "date");
  }
  if (const auto* payload = object_of(*object, "payload")) {
    event.mail = ref_of(object_of(*payload, "patch"), MailKind::patch);
    if (!event.mail) {
      event.mail = ref_of(object_of(*payload, "cover"), MailKind::cover);
    }
    if (const auto* series = object_of(*payload, "series")) {
      event.series = id_of(*series, "id");
    }
    if (event.category == "patch-state-changed") {
      if (auto state = word_of(*payload, "current_state"); !state.empty()) {
        event.state = std::move(state);
      }
    } else if (event.category == "patch-delegated") {
      event.delegate = username_of(*payload, "current_delegate");
    }
  }
  return event;
}

Result<Series> read_series(const json::value& value) {
  PM_TRY_ASSIGN(const auto* object, object_with_id(value, "a series"));
  Series series;
  series.id = *id_of(*object, "id");
  if (auto cover = ref_of(object_of(*object, "cover_letter"), MailKind::cover)) {
    series.mails.push_back(std::move(*cover));
  }
  const auto* patches = array_of(*object, "patches");
  if (patches == nullptr) {
    return lacks(fmt::format("series {}", series.id), "patches");
  }
  if (patches->size() > most_mails) {
    return fail(ErrorKind::limit, fmt::format("series {} has {} patches; more than {} are not read",
                                              series.id, patches->size(), most_mails));
  }
  for (const auto& patch : *patches) {
    if (auto ref = ref_of(patch.if_object(), MailKind::patch)) {
      series.mails.push_back(std::move(*ref));
    }
  }
  return series;
}

Result<MailDetail> read_mail_detail(const json::value& value, MailKind kind) {
  const std::string what = fmt::format("a {}", to_string(kind));
  PM_TRY_ASSIGN(const auto* object, object_with_id(value, what));
  MailDetail detail;
  detail.ref = *ref_of(object, kind);
  const auto* headers = object_of(*object, "headers");
  if (headers == nullptr) {
    return lacks(fmt::format("{} {}", to_string(kind), detail.ref.id), "headers");
  }
  for (const auto& [name, one_or_more] : *headers) {
    if (const auto* several = one_or_more.if_array()) {
      for (const auto& one : *several) {
        add_header(detail.headers, name, one);
      }
    } else {
      add_header(detail.headers, name, one_or_more);
    }
  }
  detail.content = text_of(*object, "content");
  detail.diff = text_of(*object, "diff");
  detail.state = word_of(*object, "state");
  detail.delegate = username_of(*object, "delegate");
  detail.date = text_of(*object, "date").substr(0, longest_date);
  if (const auto* all = array_of(*object, "series")) {
    for (const auto& one : *all) {
      const auto* series = one.if_object();
      if (const auto id = series != nullptr ? id_of(*series, "id") : std::nullopt) {
        detail.series.push_back(*id);
      }
    }
  }
  return detail;
}

Result<ListedMail> read_listed_mail(const json::value& value, MailKind kind) {
  const std::string what = fmt::format("a {}", to_string(kind));
  PM_TRY_ASSIGN(const auto* object, object_with_id(value, what));
  return ListedMail{*ref_of(object, kind), text_of(*object, "date").substr(0, longest_date)};
}

Result<Check> read_check(const json::value& value) {
  PM_TRY_ASSIGN(const auto* object, object_with_id(value, "a check"));
  return Check{*id_of(*object, "id"), text_of(*object, "state"), text_of(*object, "context"),
               text_of(*object, "target_url"), text_of(*object, "description")};
}

}  // namespace patchmill::patchwork
