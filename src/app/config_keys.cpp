#include "app/config_keys.hpp"

#include "app/config_parts.hpp"
#include "checks/check.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace patchmill::app {
namespace {

std::vector<std::string> names_of_checks() {
  std::vector<std::string> names;
  for (const auto& check : checks::all_checks()) {
    names.emplace_back(check->name());
  }
  return names;
}

std::vector<KeySpec> make_keys() {
  using enum KeyType;
  std::vector<KeySpec> keys = {
      {"", "data", path,
       "Folder that holds everything patchmill keeps: the store, the mirrors, artifacts and warm "
       "builds.",
       "$PATCHMILL_DATA, else $XDG_DATA_HOME/patchmill, else ~/.local/share/patchmill",
       "/var/lib/patchmill"},
      {"", "store", section, "Where tables and the event log live.", "", ""},
      {"", "trees", sections, "The git branches series are tested against.", "", ""},
      {"", "jobs", sections, "What is run on a series: builds, tests and checks of your own.", "",
       ""},
      {"", "checks", section, "Which built-in checks run, and their settings.", "", ""},
      {"",
       "superseded",
       choice,
       "What happens to a series that has a newer revision: `skip` it, or `test` it all the same.",
       "skip",
       "skip",
       false,
       {"skip", "test"}},
      {"",
       "rfc",
       choice,
       "What happens to series marked RFC: `test` them or `skip` them.",
       "test",
       "test",
       false,
       {"skip", "test"}},

      {"store", "url", text,
       "`sqlite` for a file in the data folder, the path of an SQLite file, or a PostgreSQL URL "
       "(`postgresql://user@host/database`, without a password).",
       "sqlite", "postgresql://patchmill@localhost/patchmill"},
      {"store", "password", secret, "The password of the PostgreSQL user.", "none",
       "{file: /etc/patchmill/store-password}"},

      {"trees", "name", name, "How the tree is called in verdicts, on pages and in `jobs`.", "",
       "mainline", true},
      {"trees", "url", url,
       "The git repository: a URL without a login, or the path of a local one. Objects of a local "
       "one are borrowed, not copied: it has to stay where it is.",
       "", "https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git", true},
      {"trees", "branch", text, "The branch.", "the repository's HEAD", "master"},
      {"trees", "lists", words, "List-Ids whose series belong on this tree.", "none",
       "[netdev.vger.kernel.org]"},
      {"trees", "subject-tags", words,
       "Words in the subject's brackets that name this tree. A word matches whole: `net` is not "
       "`net-next`.",
       "none", "[net-next]"},
      {"trees", "paths", words, "Shell patterns of files this tree is about; `*` crosses `/`.",
       "any file", "[\"drivers/net/*\", \"net/*\"]"},

      {"jobs", "name", name,
       "How the job is called; unique, also when `.` counts as `-`, and not like a built-in check, "
       "`checkout`, `applies` or `series`.",
       "", "build-x86", true},
      {"jobs",
       "kind",
       choice,
       "`kbuild` for builds, `test` for tests, `job` for anything else. It decides how results "
       "are shown.",
       "job",
       "kbuild",
       false,
       {"kbuild", "job", "test", "process", "check"}},
      {"jobs",
       "scope",
       choice,
       "`series`: once, on the last patch. `patch`: once on every patch, in order.",
       "series",
       "patch",
       false,
       {"series", "patch"}},
      {"jobs",
       "command",
       words,
       "The program and its arguments, one list item each (no shell splits them); a program "
       "without "
       "arguments may stand alone. One given "
       "with `./` or `../` is taken from the folder of the configuration file; any other is looked "
       "up in PATH inside the sandbox. It starts in the patched source, which it may not write to.",
       "",
       "[./build.sh, --config, tiny]",
       false,
       {},
       true},
      {"jobs", "nipa", path,
       "Instead of `command`: a NIPA test folder (with `info.json`), run as it is.", "",
       "/srv/nipa/tests/patch/checkpatch"},
      {"jobs", "needs", words, "Jobs that must pass before this one starts.", "none",
       "[build-x86]"},
      {"jobs", "match", section, "Which series get the job; every key given must match.", "all",
       ""},
      {"jobs",
       "results",
       choice,
       "How its log is read: `compiler` (warnings and errors), `ktap` (KTAP or TAP test results), "
       "`none`.",
       "none",
       "ktap",
       false,
       {"none", "ktap", "compiler"}},
      {"jobs", "baseline", boolean,
       "Run the job on the base commit too, once, so that only what the series introduces counts.",
       "true when `results` is compiler or ktap", "true"},
      {"jobs", "warm", name,
       "Name of a build folder kept between runs, at the same path each time, so that the next "
       "build is incremental. Jobs that name the same folder share it.",
       "none", "um"},
      {"jobs", "network", boolean, "Let the job reach the network.", "false", "true"},
      {"jobs", "env", table, "Environment variables for the command.", "none", "{ARCH: um}"},
      {"jobs", "read-only", words, "More folders of this machine the job may read.", "none",
       "[/opt/toolchains]"},
      {"jobs", "artifacts", words, "Shell patterns of files under $RESULTS_DIR to keep.", "none",
       "[\"*.log\"]"},
      {"jobs", "timeout", duration, "Wall time, 1s to 30d; then everything it started is killed.",
       "30m", "10m"},
      {"jobs", "memory", size, "Memory of all its processes together; not 0.", "4G", "2G"},
      {"jobs", "processes", integer, "Processes and threads at the same time, 1 to 4194304.", "512",
       "256"},
      {"jobs", "output", size, "Bytes of log; then it is killed. Not 0.", "64M", "16M"},
      {"jobs", "disk", size, "Bytes it may write; not 0.", "8G", "2G"},

      {"jobs.match", "trees", words, "Names of trees.", "every tree", "[mainline]"},
      {"jobs.match", "paths", words, "Shell patterns; one touched file must match one of them.",
       "any file", "[\"drivers/net/*\"]"},
      {"jobs.match", "tags", words, "Words in the subject's brackets; one must be there.", "any",
       "[net-next]"},

      {"checks", "enable", words,
       "Only these checks run. Leave it out to run all but those that must be asked for.",
       "the standard ones", "[signed-off-by, checkpatch]", false, names_of_checks()},
      {"checks", "disable", words, "These do not run.", "none", "[cc-maintainers]", false,
       names_of_checks()},
  };
  for (const auto& part : {source_keys(), selection_keys(), service_keys(), mail_keys(),
                           patchwork_keys(), operation_keys()}) {
    keys.insert(keys.end(), part.begin(), part.end());
  }
  for (const auto& check : checks::all_checks()) {
    keys.push_back(
        {"checks", check->name(), settings, check->description(), "its own defaults", ""});
  }
  return keys;
}

}  // namespace

