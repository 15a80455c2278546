#include "runtimes/reproducer.hpp"

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

std::string patches(const ReproducerInput& input) {
  if (input.mbox.empty() || input.mbox.size() > max_mbox) {
    return fmt::format("echo {} >&2\nexit 3\n",
                       shell_quote("apply the patches here by git am, then remove this line: " +
                                   comment(input.source)));
  }
  // Bytes that shells drop or change, and mails without an end of line, travel encoded.
  const bool plain = input.mbox.find('\0') == std::string::npos &&
                     input.mbox.find('\r') == std::string::npos && is_valid_utf8(input.mbox) &&
                     input.mbox.ends_with('\n');
  if (plain) {
    return here_document("git am -3", input.mbox);
  }
  return here_document("base64 -d", base64_lines(input.mbox), " | git am -3 --keep-cr");
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
  script += "set -eu\nfolder=${1:-patchmill-repeat}\n";
  script += fmt::format("test -d \"$folder/.git\" || git clone -- {} \"$folder\"\n",
                        shell_quote(input.tree_url));
  script += "cd -- \"$folder\"\n";
  const std::string base = shell_quote(input.base_commit);
  script += fmt::format("git cat-file -e {}\"^{{commit}}\" 2>/dev/null || git fetch origin {}\n",
                        base, base);
  script += "git am --abort 2>/dev/null || true\n";
  script += fmt::format("git checkout -q --detach {}\n", base);
  script += patches(input);
  script += "SOURCE_DIR=$PWD\nSCRATCH_DIR=$(mktemp -d)\nRESULTS_DIR=$SCRATCH_DIR/results\n";
  script += "mkdir \"$RESULTS_DIR\"\nexport SOURCE_DIR SCRATCH_DIR RESULTS_DIR\n";
  if (input.warm) {
    script += "WARM_DIR=${WARM_DIR:-$PWD.build}\nmkdir -p \"$WARM_DIR\"\nexport WARM_DIR\n";
  }
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
  if (!input.nipa_dir.empty()) {
    script += "# The test itself comes from " + comment(input.nipa_dir) + "\n";
  }
  script += "DESC_FD=3\nexport DESC_FD\nstatus=0\n";
  for (const std::string& word : input.command) {
    script += shell_quote(word) + " ";
  }
  script += "3>\"$SCRATCH_DIR/description\" || status=$?\n";
  script +=
      "cat \"$SCRATCH_DIR/description\"\necho \"exit status $status; results in "
      "$RESULTS_DIR\"\nexit \"$status\"\n";
  return script;
}

}  // namespace patchmill::runtimes
