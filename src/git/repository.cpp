#include "git/repository.hpp"

#include "git/loose_object.hpp"
#include "git/path_rules.hpp"
#include "git/repository_impl.hpp"
#include "git/stale_locks.hpp"
#include "util/file.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

namespace patchmill::git {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMaxObject = 512u << 20;

std::string shown(std::string_view text) {
  return escape_terminal(ellipsize(text, 200));
}

// The folder git itself would use for `path`: the path, its .git, or where a .git file points.
Result<fs::path> find_git_dir(const fs::path& path) {
  std::error_code error;
  fs::path dot_git = path / ".git";
  if (fs::is_directory(dot_git, error)) {
    return dot_git;
  }
  if (fs::is_regular_file(dot_git, error)) {
    PM_TRY_ASSIGN(const std::string text, read_file(dot_git, 64u << 10));
    std::string_view target = trim(text);
    if (!target.starts_with("gitdir: ")) {
      return fail(
          ErrorKind::invalid,
          fmt::format("{} is not a git repository: its .git file names none", path.string()));
    }
    return path / fs::path(trim(target.substr(8)));
  }
  return path;
}

std::map<std::string, std::string> repository_environment(const fs::path& git_dir) {
  auto env = git_environment();
  env["GIT_DIR"] = git_dir.string();
  env.insert_or_assign("GIT_IMPLICIT_WORK_TREE",
                       std::string("0"));  // even a checkout's .git is used without its files
  return env;
}

Result<Completed> run_git(std::vector<std::string> args, std::map<std::string, std::string> env,
                          std::string cwd, std::string input, std::chrono::milliseconds timeout) {
  Command command;
  command.argv.reserve(args.size() + 1);
  command.argv.emplace_back("git");
  std::ranges::move(args, std::back_inserter(command.argv));
  command.cwd = std::move(cwd);
  command.env = std::move(env);
  command.inherit_env = false;
  command.input = std::move(input);
  command.timeout = timeout;
  command.max_output = kMaxObject;
  return SystemProcessRunner().run(command);
}

}  // namespace

TreeCache::Data TreeCache::find(std::string_view id) {
  const std::lock_guard lock(m_mutex);
  const auto found = m_trees.find(ObjectId(id));
  return found == m_trees.end() ? nullptr : found->second;
}

TreeCache::Data TreeCache::put(const ObjectId& id, std::string data) {
  auto shared = std::make_shared<const std::string>(std::move(data));
  const std::lock_guard lock(m_mutex);
  if (m_bytes + shared->size() > max_bytes) {
    m_trees.clear();
    m_bytes = 0;
  }
  if (m_trees.emplace(id, shared).second) {
    m_bytes += shared->size();
  }
  return shared;
}

Repository::Impl::Impl(fs::path dir, fs::path objects, std::size_t bytes)
    : git_dir(std::move(dir)),
      objects_dir(std::move(objects)),
      id_bytes(bytes),
      env(repository_environment(git_dir)),
      reader(git_dir.string(), env) {}

Repository::Repository(std::unique_ptr<Impl> impl) : m_impl(std::move(impl)) {}
Repository::~Repository() = default;

Result<std::unique_ptr<Repository>> Repository::open(fs::path path) {
  std::error_code error;
  path = fs::absolute(path, error);
  PM_TRY_ASSIGN(fs::path git_dir, find_git_dir(path));
  PM_TRY_ASSIGN(
      const Completed done,
      run_git({"rev-parse", "--absolute-git-dir", "--git-path", "objects", "--show-object-format"},
              repository_environment(git_dir), "/", {}, std::chrono::seconds(30)));
  const auto lines = split_lines(done.out);
  if (!done.ok() || lines.size() != 3) {
    return fail(ErrorKind::not_found, fmt::format("{} is not a git repository that can be read: {}",
                                                  path.string(), shown(trim(done.err))));
  }
  const fs::path objects = fs::path("/") / fs::path(lines[1]);
  const std::size_t id_bytes = lines[2] == "sha256" ? 32 : 20;
  return std::unique_ptr<Repository>(
      new Repository(std::make_unique<Impl>(fs::path(lines[0]), objects, id_bytes)));
}

Result<std::unique_ptr<Repository>> Repository::create(fs::path git_dir,
                                                       std::span<const fs::path> alternates,
                                                       HashKind hash) {
  std::error_code error;
  git_dir = fs::absolute(git_dir, error);
  std::string borrowed;
  std::optional<std::size_t> id_bytes;
  if (hash != HashKind::of_alternates) {
    id_bytes = hash == HashKind::sha256 ? 32 : 20;
  }
  for (const fs::path& alternate : alternates) {
    PM_TRY_ASSIGN(const auto other, open(alternate));
    if (id_bytes && *id_bytes != other->id_bytes()) {
      return fail(ErrorKind::conflict,
                  fmt::format("{} cannot borrow objects from {}: they are named by another hash",
                              git_dir.string(), alternate.string()));
    }
    id_bytes = other->id_bytes();
    borrowed += other->m_impl->objects_dir.string() + "\n";
  }
  PM_TRY_ASSIGN(const Completed done,
                run_git({"init", "--quiet", "--bare", "--template=",
                         id_bytes == 32u ? "--object-format=sha256" : "--object-format=sha1", "--",
                         git_dir.string()},
                        git_environment(), {}, {}, std::chrono::seconds(60)));
  if (!done.ok()) {
    return fail(ErrorKind::infrastructure, fmt::format("cannot make the git repository {}: {}",
                                                       git_dir.string(), shown(trim(done.err))));
  }
  if (!borrowed.empty()) {
    fs::create_directories(git_dir / "objects" / "info", error);
    PM_TRY(write_file_atomic(git_dir / "objects" / "info" / "alternates", borrowed));
  }
  return open(git_dir);
}

