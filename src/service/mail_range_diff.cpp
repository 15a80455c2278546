#include "service/mail_range_diff.hpp"

#include "git/repository.hpp"
#include "mail/diff.hpp"
#include "mail/trailers.hpp"
#include "util/file.hpp"
#include "util/subprocess.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <optional>
#include <system_error>
#include <tuple>
#include <vector>

namespace patchmill::service {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t k_most_mail_patches = 250;                 // of one series
constexpr std::size_t k_most_mail_text = std::size_t{16} << 20;  // of both
constexpr std::size_t k_most_mail_diff = std::size_t{4} << 20;
constexpr std::size_t k_most_paths = 100;
constexpr std::chrono::seconds k_mail_timeout{20};

struct MailPatch {
  int number = 0;
  std::string title;
  std::string diff;                // without what changes when it is only moved
  std::string text;                // author, message and diff, as git range-diff writes them
  std::vector<std::string> paths;  // sorted
  const MailPatch* pair = nullptr;
  bool shown = false;
};
using MailPatches = std::vector<MailPatch>;

void add_whole_lines(std::string& out, std::string_view lines) {
  out += lines;
  if (!lines.empty() && !lines.ends_with('\n')) {
    out += '\n';
  }
}

// "@@ -1,2 +3,4 @@ int f()" of a.c: "@@ a.c: int f()".
std::string hunk_line(std::string_view header, std::string_view path) {
  const auto end = header.find("@@", 2);
  const auto section = end == std::string_view::npos ? "" : trim(header.substr(end + 2));
  if (section.empty()) {
    return "@@\n";
  }
  return path.empty() ? fmt::format("@@ {}\n", section) : fmt::format("@@ {}: {}\n", path, section);
}

std::string file_line(const mail::FileDiff& file) {
  std::string name = escape_terminal(file.path());
  if (!file.old_path.empty() && !file.new_path.empty() && file.old_path != file.new_path) {
    name = escape_terminal(file.old_path) + " => " + name;
  }
  if (file.change == mail::FileChange::added) {
    name += " (new)";
  } else if (file.change == mail::FileChange::deleted) {
    name += " (deleted)";
  }
  if (file.old_mode && file.new_mode && file.old_mode != file.new_mode) {
    name += fmt::format(" (mode change {:06o} => {:06o})", *file.old_mode, *file.new_mode);
  } else if (!file.old_mode && file.new_mode && *file.new_mode != 0100644) {
    name += fmt::format(" (mode {:06o})", *file.new_mode);
  }
  return fmt::format("\n ## {} ##\n", name);
}

std::string bare_diff(std::string_view diff) {
  std::string out;
  const auto files = mail::parse_diff(diff);
  if (!files || files->empty()) {
    for (const auto line : split_lines(diff)) {
      if (line.starts_with("@@ -")) {
        out += hunk_line(line, "");
      } else if (!line.starts_with("index ")) {
        out += line;
        out += '\n';
      }
    }
    return out;
  }
  for (const auto& file : *files) {
    out += file_line(file);
    if (file.binary) {  // the index line may be all that tells its content
      add_whole_lines(out, file.text);
    }
    for (const auto& hunk : file.hunks) {
      out += hunk_line(hunk.header, escape_terminal(file.path()));
      add_whole_lines(out, hunk.body);
    }
  }
  return out;
}

std::string mail_patch_text(const mail::CommitText& commit, std::string_view diff) {
  std::string text = fmt::format(" ## Metadata ##\nAuthor: {} <{}>\n\n ## Commit message ##\n",
                                 commit.author.name, commit.author.email);
  const std::string message = commit.message();
  for (const auto line : split_lines(message)) {
    text += line.empty() ? "\n" : fmt::format("    {}\n", line);
  }
  text += diff;
  return text;
}

Result<MailPatches> mail_patches(tracker::Queries& queries, std::int64_t number,
                                 std::size_t& room) {
  const auto series = queries.series(number);
  if (!series) {
    return fail(ErrorKind::not_found, fmt::format("there is no series {}", number));
  }
  if (series->patches.size() > k_most_mail_patches) {
    return fail(ErrorKind::limit,
                fmt::format("series {} has {} patches; the mails of up to {} are compared", number,
                            series->patches.size(), k_most_mail_patches));
  }
  MailPatches patches;
  for (const auto& ref : series->patches) {
    const auto message = queries.parsed(ref.message);
    if (!message) {
      return fail_with(fmt::format("the mail of patch {} of series {}", ref.number, number),
                       message.error());
    }
    MailPatch patch;
    patch.number = ref.number;
    patch.title = ellipsize(collapse_whitespace(ref.title), 300);
    patch.diff = bare_diff(message->diff);
    patch.text = mail_patch_text(mail::commit_text(*message), patch.diff);
    patch.paths = mail::touched_paths(message->diff);
    patch.paths.resize(std::min(patch.paths.size(), k_most_paths));
    std::sort(patch.paths.begin(), patch.paths.end());
    if (patch.text.size() > room) {
      return fail(ErrorKind::limit,
                  fmt::format("the patches up to {} of series {} have more than {} MiB; compare "
                              "the mails themselves",
                              ref.number, number, k_most_mail_text >> 20));
    }
    room -= patch.text.size();
    patches.push_back(std::move(patch));
  }
  return patches;
}

using Alike = std::function<bool(const MailPatch&, const MailPatch&)>;

// Those nearest by number first.
void pair_up(MailPatches& older, MailPatches& newer, const Alike& alike) {
  std::vector<std::tuple<int, MailPatch*, MailPatch*>> pairs;
  for (MailPatch& after : newer) {
    for (MailPatch& before : older) {
      if (after.pair == nullptr && before.pair == nullptr && alike(before, after)) {
        pairs.emplace_back(std::abs(before.number - after.number), &after, &before);
      }
    }
  }
  std::sort(pairs.begin(), pairs.end());
  for (const auto& [distance, after, before] : pairs) {
    if (after->pair == nullptr && before->pair == nullptr) {
      after->pair = before;
      before->pair = after;
    }
  }
}

bool share_a_file(const MailPatch& a, const MailPatch& b) {
  for (auto x = a.paths.begin(), y = b.paths.begin(); x != a.paths.end() && y != b.paths.end();) {
    if (*x == *y) {
      return true;
    }
    *x < *y ? ++x : ++y;
  }
  return false;
}

Result<void> write_side(const fs::path& path, std::string_view text) {
  std::ofstream file(path, std::ios::binary);
  file << text << std::flush;
  if (!file) {
    return fail(ErrorKind::infrastructure,
                fmt::format("cannot write {}; is the disk full?", path.string()));
  }
  return {};
}

// Of all pairs at once: one git, whatever the number of patches.
Result<std::string> git_diff(const MailPatches& newer) {
  std::optional<TempDir> made;
  try {
    made.emplace("patchmill-range-diff");
  } catch (const std::system_error& error) {
    return fail(ErrorKind::infrastructure, error.what());
  }
  const fs::path& folder = made->path();
  std::error_code error;
  fs::create_directory(folder / "a", error);
  fs::create_directory(folder / "b", error);
  bool any = false;
  for (const MailPatch& patch : newer) {
    if (patch.pair != nullptr && patch.pair->text != patch.text) {
      const std::string name = std::to_string(patch.number);
      PM_TRY(write_side(folder / "a" / name, patch.pair->text));
      PM_TRY(write_side(folder / "b" / name, patch.text));
      any = true;
    }
  }
  if (!any) {
    return std::string();
  }
  Command command;
  command.argv = {"git",
                  "diff",
                  "--no-index",
                  "--no-color",
                  "--no-ext-diff",
                  "--no-textconv",
                  "--no-renames",
                  "--no-prefix",
                  "--text",
                  "--unified=3",
                  "a",
                  "b"};
  command.cwd = folder.string();
  command.env = git::git_environment();
  command.env["GIT_CEILING_DIRECTORIES"] = folder.parent_path().string();
  command.inherit_env = false;
  command.timeout = k_mail_timeout;
  command.max_output = k_most_mail_diff;
  SystemProcessRunner processes;
  PM_TRY_ASSIGN(Completed done, processes.run(command));
  if (done.timed_out) {
    return fail(ErrorKind::limit, "comparing the mails of the two takes too long");
  }
  if (done.signal != 0 || done.status < 0 || done.status > 1) {  // 1: they differ
    return fail(ErrorKind::infrastructure, fmt::format("git diff --no-index: {}", done.err));
  }
  return std::move(done.out);
}

// Names the part of a text in which a line is, as git range-diff does in hunk headers.
class PartFinder {
 public:
  explicit PartFinder(std::string_view text) : m_lines(split_lines(text)) {}
  // Of what comes before line `number` (1-based); asked in ascending order.
  std::string_view before(std::size_t number) {
    for (; m_at + 1 < number && m_at < m_lines.size(); ++m_at) {
      const auto line = m_lines[m_at];
      if (line.starts_with(" ## ") && line.ends_with(" ##") && line.size() > 7) {
        m_part = line.substr(4, line.size() - 7);
      } else if (line.starts_with("@@ ")) {
        m_part = line.substr(3);
      }
    }
    return m_part;
  }

