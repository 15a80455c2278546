#include "app/patchwork_items.hpp"

#include "app/patchwork_lists.hpp"
#include "app/patchwork_objects.hpp"
#include "patchwork/listing.hpp"
#include "patchwork/position.hpp"
#include "patchwork/rebuilt_mail.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

namespace patchmill::app {
namespace {

constexpr std::size_t k_asked_ahead = 4;  // items, with up to three requests each

}  // namespace

void PatchworkItems::leave_out(Error error, std::int64_t id, PatchworkReached& reached) {
  const bool gone = error.kind == ErrorKind::not_found;
  if (!gone && (reached.missed.empty() || reached.missed.back() != id)) {
    if (reached.missed.size() < patchwork::k_most_missed) {
      reached.missed.push_back(id);
      ++m_report.missed;
    } else {
      error.message +=
          fmt::format("; {} wait already, this one is not tried again", patchwork::k_most_missed);
    }
  }
  m_report.left_out.push_back(std::move(error));
}

Result<std::vector<TakenMail>> PatchworkItems::read(const PatchworkPlace& place,
                                                    patchwork::MailKind kind,
                                                    const std::vector<std::int64_t>& ids,
                                                    PatchworkReached& reached) {
  struct Asked {
    std::int64_t id = 0;
    patchwork::Pending detail;
    std::optional<patchwork::Pending> comments, checks;
  };
  const bool has_comments = m_instance.version() != "1.0";
  std::vector<TakenMail> items;
  std::deque<Asked> asked;
  for (std::size_t at = 0, to_ask = 0; at < ids.size(); ++at) {
    for (; to_ask < ids.size() && asked.size() < k_asked_ahead; ++to_ask) {
      const auto base = fmt::format("{}{}/", patchwork::path_of(kind), ids[to_ask]);
      Asked one{ids[to_ask], m_instance.get(base), {}, {}};
      if (has_comments) {
        one.comments = m_instance.get(base + "comments/?per_page=250");
      }
      if (kind == patchwork::MailKind::patch) {
        one.checks = m_instance.get(base + "checks/?per_page=250");
      }
      asked.push_back(std::move(one));
    }
    Asked one = std::move(asked.front());
    asked.pop_front();
    int status = 0;
    const auto answer = one.detail.wait(&status);
    const auto detail = answer ? patchwork::read_mail_detail(answer->value, kind)
                               : Result<patchwork::MailDetail>(tl::unexpected(answer.error()));
    if (!detail) {
      if (!only_this(detail.error(), status)) {
        return tl::unexpected(detail.error());
      }
      leave_out({detail.error().kind,
                 fmt::format("{} {}: {}", to_string(kind), one.id, detail.error().message)},
                one.id, reached);
      continue;
    }
    TakenMail item;
    item.kind = kind;
    item.list_id = place.project.list_id;
    item.mail = adopted_mail(answer->value.get_object());
    item.mail.self.project = place.project.id;
    item.raw = patchwork::rebuild_mail(*detail, place.project.list_id);
    // Lists of one thing: what cannot be had is left out, the thing itself is not.
    const auto each = [&](std::optional<patchwork::Pending>& pending, const char* what,
                          const auto& take) -> Result<void> {
      if (!pending) {
        return {};
      }
      auto list = read_list(m_instance, std::move(*pending), &status);
      if (!list) {
        if (!only_this(list.error(), status)) {
          return tl::unexpected(list.error());
        }
        leave_out({list.error().kind, fmt::format("{} of {} {}: {}", what, to_string(kind), one.id,
                                                  list.error().message)},
                  one.id, reached);
        return {};
      }
      for (const auto& value : *list) {
        if (value.is_object()) {
          take(value);
        }
      }
      return {};
    };
    PM_TRY(each(one.comments, "comments", [&](const boost::json::value& value) {
      if (auto reply = patchwork::read_mail_detail(value, kind)) {
        item.comments.push_back({adopted_comment(value.get_object()),
                                 patchwork::rebuild_mail(*reply, place.project.list_id)});
      }
    }));
    PM_TRY(each(one.checks, "checks", [&](const boost::json::value& value) {
      auto check = adopted_check(value.get_object());
      if (!check.user.username.empty()) {
        item.checks.push_back(std::move(check));
      }
    }));
    items.push_back(std::move(item));
  }
  return items;
}

}  // namespace patchmill::app
