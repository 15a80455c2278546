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

namespace {

bool quotes(std::string_view text) {
  return text.starts_with('>') || text.find("\n>") != std::string_view::npos;
}

}  // namespace

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
  // Some people leave the subject as it is when they answer a patch; then they quote it, or say a
  // word on one without a counter.
  const bool answers = !message.in_reply_to.empty() || !message.references.empty();
  if (subject.says_patch &&
      (!answers || !message.unread.empty() || (subject.number && !quotes(message.text)))) {
    return {MessageKind::unusable,
            "its subject announces a patch, but it has no diff that can be read"};
  }
  return {MessageKind::reply, ""};
}

std::string damaged_diff_note(std::string_view fault) {
  return "its diff is cut off or damaged: " + std::string(fault);
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

std::string posting_run(std::string_view msgid) {
  const auto digits = [](std::string_view text) {
    const std::size_t end = text.find_first_not_of("0123456789");
    return end == std::string_view::npos ? text.size() : end;
  };
  // git format-patch --thread: "<commit>.<time>.git.<mail>", "cover.<time>.git.<mail>"
  if (const std::size_t dot = msgid.find('.');
      dot == 40 || (dot == 5 && msgid.starts_with("cover"))) {
    const std::string_view rest = msgid.substr(dot + 1);
    const std::size_t time = digits(rest);
    if (time >= 9 && rest.substr(time).starts_with(".git.")) {
      return std::string(rest);
    }
  }
  // GitGitGadget's cover letter: "pull.<request>[.v<version>].git.<time>.<mail>"; its
  // patches are like those of git format-patch.
  if (msgid.starts_with("pull.")) {
    const std::size_t at = msgid.find('@');
    const std::size_t git = msgid.find(".git.");
    if (at != std::string_view::npos && git != std::string_view::npos && git < at) {
      const std::string_view rest = msgid.substr(git + 5);
      const std::size_t time = digits(rest);
      if (time >= 9 && rest.substr(time).starts_with('.')) {
        return std::string(rest.substr(0, time)) + ".git" + std::string(rest.substr(time));
      }
    }
  }
  // git send-email: "<14 digits>.<pid>-<n>-<mail>", formerly "<time>-<pid>-<n>-git-send-email-…"
  const std::size_t time = digits(msgid);
  const char separator = time == 14 ? '.' : time >= 9 && time < 14 ? '-' : '\0';
  if (separator != '\0' && msgid.substr(time).starts_with(separator)) {
    const std::size_t dash = msgid.find('-', time + 1);
    if (dash != std::string_view::npos && dash == time + 1 + digits(msgid.substr(time + 1))) {
      const std::size_t number = digits(msgid.substr(dash + 1));
      const std::string_view rest = msgid.substr(dash + 1 + number);
      if (number > 0 && rest.starts_with('-')) {
        return std::string(msgid.substr(0, dash)) + std::string(rest);
      }
    }
  }
  // b4: "<8 digits>-<topic>-v<version>-<n>-<12 hex>@…"
  if (time == 8 && msgid.substr(time).starts_with('-')) {
    const std::size_t at = msgid.find('@');
    const std::size_t last = msgid.substr(0, at).rfind('-');
    const std::size_t before = last == 0 ? std::string_view::npos : msgid.rfind('-', last - 1);
    if (at != std::string_view::npos && at - last == 13 && before != std::string_view::npos &&
        before > time && digits(msgid.substr(before + 1)) == last - before - 1) {
      return std::string(msgid.substr(0, before)) + std::string(msgid.substr(last));
    }
  }
  return {};
}

}  // namespace patchmill::tracker
