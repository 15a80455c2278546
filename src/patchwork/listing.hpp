#pragma once
// What is new in a project of an instance: by its events, and by numbers where events do not tell.

#include "patchwork/instance.hpp"
#include "patchwork/position.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace patchmill::patchwork {

class Listing {
 public:
  // Of those names ("patch/12"), the ones that are not stored yet, in their order.
  using Unknown = std::function<std::vector<std::string>(const std::vector<std::string>&)>;

  Listing(Instance& instance, Project project)
      : m_instance(instance), m_project(std::move(project)) {}

  // Where events are to be read from the first time: those of the last `days`. Empty: there are
  // none yet. Error not_found: this instance tells no events, or (may_pass) not now.
  Result<std::string> anchor(unsigned days);
  // Below what number nothing is asked for: the newest one there is; `days` above 0: the newest
  // that is so much older than that.
  Result<std::int64_t> floor(MailKind kind, unsigned days);

  struct News {
    std::vector<Event> events;  // not done with, oldest first
    bool more = false;          // ask again after these
    bool gone = false;          // not even the last event we saw is there any more
  };
  // From the position's date, which is not empty; follows pages until there are about 200 events.
  // Error not_found as above.
  Result<News> events(const Position& position);
  // Why events could not be had the last time may be over soon.
  [[nodiscard]] bool may_pass() const { return m_may_pass; }

  // Patches or covers above that number that are not stored, oldest first, whatever events say.
  // One request as long as nothing is missing.
  Result<std::vector<MailRef>> newer(MailKind kind, std::int64_t above, const Unknown& unknown);

  // Whether the project is still there.
  Result<void> still_there();

 private:
  Result<Pending::Answer> event_page(const std::string& page);
  Result<std::vector<ListedMail>> list(MailKind kind, const std::string& query, std::string* next);

  Instance& m_instance;
  Project m_project;
  bool m_may_pass = false;
};

std::string_view path_of(MailKind kind);  // "patches/", "covers/"
// As it is recorded that a mail is stored: "patch/12".
std::string name_of(const MailRef& ref);

}  // namespace patchmill::patchwork
