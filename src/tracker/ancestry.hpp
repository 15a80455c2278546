#pragma once
// Who answers whom among the patches and covers of a thread.

#include "tracker/facts.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace patchmill::tracker {

// Views into `facts` and `replies`, which outlive it. Facts are named by their index.
class Ancestry {
 public:
  Ancestry(const std::vector<MailFact>& facts, const ReplyParents& replies);

  [[nodiscard]] std::optional<std::size_t> find(std::string_view msgid) const;
  [[nodiscard]] const std::string& author(std::size_t fact) const { return m_authors[fact]; }
  // The nearest patch or cover a mail answers, directly or through replies.
  [[nodiscard]] std::optional<std::size_t> nearest(std::size_t fact) const;
  // The same, but looking past mails of other people.
  [[nodiscard]] std::optional<std::size_t> nearest_own(std::size_t fact) const;

 private:
  const std::vector<MailFact>& m_facts;
  const ReplyParents& m_replies;
  std::unordered_map<std::string_view, std::size_t> m_by_msgid;
  std::vector<std::string> m_authors;
};

}  // namespace patchmill::tracker
