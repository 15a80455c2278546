#include "runtimes/reproducer.hpp"

#include "pipeline/nipa.hpp"
#include "util/hash.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace patchmill::runtimes {
namespace {

constexpr std::size_t max_mbox = 8u << 20;

std::string base64_lines(std::string_view bytes) {
  static constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve(bytes.size() / 3 * 4 + bytes.size() / 57 + 8);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t n = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8 | (k < n ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      out.push_back(k <= n ? digits[group >> (18 - 6 * k) & 63u] : '=');
    }
    if (i % 57 == 54) {
      out.push_back('\n');
    }
  }
  if (!out.empty() && out.back() != '\n') {
    out.push_back('\n');
  }
  return out;
}

// A comment cannot be left: one line, nothing but visible characters.
std::string comment(std::string_view text) {
  return escape_terminal(mend_utf8(ellipsize(mend_utf8(text), 300)));
}

// `command` with the content on its standard input; `more` follows on the same line.
std::string here_document(std::string_view command, std::string_view content,
                          std::string_view more = {}) {
  const std::string end = "END_OF_MAILS_" + sha256_hex(content).substr(0, 24);
  return fmt::format("{} <<'{}'{}\n{}{}{}\n", command, end, more, content,
                     content.ends_with('\n') ? "" : "\n", end);
}

// A line for people on standard error; not by echo, which reads backslashes in some shells.
std::string tell(std::string_view text) {
  return fmt::format("printf '%s\\n' {} >&2", shell_quote(text));
}

// `git am` of these; `what` they are, for whoever has to fetch them.
std::string apply_mails(const ReproducerMails& mails, std::string_view what, bool fit) {
  if (mails.mbox.empty() || !fit) {
    std::string script = "# " + std::string(what) + ", in this order:\n";
    for (const std::string_view mail : split(mails.source, ' ')) {
      script += "#   " + comment(mail) + "\n";
    }
    return script +
           tell(fmt::format("this script does not bring along {}: apply the mails that it "
                            "names here by git am, then remove this line and the next",
                            what)) +
           "\nexit 3\n";
  }
  // Bytes that shells drop or change, and mails without an end of line, travel encoded.
  const bool plain = mails.mbox.find('\0') == std::string::npos &&
                     mails.mbox.find('\r') == std::string::npos && is_valid_utf8(mails.mbox) &&
                     mails.mbox.ends_with('\n');
  if (plain) {
    return here_document("git am -3 --patch-format=mboxrd", mails.mbox);
  }
  return here_document("base64 -d", base64_lines(mails.mbox),
                       " | git am -3 --patch-format=mboxrd --keep-cr");
}

std::string look_for(const std::vector<std::string>& machine_paths) {
  if (machine_paths.empty()) {
    return {};
  }
  std::string script =
      "# Not in here, as it lies outside the tree, on the machine this was made on. Copy it to "
      "the\n"
      "# same path, or change the path below:\n";
  for (const std::string& path : machine_paths) {
    script += "#   " + comment(path) + "\n";
  }
  for (const std::string& path : machine_paths) {
    script += fmt::format(
        "[ -e {} ] || {{ {}; exit 2; }}\n", shell_quote(path),
        tell(fmt::format("there is no {} here; copy it from the machine this script was made on",
                         comment(path))));
  }
  return script;
}

std::string fetch_tree(const ReproducerInput& input) {
  std::string script;
  if (input.tree_url_shortened) {
    script +=
        "# The address had a user or a password in it: put yours in, or name a clone as FOLDER.\n";
  }
  script += fmt::format("test -d \"$folder/.git\" || git clone -- {} \"$folder\"\n",
                        shell_quote(input.tree_url));
  script += "cd -- \"$folder\"\n";
  const std::string base = shell_quote(input.base_commit);
  script += fmt::format("git cat-file -e {}\"^{{commit}}\" 2>/dev/null || git fetch origin {}\n",
                        base, base);
  script += "git am --abort 2>/dev/null || true\n";
  return script + fmt::format("git checkout -q --detach {}\n", base);
}

