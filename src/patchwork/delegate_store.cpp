#include "patchwork/delegate_store.hpp"

#include "patchwork/answer.hpp"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace patchmill::patchwork {
namespace json = boost::json;
namespace {

std::string delegate_kind(std::string_view instance, std::string_view project) {
  return fmt::format("patchwork-delegate {} {}", instance, project);
}

}  // namespace

bool DelegateStore::want(const KnownPatch& patch, std::string_view username) {
  return patch.delegate.empty() &&
         store::enqueue(m_database, m_clock.now(),
                        fmt::format("patchwork-delegate {} {}", patch.instance, patch.patch),
                        delegate_kind(patch.instance, patch.project),
                        json::serialize(json::object{{"patch", patch.patch}, {"user", username}}));
}

std::optional<DelegateStore::Due> DelegateStore::claim(std::string_view instance,
                                                       std::string_view project,
                                                       std::string_view holder,
                                                       std::chrono::seconds lease) {
  auto item =
      store::claim(m_database, m_clock.now(), delegate_kind(instance, project), holder, lease);
  if (!item) {
    return std::nullopt;
  }
  Due due;
  const auto payload = parse_answer(item->payload);
  if (const auto* object = payload ? payload->if_object() : nullptr) {
    due.patch = number_of(*object, "patch").value_or(0);
    due.username = text_of(*object, "user");
  }
  due.item = std::move(*item);
  return due;
}

void DelegateStore::done(const Due& due) {
  store::mark_sent(m_database, m_clock.now(), due.item.id);
}

void DelegateStore::failed(const Due& due, std::string_view reason,
                           std::optional<Timestamp> again) {
  store::mark_failed(m_database, due.item.id, reason, again);
}

void DelegateStore::try_again(std::string_view instance, std::string_view project) {
  store::make_failed_due(m_database, m_clock.now(), delegate_kind(instance, project));
}

std::int64_t DelegateStore::waiting(std::string_view instance, std::string_view project) {
  return m_database.value<std::int64_t>("SELECT COUNT(*) FROM outbox WHERE kind = ? AND state = 0",
                                        delegate_kind(instance, project));
}

}  // namespace patchmill::patchwork