 private:
  std::vector<std::string_view> m_lines;
  std::size_t m_at = 0;
  std::string_view m_part;
};

// What git said of each pair, by the number of the newer patch, indented.
std::map<int, std::string> by_patch(std::string_view diff, const MailPatches& newer) {
  std::map<int, std::string> result;
  std::string* out = nullptr;
  std::optional<PartFinder> finder;
  bool in_hunk = false;
  for (const auto line : split_lines(diff)) {
    // What is of the mails has a mark in front.
    if (line.starts_with("diff --git a/")) {
      const auto name = line.substr(13, line.find(' ', 13) - 13);
      const auto found = std::find_if(newer.begin(), newer.end(), [&](const MailPatch& patch) {
        return std::to_string(patch.number) == name;
      });
      in_hunk = false;
      out = nullptr;
      if (found != newer.end() && found->pair != nullptr) {
        out = &result[found->number];
        finder.emplace(found->pair->text);
      }
    } else if (out != nullptr && line.starts_with("@@ -")) {
      in_hunk = true;
      const auto start = line.substr(4, line.find_first_of(", ", 4) - 4);
      const auto part = finder->before(parse_uint(start).value_or(0));
      *out += part.empty() ? std::string("    @@\n") : fmt::format("    @@ {}\n", part);
    } else if (out != nullptr && in_hunk) {
      *out += fmt::format("    {}\n", line);
    }
  }
  return result;
}

std::string side(const MailPatch* patch, int width) {
  return patch != nullptr ? fmt::format("{:>{}}:  -------", patch->number, width)
                          : fmt::format("{:>{}}:  -------", "-", width);
}

}  // namespace

