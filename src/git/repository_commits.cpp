// Repository: commit objects, read and written.
#include "git/repository_impl.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdlib>

namespace patchmill::git {

namespace {

// git leaves these out of names too: they delimit the fields of the line.
std::string clean_name(std::string_view text) {
  std::string kept;
  for (char c : mend_utf8(text)) {
    if (c != '<' && c != '>' && c != '\n' && c != '\0' && c != '\r') {
      kept.push_back(c);
    }
  }
  std::string_view view = kept;
  const auto crud = [](char c) {
    return static_cast<unsigned char>(c) <= 32 ||
           std::string_view(".,:;<>\"\\'").find(c) != std::string_view::npos;
  };
  while (!view.empty() && crud(view.front())) {
    view.remove_prefix(1);
  }
  while (!view.empty() && crud(view.back())) {
    view.remove_suffix(1);
  }
  return std::string(view);
}

std::string signature_line(const Signature& who) {
  // What git reads of a mail's Date is less than a day.
  const bool odd = who.offset_minutes <= -24 * 60 || who.offset_minutes >= 24 * 60;
  const int offset = odd ? 0 : who.offset_minutes;
  const std::string name = clean_name(who.name);
  return fmt::format("{} <{}> {} {}{:02}{:02}", name.empty() ? "unknown" : name,
                     clean_name(who.email), std::max<std::int64_t>(who.seconds, 0),
                     offset < 0 ? '-' : '+', std::abs(offset) / 60, std::abs(offset) % 60);
}

Signature parse_signature(std::string_view line) {
  Signature who;
  const auto open = line.find('<');
  const auto close = line.rfind('>');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) {
    who.name = mend_utf8(line);
    return who;
  }
  who.name = mend_utf8(trim(line.substr(0, open)));
  who.email = mend_utf8(line.substr(open + 1, close - open - 1));
  const auto words = split(trim(line.substr(close + 1)), ' ');
  if (words.size() == 2) {
    std::from_chars(words[0].data(), words[0].data() + words[0].size(), who.seconds);
    if (words[1].size() == 5) {
      int hhmm = 0;
      std::from_chars(words[1].data() + 1, words[1].data() + 5, hhmm);
      who.offset_minutes = (hhmm / 100 * 60 + hhmm % 100) * (words[1].front() == '-' ? -1 : 1);
    }
  }
  return who;
}

void split_message(std::string_view message, CommitInfo& commit) {
  while (message.starts_with('\n')) {
    message.remove_prefix(1);
  }
  const auto lines = split_lines(message);
  std::size_t i = 0;
  for (; i < lines.size() && !trim(lines[i]).empty(); ++i) {
    if (!commit.subject.empty()) {
      commit.subject += ' ';
    }
    commit.subject += trim(lines[i]);
  }
  while (i < lines.size() && trim(lines[i]).empty()) {
    ++i;
  }
  if (i < lines.size()) {
    commit.body = message.substr(static_cast<std::size_t>(lines[i].data() - message.data()));
  }
}

}  // namespace

Result<CommitInfo> Repository::commit(std::string_view id) {
  std::string data;
  PM_TRY_ASSIGN(ObjectHeader header,
                m_impl->reader.contents(fmt::format("{}^{{commit}}", id), data, 64u << 20));
  CommitInfo commit;
  commit.id = std::move(header.id);
  std::string_view rest = data;
  while (!rest.empty()) {
    const auto end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (line.empty()) {
      break;
    }
    if (line.starts_with("tree ")) {
      commit.tree = line.substr(5);
    } else if (line.starts_with("parent ")) {
      commit.parents.emplace_back(line.substr(7));
    } else if (line.starts_with("author ")) {
      commit.author = parse_signature(line.substr(7));
    } else if (line.starts_with("committer ")) {
      commit.committer = parse_signature(line.substr(10));
    }
  }
  split_message(mend_utf8(rest), commit);
  return commit;
}

Result<ObjectId> Repository::write_commit(std::string_view tree, std::span<const ObjectId> parents,
                                          const Signature& author, const Signature& committer,
                                          std::string_view message) {
  std::string data = fmt::format("tree {}\n", tree);
  bool ids_ok = is_object_id(tree);
  for (const ObjectId& parent : parents) {
    ids_ok = ids_ok && is_object_id(parent);
    data += fmt::format("parent {}\n", parent);
  }
  if (!ids_ok) {
    return fail(ErrorKind::invalid, "cannot write a commit: its tree and parents need full names");
  }
  data += fmt::format("author {}\ncommitter {}\n\n{}", signature_line(author),
                      signature_line(committer), mend_utf8(message));
  if (data.back() != '\n') {
    data.push_back('\n');
  }
  return m_impl->write("commit", data);
}

}  // namespace patchmill::git
