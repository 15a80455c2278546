// What parse_message() takes for the diff must apply to the tree that git am makes of the mail.

#include "mail/diff.hpp"
#include "mail/message.hpp"
#include "mail/trailers.hpp"
#include "util/file.hpp"
#include "util/subprocess.hpp"
#include "util/text.hpp"

#include <doctest/doctest.h>
#include <openssl/evp.h>

#include <filesystem>
#include <optional>
#include <set>

using namespace patchmill;
namespace fs = std::filesystem;

namespace {

class Checkout {
 public:
  explicit Checkout(fs::path path) : m_path(std::move(path)) { fs::create_directories(m_path); }

  Completed git(std::vector<std::string> args, std::string input = {}) const {
    Command command;
    command.argv = {"git"};
    command.argv.insert(command.argv.end(), args.begin(), args.end());
    command.cwd = m_path;
    command.input = std::move(input);
    command.env = {{"HOME", m_path},
                   {"GIT_CONFIG_NOSYSTEM", "1"},
                   {"GIT_AUTHOR_NAME", "Ann Example"},
                   {"GIT_AUTHOR_EMAIL", "ann@example.org"},
                   {"GIT_AUTHOR_DATE", "1700000000 +0100"},
                   {"GIT_COMMITTER_NAME", "Ann Example"},
                   {"GIT_COMMITTER_EMAIL", "ann@example.org"},
                   {"GIT_COMMITTER_DATE", "1700000000 +0100"},
                   {"TZ", "UTC"},
                   {"LC_ALL", "C"}};
    SystemProcessRunner runner;
    auto done = runner.run(command);
    REQUIRE_MESSAGE(done.has_value(), done.error().message);
    return std::move(*done);
  }
  std::string out(std::vector<std::string> args) const {
    const Completed done = git(std::move(args));
    CAPTURE(done.err);
    REQUIRE(done.ok());
    return std::string(trim(done.out));
  }
  void write(const std::string& name, std::string_view content) const {
    fs::create_directories((m_path / name).parent_path());
    REQUIRE(write_file_atomic(m_path / name, content).has_value());
  }
  void commit(const std::string& title) const {
    out({"add", "-A"});
    out({"commit", "-q", "--allow-empty", "-m",
         title + "\n\nWhy it was done.\n\nSigned-off-by: Ann"});
  }
  [[nodiscard]] const fs::path& path() const { return m_path; }

