#include "runtimes/own_checkout.hpp"

#include "git/object_id.hpp"
#include "git/repository.hpp"
#include "runtimes/remove_tree.hpp"
#include "runtimes/tree_walk.hpp"
#include "util/file.hpp"
#include "util/subprocess.hpp"
#include "util/text.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace patchmill::runtimes {
namespace {

namespace fs = std::filesystem;

tl::unexpected<Error> failed(const fs::path& path, std::string_view why) {
  return fail(ErrorKind::infrastructure, fmt::format("cannot prepare {}: {}", path.string(), why));
}

void remove_any(const fs::path& path) {
  if (::unlink(path.c_str()) != 0 && errno == EISDIR) {
    empty_folder(path);
    ::rmdir(path.c_str());
  }
}

// Access lists outlive what git puts back.
void drop_access_lists(const std::string& path) {
  ::lremovexattr(path.c_str(), "system.posix_acl_default");
  ::lremovexattr(path.c_str(), "system.posix_acl_access");
}

class Reset {
 public:
  Reset(fs::path home, fs::path git_dir, std::optional<unsigned> uid)
      : m_home(std::move(home)),
        m_source(m_home / "src"),
        m_index(m_home / "index"),
        m_git_dir(std::move(git_dir)),
        m_uid(uid) {}

  Result<OwnCheckout> run() {
    PM_TRY_ASSIGN(const std::string head, read_file(m_git_dir / "HEAD", 1000));
    m_commit = trim(head);
    if (!git::is_object_id(m_commit)) {
      return failed(m_git_dir, "its HEAD is no commit");
    }
    PM_TRY(make_folders());
    remove_any(m_source / ".git");
    if (!take_folders()) {
      start_over();
    }
    if (!restore()) {
      start_over();
      PM_TRY(restore());
    }
    PM_TRY(make_git_folder());
    OwnCheckout own;
    own.source = m_source;
    own.bytes = disk_usage(m_source).bytes;
    return own;
  }

 private:
  [[nodiscard]] uid_t owner() const { return m_uid.value_or(::geteuid()); }
  [[nodiscard]] gid_t group() const { return m_uid.value_or(::getegid()); }

  Result<void> make_folders() {
    for (const fs::path& folder : {m_home, m_source}) {
      struct stat info{};
      if (::lstat(folder.c_str(), &info) == 0 && !S_ISDIR(info.st_mode)) {
        ::unlink(folder.c_str());
      }
      if (::mkdir(folder.c_str(), 0755) != 0 && errno != EEXIST) {
        return failed(folder, std::strerror(errno));
      }
    }
    ::chmod(m_source.c_str(), 0755);
    if (m_uid && ::lchown(m_home.c_str(), owner(), group()) != 0) {
      return failed(m_home, std::strerror(errno));
    }
    ::unlink((m_index.string() + ".lock").c_str());
    return {};
  }

  // Folders are not in git's index: their modes, owners and access lists are put right here. False
  // when there is more than can be looked through.
  bool take_folders() {
    drop_access_lists(m_source.string());
    bool ok = !m_uid || ::lchown(m_source.c_str(), owner(), group()) == 0;
    const WalkEnd end = walk_tree(
        m_source,
        [&](const WalkEntry& entry) {
          if (m_uid && (entry.info.st_uid != owner() || entry.info.st_gid != group())) {
            ok = ::fchownat(entry.folder, entry.name, owner(), group(), AT_SYMLINK_NOFOLLOW) == 0 &&
                 ok;
          }
        },
        [&](const WalkEntry& entry) {
          drop_access_lists(fmt::format("/proc/self/fd/{}/{}", entry.folder, entry.name));
          if ((entry.info.st_mode & 07777) != 0755) {
            // Not a link, and nobody lives who could make it one.
            ok = ::fchmodat(entry.folder, entry.name, 0755, 0) == 0 && ok;
          }
        });
    return ok && end == WalkEnd::complete;
  }

  void start_over() {
    empty_folder(m_source);
    ::unlink(m_index.c_str());
    ::unlink((m_index.string() + ".lock").c_str());
  }

