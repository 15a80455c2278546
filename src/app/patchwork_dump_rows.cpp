#include "app/patchwork_dump_rows.hpp"

#include "app/patchwork_objects.hpp"
#include "patchwork/rebuilt_mail.hpp"
#include "registry/names.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace patchmill::app {
namespace {

using patchwork::DumpRow;
using patchwork::MailKind;
using registry::Id;

constexpr std::size_t k_most_headers = 1000;  // of a mail

// "Name: value" with folded lines, as Patchwork keeps them.
std::vector<std::pair<std::string, std::string>> headers_of(const std::string& text) {
  std::vector<std::pair<std::string, std::string>> headers;
  for (const auto line : split_lines(text)) {
    const auto colon = line.find(':');
    if (line.starts_with(' ') || line.starts_with('\t')) {
      if (!headers.empty()) {
        headers.back().second += fmt::format("\n{}", line);
      }
    } else if (colon != std::string_view::npos && headers.size() < k_most_headers) {
      headers.emplace_back(line.substr(0, colon), trim(line.substr(colon + 1)));
    }
  }
  return headers;
}

std::string raw_of(const DumpRow& row, const std::string& list_id) {
  patchwork::MailDetail detail;
  detail.headers = headers_of(row.text("headers").value_or(""));
  detail.content = row.text("content").value_or("");
  detail.diff = row.text("diff").value_or("");
  detail.date = row.text("date").value_or("");
  return patchwork::rebuild_mail(detail, list_id);
}

std::optional<std::string> short_text(const DumpRow& row, std::string_view column) {
  auto text = ellipsize(row.text(column).value_or(""), 2000);
  return text.empty() ? std::nullopt : std::optional(std::move(text));
}

Id here_of(const std::vector<std::pair<Id, Id>>& ids, Id there) {
  const auto found = std::ranges::lower_bound(ids, there, {}, &std::pair<Id, Id>::first);
  return found != ids.end() && found->first == there ? found->second : 0;
}

template <class Map>
auto* find_in(const Map& map, Id id) {
  const auto found = map.find(id);
  return found == map.end() ? nullptr : &found->second;
}

}  // namespace

std::string dumped_msgid(const DumpRow& row) {
  std::string id(trim(row.text("msgid").value_or("")));
  if (id.starts_with('<') && id.ends_with('>')) {
    id = id.substr(1, id.size() - 2);
  }
  return ellipsize(id, 1000);
}

Id PatchworkDumpIds::patch(Id there) const {
  return here_of(patches, there);
}

Id PatchworkDumpIds::cover(Id there) const {
  return here_of(covers, there);
}

std::optional<registry::User> PatchworkDumpRows::user(Id there) const {
  const auto* found = find_in(m_survey.users, there);
  return found != nullptr && !found->username.empty() ? std::optional(*found) : std::nullopt;
}

std::optional<registry::Person> PatchworkDumpRows::person(Id there) const {
  const auto* found = find_in(m_survey.people, there);
  if (found == nullptr) {
    return std::nullopt;
  }
  registry::Person person = *found;
  person.user = person.user ? user(person.user->id) : std::nullopt;
  return person;
}

const registry::Project* PatchworkDumpRows::project(Id there) const {
  return find_in(m_projects, there);
}