namespace {

// Worktrees have it in the folder they share.
fs::path shallow_file(const fs::path& git_dir) {
  if (const auto common = read_file(git_dir / "commondir")) {
    return (git_dir / std::string(trim(*common)) / "shallow").lexically_normal();
  }
  return git_dir / "shallow";
}

}  // namespace

Result<void> Repository::take_shallow_from(const Repository& lender) {
  std::error_code error;
  const fs::path own = shallow_file(git_dir());
  const fs::path theirs = shallow_file(lender.git_dir());
  if (!fs::exists(theirs, error)) {
    fs::remove(own, error);
    return {};
  }
  PM_TRY_ASSIGN(const std::string grafts, read_file(theirs));
  if (const auto before = read_file(own); before && *before == grafts) {
    return {};
  }
  return write_file_atomic(own, grafts);
}

bool Repository::is_shallow() const {
  std::error_code error;
  return fs::exists(shallow_file(git_dir()), error);
}

const fs::path& Repository::git_dir() const {
  return m_impl->git_dir;
}
std::size_t Repository::id_bytes() const {
  return m_impl->id_bytes;
}

Result<ObjectId> Repository::resolve(std::string_view revision) {
  // ":/text" and "^{/text}" would search the history by a regular expression.
  const bool searches = revision.starts_with(':') || revision.find("^{/") != std::string_view::npos;
  if (revision.empty() || revision.size() > 1024 || revision.front() == '-' || searches) {
    return fail(ErrorKind::invalid, fmt::format("\"{}\" cannot name a commit", shown(revision)));
  }
  PM_TRY_ASSIGN(ObjectHeader header, m_impl->reader.info(fmt::format("{}^{{commit}}", revision)));
  return std::move(header.id);
}

Result<Object> Repository::read(std::string_view name) {
  Object object;
  PM_TRY_ASSIGN(ObjectHeader header, m_impl->reader.contents(name, object.data, kMaxObject));
  object.id = std::move(header.id);
  object.type = std::move(header.type);
  return object;
}

Result<bool> Repository::exists(std::string_view id) {
  auto header = m_impl->reader.info(id);
  if (header) {
    return true;
  }
  if (header.error().kind == ErrorKind::not_found) {
    return false;
  }
  return tl::unexpected(std::move(header).error());
}

Result<ObjectId> Repository::find_blob(std::string_view abbreviated_id) {
  if (!is_abbreviated_id(abbreviated_id)) {
    return fail(ErrorKind::not_found, fmt::format("\"{}\" names no blob", shown(abbreviated_id)));
  }
  PM_TRY_ASSIGN(ObjectHeader header,
                m_impl->reader.info(fmt::format("{}^{{blob}}", abbreviated_id)));
  return std::move(header.id);
}

Result<ObjectId> Repository::write_blob(std::string_view content) {
  return m_impl->write("blob", content);
}

Result<ObjectId> Repository::Impl::write(std::string_view type, std::string_view content) const {
  return write_loose_object(objects_dir, id_bytes, type, content);
}

Result<void> Repository::update_ref(std::string_view ref, std::string_view id) {
  if (!is_valid_ref(ref) || !is_object_id(id)) {
    return fail(ErrorKind::invalid, fmt::format("cannot set the ref \"{}\" to \"{}\": not a full "
                                                "ref name and a full object name",
                                                shown(ref), shown(id)));
  }
  const std::vector<std::string> command = {"update-ref", "--no-deref", std::string(ref),
                                            std::string(id)};
  PM_TRY_ASSIGN(Completed done, git(command));
  const bool locked = !done.ok() && done.err.find("File exists") != std::string::npos;
  if (locked && remove_stale_locks(m_impl->git_dir) > 0) {
    PM_TRY_ASSIGN(done, git(command));
  }
  if (!done.ok()) {
    return fail(ErrorKind::infrastructure,
                fmt::format("git update-ref {} failed in {}: {}", ref, m_impl->git_dir.string(),
                            shown(trim(done.err))));
  }
  return {};
}

Result<Completed> Repository::git(std::vector<std::string> args, std::string input,
                                  std::chrono::milliseconds timeout) {
  return git_with_env(std::move(args), {}, std::move(input), timeout);
}

Result<Completed> Repository::git_with_env(std::vector<std::string> args,
                                           std::map<std::string, std::string> env,
                                           std::string input, std::chrono::milliseconds timeout) {
  auto merged = m_impl->env;
  if (env.contains("GIT_WORK_TREE")) {
    merged.erase("GIT_IMPLICIT_WORK_TREE");
  }
  for (auto& [key, value] : env) {
    merged.insert_or_assign(key, std::move(value));
  }
  return run_git(std::move(args), std::move(merged), m_impl->git_dir.string(), std::move(input),
                 timeout);
}

}  // namespace patchmill::git
