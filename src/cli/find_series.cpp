#include "cli/find_series.hpp"

#include "util/text.hpp"

#include <fmt/format.h>

namespace patchmill::cli {

std::string trim_msgid(std::string_view word) {
  word = trim(word);
  if (word.starts_with("http://") || word.starts_with("https://")) {
    for (const std::string_view tail : {"/", "/raw", "/T", "/t", "/#t"}) {
      if (word.ends_with(tail)) {
        word.remove_suffix(tail.size());
      }
    }
    word = word.substr(word.rfind('/') + 1);
  }
  if (word.starts_with('<') && word.ends_with('>')) {
    word = word.substr(1, word.size() - 2);
  }
  return std::string(word);
}

Result<tracker::Series> find_series(tracker::Queries& queries, std::string_view word) {
  std::optional<std::int64_t> number;
  if (const auto parsed = parse_uint(word)) {
    number = static_cast<std::int64_t>(*parsed);
  } else {
    number = queries.series_of(trim_msgid(word));
  }
  auto series = number ? queries.series(*number) : std::nullopt;
  if (!series) {
    return fail(ErrorKind::invalid,
                fmt::format("there is no series {} here; `patchmill show series` lists them",
                            escape_terminal(word)));
  }
  return *std::move(series);
}

}  // namespace patchmill::cli
