#include "git/mirror.hpp"

#include "git/lenders.hpp"
#include "git/mirror_source.hpp"
#include "git/path_rules.hpp"
#include "git/stale_locks.hpp"
#include "util/file.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <optional>
#include <set>

namespace patchmill::git {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::hours kFetchTimeout{2};
// Holds what a detached HEAD of the source is: a checkout of CI, of git-bisect or of a rebase.
constexpr std::string_view k_detached_ref = "refs/patchmill/head";

bool is_valid_name(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  };
  return !name.empty() && name.size() <= 100 && name.front() != '.' && name.front() != '-' &&
         std::ranges::all_of(name, allowed);
}

std::string short_name(std::string_view ref) {
  return std::string(ref.starts_with("refs/heads/") ? ref.substr(11) : ref);
}

// The refs that the mirror shall have.
Result<std::map<std::string, ObjectId>> wanted_refs(const MirrorSpec& spec,
                                                    const SourceRefs& source) {
  std::map<std::string, ObjectId> wanted;
  std::vector<std::string> known;
  for (const auto& [ref, id] : source.refs) {
    if (ref.starts_with("refs/heads/")) {
      known.push_back(ref.substr(11));
      if (spec.branches.empty()) {
        wanted.emplace(ref, id);
      }
    }
  }
  for (const std::string& branch : spec.branches) {
    const std::string ref = branch.starts_with("refs/") ? branch : "refs/heads/" + branch;
    const auto found = source.refs.find(ref);
    if (found == source.refs.end()) {
      const auto near = nearest_name(branch, known);
      return fail(ErrorKind::not_found,
                  fmt::format("tree {}: {} has no branch \"{}\"{}", spec.name,
                              without_credentials(spec.url, spec.url), escape_terminal(branch),
                              near ? fmt::format("; did you mean \"{}\"?", escape_terminal(*near))
                                   : std::string()));
    }
    wanted.emplace(found->first, found->second);
  }
  if (spec.branches.empty() && source.head.empty() && !source.detached.empty()) {
    wanted.emplace(k_detached_ref, source.detached);
  }
  return wanted;
}

Result<void> check_spec(const MirrorSpec& spec) {
  if (!is_valid_name(spec.name)) {
    return fail(ErrorKind::invalid,
                fmt::format("\"{}\" cannot be the name of a tree: use letters, digits, '.', '_' "
                            "and '-', and begin with a letter or digit",
                            escape_terminal(ellipsize(spec.name, 120))));
  }
  for (const std::string& branch : spec.branches) {
    if (!(branch.starts_with("refs/") ? is_valid_ref(branch) : is_valid_branch(branch))) {
      return fail(ErrorKind::invalid, fmt::format("tree {}: \"{}\" is not a valid branch name",
                                                  spec.name, escape_terminal(branch)));
    }
  }
  return {};
}

// One mirror, in a folder that is there.
class Mirror {
 public:
  Mirror(Repository& repository, const MirrorSpec& spec, const MirrorSource& source)
      : m_repository(repository), m_spec(spec), m_source(source) {}

  Result<FetchOutcome> bring_up_to_date(const SourceRefs& source) {
    PM_TRY_ASSIGN(const auto wanted, wanted_refs(m_spec, source));
    PM_TRY_ASSIGN(const auto have, own_refs());
    std::map<std::string, ObjectId> missing;
    for (const auto& [ref, id] : wanted) {
      const auto at = have.find(ref);
      if (at == have.end() || at->second != id) {
        missing.emplace(ref, id);
      }
    }
    std::vector<std::string> gone;
    for (const auto& [ref, id] : have) {
      if (!ref.starts_with("refs/tags/") && !wanted.contains(ref)) {
        gone.push_back(ref);
      }
    }
    FetchOutcome outcome;
    outcome.changed = !missing.empty() || !gone.empty();
    const auto in_the_way = refs_in_the_way(have, wanted, source);
    PM_TRY(update_refs({}, in_the_way));
    std::erase_if(gone, [&](const std::string& ref) {
      return std::ranges::find(in_the_way, ref) != in_the_way.end();
    });
    if (!missing.empty()) {
      PM_TRY(m_source.local.empty() ? fetch(missing) : borrow(missing, source));
    }
    PM_TRY(set_head(source, wanted));
    PM_TRY(update_refs({}, gone));
    PM_TRY_ASSIGN(const auto now, own_refs());
    for (const auto& [ref, id] : now) {
      if (wanted.contains(ref) && ref != k_detached_ref) {
        outcome.branches.emplace_back(short_name(ref), id);
      }
    }
    return outcome;
  }