std::span<const KeySpec> config_keys() {
  static const std::vector<KeySpec> keys = make_keys();
  return keys;
}

bool is_name(std::string_view text) {
  if (text.empty() || text.size() > 100) {
    return false;
  }
  const auto alnum = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  return alnum(text[0]) && std::all_of(text.begin(), text.end(), [&](char c) {
           return alnum(c) || c == '-' || c == '_' || c == '.';
         });
}

std::string_view to_string(KeyType type) {
  switch (type) {
    case KeyType::text:
      return "text";
    case KeyType::name:
      return "name";
    case KeyType::path:
      return "path";
    case KeyType::url:
      return "URL or path";
    case KeyType::integer:
      return "whole number";
    case KeyType::boolean:
      return "true or false";
    case KeyType::duration:
      return "duration";
    case KeyType::size:
      return "size";
    case KeyType::choice:
      return "one of";
    case KeyType::words:
      return "list of words";
    case KeyType::table:
      return "map of words";
    case KeyType::settings:
      return "settings of the check, see its page in docs/checks/";
    case KeyType::secret:
      return "secret, by file or environment";
    case KeyType::section:
      return "section";
    case KeyType::sections:
      return "list of sections";
  }
  return "?";
}

std::string section_path(const KeySpec& key) {
  return key.section.empty() ? std::string(key.name) : fmt::format("{}.{}", key.section, key.name);
}

}  // namespace patchmill::app
