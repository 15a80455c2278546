#include "tracker/facts.hpp"

#include "tracker/hash64.hpp"
#include "util/text.hpp"

#include <algorithm>
#include <unordered_set>

namespace patchmill::tracker {

std::string_view to_string(MessageKind kind) {
  switch (kind) {
    case MessageKind::patch:
      return "patch";
    case MessageKind::cover:
      return "cover";
    case MessageKind::reply:
      return "reply";
    case MessageKind::pull_request:
      return "pull request";
    case MessageKind::unusable:
      return "unusable";
  }
  return "unusable";
}

Classified classify(const mail::Message& message, const mail::Subject& subject) {
  if (auto hint = message.header("X-Patchwork-Hint"); hint && iequals(trim(*hint), "ignore")) {
    return {MessageKind::unusable, "its sender asked trackers to ignore it (X-Patchwork-Hint)"};
  }
  if (subject.is_reply || subject.is_forward) {
    return {MessageKind::reply, ""};
  }
  // A diff in a cover letter is an interdiff or an excerpt; the patches follow.
  if (subject.is_cover_marker() && subject.total) {
    return {MessageKind::cover, ""};
  }
  if (!message.pull_url.empty()) {
    return {MessageKind::pull_request, ""};
  }
  if (!message.diff.empty()) {
    return {MessageKind::patch, ""};
  }
  return {MessageKind::reply, ""};
}

std::vector<std::string> parents_of(const mail::Message& message, std::size_t max) {
  std::vector<std::string> result;
  std::unordered_set<std::string_view> seen{message.message_id};
  const auto take = [&](const std::string& id) {
    if (!id.empty() && seen.insert(id).second) {
      result.push_back(id);
    }
  };
  for (const std::string& id : message.in_reply_to) {
    take(id);
  }
  std::for_each(message.references.rbegin(), message.references.rend(), take);
  if (result.size() > max && max > 0) {
    result[max - 1] = std::move(result.back());
    result.resize(max);
  }
  return result;
}

mail::Subject subject_of(std::string_view decoded, const std::vector<std::string>& list_ids,
                         const std::vector<std::string>& list_words) {
  const std::string_view text = trim(decoded);
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end != std::string_view::npos && trim(text.substr(end + 1)).starts_with('[')) {
      const std::string_view label = text.substr(1, end - 1);
      for (const std::string& list : list_ids) {
        if (iequals(label, std::string_view(list).substr(0, list.find('.')))) {
          return mail::parse_subject(text.substr(end + 1), list_words);
        }
      }
    }
  }
  return mail::parse_subject(decoded, list_words);
}

Version version_of(const mail::Subject& subject) {
  Version version{subject.version, 0};
  const std::string whole = std::to_string(subject.version);
  for (const std::string& token : subject.tokens) {
    const std::size_t at = token.find(whole);
    if (at == std::string::npos || at == 0 || (token[at - 1] != 'v' && token[at - 1] != 'V')) {
      continue;
    }
    const std::string_view rest = std::string_view(token).substr(at + whole.size());
    if (rest.starts_with('.')) {
      if (auto minor = parse_uint(rest.substr(1)); minor && *minor < 1000) {
        version.minor = static_cast<int>(*minor);
      }
    } else if (rest.size() == 1 && rest[0] >= 'a' && rest[0] <= 'z') {
      version.minor = rest[0] - 'a' + 1;
    }
  }
  return version;
}

std::string author_key(const mail::Address& from) {
  std::string key = to_lower(from.email);
  const std::string name = to_lower(from.name);
  if (name.find(" via ") != std::string::npos) {
    key += '\n';
    key += name;
  }
  return key;
}

std::optional<std::int64_t> posting_key(const MailFact& fact) {
  if (!fact.is_numbered() || !fact.date) {
    return std::nullopt;
  }
  return Hash64()
      .add(author_key(fact.from))
      .add(static_cast<std::uint64_t>(fact.subject.version))
      .add(static_cast<std::uint64_t>(fact.total()))
      .value();
}

}  // namespace patchmill::tracker