  Result<void> restore() {
    PM_TRY(git({"clean", "-ffdxq"}));
    PM_TRY(git({"-c", "checkout.workers=0", "-c", "checkout.thresholdForParallelism=500",
                "read-tree", "--reset", "-u", m_commit}));
    // git leaves alone what is in the folder of a submodule.
    PM_TRY_ASSIGN(const auto listed, git({"ls-files", "-s", "-z"}));
    for (const std::string_view line : split(listed.out, '\0')) {
      const auto tab = line.find('\t');
      if (line.starts_with("160000 ") && tab != std::string_view::npos) {
        empty_folder(m_source / line.substr(tab + 1));
      }
    }
    return {};
  }

  // As the user the files shall belong to, who may read our objects wherever they are.
  Result<Completed> git(std::vector<std::string> args) {
    Command command;
    if (m_uid) {
      const std::string id = std::to_string(*m_uid);
      command.argv = {"/usr/bin/setpriv", "--reuid", id, "--regid", id, "--clear-groups",
                      // access(2) forgets capabilities otherwise.
                      "--securebits=+no_setuid_fixup", "--inh-caps=-all,+dac_read_search",
                      "--ambient-caps=-all,+dac_read_search",
                      "--bounding-set=-all,+dac_read_search", "--no-new-privs", "--"};
    }
    const std::string words = args.front() == "-c" ? "read-tree" : args.front();
    command.argv.insert(command.argv.end(),
                        {"/bin/sh", "-c", "umask 022; exec \"$@\"", "git", "git",
                         "--git-dir=" + m_git_dir.string(), "--work-tree=" + m_source.string(),
                         "-c", "core.trustctime=true", "-c", "core.checkStat=default"});
    command.argv.insert(command.argv.end(), std::make_move_iterator(args.begin()),
                        std::make_move_iterator(args.end()));
    command.cwd = m_source.string();
    command.env = git::git_environment();
    command.env["GIT_INDEX_FILE"] = m_index.string();
    command.inherit_env = false;
    command.timeout = std::chrono::minutes(30);
    SystemProcessRunner runner;
    PM_TRY_ASSIGN(auto completed, runner.run(command));
    if (!completed.ok() || completed.truncated) {
      return failed(
          m_source,
          fmt::format("git {}: {}", words,
                      ellipsize(escape_terminal(mend_utf8(joined_lines(completed.err))), 400)));
    }
    return completed;
  }

  // Anew for every run: the last one may have changed configuration, hooks or index.
  Result<void> make_git_folder() {
    const fs::path fresh = m_home / "git";
    remove_any(fresh);
    std::error_code error;
    for (const char* folder : {"objects/info", "objects/pack", "refs/heads", "refs/tags", "info"}) {
      fs::create_directories(fresh / folder, error);
    }
    PM_TRY_ASSIGN(const std::string config, read_file(m_git_dir / "config", 1u << 20));
    PM_TRY_ASSIGN(const std::string alternates,
                  read_file(m_git_dir / "objects/info/alternates", 1u << 20));
    PM_TRY_ASSIGN(const std::string attributes, read_file(m_git_dir / "info/attributes", 1u << 20));
    const std::pair<const char*, std::string> files[] = {
        {"HEAD", m_commit + "\n"},
        {"config", config + "[core]\n\tbare = false\n[user]\n\tname = patchmill\n\temail = "
                            "patchmill@localhost\n[advice]\n\tdetachedHead = false\n"},
        {"objects/info/alternates", alternates},
        {"info/attributes", attributes}};
    for (const auto& [name, content] : files) {
      std::ofstream file(fresh / name, std::ios::binary | std::ios::trunc);
      file << content;
      file.close();
      if (!file) {
        return failed(fresh / name, "it cannot be written");
      }
    }
    fs::copy_file(m_index, fresh / "index", error);
    if (error) {
      return failed(m_index, error.message());
    }
    error = m_uid ? give_to(fresh, owner(), group()) : std::error_code();
    if (!error) {
      fs::rename(fresh, m_source / ".git", error);
    }
    if (error) {
      return failed(fresh, error.message());
    }
    return {};
  }

  fs::path m_home, m_source, m_index, m_git_dir;
  std::optional<unsigned> m_uid;
  std::string m_commit;
};

}  // namespace

Result<OwnCheckout> reset_own_checkout(const fs::path& home, const fs::path& git_dir,
                                       std::optional<unsigned> uid) {
  return Reset(home, git_dir, uid).run();
}

}  // namespace patchmill::runtimes
