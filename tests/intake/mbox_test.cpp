#include "intake/mbox.hpp"

#include "intake/mails.hpp"
#include "support/store_fixture.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <thread>

namespace patchmill::intake {
namespace {

using test::as_mbox;
using test::read_all;
using test::simple_mail;
using Mails = std::vector<std::string>;

struct MboxFixture {
  test::TestStore store{store::Engine::sqlite};
  std::filesystem::path file = store.folder() / "list.mbox";

  Mails read() {
    auto source = open_mbox(file);
    return read_all(*source, store.database());
  }
  void append(std::string_view text) {
    std::ofstream(file, std::ios::app | std::ios::binary) << text;
  }
};

TEST_CASE("intake::open_mbox: reads on where it stopped when the file grew") {
  MboxFixture f;
  test::write(f.file, as_mbox({simple_mail(1), simple_mail(2)}));
  CHECK(f.read() == Mails{simple_mail(1), simple_mail(2)});
  CHECK(f.read().empty());
  f.append(as_mbox({simple_mail(3)}));
  CHECK(f.read() == Mails{simple_mail(3)});
  CHECK(f.read().empty());
}

TEST_CASE("intake::open_mbox: what mboxrd means is known further on, too") {
  MboxFixture f;
  test::write(f.file, as_mbox({simple_mail(1)}));
  f.read();
  f.append(as_mbox({simple_mail(2, ">>From x\n")}));
  CHECK(f.read() == Mails{simple_mail(2, ">From x\n")});
}

TEST_CASE("intake::open_mbox: a file that was rewritten is read anew") {
  MboxFixture f;
  test::write(f.file, as_mbox({simple_mail(1), simple_mail(2)}));
  f.read();
  SUBCASE("another beginning") {
    test::write(f.file, as_mbox({simple_mail(7), simple_mail(2), simple_mail(3)}));
    CHECK(f.read().size() == 3);
  }
  SUBCASE("shorter") {
    test::write(f.file, as_mbox({simple_mail(1)}));
    CHECK(f.read().size() == 1);
  }
  SUBCASE("changed in the middle of a long file") {
    const std::string filler(20'000, 'x');
    const auto with = [&](int number) {
      return as_mbox({simple_mail(1, filler), simple_mail(number), simple_mail(3)});
    };
    test::write(f.file, with(2));
    CHECK(f.read().size() == 3);
    CHECK(f.read().empty());
    test::write(f.file, with(9));
    CHECK(f.read().size() == 3);
  }
  SUBCASE("the last mail was still being written") {
    const auto text = as_mbox({simple_mail(3, "one\ntwo\nthree\n")});
    f.append(text.substr(0, text.size() - 8));
    CHECK(f.read().size() == 1);
    f.append(text.substr(text.size() - 8));
    CHECK(f.read().back() == simple_mail(3, "one\ntwo\nthree\n"));
  }
}

TEST_CASE("intake::open_mbox: the last mail of a file that is being written is left for later") {
  MboxFixture f;
  const auto last = simple_mail(2, "one\ntwo\n");
  test::write(f.file, as_mbox({simple_mail(1)}) + "From x Mon Jan  5 10:00:00 2026\n" + last);
  std::atomic<bool> stop{false};
  std::string added;
  std::thread writer([&] {
    while (!stop) {
      f.append("more\n");
      added += "more\n";
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  });
  const auto during = f.read();
  stop = true;
  writer.join();
  CHECK(during == Mails{simple_mail(1)});
  f.append("\n" + as_mbox({simple_mail(3)}));
  CHECK(f.read() == Mails{last + added, simple_mail(3)});
  CHECK(f.read().empty());
}

TEST_CASE("intake::open_mbox: what was read but not recorded is read again") {
  MboxFixture f;
  test::write(f.file, as_mbox({simple_mail(1), simple_mail(2), simple_mail(3)}));
  {
    auto source = open_mbox(f.file);
    REQUIRE(test::resume(*source, f.store.database()));
    CHECK(source->next().value().has_value());
    source->checkpoint()(f.store.database());
    CHECK(source->next().value().has_value());
    CHECK(source->progress().done > 0);
    CHECK(source->progress().done < source->progress().total.value());
  }
  CHECK(f.read() == Mails{simple_mail(2), simple_mail(3)});
}

TEST_CASE("intake::open_mbox: errors name the file") {
  MboxFixture f;
  CHECK(test::resume(*open_mbox(f.file), f.store.database()).error().kind == ErrorKind::not_found);
  CHECK(test::resume(*open_mbox(f.store.folder()), f.store.database()).error().kind ==
        ErrorKind::invalid);
  test::write(f.file, "");
  CHECK(f.read().empty());
}

TEST_CASE("intake::open_mbox: a mail of more than 64 MiB is cut one byte beyond the limit") {
  MboxFixture f;
  f.file = f.store.folder() / "big.mbox";
  {
    std::ofstream out(f.file, std::ios::binary);
    out << as_mbox({simple_mail(1)}) << "From x Mon Jan  5 10:00:00 2026\n" << simple_mail(2);
    const std::string line = std::string(1023, 'x') + "\n";
    for (int i = 0; i < 66 * 1024; ++i) {
      out << line;
    }
    out << "\n" << as_mbox({simple_mail(3)});
  }
  auto source = open_mbox(f.file);
  const auto mails = read_all(*source, f.store.database());
  REQUIRE(mails.size() == 3);
  CHECK(mails[1].size() <= most_bytes_of_a_mail);
  CHECK(mails[1].size() >= most_bytes_of_a_mail - 40);  // less the line before it
  CHECK(mails[2] == simple_mail(3));
}

}  // namespace
}  // namespace patchmill::intake
