#pragma once
// Mails and archives made up for the tests of intake/.

#include "git/repository.hpp"
#include "intake/source.hpp"
#include "support/git.hpp"
#include "util/fd.hpp"
#include "util/file.hpp"
#include "util/hash.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <filesystem>
#include <string>
#include <vector>

namespace patchmill::test {

// A reply-less mail with this number in its Message-ID and subject.
inline std::string simple_mail(int number, std::string_view body = "Hello.\n") {
  return fmt::format(
      "From: A Person <person@example.org>\n"
      "To: list@example.org\n"
      "Subject: question {0}\n"
      "Date: Mon, 05 Jan 2026 10:00:{1:02} +0000\n"
      "Message-ID: <mail-{0}@example.org>\n"
      "\n"
      "{2}",
      number, number % 60, body);
}

// A patch of a series; number 0 is the cover, number 1 the first patch.
inline std::string patch_mail(int series, int number, int total) {
  std::string mail = fmt::format(
      "From: A Person <person@example.org>\n"
      "Subject: [PATCH {1}/{2}] thing {0}: step {1}\n"
      "Date: Mon, 05 Jan 2026 10:{3:02}:{1:02} +0000\n"
      "Message-ID: <series-{0}-{1}@example.org>\n",
      series, number, total, series % 60);
  if (number > 0) {
    mail += fmt::format("In-Reply-To: <series-{0}-0@example.org>\n", series);
  }
  mail += "\nText.\n";
  if (number > 0) {
    mail += fmt::format(
        "\nSigned-off-by: A Person <person@example.org>\n---\n"
        "diff --git a/f{0} b/f{0}\n--- a/f{0}\n+++ b/f{0}\n@@ -{1} +{1} @@\n-old\n+new\n",
        series, number);
  }
  return mail;
}

inline std::string as_mbox(const std::vector<std::string>& mails) {
  std::string mbox;
  for (const auto& mail : mails) {
    mbox += "From mboxrd@z Thu Jan  1 00:00:00 1970\n" + mail + "\n";
  }
  return mbox;
}

inline void write(const std::filesystem::path& file, std::string_view content) {
  std::filesystem::create_directories(file.parent_path());
  const auto written = write_file_atomic(file, content);
  REQUIRE_MESSAGE(written.has_value(), (written ? "" : written.error().message));
}

// A public-inbox repository in the making: `git fast-import` of one commit a step.
class InboxMaker {
 public:
  explicit InboxMaker(std::filesystem::path git_dir) : m_git_dir(std::move(git_dir)) {
    std::filesystem::create_directories(m_git_dir);
    git_ok(m_git_dir, {"init", "--quiet", "--bare", "--initial-branch=master"});
  }
  // Version 2: the mail becomes file `m`.
  void add(std::string_view mail) { commit("m", "d", mail); }
  // Version 2: the mail becomes file `d`.
  void remove(std::string_view mail) { commit("d", "m", mail); }
  // Any file, as version 1 does; empty content removes it.
  void change(std::string_view path, std::string_view content) {
    begin();
    if (content.empty()) {
      m_stream += fmt::format("D {}\n", path);
    } else {
      m_stream += fmt::format("M 100644 inline {}\ndata {}\n{}\n", path, content.size(), content);
    }
  }
  // Hands everything to git.
  void finish() {
    git_ok(m_git_dir, {"fast-import", "--quiet", "--force"}, std::move(m_stream));
    m_stream.clear();
    m_first = true;
  }
  [[nodiscard]] const std::filesystem::path& git_dir() const { return m_git_dir; }

 private:
  void begin() {
    m_stream += fmt::format(
        "commit refs/heads/master\ncommitter Archive <archive@example.org> {} +0000\n"
        "data 5\nadded\n",
        1767607200 + ++m_commits);
    if (m_first && m_commits > 1) {
      m_stream += "from refs/heads/master^0\n";
    }
    m_first = false;
  }
  void commit(std::string_view path, std::string_view other, std::string_view mail) {
    begin();
    m_stream += fmt::format("D {}\n", other);
    m_stream += fmt::format("M 100644 inline {}\ndata {}\n{}\n", path, mail.size(), mail);
  }

  std::filesystem::path m_git_dir;
  std::string m_stream;
  int m_commits = 0;
  bool m_first = true;
};

// Where git keeps an object of its own file; the mails of a test are too few for a pack.
inline std::filesystem::path object_file(const std::filesystem::path& git_dir,
                                         std::string_view mail) {
  const auto id = sha1_hex(fmt::format("blob {}", mail.size()) + '\0' + std::string(mail));
  auto file = git_dir / "objects" / id.substr(0, 2) / id.substr(2);
  REQUIRE(std::filesystem::exists(file));
  return file;
}

// A file that nobody can open, whatever their rights.
class BoundSocket {
 public:
  explicit BoundSocket(const std::filesystem::path& file)
      : m_fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const auto name = file.string();
    REQUIRE(name.size() < sizeof address.sun_path);
    name.copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(::bind(m_fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  }

 private:
  Fd m_fd;
};

inline Result<void> resume(intake::Source& source, store::Database& database) {
  intake::StorePositions positions(database);
  return source.resume(positions);
}

// Everything a source gives from where the store says it was read to; records it when asked.
inline std::vector<std::string> read_all(intake::Source& source, store::Database& database,
                                         bool record = true) {
  const auto resumed = resume(source, database);
  REQUIRE_MESSAGE(resumed.has_value(), (resumed ? "" : resumed.error().message));
  std::vector<std::string> mails;
  while (true) {
    auto mail = source.next();
    REQUIRE_MESSAGE(mail.has_value(), (mail ? "" : mail.error().message));
    if (!*mail) {
      break;
    }
    mails.push_back(std::move(**mail));
  }
  if (record) {
    source.checkpoint()(database);
  }
  return mails;
}

}  // namespace patchmill::test
