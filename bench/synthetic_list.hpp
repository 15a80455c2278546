#pragma once
// A mailing list that never was: threads of patches, covers, replies and rerolls, the same for the
// same seed. Sizes, encodings and proportions are those of kernel lists.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::bench {

// splitmix64: the same numbers on every machine and library.
class Random {
 public:
  explicit Random(std::uint64_t seed) : m_state(seed) {}
  std::uint64_t next() {
    std::uint64_t z = (m_state += 0x9E3779B97F4A7C15u);
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
  }
  int below(int n) { return static_cast<int>(next() % static_cast<std::uint64_t>(n)); }
  bool chance(int percent) { return below(100) < percent; }

 private:
  std::uint64_t m_state;
};

// One mail to be: enough to write it down later.
struct PlannedMail {
  std::int64_t time = 0;
  int thread = 0;
  int version = 1;
  int number = 0;  // 0: the cover; else the patch it is or answers
  int total = 1;
  int reply = 0;  // 0: the posting itself; else the depth of the answer
};

inline std::vector<PlannedMail> plan_list(std::size_t mails, std::uint64_t seed) {
  Random random(seed);
  std::vector<PlannedMail> plan;
  std::int64_t start = 1'735'689'600;  // 2025-01-01
  for (int thread = 0; plan.size() < mails; ++thread) {
    start += random.below(600);
    const int total = random.chance(35) ? 1 : 2 + random.below(8);
    const int versions = random.chance(20) ? 2 : 1;
    for (int version = 1; version <= versions; ++version) {
      const std::int64_t posted = start + std::int64_t{version - 1} * 400'000;
      for (int number = total == 1 ? 1 : 0; number <= total; ++number) {
        plan.push_back({posted + number, thread, version, number, total, 0});
        for (int reply = 1; random.chance(reply == 1 ? 40 : 55) && reply < 8; ++reply) {
          plan.push_back({posted + std::int64_t{3600} * reply + random.below(3000), thread, version,
                          number, total, reply});
        }
      }
    }
  }
  std::stable_sort(plan.begin(), plan.end(),
                   [](const PlannedMail& a, const PlannedMail& b) { return a.time < b.time; });
  plan.resize(mails);
  return plan;
}

class MailWriter {
 public:
  // As it stands in an mbox, with the lines around it.
  std::string write(const PlannedMail& mail) const;

 private:
  static std::string id(const PlannedMail& mail, int number, int reply) {
    return fmt::format("2025{:07}.{}-{}-{}-person{}@example.org", mail.thread, mail.version, number,
                       reply, person(mail.thread + reply * 7));
  }
  static int person(int n) { return n * 131 % 997; }
  static void append_words(std::string& text, Random& random, int count, std::string_view prefix);
  static std::string diff(const PlannedMail& mail, Random& random);
  static std::string body(const PlannedMail& mail, Random& random);
  static std::string encode(std::string body, int encoding, std::string& headers);
  static std::string quoted_printable(std::string_view text);
  static std::string base64(std::string_view text);
};

inline void MailWriter::append_words(std::string& text, Random& random, int count,
                                     std::string_view prefix) {
  static constexpr std::array<std::string_view, 24> words = {
      "the",   "driver", "buffer", "when",    "device",  "is",     "locked", "queue",
      "must",  "not",    "return", "pointer", "freed",   "after",  "probe",  "while",
      "naïve", "and",    "ring",   "counter", "updates", "before", "commit", "Jörg"};
  std::size_t column = prefix.size();
  text += prefix;
  for (int i = 0; i < count; ++i) {
    const auto word = words[static_cast<std::size_t>(random.below(words.size()))];
    if (column + word.size() > 72) {
      text += '\n';
      text += prefix;
      column = prefix.size();
    }
    text += word;
    text += ' ';
    column += word.size() + 1;
  }
  text += '\n';
}

inline std::string MailWriter::diff(const PlannedMail& mail, Random& random) {
  std::string text;
  const int files = 1 + random.below(4);
  for (int f = 0; f < files; ++f) {
    const std::string path = fmt::format("drivers/sub{}/file{}.c", mail.thread % 97,
                                         (mail.thread + mail.number * 3 + f) % 1000);
    fmt::format_to(
        std::back_inserter(text),
        "diff --git a/{0} b/{0}\nindex {1:012x}..{2:012x} 100644\n--- a/{0}\n+++ b/{0}\n", path,
        random.next() >> 16, random.next() >> 16);
    const int hunks = 1 + random.below(6);
    for (int h = 0; h < hunks; ++h) {
      const int removed = random.below(6);
      const int added = 1 + random.below(12);
      fmt::format_to(std::back_inserter(text), "@@ -{},{} +{},{} @@ static int function_{}(void)\n",
                     20 + h * 100, 6 + removed, 20 + h * 100, 6 + added, random.below(500));
      const auto line = [&](char mark) {
        fmt::format_to(std::back_inserter(text), "{}\tif (state->field_{} != value_{})\n", mark,
                       random.below(900), random.below(900));
      };
      const auto lines = [&](char mark, int count) {
        for (int i = 0; i < count; ++i) {
          line(mark);
        }
      };
      lines(' ', 3);
      lines('-', removed);
      lines('+', added);
      lines(' ', 3);
    }
  }
  return text;
}

