#pragma once
// What does not start until somebody says so. What runs already goes on.

#include "store/database.hpp"
#include "util/clock.hpp"
#include "util/result.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::pipeline {

struct PauseScope {
  enum class Kind { all, project, tree };
  Kind kind = Kind::all;
  std::string name;  // of the project or tree; empty for all

  static PauseScope everything() { return {}; }
  static PauseScope project(std::string name) { return {Kind::project, std::move(name)}; }
  static PauseScope tree(std::string name) { return {Kind::tree, std::move(name)}; }
  friend bool operator==(const PauseScope&, const PauseScope&) = default;
};
std::string to_string(const PauseScope& scope);  // "all", "project NAME", "tree NAME"
std::optional<PauseScope> pause_scope_from(std::string_view text);

struct Pause {
  PauseScope scope;
  std::string who;     // token's owner or login name, for people
  std::string reason;  // may be empty
  Timestamp time{};    // since when
};

class Pauses {
 public:
  Pauses(store::Database& database, const Clock& clock);

  // Event work-paused. One that stands already keeps its time; who and reason are the new ones.
  // Error invalid for a scope that needs a name and has none, or one of more than 200 bytes.
  Result<Pause> pause(const PauseScope& scope, std::string_view who, std::string_view reason);
  // Event work-resumed. False when it was not paused; others that hold the same work stay.
  bool resume(const PauseScope& scope, std::string_view who);
  std::vector<Pause> list();  // the one of everything first, then by scope

 private:
  store::Database& m_database;
  const Clock& m_clock;
};

// The pause that holds work of this project on this tree back, if one does. Empty names match
// nothing. For a scheduler that reads list() once a round.
const Pause* pause_of(const std::vector<Pause>& pauses, std::string_view project,
                      std::string_view tree);

}  // namespace patchmill::pipeline
