#include "app/try_session.hpp"

#include "app/try_own_commits.hpp"
#include "placement/prefixes.hpp"
#include "placement/series_placement.hpp"
#include "store/cursors.hpp"
#include "tracker/fresh_start.hpp"
#include "tracker/series_addresses.hpp"
#include "tracker/tracker.hpp"
#include "util/hash.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>

namespace patchmill::app {
namespace {

namespace fs = std::filesystem;

// Never a name that others could guess and own before us.
Result<fs::path> cache_folder() {
  for (const auto& [variable, below] :
       {std::pair("PATCHMILL_CACHE", ""), std::pair("XDG_CACHE_HOME", "patchmill"),
        std::pair("HOME", ".cache/patchmill")}) {
    const char* value = std::getenv(variable);  // NOLINT(concurrency-mt-unsafe): read at start only
    if (value != nullptr && *value != '\0') {
      return fs::absolute(fs::path(value) / below).lexically_normal();
    }
  }
  return fail(ErrorKind::invalid,
              "there is no folder to keep verdicts and builds in: HOME is not set; name one in "
              "PATCHMILL_CACHE");
}

// Equal for inputs that are equal in every byte and go onto the same base.
std::string scope_of(const TryInput& input, std::string_view base) {
  Sha256 hash;
  hash.update(fmt::format("{}\n{}\n", PATCHMILL_VERSION, base));
  for (const std::string& mail : input.mails) {
    hash.update(fmt::format("{}:", mail.size()));
    hash.update(mail);
  }
  return "try/" + hash.hex();
}

constexpr std::string_view k_next_number = "try";  // cursor: series numbers never used so far

constexpr std::size_t k_most_addresses = 1000;

// Not one that only carries this mail over.
std::optional<std::int64_t> posted_with(tracker::Queries& queries, const std::string& msgid) {
  const auto newest = queries.series_of(msgid);
  if (!newest) {
    return std::nullopt;
  }
  for (const std::int64_t number : queries.revisions(*newest)) {
    const auto series = queries.series(number);
    const auto is_it = [&](const tracker::PatchRef& patch) {
      return patch.msgid == msgid && !patch.carried_over;
    };
    if (series && (series->cover_msgid == msgid || std::ranges::any_of(series->patches, is_it))) {
      return number;
    }
  }
  return std::nullopt;
}

// The configured tree this checkout stands for, or one named after its folder.
Result<placement::TreeSpec> tree_of(const Config& config, const TryOptions& options,
                                    const std::string& git_dir) {
  placement::TreeSpec local;
  local.name = options.checkout.filename().string();
  std::vector<std::string> names;
  const placement::TreeSpec* match = config.trees.size() == 1 ? &config.trees.front() : nullptr;
  for (const auto& tree : config.trees) {
    names.push_back(tree.name);
    std::error_code error;
    const bool same = fs::equivalent(tree.url, options.checkout, error) ||
                      fs::equivalent(tree.url, git_dir, error);
    if (tree.name == options.tree || (options.tree.empty() && same)) {
      match = &tree;
    }
  }
  if (!options.tree.empty() && (match == nullptr || match->name != options.tree)) {
    std::string message = fmt::format("there is no tree '{}'", escape_terminal(options.tree));
    if (const auto near = nearest_name(options.tree, names)) {
      message += fmt::format("; did you mean '{}'?", *near);
    }
    return fail(ErrorKind::invalid, message);
  }
  if (match != nullptr) {
    local = *match;
  }
  local.url = git_dir;
  local.branch.clear();
  local.lists.clear();  // what is about to be sent has been on no list
  return local;
}

}  // namespace

Result<std::unique_ptr<TrySession>> TrySession::open(Config config, TryOptions options) {
  auto session = std::unique_ptr<TrySession>(new TrySession());
  auto checkout = git::Repository::open(options.checkout);
  if (!checkout) {
    return tl::unexpected(std::move(checkout).error());
  }
  session->m_checkout = std::move(*checkout);
  const std::string git_dir = session->m_checkout->git_dir().string();
  PM_TRY_ASSIGN(const auto tree, tree_of(config, options, git_dir));
  const std::string name =
      fmt::format("{}-{}", options.checkout.filename().string(), sha256_hex(git_dir).substr(0, 12));
  PM_TRY_ASSIGN(const fs::path cache, cache_folder());
  config.data = cache / "try" / name;
  config.store_url = (config.data / "store.sqlite").string();
  config.sources.clear();
  config.trees = {tree};
  config.test_superseded = true;
  config.test_rfc = true;
  session->m_options = std::move(options);
  PM_TRY_ASSIGN(session->m_workspace, Workspace::open(std::move(config)));
  return session;
}

Result<std::vector<tracker::Series>> TrySession::take(const TryInput& input) {
  std::vector<tracker::Incoming> batch;
  std::vector<std::string> ids;
  std::map<std::string, std::string> diffs;
  for (const std::string& mail : input.mails) {
    auto parsed = mail::parse_message(mail);
    if (!parsed) {
      return fail_with(fmt::format("mail {} of {} that were to be tried cannot be used",
                                   ids.size() + 1, input.mails.size()),
                       parsed.error());
    }
    if (const auto [known, fresh] = diffs.emplace(parsed->message_id, parsed->diff);
        !fresh && known->second != parsed->diff) {
      return fail(
          ErrorKind::invalid,
          fmt::format("two different patches carry the Message-ID <{}>; which one is meant? "
                      "Give each its own, or take one out",
                      escape_terminal(parsed->message_id)));
    }
    ids.push_back(parsed->message_id);
    batch.push_back({mail, std::move(parsed), "", "try"});
  }
  PM_TRY_ASSIGN(std::string base, base_of(input));
  if (base.empty()) {
    // The placer will choose among what the branch has now; what its upstream has counts as taken.
    base = fmt::format("until {} {}", m_checkout->resolve("HEAD").value_or(""),
                       m_checkout->resolve("@{upstream}").value_or(""));
  }
  store::Database& database = m_workspace->database();
  const std::string scope = scope_of(input, base);
  const auto known = store::cursor(database, scope);
  const auto unused = store::cursor(database, k_next_number);
  const auto first = known    ? parse_uint(*known)
                     : unused ? parse_uint(*unused)
                              : static_cast<std::uint64_t>(tracker::next_series_number(database));
  if (!first) {
    return fail(ErrorKind::infrastructure,
                fmt::format("what earlier tries left in {} cannot be read; remove that folder",
                            m_workspace->config().data.string()));
  }
  tracker::start_afresh(database, static_cast<std::int64_t>(*first));
  tracker::Tracker tracker(database, m_workspace->blobs(), m_workspace->clock());
  tracker.ingest(batch, [&] {
    if (!known) {
      store::set_cursor(database, scope, std::to_string(*first));
      store::set_cursor(database, k_next_number,
                        std::to_string(tracker::next_series_number(database)));
    }
  });
  resolve_addresses(input);
  tracker::Queries& queries = m_workspace->queries();
  std::set<std::int64_t> numbers;
  if (!input.asked.empty()) {
    if (const auto number = posted_with(queries, input.asked)) {
      numbers.insert(*number);
    }
  } else {
    for (const std::string& id : ids) {
      if (const auto number = queries.series_of(id)) {
        numbers.insert(*number);
      }
    }
  }
  std::vector<tracker::Series> result;
  for (const std::int64_t number : numbers) {
    if (auto series = queries.series(number)) {
      result.push_back(std::move(*series));
    }
  }
  if (result.empty()) {
    return fail(ErrorKind::invalid, "there is no patch in these mails; nothing to try");
  }
  return result;
}

void TrySession::resolve_addresses(const TryInput& input) {
  if (input.addresses.empty()) {
    return;
  }
  store::Database& database = m_workspace->database();
  std::vector<tracker::ResolvedAddress> found;
  for (auto& open : tracker::open_addresses(database, k_most_addresses)) {
    const auto known = input.addresses.find(open.address.key());
    const auto target = known != input.addresses.end()
                            ? m_workspace->queries().series_of(known->second)
                            : std::nullopt;
    if (target) {
      found.push_back({std::move(open), *target});
    }
  }
  tracker::resolve_addresses(database, m_workspace->clock().now(), found);
}

Result<std::string> TrySession::base_of(const TryInput& input) {
  if (m_options.base.empty()) {
    return input.base;
  }
  auto resolved = m_checkout->resolve(m_options.base);
  if (!resolved) {
    return fail(ErrorKind::invalid,
                fmt::format("--base: '{}' names no commit here", escape_terminal(m_options.base)));
  }
  if (!input.base.empty()) {
    return fail(ErrorKind::invalid,
                "--base is for mails: commits are tried on their own parents; leave it out, or "
                "`git rebase` them onto that commit first");
  }
  return *resolved;
}

Result<git::Repository*> TrySession::work_repository() {
  if (!m_work) {
    const fs::path folder = m_workspace->config().data / "work.git";
    auto opened = git::Repository::open(folder);
    if (!opened) {
      std::error_code error;
      fs::remove_all(folder, error);
      const std::vector<fs::path> alternates = {m_checkout->git_dir()};
      opened = git::Repository::create(folder, alternates);
    }
    if (!opened) {
      return tl::unexpected(std::move(opened).error());
    }
    m_work = std::move(*opened);
    PM_TRY(m_work->take_shallow_from(*m_checkout));
  }
  return m_work.get();
}

Result<placement::Placement> TrySession::apply_here(const tracker::Series& series,
                                                    const std::string& base) {
  PM_TRY_ASSIGN(git::Repository * work, work_repository());
  PM_TRY_ASSIGN(const auto patches, placement::load_patches(m_workspace->queries(), series));
  PM_TRY_ASSIGN(const git::CommitInfo commit, work->commit(base));
  PM_TRY_ASSIGN(git::ApplyOutcome outcome, git::apply_series(*work, commit.id, patches.inputs));
  placement::mention_missing_prefixes(outcome, patches);
  placement::Placement placement;
  placement::Candidate candidate;
  candidate.tree = m_workspace->config().trees[0].name;
  candidate.commit = commit.id;
  candidate.described = fmt::format("{} (\"{}\")", commit.id.substr(0, 12), commit.subject);
  candidate.explanation =
      m_options.base.empty() ? "the commit it was made on" : "the commit that --base names";
  candidate.tried = true;
  placement.state = placement::changes_nothing(outcome) ? placement::PlacementState::already_applied
                    : outcome.ok()                      ? placement::PlacementState::placed
                                                        : placement::PlacementState::conflict;
  candidate.outcome = std::move(outcome);
  placement.candidates.push_back(std::move(candidate));
  if (placement.state == placement::PlacementState::placed) {
    placement.chosen = 0;
  }
  if (placement.state == placement::PlacementState::already_applied) {
    placement.explanation =
        fmt::format("{} has all of its changes already", placement.candidates[0].described);
    return placement;
  }
  placement.explanation = fmt::format(
      "{} {} {}, {}",
      placement.state == placement::PlacementState::conflict ? "does not apply to" : "on",
      placement.candidates[0].tree, placement.candidates[0].described,
      placement.candidates[0].explanation);
  if (const std::string note = placement::note_of_dates(patches); !note.empty()) {
    placement.explanation += "; " + note;
  }
  return placement;
}

Result<void> TrySession::refresh_history() {
  if (m_refreshed) {
    return {};
  }
  for (const auto& [tree, result] : m_workspace->placer().refresh()) {
    if (!result) {
      return fail_with("reading the history of this checkout", result.error());
    }
  }
  m_refreshed = true;
  return {};
}

Result<std::optional<placement::Placement>> TrySession::before_own_commits(
    const tracker::Series& series) {
  if (!series.received_all()) {
    return std::nullopt;  // that is all there is to say of it
  }
  PM_TRY_ASSIGN(const auto patches, placement::load_patches(m_workspace->queries(), series));
  placement::Placer& placer = m_workspace->placer();
  PM_TRY_ASSIGN(const auto carriers,
                placer.commits_of(m_workspace->config().trees[0].name, series, patches));
  PM_TRY_ASSIGN(const auto own, own_commits(*m_checkout, carriers));
  if (!own) {
    return std::nullopt;
  }
  PM_TRY_ASSIGN(placement::Placement here, apply_here(series, own->base));
  const bool placed = here.state == placement::PlacementState::placed;
  if (!placed) {
    // Recognised by their subjects, they may be made on something else all the same.
    PM_TRY_ASSIGN(const auto other, placer.place(series, patches, m_workspace->queries()));
    const bool all = own->patches.size() == patches.inputs.size();
    if (other.state == placement::PlacementState::placed || !all ||
        here.state != placement::PlacementState::conflict) {
      return std::nullopt;
    }
  }
  here.candidates[0].explanation = own->place();
  here.explanation =
      fmt::format("{}{} {}", own->found(patches.inputs.size()),
                  placed ? "; tested on" : ", but as mails they do not apply to", own->place());
  if (const std::string note = placement::note_of_dates(patches); !note.empty()) {
    here.explanation += "; " + note;
  }
  return std::optional(std::move(here));
}

Result<TryResult> TrySession::run(const tracker::Series& series, const TryInput& input,
                                  runtimes::Runtime& runtime, ProcessRunner& processes,
                                  const RunWatcher& watcher) {
  RunRequest request;
  // Whoever tries again has mended what was missing and will not wait for a time to retry.
  const auto earlier = m_workspace->nodes().verdict(series.number);
  request.again = m_options.again || (earlier && earlier->verdict == findings::Verdict::incomplete);
  PM_TRY_ASSIGN(const std::string base, base_of(input));
  if (!base.empty()) {
    PM_TRY_ASSIGN(request.placement, apply_here(series, base));
    request.repository = m_work.get();
  } else {
    PM_TRY(refresh_history());
    PM_TRY_ASSIGN(request.placement, before_own_commits(series));
    request.repository = request.placement ? m_work.get() : nullptr;
  }
  SeriesRunner runner(*m_workspace, runtime, processes, watcher);
  PM_TRY_ASSIGN(SeriesReport report, runner.run(series, request));
  return TryResult{series, std::move(report)};
}

}  // namespace patchmill::app