 private:
  fs::path m_path;
};

std::string numbered(int count, std::string_view end, std::string_view what = "line") {
  std::string text;
  for (int i = 0; i < count; ++i) {
    text += std::string(what) + " " + std::to_string(i);
    text += end;
  }
  return text;
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

// One commit for each thing a patch can do.
void make_history(const Checkout& repo) {
  repo.out({"init", "-q", "-b", "main", "."});
  repo.out({"config", "core.autocrlf", "false"});
  repo.write("plain.c", numbered(40, "\n"));
  repo.write("crlf.txt", numbered(20, "\r\n"));
  repo.write("some_crlf.txt", numbered(10, "\n") + numbered(3, "\r\n", "dos") + "end\n");
  repo.write("latin1.txt", "caf\xE9\n" + numbered(5, "\n"));
  repo.write("no_newline", "a\nb\nc");
  repo.write("trailing space.txt", "a  \n\n \nb\t\n" + numbered(4, " \n"));
  repo.write("binary.bin", std::string("\0\1\2\3\xFF", 5) + numbered(30, "\n"));
  repo.write("script", "#!/bin/sh\n");
  repo.write("dir/\xC3\xA4\"quoted\\name", numbered(5, "\n"));
  repo.commit("start");
  repo.write("plain.c", replaced(numbered(40, "\n"), "line 7", "From the start\n-- \nline seven"));
  repo.commit("a change in the middle");
  repo.write("crlf.txt", replaced(numbered(20, "\r\n"), "line 7", "line seven"));
  repo.commit("a file in CRLF");
  repo.write("some_crlf.txt", numbered(9, "\n") + numbered(3, "\r\n", "dos") + "the end\n");
  repo.commit("a file of mixed line ends");
  repo.write("new_crlf.txt", numbered(4, "\r\n"));
  repo.commit("a new file in CRLF");
  repo.write("latin1.txt", "caf\xE9s\n" + numbered(6, "\n", "n\xE4mlich"));
  repo.commit("bytes that are no UTF-8");
  repo.write("no_newline", "a\nb\nd");
  repo.commit("no newline at the end");
  repo.write("no_newline", "a\nb\nd\n");
  repo.commit("a newline at the end");
  repo.write("trailing space.txt", "a   \n\n\nb \n" + numbered(5, "  \n"));
  repo.commit("white space at line ends");
  repo.write("binary.bin", std::string("\0\1\2\4\xFF", 5) + numbered(31, "\n"));
  repo.write("new.bin", std::string("\0PNG\r\n\x1A\n", 8) + numbered(10, "\r\n"));
  repo.commit("binary files");
  repo.out({"mv", "plain.c", "moved dir with space.c"});
  repo.commit("rename only");
  repo.write("copy.c", numbered(39, "\n") + "last\n");
  repo.out({"mv", "latin1.txt", "dir/latin 1.txt"});
  repo.write("dir/latin 1.txt", "caf\xE9s\nmore\n" + numbered(6, "\n", "n\xE4mlich"));
  repo.commit("rename with a change");
  fs::permissions(repo.path() / "script", fs::perms::owner_all);
  repo.write("empty", "");
  repo.commit("mode change and an empty file");
  repo.write("dir/\xC3\xA4\"quoted\\name", numbered(6, "\n"));
  repo.commit("a name that must be quoted, by J\xC3\xB6rg");
  repo.out({"rm", "-q", "copy.c", "empty", "binary.bin"});
  repo.commit("deleted files");
  repo.write("diff.txt", "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\ndiff --git a/x b/x\n---\n");
  repo.commit("a diff as content");
  fs::create_symlink("diff.txt", repo.path() / "link");
  repo.commit("a symbolic link");
}

std::string base64(const std::string& data) {
  std::string out(4 * ((data.size() + 2) / 3) + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                     reinterpret_cast<const unsigned char*>(data.data()),
                                     static_cast<int>(data.size()));
  out.resize(static_cast<std::size_t>(length));
  std::string lines;
  for (std::size_t i = 0; i < out.size(); i += 76) {
    lines += out.substr(i, 76) + "\n";
  }
  return lines;
}

std::string quoted_printable(const std::string& data) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  std::size_t column = 0;
  for (std::size_t i = 0; i < data.size(); ++i) {
    const auto byte = static_cast<unsigned char>(data[i]);
    if (byte == '\n') {
      out += '\n';
      column = 0;
      continue;
    }
    if (column > 70) {
      out += "=\n";
      column = 0;
    }
    const bool last = i + 1 == data.size() || data[i + 1] == '\n';
    if (byte < ' ' || byte > '~' || byte == '=' || (byte == ' ' && last)) {
      out += '=';
      out += digits[byte >> 4U];
      out += digits[byte & 15U];
      column += 3;
    } else {
      out += data[i];
      ++column;
    }
  }
  return out;
}

std::string crlf(const std::string& text) {
  std::string out;
  for (const char c : text) {
    out += c == '\n' ? "\r\n" : std::string(1, c);
  }
  return out;
}

std::string stuffed(const std::string& text) {
  std::string out;
  for (const auto line : split_lines(text)) {
    if (line.starts_with(' ') || line.starts_with('>') || line.starts_with("From ")) {
      out += ' ';
    }
    out += std::string(line) + "\n";
  }
  return out;
}

struct Form {
  std::string name;
  std::string (*make)(const std::string& header, const std::string& body);
  bool mends = false;  // we may read it where git am refuses
};

const std::vector<Form>& forms() {
  static const std::vector<Form> all = {
      {"as it is",
       [](const std::string& header, const std::string& body) {
         return header +
                "Content-Type: text/plain; charset=UTF-8\n"
                "Content-Transfer-Encoding: 8bit\n\n" +
                body;
       },
       true},
      {"quoted-printable",
       [](const std::string& header, const std::string& body) {
         return header +
                "Content-Type: text/plain; charset=UTF-8\n"
                "Content-Transfer-Encoding: quoted-printable\n\n" +
                quoted_printable(body);
       }},
      {"base64",
       [](const std::string& header, const std::string& body) {
         return header +
                "Content-Type: text/plain; charset=latin1\n"
                "Content-Transfer-Encoding: base64\n\n" +
                base64(body);
       }},
      {"the whole mail in CRLF",
       [](const std::string& header, const std::string& body) {
         return crlf(header + "Content-Type: text/plain; charset=gb2312\n\n" + body);
       }},
      {"CRLF inside base64",
       [](const std::string& header, const std::string& body) {
         return header + "Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n" +
                base64(crlf(body));
       },
       true},
      {"CRLF inside base64 under a list's footer",
       [](const std::string& header, const std::string& body) {
         return header + "Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n" +
                base64(crlf(body) + "\n_______\nlist footer\n");
       },
       true},
      {"format=flowed",
       [](const std::string& header, const std::string& body) {
         return header + "Content-Type: text/plain; charset=UTF-8; format=flowed\n\n" +
                stuffed(body);
       },
       true},
      {"attached",
       [](const std::string& header, const std::string& body) {
         const std::size_t cut = body.find("\n---\n") + 1;
         return header + "Content-Type: multipart/mixed; boundary=\"==b\"\n\npreamble\n--==b\n\n" +
                body.substr(0, cut) +
                "\n--==b\nContent-Type: application/octet-stream; name=x.patch\n"
                "Content-Transfer-Encoding: base64\n\n" +
                base64(body.substr(cut)) +
                "\n--==b\nContent-Type: text/plain\n\n____\nlist footer\n--==b--\n";
       }},
  };
  return all;
}

// The tree after `git am`, or nothing when it refuses.
std::optional<std::string> tree_of_am(const Checkout& work, const std::string& base,
                                      const std::string& mail) {
  work.out({"reset", "-q", "--hard", base});
  if (!work.git({"am", "-q"}, mail).ok()) {
    work.git({"am", "--abort"});
    return std::nullopt;
  }
  return work.out({"rev-parse", "HEAD^{tree}"});
}

std::optional<std::string> tree_of_ours(const Checkout& work, const std::string& base,
                                        const mail::Message& message) {
  work.out({"read-tree", base});
  if (!work.git({"apply", "--cached"}, message.diff).ok()) {
    return std::nullopt;
  }
  return work.out({"write-tree"});
}

}  // namespace

