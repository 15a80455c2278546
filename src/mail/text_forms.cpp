#include "mail/text_forms.hpp"

#include "mail/lines.hpp"
#include "util/text.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace patchmill::mail {

namespace {

constexpr std::string_view signed_start = "-----BEGIN PGP SIGNED MESSAGE-----";
constexpr std::string_view signature_start = "-----BEGIN PGP SIGNATURE-----";
constexpr std::string_view signature_end = "-----END PGP SIGNATURE-----";

std::string_view bare(std::string_view line) {
  while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) {
    line.remove_suffix(1);
  }
  return line;
}

std::size_t quote_depth(std::string_view line) {
  std::size_t depth = 0;
  while (depth < line.size() && line[depth] == '>') {
    ++depth;
  }
  return depth;
}

std::string_view without_stuffing(std::string_view line) {
  return line.starts_with(' ') ? line.substr(1) : line;
}

}  // namespace

std::string unflow(std::string_view text, bool delsp) {
  std::string out;
  out.reserve(text.size());
  bool joining = false;
  std::size_t depth = 0;
  for (Lines lines(text); !lines.done();) {
    std::string_view line = without_cr(lines.next());
    const std::size_t quotes = quote_depth(line);
    // "-- " never flows.
    if (bare(line) == "--" && line.ends_with(' ')) {
      if (joining) {
        out += '\n';
        joining = false;
      }
      out += "-- \n";
      continue;
    }
    if (joining && quotes != depth) {
      out += '\n';
      joining = false;
    }
    if (joining) {
      out += without_stuffing(line.substr(quotes));
    } else {
      out += quotes > 0 ? line : without_stuffing(line);
    }
    depth = quotes;
    joining = line.ends_with(' ') && line.size() > (quotes > 0 ? quotes : 1);
    if (joining && delsp) {
      out.pop_back();
    }
    if (!joining) {
      out += '\n';
    }
  }
  if (joining) {
    out += '\n';
  }
  return out;
}

std::string unstuff(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (Lines lines(text); !lines.done();) {
    out += without_stuffing(lines.next());
    out += '\n';
  }
  return out;
}

bool is_clear_signed(std::string_view text) {
  const std::size_t found = text.find(signed_start);
  return found != std::string_view::npos && (found == 0 || text[found - 1] == '\n');
}

std::string unwrap_clear_signed(std::string_view text) {
  enum class Place { outside, armour_header, inside, signature };
  Place place = Place::outside;
  std::string out;
  out.reserve(text.size());
  for (Lines lines(text); !lines.done();) {
    std::string_view line = lines.next();
    const std::string_view mark = bare(line);
    if (place == Place::armour_header) {
      if (mark.empty()) {
        place = Place::inside;
      }
      continue;
    }
    if (place == Place::outside && mark == signed_start) {
      place = Place::armour_header;
      continue;
    }
    if (place == Place::inside && mark == signature_start) {
      place = Place::signature;
      continue;
    }
    if (place == Place::signature) {
      if (mark == signature_end) {
        place = Place::outside;
      }
      continue;
    }
    if (place == Place::inside && line.starts_with("- ")) {
      line.remove_prefix(2);
    }
    out += line;
    out += '\n';
  }
  return out;
}

namespace {

bool begins_footer(std::string_view line) {
  return line == "-- " ||
         (!line.empty() && line[0] == '_' && line.find_first_not_of('_') == std::string_view::npos);
}

bool is_of_the_posting(std::string_view line) {
  static constexpr std::array<std::string_view, 7> words = {
      "base-commit:", "base-branch:", "change-id:", "prerequisite-",
      "depends-on:",  "based-on:",    "supersedes:"};
  return std::ranges::any_of(
      words, [&](std::string_view word) { return iequals(line.substr(0, word.size()), word); });
}

}  // namespace

std::size_t footer_start(std::string_view text) {
  for (Lines lines(text); !lines.done();) {
    const std::size_t start = lines.pos();
    const std::string_view line = without_cr(lines.next());
    const bool ended = lines.pos() > start + line.size();  // the last line needs its \n, too
    if (ended && begins_footer(line)) {
      return start;
    }
  }
  return text.size();
}

std::size_t footer_after_trailers(std::string_view text, bool is_message) {
  static constexpr std::string_view sign_off = "signed-off-by:";
  std::size_t from = 0;
  for (Lines lines(text); !lines.done();) {
    const std::string_view line = lines.next();
    if (is_of_the_posting(line) ||
        (is_message && iequals(line.substr(0, sign_off.size()), sign_off))) {
      from = lines.pos();
    }
  }
  return from + footer_start(text.substr(from));
}

}  // namespace patchmill::mail
