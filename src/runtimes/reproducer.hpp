#pragma once
// A shell script that repeats a run on somebody else's machine.

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::runtimes {

struct ReproducerInput {
  std::string title;        // what it repeats: "build-um of series 12"
  std::string tree_url;     // what to clone
  std::string base_commit;  // full id
  std::string mbox;         // the patches in order, as mbox; applied by git am
  std::string source;       // where the patches can be had instead, for people (URL, message-id)
  std::vector<std::string> command;
  std::map<std::string, std::string> env;
  std::string nipa_dir;  // the test directory, where it is one
  bool warm = false;     // it builds in WARM_DIR
};

// POSIX shell. Nothing from the input can be anything but data in it: every word is quoted, the
// mails are in a here-document (encoded, where they hold bytes a script cannot) that ends with a
// word they do not contain. Mails of more than 8 MiB are left out with a word where to get them.
std::string make_reproducer(const ReproducerInput& input);

// One word of a shell command line.
std::string shell_quote(std::string_view word);

}  // namespace patchmill::runtimes
