#include "intake/pipe.hpp"

#include "intake/mails.hpp"
#include "support/store_fixture.hpp"
#include "util/fd.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <thread>

namespace patchmill::intake {
namespace {

// What a pipe source makes of this input.
std::vector<std::string> through_pipe(const std::string& piece, int times) {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const Fd read_end(ends[0]);
  std::thread writer([&, write_end = ends[1]] {
    for (int i = 0; i < times; ++i) {
      std::string_view rest = piece;
      while (!rest.empty()) {
        const auto n = ::write(write_end, rest.data(), rest.size());
        if (n <= 0) {
          break;
        }
        rest.remove_prefix(static_cast<std::size_t>(n));
      }
    }
    ::close(write_end);
  });
  test::TestStore store(store::Engine::sqlite);
  auto source = open_pipe(read_end.get(), "standard input");
  auto mails = test::read_all(*source, store.database());
  writer.join();
  return mails;
}

TEST_CASE("intake::open_pipe: everything is one mail") {
  const auto mail = test::simple_mail(1);
  CHECK(through_pipe(mail, 1) == std::vector<std::string>{mail});
  CHECK(through_pipe("From x Mon Jan  5 10:00:00 2026\n" + mail, 1) ==
        std::vector<std::string>{mail});
  CHECK(through_pipe("", 1) == std::vector<std::string>{""});
}

TEST_CASE("intake::open_pipe: several mails are refused where nothing else is possible") {
  const auto outcome = [](const std::string& input) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const Fd read_end(ends[0]);
    REQUIRE(::write(ends[1], input.data(), input.size()) == static_cast<ssize_t>(input.size()));
    ::close(ends[1]);
    const auto mail = open_pipe(read_end.get(), "standard input")->next();
    return mail ? std::string() : mail.error().message;
  };
  const std::string from = "From x@example.org Mon Jan  5 10:00:00 2026\n";
  const std::string git = "From " + std::string(40, 'a') + " Mon Sep 17 00:00:00 2001\n";
  const auto one = test::simple_mail(1), two = test::simple_mail(2);
  CHECK(outcome(from + one + "\n" + from + two) ==
        "standard input holds more than one mail, the second from byte " +
            std::to_string(from.size() + one.size() + 1) +
            " on; nothing was stored: `patchmill import FILE` takes an mbox");
  CHECK_FALSE(outcome(git + one + "\n" + git + two).empty());
  // It may be part of the text.
  CHECK(outcome(one + "\n" + from + two).empty());
  CHECK(outcome(from + one + "\n>" + from + two).empty());
  CHECK(outcome(from + one + "\n" + git + two).empty());
  CHECK(outcome(from + "Content-Type: multipart/mixed; boundary=b\n" + one + "\n" + from + two)
            .empty());
}

TEST_CASE("intake::open_pipe: bounded, but read to the end") {
  const auto mails = through_pipe(std::string(1u << 20, 'x'), 66);
  REQUIRE(mails.size() == 1);
  CHECK(mails[0].size() == most_bytes_of_a_mail);
}

TEST_CASE("intake::open_pipe: a stream that cannot be read is an error") {
  auto source = open_pipe(-1, "standard input");
  CHECK(source->next().error().message.find("standard input") != std::string::npos);
}

}  // namespace
}  // namespace patchmill::intake