 private:
  Result<std::map<std::string, ObjectId>> own_refs() {
    PM_TRY_ASSIGN(const Completed done,
                  m_repository.git({"for-each-ref", "--format=%(objectname) %(refname)",
                                    "refs/heads/", "refs/tags/", std::string(k_detached_ref)}));
    if (!done.ok()) {
      return failed("cannot be read", done);
    }
    std::map<std::string, ObjectId> refs;
    for (std::string_view line : split_lines(done.out)) {
      const auto space = line.find(' ');
      if (space != std::string_view::npos) {
        refs.emplace(line.substr(space + 1), line.substr(0, space));
      }
    }
    return refs;
  }

  // Git keeps "topic" and "topic/a" apart only in time: what is gone at the source must be gone
  // here before what stands in its place there can come.
  static std::vector<std::string> refs_in_the_way(const std::map<std::string, ObjectId>& have,
                                                  const std::map<std::string, ObjectId>& wanted,
                                                  const SourceRefs& source) {
    std::set<std::string> coming;
    for (const auto& [ref, id] : wanted) {
      coming.insert(ref);
    }
    for (const auto& [ref, id] : source.refs) {
      if (ref.starts_with("refs/tags/")) {
        coming.insert(ref);
      }
    }
    std::vector<std::string> in_the_way;
    for (const auto& [ref, id] : have) {
      const auto below = coming.lower_bound(ref + "/");
      bool blocks = below != coming.end() && below->starts_with(ref + "/");
      for (auto slash = ref.rfind('/'); !blocks && slash != std::string::npos && slash > 0;
           slash = ref.rfind('/', slash - 1)) {
        blocks = coming.contains(ref.substr(0, slash));
      }
      if (blocks) {
        in_the_way.push_back(ref);
      }
    }
    return in_the_way;
  }

  // All refs or none. Objects come through git's quarantine, so a broken transfer leaves nothing.
  Result<void> fetch(const std::map<std::string, ObjectId>& missing) {
    std::vector<std::string> args = {"fetch",
                                     "--quiet",
                                     "--atomic",
                                     "--force",
                                     "--no-write-fetch-head",
                                     "--no-auto-maintenance",
                                     "--no-recurse-submodules",
                                     "--no-prune"};
    if (m_source.url.starts_with("file://")) {
      args.emplace_back("--upload-pack=git -c safe.directory=* upload-pack");
    }
    args.insert(args.end(), {"--stdin", "--end-of-options", m_source.url});
    std::string refspecs;
    for (const auto& [ref, id] : missing) {
      refspecs += fmt::format("+{}:{}\n", ref == k_detached_ref ? "HEAD" : ref, ref);
    }
    PM_TRY_ASSIGN(const Completed done,
                  m_repository.git(std::move(args), std::move(refspecs), kFetchTimeout));
    return done.ok() ? Result<void>() : failed("cannot be fetched", done);
  }

  // The objects are there by alternates; only refs are copied.
  Result<void> borrow(std::map<std::string, ObjectId> missing, const SourceRefs& source) {
    for (const auto& [ref, id] : source.refs) {
      if (ref.starts_with("refs/tags/")) {
        missing.emplace(ref, id);
      }
    }
    PM_TRY_ASSIGN(const auto other, Repository::open(m_source.local));
    PM_TRY(m_repository.take_shallow_from(*other));
    return update_refs(missing, {});
  }

  Result<void> update_refs(const std::map<std::string, ObjectId>& set,
                           const std::vector<std::string>& gone) {
    if (set.empty() && gone.empty()) {
      return {};
    }
    std::string input = "start\n";
    for (const std::string& ref : gone) {
      input += fmt::format("delete {}\n", ref);
    }
    for (const auto& [ref, id] : set) {
      input += fmt::format("update {} {}\n", ref, id);
    }
    input += "prepare\ncommit\n";
    PM_TRY_ASSIGN(const Completed done,
                  m_repository.git({"update-ref", "--no-deref", "--stdin"}, std::move(input)));
    return done.ok() ? Result<void>() : failed("cannot be updated", done);
  }