inline std::string MailWriter::body(const PlannedMail& mail, Random& random) {
  std::string text;
  if (mail.reply > 0) {
    text += "On some day in 2025, Some Person wrote:\n";
    for (int i = 0; i < 4 + random.below(30); ++i) {
      append_words(text, random, 9, "> ");
    }
    text += '\n';
    append_words(text, random, 20 + random.below(80), "");
    if (random.chance(25)) {
      text += fmt::format("\nReviewed-by: Person {0} <person{0}@example.org>\n",
                          person(mail.thread + mail.reply * 7));
    }
    return text + "\n-- \nSome Person\n";
  }
  for (int i = 0; i < 2 + random.below(3); ++i) {
    append_words(text, random, 30 + random.below(60), "");
    text += '\n';
  }
  if (mail.number == 0) {
    for (int n = 1; n <= mail.total; ++n) {
      text += fmt::format("  subsystem: do step {} of work {}\n", n, mail.thread);
    }
    return text + "\nbase-commit: 0123456789abcdef0123456789abcdef01234567\n-- \n2.39.5\n";
  }
  text += fmt::format("Fixes: {:012x} (\"subsystem: an earlier thing\")\n", random.next() >> 16);
  text += fmt::format("Signed-off-by: Jörg Person {0} <person{0}@example.org>\n---\n",
                      person(mail.thread));
  text += fmt::format(" drivers/sub{}/file.c | 20 ++++++++++----\n 1 file changed\n\n",
                      mail.thread % 97);
  return text + diff(mail, random) + "-- \n2.39.5\n";
}

inline std::string MailWriter::quoted_printable(std::string_view text) {
  std::string result;
  std::size_t column = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      result += '\n';
      column = 0;
      continue;
    }
    if (column > 70) {
      result += "=\n";
      column = 0;
    }
    if (byte >= 0x7F || c == '=' || (byte < 0x20 && c != '\t')) {
      fmt::format_to(std::back_inserter(result), "={:02X}", byte);
      column += 3;
    } else {
      result += c;
      ++column;
    }
  }
  return result;
}

inline std::string MailWriter::base64(std::string_view text) {
  static constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string result;
  for (std::size_t i = 0; i < text.size(); i += 3) {
    std::uint32_t bits = 0;
    for (std::size_t b = 0; b < 3; ++b) {
      bits = bits << 8 | (i + b < text.size() ? static_cast<unsigned char>(text[i + b]) : 0u);
    }
    for (std::size_t d = 0; d < 4; ++d) {
      result += i + d > text.size() ? '=' : digits[bits >> (18 - 6 * d) & 63];
    }
    if (i / 3 % 19 == 18) {
      result += '\n';
    }
  }
  return result + '\n';
}

// 0-4: 8bit, 5-6: quoted-printable, 7: base64, 8: Latin-1 that says so, 9: Latin-1 that does not.
inline std::string MailWriter::encode(std::string body, int encoding, std::string& headers) {
  const auto latin1 = [&] {
    for (const auto& [utf8, byte] : {std::pair("ï", '\xef'), std::pair("ö", '\xf6')}) {
      for (auto at = body.find(utf8); at != std::string::npos; at = body.find(utf8, at + 1)) {
        body.replace(at, 2, 1, byte);
      }
    }
  };
  headers += "MIME-Version: 1.0\n";
  if (encoding <= 4) {
    headers += "Content-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: 8bit\n";
    return body;
  }
  if (encoding <= 6) {
    headers +=
        "Content-Type: text/plain; charset=\"utf-8\"\nContent-Transfer-Encoding: "
        "quoted-printable\n";
    return quoted_printable(body);
  }
  if (encoding == 7) {
    headers += "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n";
    return base64(body);
  }
  latin1();
  headers += encoding == 8 ? "Content-Type: text/plain; charset=ISO-8859-1\n"
                             "Content-Transfer-Encoding: quoted-printable\n"
                           : "Content-Type: text/plain\nContent-Transfer-Encoding: 8bit\n";
  return encoding == 8 ? quoted_printable(body) : body;
}