// git am makes commits, some tests do so, too; the run has an identity of its own for them.
std::string identity() {
  std::string script = "git var GIT_COMMITTER_IDENT >/dev/null 2>&1 || {\n";
  for (const std::string_view who : {"COMMITTER", "AUTHOR"}) {
    script += fmt::format(
        "  : \"${{GIT_{0}_NAME:=$(git config user.name || echo patchmill)}}\"\n"
        "  : \"${{GIT_{0}_EMAIL:=$(git config user.email || echo patchmill@localhost)}}\"\n"
        "  export GIT_{0}_NAME GIT_{0}_EMAIL\n",
        who);
  }
  return script + "}\n";
}

std::string variables(const ReproducerInput& input) {
  std::string script;
  for (const auto& [name, value] : input.env) {
    // A name that is no name could be anything.
    const bool plain = !name.empty() &&
                       name.find_first_not_of(
                           "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                           "0123456789_") == std::string::npos &&
                       (name[0] < '0' || name[0] > '9');
    if (plain) {
      script += fmt::format("export {}={}\n", name, shell_quote(value));
    }
  }
  // What the contract promises is not for the job's own to change.
  script += fmt::format("{}=$patchmill_base\n{}={}\nexport {} {}\n", pipeline::nipa_branch_base,
                        pipeline::nipa_first_in_series, input.first_in_series ? "1" : "0",
                        pipeline::nipa_branch_base, pipeline::nipa_first_in_series);
  script += "SOURCE_DIR=$PWD\nSCRATCH_DIR=$patchmill_scratch\nRESULTS_DIR=$SCRATCH_DIR/results\n";
  script += "DESC_FD=3\nexport SOURCE_DIR SCRATCH_DIR RESULTS_DIR DESC_FD\n";
  if (input.warm) {
    script += "WARM_DIR=$patchmill_warm\nexport WARM_DIR\n";
  }
  return script;
}

}  // namespace

std::string shell_quote(std::string_view word) {
  std::string out = "'";
  for (const char c : word) {
    if (c == '\'') {
      out += "'\\''";
    } else if (c != '\0') {
      out.push_back(c);
    }
  }
  out.push_back('\'');
  return out;
}

std::string make_reproducer(const ReproducerInput& input) {
  std::string script = "#!/bin/sh\n";
  script += "# Repeats: " + comment(input.title) + "\n";
  script += "# Usage: sh THIS-FILE [FOLDER]   (a clone in FOLDER is used again)\n";
  if (!input.nipa_dir.empty()) {
    script += "# The test itself comes from " + comment(input.nipa_dir) + "\n";
  }
  script += look_for(input.machine_paths);
  script += "set -eu\nfolder=${1:-patchmill-repeat}\n";
  script += fetch_tree(input);
  script += identity();
  const bool fit = input.below.mbox.size() + input.mails.mbox.size() <= max_mbox;
  if (!input.below.source.empty() || !input.below.mbox.empty()) {
    script += "# What the series is on top of.\n";
    script += apply_mails(input.below, "what the series is on top of", fit);
  }
  script += "patchmill_base=$(git rev-parse HEAD)\n";
  script += apply_mails(input.mails, "the patches", fit);
  script += "patchmill_scratch=$(mktemp -d)\nmkdir \"$patchmill_scratch/results\"\n";
  if (input.warm) {
    script += "patchmill_warm=${WARM_DIR:-$PWD.build}\nmkdir -p \"$patchmill_warm\"\n";
  }
  script += variables(input);
  script += "patchmill_status=0\n";
  for (const std::string& word : input.command) {
    script += shell_quote(word) + " ";
  }
  // Standard input may be this script.
  script += "3>\"$SCRATCH_DIR/description\" </dev/null || patchmill_status=$?\n";
  script +=
      "cat \"$SCRATCH_DIR/description\"\necho \"exit status $patchmill_status; results in "
      "$RESULTS_DIR\"\nexit \"$patchmill_status\"\n";
  return script;
}

}  // namespace patchmill::runtimes
