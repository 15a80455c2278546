#include "patchwork/listing.hpp"

#include "http/target.hpp"
#include "patchwork/answer.hpp"
#include "util/log.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace patchmill::patchwork {
namespace json = boost::json;
namespace {

constexpr unsigned events_a_page = 250;  // what Patchwork gives at most
constexpr unsigned mails_a_page = 100;
// Few enough that mails are stored soon although each is asked for by itself.
constexpr std::size_t events_a_look = 200;
constexpr int most_event_pages = 100;  // of a look, which ends with its 200 events long before
constexpr int most_pages = 10'000;     // of patches: an instance that was away for years

Result<const json::array*> list_of(const Pending::Answer& answer) {
  const auto* list = answer.value.if_array();
  if (list == nullptr) {
    return fail(ErrorKind::infrastructure,
                fmt::format("{}: no list", escape_terminal(ellipsize(answer.address, 300))));
  }
  return list;
}

}  // namespace

std::string_view path_of(MailKind kind) {
  return kind == MailKind::patch ? "patches/" : "covers/";
}

std::string name_of(const MailRef& ref) {
  return fmt::format("{}/{}", to_string(ref.kind), ref.id);
}

Result<std::vector<ListedMail>> Listing::list(MailKind kind, const std::string& query,
                                              std::string* next) {
  PM_TRY_ASSIGN(auto answer, m_instance.get(query).wait());
  PM_TRY_ASSIGN(const auto* all, list_of(answer));
  std::vector<ListedMail> mails;
  for (const auto& one : *all) {
    if (auto mail = read_listed_mail(one, kind)) {
      mails.push_back(std::move(*mail));
    }
  }
  if (next != nullptr) {
    *next = std::move(answer.next);
  }
  return mails;
}

Result<Pending::Answer> Listing::event_page(const std::string& page) {
  int status = 0;
  auto answer = m_instance.get(page).wait(&status);
  m_may_pass = status == 500;
  // Switched off, forbidden, or Django's page about a fault inside of it: not a server in trouble.
  if (!answer && (status == 500 || status == 501 || (status >= 400 && status < 429))) {
    return fail(ErrorKind::not_found, answer.error().message);
  }
  return answer;
}

Result<std::string> Listing::anchor(unsigned days) {
  PM_TRY_ASSIGN(const auto answer,
                event_page(fmt::format("events/?project={}&per_page=1", m_project.id)));
  PM_TRY_ASSIGN(const auto* newest, list_of(answer));
  if (newest->empty()) {
    return std::string();
  }
  PM_TRY_ASSIGN(const auto event, read_event(newest->front()));
  return days_before(event.date, days).value_or(event.date);
}

Result<std::int64_t> Listing::floor(MailKind kind, unsigned days) {
  const auto base = fmt::format("{}?project={}&per_page=1", path_of(kind), m_project.id);
  PM_TRY_ASSIGN(const auto newest, list(kind, base + "&order=-id", nullptr));
  if (newest.empty()) {
    return 0;
  }
  if (const auto since = days_before(newest.front().date, days); since && days > 0) {
    PM_TRY_ASSIGN(const auto oldest,
                  list(kind, base + "&order=id&since=" + http::percent_encode(*since), nullptr));
    if (!oldest.empty()) {
      return oldest.front().ref.id - 1;
    }
  }
  return newest.front().ref.id;
}

Result<Listing::News> Listing::events(const Position& position) {
  // Our own checks are among them: `category` takes one value only (patchwork/api/filters.py has no
  // filter of its own for it, so it is django-filter's ChoiceFilter), of several the last one
  // counts.
  News news;
  std::string page = fmt::format("events/?project={}&order=date&per_page={}&since={}", m_project.id,
                                 events_a_page, http::percent_encode(position.date));
  std::set<std::int64_t> seen(position.events.begin(), position.events.end());
  bool any = false;
  for (int i = 0; i < most_event_pages && !page.empty() && news.events.size() < events_a_look;
       ++i) {
    PM_TRY_ASSIGN(auto answer, event_page(page));
    PM_TRY_ASSIGN(const auto* list, list_of(answer));
    for (const auto& one : *list) {
      auto event = read_event(one);
      any = true;
      if (!event) {
        log::warning("{}: {}; it is left out", m_instance.name(), event.error().message);
      } else if (seen.insert(event->id).second) {
        news.events.push_back(std::move(*event));
      }
    }
    page = std::move(answer.next);
  }
  // Pages that bring nothing new are not asked for again at once.
  news.more = !page.empty() && !news.events.empty();
  news.gone = !any && !position.events.empty();
  return news;
}

Result<std::vector<MailRef>> Listing::newer(MailKind kind, std::int64_t above,
                                            const Unknown& unknown) {
  std::vector<MailRef> found;
  std::set<std::int64_t> seen;
  std::string page =
      fmt::format("{}?project={}&order=-id&per_page={}", path_of(kind), m_project.id, mails_a_page);
  for (int i = 0; i < most_pages && !page.empty(); ++i) {
    std::string next;
    PM_TRY_ASSIGN(const auto mails, list(kind, page, &next));
    std::vector<std::string> names;
    std::map<std::string, MailRef> by_name;
    bool reached_end = mails.empty();
    for (const auto& mail : mails) {
      if (mail.ref.id <= above) {
        reached_end = true;
      } else if (seen.insert(mail.ref.id).second) {
        names.push_back(name_of(mail.ref));
        by_name.emplace(names.back(), mail.ref);
      }
    }
    const auto fresh = unknown(names);
    for (const auto& name : fresh) {
      found.push_back(by_name.at(name));
    }
    // They are stored oldest first: older than a page of known ones are known ones.
    page = reached_end || fresh.empty() ? std::string() : std::move(next);
  }
  std::ranges::sort(found, {}, &MailRef::id);
  return found;
}

Result<void> Listing::still_there() {
  const auto found = m_instance.read(fmt::format("projects/{}/", m_project.id));
  if (!found && found.error().kind == ErrorKind::not_found) {
    return fail(ErrorKind::invalid,
                fmt::format("{} has no project {} any more; correct the source, or ask its "
                            "administrator",
                            m_instance.name(), escape_terminal(m_project.link_name)));
  }
  PM_TRY(found);
  return {};
}

}  // namespace patchmill::patchwork