inline std::string MailWriter::write(const PlannedMail& mail) const {
  Random random(static_cast<std::uint64_t>(mail.thread) << 24 |
                static_cast<std::uint64_t>(mail.version) << 16 |
                static_cast<std::uint64_t>(mail.number) << 8 |
                static_cast<std::uint64_t>(mail.reply));
  const int from = person(mail.thread + mail.reply * 7);
  const int seconds = static_cast<int>(mail.time % 60);
  const int day = static_cast<int>(mail.time / 86400 % 28) + 1;
  const int hour = static_cast<int>(mail.time / 3600 % 24);
  const int minute = static_cast<int>(mail.time / 60 % 60);
  const int month = static_cast<int>(mail.time / 86400 / 28 % 12);
  static constexpr std::array<std::string_view, 12> months = {
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

  std::string out = "From mboxrd@z Thu Jan  1 00:00:00 1970\n";
  auto header = std::back_inserter(out);
  fmt::format_to(header, "Return-Path: <person{}@example.org>\n", from);
  for (int hop = 0; hop < 6; ++hop) {
    fmt::format_to(header,
                   "Received: from mx{0}.example.org (mx{0}.example.org [192.0.2.{0}])\n\tby "
                   "list.example.org (Postfix) with ESMTPS id {1:016X}\n\tfor "
                   "<list@example.org>; {2:02} {3} 2025 {4:02}:{5:02}:{6:02} +0000 (UTC)\n",
                   hop + 1, random.next(), day, months[static_cast<std::size_t>(month)], hour,
                   minute, seconds);
  }
  fmt::format_to(header,
                 "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org; s=x;\n"
                 "\th=from:to:subject; bh={:016x}{:016x};\n\tb={:016x}{:016x}{:016x}{:016x}\n",
                 random.next(), random.next(), random.next(), random.next(), random.next(),
                 random.next());
  const bool encoded_name = random.chance(15);
  fmt::format_to(header, "From: {} Person {} <person{}@example.org>\n",
                 encoded_name ? "=?UTF-8?q?J=C3=B6rg?=" : "Some", from, from);
  const std::string tags = fmt::format(
      "[PATCH{}{}{}]", mail.thread % 5 == 0 ? " net-next" : "", mail.version > 1 ? " v2" : "",
      mail.total > 1 ? fmt::format(" {}/{}", mail.number, mail.total) : "");
  fmt::format_to(header, "Subject: {}{} subsystem{}: do step {} of work {}{}\n",
                 mail.reply > 0 ? "Re: " : "", tags, mail.thread % 50, mail.number, mail.thread,
                 random.chance(8) ? " =?utf-8?b?ZsO8ciBhbGxl?=" : "");
  fmt::format_to(header, "Date: {:02} {} 2025 {:02}:{:02}:{:02} +0000\n", day,
                 months[static_cast<std::size_t>(month)], hour, minute, seconds);
  fmt::format_to(header, "Message-ID: <{}>\n", id(mail, mail.number, mail.reply));
  const int top = mail.total > 1 ? 0 : 1;
  if (mail.reply > 0 || mail.number > top) {
    const int up = mail.reply > 0 ? mail.number : top;
    fmt::format_to(header, "In-Reply-To: <{}>\nReferences: <{}>",
                   id(mail, up, std::max(mail.reply - 1, 0)), id(mail, top, 0));
    for (int reply = 0; reply < mail.reply; ++reply) {
      fmt::format_to(header, "\n\t<{}>", id(mail, mail.number, reply));
    }
    out += '\n';
  }
  out +=
      "To: list@example.org, maintainer@example.org,\n\tSome Reviewer <reviewer@example.org>\n"
      "Cc: \"Other, Person\" <other@example.org>, linux-list@example.org\n"
      "List-Id: <list.example.org>\nX-Mailing-List: list@example.org\nPrecedence: bulk\n"
      "X-Mailer: git-send-email 2.39.5\n";
  const int encoding = random.below(10);
  std::string text = body(mail, random);
  std::string headers;
  text = encode(std::move(text), encoding, headers);
  if (random.chance(3)) {
    const std::string boundary = fmt::format("sig{:016x}", random.next());
    out +=
        "MIME-Version: 1.0\nContent-Type: multipart/signed; micalg=pgp-sha512;\n\tprotocol="
        "\"application/pgp-signature\"; boundary=\"" +
        boundary + "\"\n\n--" + boundary + "\n" + headers.substr(headers.find('\n') + 1) + "\n" +
        text + "\n--" + boundary +
        "\nContent-Type: application/pgp-signature; name=\"signature.asc\"\n\n"
        "-----BEGIN PGP SIGNATURE-----\n\niHUEABYKAB0WIQ\n-----END PGP SIGNATURE-----\n\n--" +
        boundary + "--\n";
  } else {
    out += headers + "\n" + text;
  }
  return out + "\n";
}

}  // namespace patchmill::bench
