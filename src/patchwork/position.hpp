#pragma once
// How far a project of an instance was read.

#include "patchwork/objects.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::patchwork {

struct Position {
  // Of the last event that was done with, verbatim: the server's clock has no zone, may be hours
  // off and goes back an hour once a year. Empty: none was seen yet.
  std::string date;
  std::vector<std::int64_t> events;  // done with, of exactly that date
  // What has a higher number and is not stored is new, whatever events say. Empty: not known yet.
  std::optional<std::int64_t> patches_above, covers_above;
  std::vector<MailRef> missed;  // could not be had so far
  bool operator==(const Position&) const = default;

  void done_with(const Event& event);
  [[nodiscard]] bool is_done(const Event& event) const;
};

inline constexpr std::size_t k_most_missed = 1000;

// For the store. Reading one gives nothing for what is none.
std::string to_text(const Position& position);
std::optional<Position> position_from(std::string_view text);

// That many days earlier by the same clock; nothing for what is no date. Only the beginning is
// computed so.
std::optional<std::string> days_before(std::string_view date, unsigned days);

}  // namespace patchmill::patchwork
