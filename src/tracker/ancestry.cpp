#include "tracker/ancestry.hpp"

namespace patchmill::tracker {

namespace {
// Chains of answers longer than this are cut: no review is that deep, and loops must end.
constexpr int max_steps = 64;
}  // namespace

Ancestry::Ancestry(const std::vector<MailFact>& facts, const ReplyParents& replies)
    : m_facts(facts), m_replies(replies) {
  m_by_msgid.reserve(facts.size());
  m_authors.reserve(facts.size());
  for (std::size_t i = 0; i < facts.size(); ++i) {
    m_by_msgid.emplace(facts[i].msgid, i);
    m_authors.push_back(author_key(facts[i].from));
  }
}

std::optional<std::size_t> Ancestry::find(std::string_view msgid) const {
  const auto it = m_by_msgid.find(msgid);
  return it == m_by_msgid.end() ? std::nullopt : std::optional(it->second);
}

std::optional<std::size_t> Ancestry::nearest(std::size_t fact) const {
  for (const std::string& parent : m_facts[fact].parents) {
    const std::string* id = &parent;
    for (int step = 0; step < max_steps; ++step) {
      if (auto found = find(*id)) {
        if (*found != fact) {
          return found;
        }
        break;
      }
      const auto reply = m_replies.find(*id);
      if (reply == m_replies.end()) {
        break;
      }
      id = &reply->second;
    }
  }
  return std::nullopt;
}

std::optional<std::size_t> Ancestry::nearest_own(std::size_t fact) const {
  std::optional<std::size_t> at = nearest(fact);
  for (int step = 0; at && step < max_steps; ++step) {
    if (*at == fact) {
      return std::nullopt;
    }
    if (m_authors[*at] == m_authors[fact]) {
      return at;
    }
    at = nearest(*at);
  }
  return std::nullopt;
}

}  // namespace patchmill::tracker