std::optional<TakenMail> PatchworkDumpRows::mail(const DumpRow& row) const {
  const auto* of = project(row.number("project"));
  const auto submitter = person(row.number("submitter"));
  if (of == nullptr || !submitter) {
    return std::nullopt;
  }
  TakenMail item;
  item.kind = row.table == "patchwork_patch" ? MailKind::patch : MailKind::cover;
  item.list_id = of->list_id;
  registry::AdoptedMail& mail = item.mail;
  mail.self = {row.number("id"), of->id, dumped_msgid(row),
               adopted_date(row.text("date").value_or("")),
               ellipsize(row.text("name").value_or(""), 2000)};
  mail.submitter = *submitter;
  if (item.kind == MailKind::patch) {
    if (const auto* series = m_survey.find_series(row.number("series"))) {
      mail.series = registry::SeriesRef{series->id, of->id, series->date, {}, series->version};
    }
    if (const auto* state = find_in(m_survey.states, row.number("state"))) {
      mail.state = state->slug;
    }
    mail.archived = row.truth("archived").value_or(false);
    mail.delegate = user(row.number("delegate"));
    mail.commit_ref = short_text(row, "commit_ref");
    mail.pull_url = short_text(row, "pull_url");
    if (const auto* least = find_in(m_survey.relations, row.number("related"))) {
      mail.related.push_back(*least);
    }
  } else if (const auto found = m_survey.series_of_cover.find(mail.self.id);
             found != m_survey.series_of_cover.end()) {
    if (const auto* series = m_survey.find_series(found->second)) {
      mail.series = registry::SeriesRef{series->id, of->id, series->date, {}, series->version};
    }
  }
  item.raw = raw_of(row, item.list_id);
  return item;
}

std::optional<TakenMail> PatchworkDumpRows::reply(const DumpRow& row,
                                                  const PatchworkDumpIds& ids) const {
  TakenMail about;
  about.kind = row.table == "patchwork_covercomment" ? MailKind::cover : MailKind::patch;
  about.here = about.kind == MailKind::cover ? ids.cover(row.number("cover"))
                                             : ids.patch(row.number("patch"));
  if (about.here == 0) {
    return std::nullopt;
  }
  if (row.table == "patchwork_check") {
    const auto who = user(row.number("user"));
    if (!who) {
      return std::nullopt;
    }
    registry::Check check;
    check.id = row.number("id");
    check.user = *who;
    check.date = adopted_date(row.text("date").value_or(""));
    check.state = static_cast<registry::CheckState>(std::min<std::int64_t>(row.number("state"), 3));
    check.target_url = short_text(row, "target_url");
    check.context = short_text(row, "context").value_or("default");
    check.description = short_text(row, "description");
    about.checks.push_back(std::move(check));
  } else {
    const auto submitter = person(row.number("submitter"));
    if (!submitter) {
      return std::nullopt;
    }
    TakenComment taken;
    taken.comment.id = row.number("id");
    taken.comment.msgid = dumped_msgid(row);
    taken.comment.date = adopted_date(row.text("date").value_or(""));
    taken.comment.submitter = *submitter;
    taken.comment.addressed = row.truth("addressed");
    taken.raw = raw_of(row, "");
    about.comments.push_back(std::move(taken));
  }
  return about;
}

std::optional<DumpedEvent> PatchworkDumpRows::event(const DumpRow& row,
                                                    const PatchworkDumpIds& ids) const {
  const auto* of = project(row.number("project"));
  const auto category = registry::categories_named({row.text("category").value_or("")});
  if (of == nullptr || !category || category->size() != 1) {
    return std::nullopt;
  }
  DumpedEvent taken;
  taken.id = row.number("id");
  taken.date = adopted_date(row.text("date").value_or(""));
  taken.actor = user(row.number("actor"));
  taken.previous = user(row.number("previous_delegate"));
  taken.current = user(row.number("current_delegate"));
  const auto slug = [&](std::string_view column) {
    const auto* state = find_in(m_survey.states, row.number(column));
    return state != nullptr ? state->slug : std::string();
  };
  taken.previous_state = slug("previous_state");
  taken.current_state = slug("current_state");
  registry::NewEvent& event = taken.event;
  event.category = static_cast<registry::Category>(category->front());
  event.project = of->id;
  const auto id = [&](std::string_view column) -> std::optional<Id> {
    const Id there = row.number(column);
    return there == 0 ? std::nullopt : std::optional(there);
  };
  event.patch = id("patch");
  event.cover = id("cover");
  event.series = id("series");
  event.check = id("created_check");
  event.comment = id("patch_comment") ? id("patch_comment") : id("cover_comment");
  if (event.patch && (event.patch = ids.patch(*event.patch)) == 0) {
    return std::nullopt;
  }
  if (event.cover && (event.cover = ids.cover(*event.cover)) == 0) {
    return std::nullopt;
  }
  return taken;
}

}  // namespace patchmill::app