TEST_CASE("mail::parse_message: the diff of a mail gives the tree of git am") {
  const TempDir folder("patchmill-mail");
  const Checkout repo(folder.path() / "repo");
  make_history(repo);
  const Checkout work(folder.path() / "repo");
  int same = 0, refused = 0, mended = 0;
  const std::string commits = repo.out({"rev-list", "--reverse", "main"});
  for (const std::string_view commit : split_lines(commits)) {
    const std::string id(commit);
    if (!repo.git({"rev-parse", "-q", "--verify", id + "^"}).ok()) {
      continue;
    }
    const std::string base = repo.out({"rev-parse", id + "^"});
    const std::string wanted = repo.out({"rev-parse", id + "^{tree}"});
    const std::string title = repo.out({"log", "-1", "--format=%s", id});
    const std::string mbox =
        repo.git({"format-patch", "-1", "--stdout", "-M", "-C", "--binary", "--full-index", id})
            .out;
    const std::size_t end = mbox.find("\n\n");
    std::string header;
    for (const auto line : split_lines(std::string_view(mbox).substr(0, end + 1))) {
      if (!line.starts_with("MIME-") && !line.starts_with("Content-")) {
        header += std::string(line) + "\n";
      }
    }
    header += "Message-ID: <" + id + "@example.org>\nMIME-Version: 1.0\n";
    for (const Form& form : forms()) {
      CAPTURE(title);
      CAPTURE(form.name);
      const std::string raw = form.make(header, mbox.substr(end + 2));
      const auto message = mail::parse_message(raw);
      REQUIRE(message.has_value());
      const auto theirs = tree_of_am(work, base, raw);
      const auto ours = tree_of_ours(work, base, *message);
      CHECK(mail::parse_diff(message->diff).has_value());
      if (theirs && form.mends && ours == wanted && ours != theirs) {
        ++mended;  // git am makes new files with a CR in every line, or links to "name\r"
      } else if (theirs) {
        CHECK(ours.value_or("refused") == *theirs);
        ++same;
      } else if (ours) {
        CHECK(form.mends);
        CHECK(*ours == wanted);
        ++mended;
      } else {
        ++refused;
      }
      const mail::CommitText text = mail::commit_text(*message);
      CHECK(text.title == title);
      CHECK(text.body == "Why it was done.\n\nSigned-off-by: Ann\n");
    }
  }
  MESSAGE("same tree ", same, ", mended where git am refuses ", mended, ", refused by both ",
          refused);
  CHECK(same > 60);
  CHECK(mended > 10);
}