  // HEAD stands for the branch that is tested against when none is named.
  Result<void> set_head(const SourceRefs& source, const std::map<std::string, ObjectId>& wanted) {
    if (wanted.contains(std::string(k_detached_ref))) {
      PM_TRY_ASSIGN(const Completed done, m_repository.git({"update-ref", "--no-deref", "HEAD",
                                                            std::string(k_detached_ref)}));
      return done.ok() ? Result<void>() : failed("does not take its HEAD", done);
    }
    std::string head = source.head;
    if (!wanted.contains(head)) {
      const bool one_named = !m_spec.branches.empty() && !wanted.empty();
      head = one_named ? wanted.begin()->first : std::string();
    }
    if (head.empty() || !head.starts_with("refs/heads/")) {
      return {};
    }
    PM_TRY_ASSIGN(const Completed done, m_repository.git({"symbolic-ref", "HEAD", head}));
    return done.ok() ? Result<void>() : failed("does not take its HEAD", done);
  }

  [[nodiscard]] tl::unexpected<Error> failed(std::string_view what, const Completed& done) const {
    const std::string words =
        done.timed_out ? "git did not end in time"
                       : without_credentials(ellipsize(joined_lines(done.err), 2000), m_spec.url);
    return fail(ErrorKind::infrastructure,
                fmt::format("tree {}: {} from {}: {}; what was there before is kept", m_spec.name,
                            what, without_credentials(m_spec.url, m_spec.url), words));
  }

  Repository& m_repository;
  const MirrorSpec& m_spec;
  const MirrorSource& m_source;
};

// A folder beside the mirror, gone unless it became the mirror.
class Staging {
 public:
  explicit Staging(fs::path path) : m_path(std::move(path)) { clear(); }
  ~Staging() { clear(); }
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;
  [[nodiscard]] const fs::path& path() const { return m_path; }

 private:
  void clear() {
    std::error_code error;
    fs::remove_all(m_path, error);  // also what an earlier run left when it was killed
  }
  fs::path m_path;
};

Result<FetchOutcome> make_mirror(const fs::path& target, const MirrorSpec& spec,
                                 const MirrorSource& source, const SourceRefs& refs) {
  std::vector<fs::path> alternates = spec.alternates;
  if (!source.local.empty()) {
    alternates.insert(alternates.begin(), source.local);
  }
  const Staging staging(target.parent_path() / fmt::format(".{}.new", spec.name));
  PM_TRY_ASSIGN(auto repository,
                Repository::create(staging.path(), alternates,
                                   refs.id_bytes == 32 ? HashKind::sha256 : HashKind::sha1));
  PM_TRY_ASSIGN(FetchOutcome outcome, Mirror(*repository, spec, source).bring_up_to_date(refs));
  outcome.changed = true;
  std::error_code error;
  fs::rename(staging.path(), target, error);
  if (error) {
    return fail(ErrorKind::infrastructure,
                fmt::format("tree {}: cannot rename {} to {}: {}", spec.name,
                            staging.path().string(), target.string(), error.message()));
  }
  return outcome;
}

Result<FetchOutcome> fetch_into(const fs::path& target, const MirrorSpec& spec,
                                const MirrorSource& source) {
  std::error_code error;
  PM_TRY_ASSIGN(const SourceRefs refs, list_refs(source));
  if (!fs::exists(target, error)) {
    return make_mirror(target, spec, source, refs);
  }
  PM_TRY_ASSIGN(auto repository, Repository::open(target));
  if (repository->id_bytes() != refs.id_bytes && !refs.refs.empty()) {
    return fail(ErrorKind::conflict,
                fmt::format("tree {}: {} names objects by another hash than the mirror {}; remove "
                            "the mirror to make it anew",
                            spec.name, without_credentials(spec.url, spec.url), target.string()));
  }
  auto outcome = Mirror(*repository, spec, source).bring_up_to_date(refs);
  if (!outcome && remove_stale_locks(target) > 0) {
    return Mirror(*repository, spec, source).bring_up_to_date(refs);
  }
  return outcome;
}

}  // namespace

fs::path mirror_path(const fs::path& mirrors_dir, std::string_view name) {
  return mirrors_dir / fs::path(name);
}

Result<FetchOutcome> fetch_mirror(const fs::path& mirrors_dir, const MirrorSpec& spec) {
  PM_TRY(check_spec(spec));
  PM_TRY_ASSIGN(const MirrorSource source, parse_source(spec.url));
  std::error_code error;
  fs::create_directories(mirrors_dir, error);
  const fs::path target = mirror_path(fs::absolute(mirrors_dir, error), spec.name);
  PM_TRY_ASSIGN(const LockFile lock,
                LockFile::acquire(target.parent_path() / fmt::format(".{}.lock", spec.name), true));
  auto outcome = fetch_into(target, spec, source);
  if (!outcome && find_lost_lender(target)) {
    return fail(outcome.error().kind,
                fmt::format("{}; {}", outcome.error().message, about_lost_objects(target)));
  }
  return outcome;
}

}  // namespace patchmill::git