Result<std::string> mail_range_diff(tracker::Queries& queries, std::int64_t older,
                                    std::int64_t newer) {
  std::size_t room = k_most_mail_text;
  PM_TRY_ASSIGN(MailPatches before, mail_patches(queries, older, room));
  PM_TRY_ASSIGN(MailPatches after, mail_patches(queries, newer, room));
  pair_up(before, after, [](const MailPatch& a, const MailPatch& b) {
    return !a.title.empty() && iequals(a.title, b.title);
  });
  pair_up(before, after, [](const MailPatch& a, const MailPatch& b) {
    return !a.diff.empty() && a.diff == b.diff;
  });
  pair_up(before, after, share_a_file);
  PM_TRY_ASSIGN(const std::string diff, git_diff(after));
  const auto changes = by_patch(diff, after);

  int highest = 0;
  for (const auto* patches : {&before, &after}) {
    for (const MailPatch& patch : *patches) {
      highest = std::max(highest, patch.number);
    }
  }
  const int width = static_cast<int>(std::to_string(highest).size());
  std::string out;
  const auto head = [&](const MailPatch* a, char mark, const MailPatch* b) {
    out += fmt::format("{} {} {} {}\n", side(a, width), mark, side(b, width),
                       b != nullptr ? b->title : a->title);
  };
  // In the order of git range-diff: by the newer patches; what was dropped where it was.
  auto old = before.begin();
  const auto show_dropped = [&] {
    for (; old != before.end() && (old->shown || old->pair == nullptr); ++old) {
      if (!old->shown) {
        head(&*old, '<', nullptr);
      }
    }
  };
  for (const MailPatch& patch : after) {
    show_dropped();
    if (patch.pair == nullptr) {
      head(nullptr, '>', &patch);
      continue;
    }
    const bool same = patch.pair->text == patch.text;
    head(patch.pair, same ? '=' : '!', &patch);
    if (const auto change = changes.find(patch.number); change != changes.end()) {
      out += change->second;
    }
    before[static_cast<std::size_t>(patch.pair - before.data())].shown = true;
  }
  show_dropped();
  if (diff.size() >= k_most_mail_diff) {
    out += "    … the differences are longer than what is shown\n";
  }
  return out;
}

}  // namespace patchmill::service