TEST_CASE("mail::parse_zoned_date: the date and zone of git am") {
  const TempDir folder("patchmill-mail");
  const Checkout repo(folder.path() / "repo");
  repo.out({"init", "-q", "-b", "main", "."});
  repo.write("start", "1\n");
  repo.commit("start");
  std::string mbox;
  std::vector<std::string> ours;
  const auto post = [&](const std::string& header, const std::string& in_body) {
    const std::string name = "f" + std::to_string(ours.size());
    const std::string mail = "From: Ann <ann@example.org>\nMessage-ID: <" + name +
                             "@example.org>\nDate: " + header + "\nSubject: [PATCH] x\n\n" +
                             in_body + "Why.\n---\ndiff --git a/" + name + " b/" + name +
                             "\nnew file mode 100644\n--- /dev/null\n+++ b/" + name +
                             "\n@@ -0,0 +1 @@\n+x\n-- \n2.39.5\n\n";
    const auto message = mail::parse_message(mail);
    REQUIRE(message.has_value());
    CAPTURE(header);
    REQUIRE(message->date.has_value());
    const bool inner = message->in_body_date.has_value();
    CHECK(inner == !in_body.empty());
    const auto date = inner ? message->in_body_date : message->date;
    const int offset = inner ? message->in_body_date_offset : message->date_offset;
    const std::string minutes = std::to_string(std::abs(offset) % 60 + 100).substr(1);
    const std::string hours = std::to_string(std::abs(offset) / 60 + 100).substr(1);
    ours.push_back(std::to_string(to_micros(*date) / 1'000'000) + (offset < 0 ? " -" : " +") +
                   hours + minutes + " " + header);
    mbox += "From 1234567890123456789012345678901234567890 Mon Sep 17 00:00:00 2001\n" + mail;
  };
  for (const char* zone :
       {"+0100",       "-0330",       "-0000",     "+1400",       "+1500",    "+2359",
        "-2359",       "+2400",       "+2500",     "-9999",       "+0160",    "+02:00",
        "+05",         "+5",          "+530",      "+00530",      "+2:00",    "EST",
        "edt",         "CST",         "CDT",       "MST",         "MDT",      "PST",
        "PDT",         "UT",          "GMT",       "Z",           "A",        "N",
        "IDLW",        "NT",          "CAT",       "HST",         "HDT",      "YST",
        "YDT",         "AST",         "ADT",       "WAT",         "UTC",      "WET",
        "WEST",        "BST",         "CET",       "MET",         "MEWT",     "MEST",
        "CEST",        "MESZ",        "FWT",       "FST",         "EET",      "EEST",
        "WAST",        "WADT",        "CCT",       "JST",         "EAST",     "EADT",
        "GST",         "NZT",         "NZST",      "NZDT",        "GMT+0200", "UTC+0200",
        "UTC+2",       "EST +0100",   "+0100 EST", "+0100 +0200", "Eastern",  "UNKNOWN",
        "-0800 (PST)", "+0530 (IST)", ""}) {
    post(std::string("Tue, 14 Nov 2023 22:13:20 ") + zone, "");
  }
  for (const char* date :
       {"Tue Nov 14 22:13:20 CET 2023", "Tue Nov 14 22:13:20 2023 +0530",
        "2023-11-14T22:13:20+01:00", "2023-11-14T22:13:20-08:00", "2023-11-14 22:13:20 +0530",
        "14 Nov 2023 22:13 EST", "Tue, 14 Nov 2023 22:13:20+0100"}) {
    post(date, "");
  }
  post("Tue, 14 Nov 2023 22:13:20 +0100", "Date: Mon, 13 Nov 2023 10:00:00 -0330\n\n");
  const Completed done = repo.git({"am", "-q"}, mbox);
  CAPTURE(done.err);
  REQUIRE(done.ok());
  const std::string log = repo.out({"log", "--reverse", "--date=raw", "--format=%ad",
                                    "main~" + std::to_string(ours.size()) + "..main"});
  const auto theirs = split_lines(log);
  REQUIRE(theirs.size() == ours.size());
  for (std::size_t i = 0; i < ours.size(); ++i) {
    CAPTURE(ours[i]);
    CHECK(ours[i].starts_with(std::string(theirs[i]) + " "));
  }
}
