#pragma once
// Times, durations, sizes and verdicts in words.

#include "findings/finding.hpp"
#include "mail/address.hpp"
#include "util/clock.hpp"
#include "util/text.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace patchmill::web {

std::string format_time(Timestamp time);                        // "2026-01-31 09:30 UTC"
std::string format_day(Timestamp time);                         // "2026-01-31"
std::string format_duration(std::chrono::microseconds length);  // "1 h 4 min", "3.2 s"
std::string format_size(std::uint64_t bytes);                   // "1.2 MiB"
std::string format_tenth(double value);                         // "1.5"

// What a verdict or the lack of one looks like. The class is for colours; the mark and the word say
// the same without them.
struct Badge {
  std::string_view css, mark, word;
};
Badge badge_of(std::optional<findings::Verdict> verdict, bool running, bool waiting_is_queued);
Badge badge_of(findings::Verdict verdict);

// The name, else the address: for people, in pages the whole world reads.
std::string person_name(const mail::Address& person);

}  // namespace patchmill::web
