#include "mail/message_ids.hpp"

#include "mail/lines.hpp"
#include "util/hash.hpp"
#include "util/text.hpp"

#include <algorithm>
#include <unordered_set>

namespace patchmill::mail {

namespace {

// What fits a line of a mail (RFC 5322 section 2.1.1) and an index entry of the store.
constexpr std::size_t max_id = 998;

std::string clean_id(std::string_view raw) {
  std::string id;
  for (const char c : raw) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > ' ' && byte != 0x7F && id.size() < max_id) {
      id += c;
    }
  }
  id = mend_utf8(id);
  if (id.size() > max_id) {
    id = mend_utf8(id.substr(0, max_id - 4));
  }
  return id;
}

std::string_view without_quotes(std::string_view line) {
  return line.substr(std::min(line.find_first_not_of('>'), line.size()));
}

}  // namespace

std::vector<std::string> read_ids(std::string_view value, bool bare_word) {
  std::vector<std::string> ids;
  std::size_t pos = 0;
  while ((pos = value.find('<', pos)) != std::string_view::npos) {
    const std::size_t end = value.find('>', pos);
    if (end == std::string_view::npos) {
      break;
    }
    std::string id = clean_id(value.substr(pos + 1, end - pos - 1));
    if (!id.empty()) {
      ids.push_back(std::move(id));
    }
    pos = end + 1;
  }
  if (ids.empty() && bare_word) {
    const std::string_view word = trim(value);
    if (!word.empty() && word.find_first_of(" \t\r\n") == std::string_view::npos) {
      std::string id = clean_id(word);
      std::erase_if(id, [](char c) { return c == '<' || c == '>'; });
      if (!id.empty()) {
        ids.push_back(std::move(id));
      }
    }
  }
  return ids;
}

std::string own_id(const HeaderBlock& header) {
  for (const HeaderField& field : header.fields) {
    if (iequals(field.name, "Message-ID")) {
      auto ids = read_ids(field.value, true);
      if (!ids.empty()) {
        return std::move(ids.front());
      }
      // "id@host (comment)"
      const std::string_view value = trim(field.value);
      std::string id = clean_id(value.substr(0, value.find_first_of(" \t\r\n(")));
      if (!id.empty()) {
        return id;
      }
    }
  }
  return {};
}

std::vector<std::string> in_reply_to_ids(const HeaderBlock& header, std::size_t max) {
  std::vector<std::string> result;
  for (const HeaderField& field : header.fields) {
    if (!iequals(field.name, "In-Reply-To")) {
      continue;
    }
    // Further ids of one header are other people's addresses more often than mails.
    auto ids = read_ids(field.value, true);
    if (!ids.empty() && result.size() < max &&
        std::ranges::find(result, ids.front()) == result.end()) {
      result.push_back(std::move(ids.front()));
    }
  }
  return result;
}

std::vector<std::string> reference_ids(const HeaderBlock& header, std::size_t max) {
  std::vector<std::string> newest_first;
  std::unordered_set<std::string> seen;
  for (const HeaderField& field : header.fields) {
    if (!iequals(field.name, "References")) {
      continue;
    }
    auto ids = read_ids(field.value, false);
    for (auto id = ids.rbegin(); id != ids.rend(); ++id) {
      if (seen.insert(*id).second) {
        newest_first.push_back(std::move(*id));
      }
    }
  }
  if (newest_first.size() > max && max > 0) {
    newest_first[max - 1] = std::move(newest_first.back());
    newest_first.resize(max);
  }
  std::ranges::reverse(newest_first);
  return newest_first;
}

std::string made_up_id(std::string_view raw) {
  const std::string_view mark = without_quotes(raw);
  if (mark.starts_with("From ") && !trim(mark.substr(5, 80)).starts_with(':')) {
    raw = raw.substr(std::min(raw.find('\n'), raw.size() - 1) + 1);
  }
  const std::size_t last = raw.find_last_not_of("\r\n");
  raw = raw.substr(0, last == std::string_view::npos ? 0 : last + 1);
  Sha256 hash;
  for (Lines lines(raw); !lines.done();) {
    const std::string_view line = without_cr(lines.next());
    const std::string_view bare = without_quotes(line);
    hash.update(bare.starts_with("From ") ? bare : line);
    hash.update("\n");
  }
  return hash.hex().substr(0, 40) + "@missing-message-id.invalid";
}

std::vector<std::string> list_ids(const HeaderBlock& header) {
  std::vector<std::string> result;
  for (const std::string_view name : {"List-Id", "X-Mailing-List", "X-List"}) {
    for (const HeaderField& field : header.fields) {
      if (!iequals(field.name, name)) {
        continue;
      }
      for (const std::string& id : read_ids(field.value, true)) {
        std::string lower = to_lower(id);
        if (std::ranges::find(result, lower) == result.end() && result.size() < 100) {
          result.push_back(std::move(lower));
        }
      }
    }
  }
  return result;
}

}  // namespace patchmill::mail
