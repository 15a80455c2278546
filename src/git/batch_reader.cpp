#include "git/batch_reader.hpp"

#include "git/lenders.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

namespace patchmill::git {

BatchReader::BatchReader(std::string git_dir, std::map<std::string, std::string> env)
    : m_git_dir(std::move(git_dir)), m_env(std::move(env)) {}

Result<ObjectHeader> BatchReader::info(std::string_view name) {
  return request("info ", name, nullptr, 0);
}

Result<ObjectHeader> BatchReader::contents(std::string_view name, std::string& data,
                                           std::size_t max_bytes) {
  return request("contents ", name, &data, max_bytes);
}

void BatchReader::restart() {
  const std::lock_guard lock(m_mutex);
  m_child.reset();
}

Result<ObjectHeader> BatchReader::request(std::string_view verb, std::string_view name,
                                          std::string* data, std::size_t max_bytes) {
  // A newline would be a second request, whose answer the next caller would get.
  if (name.empty() || name.size() > 8192 || name.find('\n') != std::string_view::npos ||
      name.find('\0') != std::string_view::npos) {
    return fail(ErrorKind::invalid, fmt::format("not the name of a git object: \"{}\"",
                                                escape_terminal(ellipsize(name, 200))));
  }
  const std::string line = fmt::format("{}{}\n", verb, name);
  const std::lock_guard lock(m_mutex);
  auto answer = ask(line, name, data, max_bytes);
  // git 2.39 reads the alternates once: it would not see a lender that was put back.
  const bool blind =
      !answer && answer.error().kind == ErrorKind::not_found && m_started_without_lender;
  if (blind || (!answer && answer.error().kind == ErrorKind::infrastructure)) {
    m_child.reset();
    answer = ask(line, name, data, max_bytes);
  }
  if (!answer && answer.error().kind != ErrorKind::not_found) {
    m_child.reset();  // its output may stand in the middle of an answer
  }
  return answer;
}

// Names that anybody may have made up say nothing about the lenders, but for one that is gone.
std::string BatchReader::why_missing(std::string_view name) const {
  const bool lost = find_lost_lender(m_git_dir).has_value();
  if (!lost && !is_object_id(name.substr(0, name.find('^')))) {
    return {};
  }
  const std::string about = about_lost_objects(m_git_dir);
  return about.empty() ? about : "; " + about;
}

Result<ObjectHeader> BatchReader::ask(const std::string& line, std::string_view name,
                                      std::string* data, std::size_t max_bytes) {
  if (!m_child) {
    Command command;
    command.argv = {"git", "cat-file", "--batch-command"};
    command.cwd = m_git_dir;
    command.env = m_env;
    command.inherit_env = false;
    m_started_without_lender = find_lost_lender(m_git_dir).has_value();
    PM_TRY_ASSIGN(m_child, ChildProcess::start(command));
  }
  PM_TRY(m_child->write(line));
  PM_TRY_ASSIGN(const std::string answer, m_child->read_line());

  if (answer.ends_with(" missing") || answer.ends_with(" ambiguous")) {
    return fail(ErrorKind::not_found,
                fmt::format("there is no object \"{}\" in {}{}",
                            escape_terminal(ellipsize(name, 200)), m_git_dir, why_missing(name)));
  }
  const auto words = split(answer, ' ');
  const auto size = words.size() == 3 ? parse_uint(words[2]) : std::nullopt;
  if (!size || !is_object_id(words[0])) {
    return fail(ErrorKind::infrastructure,
                fmt::format("git cat-file answered \"{}\" in {}",
                            escape_terminal(ellipsize(answer, 200)), m_git_dir));
  }
  ObjectHeader header{std::string(words[0]), std::string(words[1]), *size};
  if (data == nullptr) {
    return header;
  }
  if (header.size > max_bytes) {
    return fail(ErrorKind::limit,
                fmt::format("object {} has {} bytes, more than the {} that are read at once",
                            header.id, header.size, max_bytes));
  }
  PM_TRY_ASSIGN(*data, m_child->read_exact(header.size + 1));
  data->pop_back();  // the newline after the content
  return header;
}

}  // namespace patchmill::git
