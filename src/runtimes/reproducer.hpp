#pragma once
// A shell script that repeats a run without patchmill, mostly on somebody else's machine.

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::runtimes {

struct ReproducerMails {
  std::string mbox;    // patches in order, as mboxrd; applied by git am. Empty: they cannot be had
  std::string source;  // what they are, for people (Message-IDs, with blanks between); empty: none
};

struct ReproducerInput {
  std::string title;                // what it repeats: "build-um of series 12"
  std::string tree_url;             // what to clone; everybody may know it
  bool tree_url_shortened = false;  // user and password were taken out of it
  std::string base_commit;          // full id, of the tree's own history
  ReproducerMails below;            // what the series is on top of; BRANCH_BASE is after these
  ReproducerMails mails;            // the patches of the series, up to the one that is looked at
  bool first_in_series = true;      // FIRST_IN_SERIES
  std::vector<std::string> command;
  std::map<std::string, std::string> env;
  std::string nipa_dir;  // the test directory, where it is one
  // Absolute paths outside the tree without which the command cannot run. The script does not bring
  // them along; it ends with status 2 where one is missing.
  std::vector<std::string> machine_paths;
  bool warm = false;  // it builds in WARM_DIR
};

// POSIX shell. Nothing from the input can be anything but data in it: every word is quoted, the
// mails are in here-documents (encoded, where they hold bytes a script cannot) that end with a
// word they do not contain. Mails of more than 8 MiB together are left out with a word where to get
// them. As in the run itself, the job's own variables cannot change what docs/jobs.md promises.
std::string make_reproducer(const ReproducerInput& input);

// One word of a shell command line.
std::string shell_quote(std::string_view word);

}  // namespace patchmill::runtimes
