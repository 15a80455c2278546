#include "app/patchwork_objects.hpp"

#include "patchwork/answer.hpp"
#include "util/text.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>

namespace patchmill::app {
namespace json = boost::json;
namespace {

using patchwork::array_of;
using patchwork::id_of;
using patchwork::object_of;
using patchwork::text_of;

constexpr std::size_t k_longest_json_text = 2000;

std::string field(const json::object& object, std::string_view key) {
  return ellipsize(mend_utf8(text_of(object, key)), k_longest_json_text);  // \0 is JSON, too
}

std::optional<std::string> field_or_none(const json::object& object, std::string_view key) {
  auto text = field(object, key);
  return text.empty() ? std::nullopt : std::optional(std::move(text));
}

Timestamp date_of(const json::object& object) {
  return adopted_date(text_of(object, "date"));
}

std::string message_id_of(const json::object& object) {
  std::string id = field(object, "msgid");
  if (id.starts_with('<') && id.ends_with('>')) {
    id = id.substr(1, id.size() - 2);
  }
  return id;
}

bool is_true(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_bool() && value->get_bool();
}

// "+10", "+10:00", "-0330"; Z and anything else is none.
std::chrono::minutes offset_in(std::string_view zone) {
  std::string digits;
  for (const char c : zone) {
    if (c >= '0' && c <= '9' && digits.size() < 4) {
      digits += c;
    }
  }
  if (digits.size() < 2 || (zone.front() != '+' && zone.front() != '-')) {
    return {};
  }
  const auto number = static_cast<int>(parse_uint(digits).value_or(0));
  const int minutes = digits.size() == 4 ? number / 100 * 60 + number % 100 : number * 60;
  return std::chrono::minutes(zone.front() == '-' ? -minutes : minutes);
}

}  // namespace

Timestamp adopted_date(std::string_view from) {
  const std::string text(from.substr(0, 40));
  int year = 0;
  unsigned month = 0, day = 0, hour = 0, minute = 0, second = 0;
  if (std::sscanf(text.c_str(), "%4d-%2u-%2u%*1[T ]%2u:%2u:%2u", &year, &month, &day, &hour,
                  &minute, &second) != 6) {
    return Timestamp{};
  }
  const auto date = std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(day);
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) {
    return Timestamp{};
  }
  auto time = Timestamp(std::chrono::sys_days(date)) + std::chrono::hours(hour) +
              std::chrono::minutes(minute) + std::chrono::seconds(second);
  std::size_t at = std::min<std::size_t>(19, text.size());
  if (at < text.size() && text[at] == '.') {
    unsigned scale = 100'000;
    for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, scale /= 10) {
      time += std::chrono::microseconds(static_cast<unsigned>(text[at] - '0') * scale);
    }
  }
  return time - offset_in(std::string_view(text).substr(at));
}

registry::User adopted_user(const json::object& object) {
  registry::User user;
  user.id = id_of(object, "id").value_or(0);
  user.username = field(object, "username");
  user.first_name = field(object, "first_name");
  user.last_name = field(object, "last_name");
  user.email = field(object, "email");
  return user;
}

registry::Person adopted_person(const json::object& object) {
  return {id_of(object, "id").value_or(0), field(object, "name"), field(object, "email"), {}};
}

registry::Project adopted_project(const json::object& object) {
  registry::Project project;
  project.id = id_of(object, "id").value_or(0);
  project.name = field(object, "name");
  project.link_name = field(object, "link_name");
  project.list_id = field(object, "list_id");
  project.list_email = field(object, "list_email");
  project.subject_match = field(object, "subject_match");
  project.web_url = field(object, "web_url");
  project.scm_url = field(object, "scm_url");
  project.webscm_url = field(object, "webscm_url");
  project.list_archive_url = field(object, "list_archive_url");
  project.list_archive_url_format = field(object, "list_archive_url_format");
  project.commit_url_format = field(object, "commit_url_format");
  project.show_dependencies = is_true(object, "show_dependencies");
  if (const auto* maintainers = array_of(object, "maintainers")) {
    for (const auto& one : *maintainers) {
      if (const auto* user = one.if_object();
          user != nullptr && !field(*user, "username").empty()) {
        project.maintainers.push_back(adopted_user(*user));
      }
    }
  }
  return project;
}

registry::AdoptedMail adopted_mail(const json::object& object) {
  registry::AdoptedMail mail;
  mail.self.id = id_of(object, "id").value_or(0);
  mail.self.msgid = message_id_of(object);
  mail.self.date = date_of(object);
  mail.self.name = field(object, "name");
  if (const auto* submitter = object_of(object, "submitter")) {
    mail.submitter = adopted_person(*submitter);
  }
  if (const auto* all = array_of(object, "series"); all != nullptr && !all->empty()) {
    const auto* series = all->front().if_object();
    if (const auto id = series != nullptr ? id_of(*series, "id") : std::nullopt) {
      registry::SeriesRef ref;
      ref.id = *id;
      ref.name = field_or_none(*series, "name");
      ref.date = date_of(*series);
      ref.version = static_cast<int>(std::clamp<std::int64_t>(
          patchwork::number_of(*series, "version").value_or(1), 1, 10'000));
      mail.series = std::move(ref);
    }
  }
  mail.state = field(object, "state");
  mail.archived = is_true(object, "archived");
  if (const auto* delegate = object_of(object, "delegate");
      delegate != nullptr && !field(*delegate, "username").empty()) {
    mail.delegate = adopted_user(*delegate);
  }
  mail.commit_ref = field_or_none(object, "commit_ref");
  mail.pull_url = field_or_none(object, "pull_url");
  if (const auto* related = array_of(object, "related")) {
    for (const auto& one : *related) {
      const auto* patch = one.if_object();
      if (const auto id = patch != nullptr ? id_of(*patch, "id") : std::nullopt) {
        mail.related.push_back(*id);
      }
    }
  }
  return mail;
}

registry::AdoptedComment adopted_comment(const json::object& object) {
  registry::AdoptedComment comment;
  comment.id = id_of(object, "id").value_or(0);
  comment.msgid = message_id_of(object);
  comment.subject = field(object, "subject");
  comment.date = date_of(object);
  if (const auto* submitter = object_of(object, "submitter")) {
    comment.submitter = adopted_person(*submitter);
  }
  if (const auto* addressed = object.if_contains("addressed");
      addressed != nullptr && addressed->is_bool()) {
    comment.addressed = addressed->get_bool();
  }
  return comment;
}

registry::Check adopted_check(const json::object& object) {
  registry::Check check;
  check.id = id_of(object, "id").value_or(0);
  if (const auto* user = object_of(object, "user")) {
    check.user = adopted_user(*user);
  }
  check.date = date_of(object);
  const std::string state = field(object, "state");
  check.state = state == "success"   ? registry::CheckState::success
                : state == "warning" ? registry::CheckState::warning
                : state == "fail"    ? registry::CheckState::fail
                                     : registry::CheckState::pending;
  check.target_url = field_or_none(object, "target_url");
  check.context = field_or_none(object, "context").value_or("default");
  check.description = field_or_none(object, "description");
  return check;
}

}  // namespace patchmill::app
